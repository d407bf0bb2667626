"""Imports that a page asks for: the file is kept, a worker does the rest, and the page looks how far it is."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from backend.disk_space import full_disk_named
from backend.domain.ids import new_order_id
from backend.domain.imports import ImportKind, OrderMapping
from backend.domain.jobs import Job
from backend.domain.team import Actor, Permission
from backend.domain.text import clean_line
from backend.errors import AlreadyExistsError, InvalidInputError, NotFoundError
from backend.records.jobs import JOBS, job_from, job_item
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.imports.customer_table import Preview, check_mapping
from backend.services.imports.dates import date_order_of
from backend.services.imports.encoding import UnclearEncodingError
from backend.services.imports.order_mapping import checked_mapping
from backend.services.imports.orders import check_new_days
from backend.services.imports.preview import preview_of as preview_of_table
from backend.services.suppression.files import check_columns
from backend.services.suppression.json_lists import is_json, table_of
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Absent, Put, Query

_PIECE = 1 << 20
_LOOKED_AT = 100
_START = 1024
_JOB_ID = re.compile(r"[0-9A-Z]{15,40}")


def new_job_id(shop: Shop) -> str:
    """The idempotency key (and future job id) of a form that is drawn now. Ids sort by time."""
    return new_order_id(shop.clock())


def enqueue_import(
    shop: Shop,
    actor: Actor,
    kind: ImportKind,
    file_name: str,
    source: BinaryIO,
    *,
    mapping: Mapping[str, str] | None = None,
    source_name: str = "",
    sheet: str = "",
    encoding: str = "",
    dates: str = "",
    new_days: int = 0,
    job_id: str = "",
) -> Job:
    """Keeps the file (copied in pieces) and asks for its import; the same `job_id` again asks for nothing new.

    Raises: `PermissionDeniedError`; `InvalidInputError` when the file's beginning is not what it should be.
    """
    actor.require(Permission.IMPORT_DATA)
    if kind is ImportKind.SUPPRESSIONS:
        actor.require(Permission.MANAGE_SUPPRESSION)
    if kind is ImportKind.PRODUCTS:
        actor.require(Permission.EDIT_PRODUCTS)
    job_id = job_id or new_job_id(shop)
    _check_id(job_id)
    if (known := shop.store.get(schema.job_key(job_id))) is not None:
        return job_from(schema.job_key(job_id), known)
    _check_beginning(kind, source, mapping or {}, encoding, source_name, sheet)
    job = Job(
        job_id,
        kind,
        _shown_name(file_name),
        actor.username,
        actor.role,
        shop.clock(),
        mapping=mapping or {},
        source=source_name,
        sheet=sheet,
        encoding=encoding,
        dates=date_order_of(dates),
        new_days=check_new_days(new_days),
    )
    _keep(source, upload_path(shop, job_id))
    taken = AlreadyExistsError("This import was asked for already.")
    with contextlib.suppress(AlreadyExistsError):
        audit_entry = audit_log.entry(shop, actor, f"imported {kind.value}", f"import:{job_id}", job.file)
        shop.store.transact([Put(schema.job_key(job_id), job_item(job), Absent(), taken), audit_entry])
    return get_job(shop, actor, job_id)


def list_jobs(shop: Shop, actor: Actor, *, limit: int = 20, kind: ImportKind | None = None) -> list[Job]:
    """The newest jobs, newest first. With a kind, those of it among the newest hundred.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.IMPORT_DATA)
    read = limit if kind is None else _LOOKED_AT
    query = Query(schema.MAIL, JOBS, begins_with=schema.JOBS, descending=True, limit=read, consistent=True)
    jobs = readable(shop, shop.store.query(query).rows, job_from)
    return [job for job in jobs if kind in (None, job.kind)][:limit]


def get_job(shop: Shop, actor: Actor, job_id: str) -> Job:
    """One job.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.IMPORT_DATA)
    key = schema.job_key(job_id)
    item = shop.store.get(key) if _JOB_ID.fullmatch(job_id) else None
    if item is None:
        raise NotFoundError("This import does not exist.")
    return job_from(key, item)


def find_report(shop: Shop, actor: Actor, job_id: str) -> Path:
    """The CSV file that lists what the job left out.

    Raises: `PermissionDeniedError`, `NotFoundError` (nothing was left out, or the file lies on another machine).
    """
    job = get_job(shop, actor, job_id)
    path = report_path(shop, job.id)
    if not job.has_report or not path.exists():
        raise NotFoundError("There is no report of this import here. Import the file again to get a new one.")
    return path


def upload_path(shop: Shop, job_id: str) -> Path:
    """Where the file of a job is kept until a day after it was imported."""
    return shop.data_dir / "uploads" / f"{job_id}.csv"


def report_path(shop: Shop, job_id: str) -> Path:
    return shop.data_dir / "reports" / f"{job_id}.csv"


def _check_id(job_id: str) -> None:
    """It becomes the name of a file."""
    if not _JOB_ID.fullmatch(job_id):
        raise InvalidInputError("The idempotency key of this form is not valid; open the page again.")


def _shown_name(file_name: str) -> str:
    try:
        return clean_line(Path(file_name).name, "The file's name", required=True)
    except InvalidInputError:
        return "upload.csv"


def _keep(source: BinaryIO, path: Path) -> None:
    """Copies the file; at its place it is complete and on the disk. Only this user may read it.

    Raises: `DiskFullError`.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_suffix(f".{os.getpid()}.part")
    try:
        with full_disk_named():
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as target:
                shutil.copyfileobj(source, target, _PIECE)
                target.flush()
                os.fsync(target.fileno())
            aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)  # what is half-written takes room that may be missing


def preview_of(kind: ImportKind, source: BinaryIO, rows: int = 5, *, encoding: str = "", sheet: str = "") -> Preview:
    """The beginning of an upload, as `imports.preview_of`; of a suppression list also where it is JSON."""
    if kind is ImportKind.SUPPRESSIONS:
        source.seek(0)
        if is_json(source.read(_START)):
            source.seek(0)
            header, records = table_of(source.read())
            source.seek(0)
            return Preview(header, records[:rows], "utf-8")
    return preview_of_table(kind, source, rows, encoding=encoding, sheet=sheet)


def _check_beginning(
    kind: ImportKind, source: BinaryIO, mapping: Mapping[str, str], encoding: str, source_name: str, sheet: str
) -> None:
    try:
        preview = preview_of(kind, source, 0, encoding=encoding, sheet=sheet)
    except UnclearEncodingError as error:
        if kind is not ImportKind.SUPPRESSIONS:
            raise
        preview = preview_of(kind, source, 0, encoding=error.readings[0].name)
    if kind is ImportKind.CUSTOMERS:
        check_mapping(preview.header, mapping)
    if kind is ImportKind.ORDERS and mapping:
        checked_mapping(preview.header, OrderMapping(source_name, mapping))
    if kind is ImportKind.SUPPRESSIONS:
        check_columns(preview.header)
