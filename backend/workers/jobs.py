"""Imports: jobs are taken one by one. Any number of workers may run; each job is done by one of them."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable

from loguru import logger

from backend import logs
from backend.disk_space import full_disk_named
from backend.domain.imports import ImportKind, ImportProgress, ImportResult, OrderMapping
from backend.domain.jobs import Job
from backend.errors import BackendError, DiskFullError, StoreBusyError, StoreUnreachableError
from backend.services.concurrency.leases import LeaseLostError
from backend.services.context import Shop
from backend.services.imports import import_customers, import_orders, import_products
from backend.services.jobs import queue
from backend.services.jobs.requests import report_path, upload_path
from backend.services.suppression.jobs import import_listed
from backend.workers.loop import Round, Workplace

SHORTEST_PAUSE = 0.5
LONGEST_PAUSE = 3.0
_PAUSE_GROWTH = 1.5
_RENEW_SECONDS = 1.0
_TIDY_SECONDS = 3600.0
_LOOK_FOR_ROOM = 3.0


def import_rounds(place: Workplace, stop: threading.Event) -> Round:
    """A round does one job, if there is one. The next look comes later the longer there is none.

    A job under way is given back between two of its steps when `stop` is set.
    """
    worker, pause, tidied = _identity(), SHORTEST_PAUSE, -_TIDY_SECONDS
    logger.info("Worker {} started", worker)

    def work() -> float:
        nonlocal pause, tidied
        if time.monotonic() - tidied > _TIDY_SECONDS:
            tidied = time.monotonic()
            queue.tidy(place.shop)
        worked = work_once(place.shop, worker, stop)
        pause = SHORTEST_PAUSE if worked else min(pause * _PAUSE_GROWTH, LONGEST_PAUSE)
        return pause

    return work


def work_once(shop: Shop, worker: str, stop: threading.Event) -> bool:
    """Does the next job, if there is one. Returns whether there was."""
    job = queue.take_next(shop, worker)
    if job is None:
        return False
    with logs.action(f"import {job.kind}", job.id):
        try:
            _do(shop, job, stop)
        except LeaseLostError:
            logger.warning("Another worker has taken over")
    return True


def _do(shop: Shop, job: Job, stop: threading.Event) -> None:
    logger.info("Begun, attempt {}", job.attempts)
    try:
        with full_disk_named():
            result = _import(shop, job, _listener(shop, job, stop))
        queue.finish(shop, job, result)
        logger.info("Done in {:.1f} s: {}", result.seconds, result.counts)
    except LeaseLostError:
        raise
    except _StoppedError:
        queue.release(shop, job)
        logger.info("Given back, because the worker stops")
    except DiskFullError as error:
        logger.error("The import waits: {}", error.sentence)
        _give_back_when_there_is_room(shop, job, stop)
        raise
    except (StoreBusyError, StoreUnreachableError) as error:
        logger.warning("Given back: {}", error.sentence)
        queue.release(shop, job)
        raise
    except BackendError as error:
        logger.info("Refused: {}", error.sentence)
        queue.fail(shop, job, error.sentence)
    except Exception as error:
        incident = secrets.token_hex(4).upper()
        logger.opt(exception=error).error("Incident {}", incident)
        queue.fail(shop, job, f"Something went wrong on our side; the log has it under incident {incident}.")


def _give_back_when_there_is_room(shop: Shop, job: Job, stop: threading.Event) -> None:
    """A full disk is no fault of the job: each attempt is taken back, for which there has to be room again."""
    while True:
        try:
            queue.release(shop, job)
        except DiskFullError:
            if stop.wait(_LOOK_FOR_ROOM):
                return
        else:
            return


def _import(shop: Shop, job: Job, progress: Callable[[ImportProgress], None]) -> ImportResult:
    path, report = upload_path(shop, job.id), report_path(shop, job.id)
    if job.kind is ImportKind.ORDERS:
        return import_orders(
            shop,
            job.actor,
            path,
            report=report,
            progress=progress,
            encoding=job.encoding,
            dates=job.dates,
            new_days=job.new_days,
            sheet=job.sheet,
            mapping=OrderMapping(job.source, job.mapping) if job.mapping else None,
        )
    if job.kind is ImportKind.PRODUCTS:
        return import_products(
            shop, job.actor, path, report=report, progress=progress, encoding=job.encoding, sheet=job.sheet
        )
    if job.kind is ImportKind.SUPPRESSIONS:
        return import_listed(
            shop, job.actor, path, report=report, progress=progress, encoding=job.encoding, dates=job.dates
        )
    return import_customers(
        shop,
        job.actor,
        path,
        job.mapping,
        report=report,
        progress=progress,
        encoding=job.encoding,
        sheet=job.sheet,
    )


class _StoppedError(Exception):
    """The worker is to stop."""


def _listener(shop: Shop, job: Job, stop: threading.Event) -> Callable[[ImportProgress], None]:
    """Renews the lease about once a second, and ends the import when the worker is to stop."""
    renewed = time.monotonic()

    def listen(progress: ImportProgress) -> None:
        nonlocal renewed
        if stop.is_set():
            raise _StoppedError
        if time.monotonic() - renewed >= _RENEW_SECONDS:
            queue.renew(shop, job, progress)
            renewed = time.monotonic()

    return listen


def _identity() -> str:
    """Different for each worker, also on one machine and after a restart."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
