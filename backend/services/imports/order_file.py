"""Reads and checks a Shopify order export: everything that needs no store."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from backend.domain.ids import order_id_of
from backend.domain.imports import Fault, ImportedOrder, Repair, Skipped
from backend.services.imports.amounts import Amounts
from backend.services.imports.batches import Batch, in_batches
from backend.services.imports.dates import DateEvidence, DateOrder, Moments
from backend.services.imports.dialect import open_table, reading, with_skipped
from backend.services.imports.order_rows import RawOrder, group, order_marks
from backend.services.imports.shopify import OrderReader, places_of
from backend.services.imports.steps import print_of
from backend.services.imports.survey import Survey
from backend.store import schema

SOURCE = "shopify"
"""The prefix of the references of these orders."""
_SURVEY_SHARE = 0.1
"""The first reading's share of the whole work."""


@dataclass(frozen=True, slots=True)
class OrderFile:
    """A file and how to read it. `encoding` "": found from its bytes; `dates` unknown: found from its dates.

    `region` is the country of phone numbers without a country code.
    """

    path: Path
    encoding: str
    currency: str
    zone: ZoneInfo
    now: datetime
    dates: DateOrder = DateOrder.UNKNOWN
    region: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """What is known of an order that its source reports as it happens, and of no order of a file.

    `id` is the order's at the source. `updated` sorts by when the source changed it. `refunds` are all refunds in minor
    units by their ids. `is_new`: it was placed so lately that automations answer it. `label` names the source.
    """

    id: str
    updated: str
    is_new: bool
    label: str
    refunds: Mapping[str, int] = field(default_factory=dict)


class OrderCandidate:
    """An order of a file: its first line, its values, their fingerprint, the order's id here, and its repairs.

    Everything that needs no store is computed here, because the process that reads the file has time left.
    An order that arrives by a connection has `live`, and line 0.
    """

    __slots__ = ("id", "line", "live", "order", "print", "reference", "repairs", "source")

    def __init__(
        self,
        line: int,
        order: ImportedOrder,
        repairs: Sequence[Repair] = (),
        *,
        source: str = SOURCE,
        live: Live | None = None,
    ) -> None:
        self.line = line
        self.order = order
        self.print = print_of(order)
        self.repairs = tuple(repairs)
        self.source, self.live = source, live
        self.id = order_id_of(source, order.number, order.placed_at)
        self.reference = schema.reference_key(source, order.number)

    @property
    def name(self) -> str:
        return self.order.number


def batches_of(file: OrderFile) -> Generator[Batch[OrderCandidate], None, None]:
    """The orders of the file. The first batches are empty: they report the progress of the first reading.

    Raises: `InvalidInputError` when it is not a Shopify order export, before the first order.
    """
    table = open_table(file.path, file.encoding)
    places, size = places_of(table.header), file.path.stat().st_size
    survey = Survey(table, places, DateEvidence(file.zone, file.now), file.currency)
    for position in survey.positions():
        yield Batch(_SURVEY_SHARE * position / size, table.encoding.shown)
    moments = Moments(file.zone, file.now, file.dates or survey.dates.order())
    amounts = Amounts(file.currency, survey.decimal_comma)
    reader = OrderReader(places, amounts, moments, file.currency, file.region)
    with reading(table, sums_lack=order_marks(places)) as rows:
        orders = _candidates(group(rows, places, table.delimiter), reader, survey.scattered)
        candidates: Iterator[OrderCandidate | Fault | Skipped] = with_skipped(orders, rows)
        yield from in_batches(
            candidates, lambda: _SURVEY_SHARE + (1 - _SURVEY_SHARE) * rows.position / size, table.encoding.shown
        )


def _candidates(
    orders: Iterable[RawOrder], reader: OrderReader, scattered: Mapping[str, tuple[int, int]]
) -> Iterator[OrderCandidate | Fault]:
    reported: set[str] = set()
    for raw in orders:
        if raw.name not in scattered:
            order = reader.read(raw)
            yield order if isinstance(order, Fault) else OrderCandidate(raw.line, order, reader.repairs)
        elif raw.name not in reported:
            reported.add(raw.name)
            first, second = scattered[raw.name]
            reason = (
                f"Rows of this order are apart, from lines {first:,} and {second:,} on, or two orders have this Name. "
                "Sort the file by Name, and remove what is there twice."
            )
            yield Fault(raw.name, raw.line, "Name", reason)
