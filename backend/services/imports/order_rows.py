"""Groups the rows of a table of orders, without losing or doubling a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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

    def join(self, further: RawOrder) -> None:
        """Adds rows of the order that are elsewhere in the file."""
        self.rows += further.rows
        self.fault = self.fault or further.fault
        if len(self.rows) > MOST_LINES:
            self.blame(further.line, "Lineitem name", f"The order has more than {MOST_LINES} line items.")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns of a table of orders are.

    The first row of each order fills one of `starts`, and every order one of `marks`, which a row of sums leaves
    empty. `gathers`: rows of an order may be apart, and further ones without its number.
    """

    number: int
    starts: tuple[int, ...]
    marks: tuple[int, ...]
    amounts: tuple[int, ...]
    dates: tuple[int, ...]
    gathers: bool = False


def group(rows: Iterable[Line | BrokenLine], layout: Layout, delimiter: str) -> Iterator[RawOrder]:
    """The orders of a file, in its order, as far as their rows follow each other."""
    place = layout.number
    current: RawOrder | None = None
    for row in rows:
        name = _guessed(row, place, delimiter) if isinstance(row, BrokenLine) else row.cells[place].strip()
        if current is None or not (name == current.name if name else not _starts_order(row, layout)):
            if current is not None:
                yield current
            current = RawOrder(name, row.number)
        _take(current, row, name or (current.name if layout.gathers else ""))
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


def _starts_order(row: Line | BrokenLine, layout: Layout) -> bool:
    """Whether the row carries the order's own columns, as the first row of each order does."""
    return isinstance(row, Line) and any(row.cells[place] for place in layout.starts)
