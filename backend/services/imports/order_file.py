"""Reads and checks a table of orders, of Shopify or mapped: everything that needs no store."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from backend.domain.ids import order_id_of
from backend.domain.imports import Fault, ImportedOrder, OrderMapping, Repair, Skipped
from backend.services.imports.amounts import Amounts
from backend.services.imports.batches import Batch, in_batches
from backend.services.imports.dates import DateEvidence, DateOrder, Moments
from backend.services.imports.dialect import Table, open_table, reading, with_skipped
from backend.services.imports.mapped_orders import MappedReader
from backend.services.imports.order_mapping import layout_of as mapped_layout
from backend.services.imports.order_rows import Layout, RawOrder, group
from backend.services.imports.order_sources import usual_dates
from backend.services.imports.shopify import OrderReader, layout_of, places_of
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

    `region` is the country of phone numbers without a country code. `mapping` None: it is Shopify's export.
    """

    path: Path
    encoding: str
    currency: str
    zone: ZoneInfo
    now: datetime
    dates: DateOrder = DateOrder.UNKNOWN
    region: str = ""
    mapping: OrderMapping | None = None


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

    Raises: `InvalidInputError` when it is not such a table, before the first order.
    """
    table = open_table(file.path, file.encoding)
    layout, size = _layout_of(table, file.mapping), file.path.stat().st_size
    survey = Survey(table, layout, DateEvidence(file.zone, file.now), file.currency)
    for position in survey.positions():
        yield Batch(_SURVEY_SHARE * position / size, table.encoding.shown)
    moments = Moments(file.zone, file.now, _date_order(file, survey))
    reader = _reader_of(table, file, Amounts(file.currency, survey.decimal_comma), moments)
    with reading(table, sums_lack=layout.marks) as rows:
        orders = _candidates(_whole(group(rows, layout, table.delimiter), layout, survey), reader, file, survey)
        candidates: Iterator[OrderCandidate | Fault | Skipped] = with_skipped(orders, rows)
        yield from in_batches(
            candidates, lambda: _SURVEY_SHARE + (1 - _SURVEY_SHARE) * rows.position / size, table.encoding.shown
        )


def _layout_of(table: Table, mapping: OrderMapping | None) -> Layout:
    return layout_of(places_of(table.header)) if mapping is None else mapped_layout(table.header, mapping.columns)


def _reader_of(table: Table, file: OrderFile, amounts: Amounts, moments: Moments) -> OrderReader | MappedReader:
    if file.mapping is None:
        return OrderReader(places_of(table.header), amounts, moments, file.currency, file.region)
    return MappedReader(table.header, file.mapping, amounts, moments, file.currency, file.region)


def _date_order(file: OrderFile, survey: Survey) -> DateOrder:
    """Which of day and month comes first: as asked for, as the file shows, or as its program always writes."""
    usual = usual_dates(file.mapping.source) if file.mapping else DateOrder.UNKNOWN
    return file.dates or survey.dates.order_if_shown() or usual or survey.dates.order()


def _whole(orders: Iterable[RawOrder], layout: Layout, survey: Survey) -> Iterator[RawOrder]:
    """The orders; one whose rows are apart comes last, with all of them, where the table may have that."""
    apart: dict[str, RawOrder] = {}
    for raw in orders:
        if not layout.gathers or raw.name not in survey.scattered:
            yield raw
        elif (first := apart.setdefault(raw.name, raw)) is not raw:
            first.join(raw)
    yield from apart.values()


def _candidates(
    orders: Iterable[RawOrder], reader: OrderReader | MappedReader, file: OrderFile, survey: Survey
) -> Iterator[OrderCandidate | Fault | Skipped]:
    source = SOURCE if file.mapping is None else file.mapping.source
    scattered: Mapping[str, tuple[int, int]] = survey.scattered if file.mapping is None else {}
    reported: set[str] = set()
    for raw in orders:
        if raw.name not in scattered:
            order = reader.read(raw)
            if isinstance(order, ImportedOrder):
                yield OrderCandidate(raw.line, order, reader.repairs, source=source)
            else:
                yield order
        elif raw.name not in reported:
            reported.add(raw.name)
            first, second = scattered[raw.name]
            reason = (
                f"Rows of this order are apart, from lines {first:,} and {second:,} on, or two orders have this Name. "
                "Sort the file by Name, and remove what is there twice."
            )
            yield Fault(raw.name, raw.line, "Name", reason)
