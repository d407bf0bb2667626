"""Imports a plain table of customers, of whose columns somebody said what they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from backend.domain.imports import Fault, ImportKind, ImportResult
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.imports.batches import in_batches
from backend.services.imports.customer_planning import CustomerCandidate, CustomerPlanner, identities
from backend.services.imports.customer_table import CustomerReader, check_mapping
from backend.services.imports.dialect import open_table, reading
from backend.services.imports.reading import BrokenLine, Line
from backend.services.imports.running import ProgressListener, Run
from backend.services.imports.seen import SeenNames
from backend.services.imports.steps import print_of


def import_customers(
    shop: Shop,
    actor: Actor,
    path: Path,
    mapping: Mapping[str, str],
    *,
    report: Path | None = None,
    progress: ProgressListener | None = None,
    encoding: str = "",
) -> ImportResult:
    """Takes over customers. `mapping` leads from fields (see `CUSTOMER_FIELDS`) to titles of columns.

    The same file again changes nothing. A row that cannot be taken over costs only itself and is listed in the report.

    Raises: `PermissionDeniedError`; `InvalidInputError` when the file is no CSV file or the mapping does not fit it;
    `StoreBusyError` and `StoreUnreachableError`.
    """
    actor.require(Permission.IMPORT_DATA)
    table = open_table(path, encoding)
    reader = CustomerReader(table.header, check_mapping(table.header, mapping))
    run = Run(shop, ImportKind.CUSTOMERS, CustomerPlanner(shop, actor), report=report, progress=progress)
    size = path.stat().st_size
    with reading(table) as rows:
        return run.work(in_batches(_candidates(rows, reader), lambda: rows.position / size, table.encoding.shown))


def _candidates(rows: Iterable[Line | BrokenLine], reader: CustomerReader) -> Iterator[CustomerCandidate | Fault]:
    seen = SeenNames()
    for row in rows:
        customer = reader.read(row)
        if isinstance(customer, Fault):
            yield customer
            continue
        before = [line for name in identities(customer) if (line := seen.first_line(name, row.number))]
        candidate = CustomerCandidate(row.number, customer, print_of(customer))
        if before:
            yield Fault(candidate.name, row.number, "", f"The same customer stands in line {before[0]:,} already.")
        else:
            yield candidate
