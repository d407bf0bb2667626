"""An order in the form in which all are read: the columns of Shopify's export, one row for each line item.

Payloads of connections and tables of other programs are brought into it, so that amounts, dates, addresses and repairs
have one reader, `shopify.OrderReader`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from backend.services.imports.csv_rows import Line
from backend.services.imports.shopify import OPTIONAL, REQUIRED

TITLES = (*REQUIRED, *OPTIONAL)
PLACES = {title: place for place, title in enumerate(TITLES)}
_LINE_TITLES = ("Lineitem name", "Lineitem quantity", "Lineitem price", "Lineitem sku")


@dataclass(frozen=True, slots=True)
class LineOfOrder:
    """A line item as the source writes it; `row` is its physical line in a file."""

    title: str
    quantity: str
    price: str
    sku: str = ""
    row: int = 0


def form_rows(fields: Mapping[str, str], lines: Sequence[LineOfOrder]) -> Iterator[Line]:
    """The rows of an order, of which the first carries the order. `fields` are by the titles of the form."""
    for number, line in enumerate(lines or [LineOfOrder("", "", "")]):
        cells = dict(zip(_LINE_TITLES, (line.title, line.quantity, line.price, line.sku), strict=True))
        row = {**fields, **cells} if number == 0 else {"Name": fields["Name"], **cells}
        yield Line(line.row, [row.get(title, "") for title in TITLES])
