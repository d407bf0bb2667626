"""Groups the rows of a Shopify order export into orders, without losing or doubling a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from backend.domain.imports import Fault
from backend.domain.orders import MOST_LINES
from backend.services.imports.csv_rows import BrokenLine, Line


@dataclass(slots=True)
class RawOrder:
    """The rows of one order as in the file, and what is wrong with them if known already."""

    name: str
    line: int
    rows: list[Line] = field(default_factory=list)
    fault: Fault | None = None

    def blame(self, line: int, column: str, reason: str) -> None:
        """Records an error; the first one stays."""
        if self.fault is None:
            self.fault = Fault(self.name, line, column, reason)


def group(rows: Iterable[Line | BrokenLine], places: Mapping[str, int], delimiter: str) -> Iterator[RawOrder]:
    """The orders of a file, in its order. Rows of one order must follow each other."""
    place = places["Name"]
    current: RawOrder | None = None
    for row in rows:
        name = _guessed(row, place, delimiter) if isinstance(row, BrokenLine) else row.cells[place].strip()
        if current is None or not (name == current.name if name else not starts_order(row, places)):
            if current is not None:
                yield current
            current = RawOrder(name, row.number)
        _take(current, row, name)
    if current is not None:
        yield current


def _take(order: RawOrder, row: Line | BrokenLine, name: str) -> None:
    if isinstance(row, BrokenLine):
        order.blame(row.number, "", row.reason)
    elif not name:
        order.blame(row.number, "Name", "Name is missing, so it is not known to which order the row belongs.")
    elif len(order.rows) >= MOST_LINES:
        order.blame(row.number, "Lineitem name", f"The order has more than {MOST_LINES} line items.")
    else:
        order.rows.append(row)


def _guessed(row: BrokenLine, place: int, delimiter: str) -> str:
    """The name in an unreadable row, or "" when it is not found."""
    parts = row.start.split(delimiter, place + 1)
    return parts[place].strip(' "') if len(parts) > place + 1 else ""


def order_marks(places: Mapping[str, int]) -> tuple[int, ...]:
    """The columns of which an order fills one, and a row of sums none."""
    return tuple(places[title] for title in ("Lineitem name", "Created at", "Financial Status"))


def starts_order(row: Line | BrokenLine, places: Mapping[str, int]) -> bool:
    """Whether the row carries the order's own columns, as the first row of each order does."""
    return isinstance(row, Line) and bool(row.cells[places["Total"]] or row.cells[places["Financial Status"]])
