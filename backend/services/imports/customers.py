"""Imports a plain table of customers, with a mapping of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from backend.domain.customers import email_identity
from backend.domain.imports import Fault, ImportedCustomer, ImportKind, ImportResult
from backend.domain.phones import region_of
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.imports.batches import in_batches
from backend.services.imports.csv_rows import BrokenLine, Line
from backend.services.imports.customer_plan import CustomerCandidate, CustomerPlanner, identities
from backend.services.imports.customer_table import CustomerReader, check_mapping
from backend.services.imports.dates import DateOrder, Moments
from backend.services.imports.dialect import open_table, reading, with_skipped
from backend.services.imports.run import ProgressListener, Run
from backend.services.imports.steps import print_of
from backend.services.imports.workbooks import as_csv


def import_customers(
    shop: Shop,
    actor: Actor,
    path: Path,
    mapping: Mapping[str, str],
    *,
    report: Path | None = None,
    progress: ProgressListener | None = None,
    encoding: str = "",
    sheet: str = "",
) -> ImportResult:
    """Imports customers. `mapping` maps fields (see `CUSTOMER_FIELDS`) to titles of columns.

    The same file again changes nothing. A row that cannot be imported is skipped alone, and listed in the report.

    Raises: `PermissionDeniedError`; `InvalidInputError` when it is not a CSV file or does not fit the mapping;
    `StoreBusyError` and `StoreUnreachableError`.
    """
    actor.require(Permission.IMPORT_DATA)
    with as_csv(path, sheet) as file:
        table = open_table(file, encoding)
        moments = Moments(shop.zone, shop.clock(), DateOrder.UNKNOWN)
        places = check_mapping(table.header, mapping)
        reader = CustomerReader(table.header, places, region_of(shop.zone, shop.locale), moments)
        run = Run(shop, ImportKind.CUSTOMERS, CustomerPlanner(shop, actor), report=report, progress=progress)
        size = file.stat().st_size
        answers = _Answers()
        if reader.has_consent:
            with reading(table) as rows:
                answers.learn(rows, reader)
        with reading(table, sums_lack=reader.marks) as rows:
            candidates = with_skipped(_candidates(rows, reader, answers), rows)
            return run.work(in_batches(candidates, lambda: rows.position / size, table.encoding.shown))


class _Answers:
    """The consents in a file. Where two rows of one address differ, the stricter one counts.

    Keeps a number for each address, some 50 bytes, and only for those with a row that gives no consent.
    """

    def __init__(self) -> None:
        self._refused = set[int]()
        self._not_given = set[int]()

    def learn(self, rows: Iterable[Line | BrokenLine], reader: CustomerReader) -> None:
        for row in rows:
            answer = reader.answer(row)
            if answer is not None and answer[1] is not True:
                (self._refused if answer[1] is False else self._not_given).add(hash(email_identity(answer[0])))

    def strictest(self, customer: ImportedCustomer) -> ImportedCustomer:
        """The customer with the strictest answer of all rows."""
        address = hash(email_identity(customer.email))
        if not customer.email or customer.consent is False:
            return customer
        if address in self._refused:
            return replace(customer, consent=False)
        return replace(customer, consent=None) if address in self._not_given else customer


def _candidates(
    rows: Iterable[Line | BrokenLine], reader: CustomerReader, answers: _Answers
) -> Iterator[CustomerCandidate | Fault]:
    first_lines: dict[int, int] = {}  # by the hash of an identity: a file may hold millions, and each is long
    for row in rows:
        customer = reader.read(row)
        if isinstance(customer, Fault):
            yield customer
            continue
        customer = answers.strictest(customer)
        lines = [first_lines.setdefault(hash(name), row.number) for name in identities(customer)]
        before = [line for line in lines if line != row.number]
        candidate = CustomerCandidate(row.number, customer, print_of(customer), reader.repairs)
        if before:
            yield Fault(candidate.name, row.number, "", f"The same customer is in line {before[0]:,} already.")
        else:
            yield candidate
