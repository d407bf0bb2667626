"""The cells of a mapped table by what they are."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal

from backend.domain.imports import OrderMapping
from backend.domain.money import plain
from backend.errors import InvalidInputError
from backend.services.imports import fields
from backend.services.imports.addresses import SHOPIFY_PARTS
from backend.services.imports.amounts import Amounts
from backend.services.imports.csv_rows import Line
from backend.services.imports.fields import CellError, column
from backend.services.imports.order_titles import ORDER_FIELDS

AS_THEY_ARE = {
    "email": "Email",
    "phone": "Phone",
    "currency": "Currency",
    "discount_code": "Discount Code",
    "payment": "Payment Method",
    "consent": "Accepts Marketing",
    "note": "Notes",
    "tags": "Tags",
    "paid_at": "Paid at",
    "cancelled_at": "Cancelled at",
} | {
    f"{kind.lower()}_{part}": f"{kind} {title}"
    for kind in ("Billing", "Shipping")
    for part, title in SHOPIFY_PARTS.items()
}
"""Which field is which column of the form, where the cell is taken as it is."""
_COLUMNS = {
    "Name": "number",
    "Created at": "date",
    "Total": "total",
    "Subtotal": "subtotal",
    "Shipping": "shipping",
    "Taxes": "tax",
    "Tip": "tip",
    "Discount Amount": "discount",
    "Refunded Amount": "refunded",
    "Financial Status": "status",
    "Fulfillment Status": "fulfilment_status",
    "Customer ID": "customer_id",
    "Billing Name": "name",
    "Lineitem name": "item",
    "Lineitem sku": "sku",
    "Lineitem quantity": "quantity",
    "Lineitem price": "price",
} | {title: field for field, title in AS_THEY_ARE.items()}


class Cells:
    """Reads cells of a mapped table. `currency` is the shop's."""

    def __init__(self, header: Sequence[str], mapping: OrderMapping, amounts: Amounts, currency: str) -> None:
        self.header, self._titles = header, mapping.columns
        self._places = {field: header.index(title) for field, title in mapping.columns.items()}
        self._amounts, self._currency = amounts, currency

    def has(self, *names: str) -> bool:
        """Whether the table has a column for one of these fields."""
        return any(name in self._places for name in names)

    def cell(self, row: Line, field: str) -> str:
        place = self._places.get(field)
        return "" if place is None else fields.shown(row.cells[place].strip())

    def first(self, rows: Sequence[Line], field: str) -> str:
        return next((cell for row in rows if (cell := self.cell(row, field))), "")

    def title(self, column: str) -> str:
        return self._titles.get(_COLUMNS.get(column, ""), column)

    def minor(self, row: Line, field: str) -> int:
        """An amount of a cell; 0 where there is none. Raises: `CellError`."""
        text = self.cell(row, field)
        with column(self._titles.get(field, ""), row.number):
            return self._amounts.read(text, ORDER_FIELDS[field]).minor if text else 0

    def amount(self, rows: Sequence[Line], field: str) -> int:
        """An amount of the order, which its rows may repeat; an unreadable one is none, and its reader says so."""
        found = [0]
        for row in rows:
            with suppress(CellError):
                found.append(self.minor(row, field))
        return max(found, key=abs)

    def text(self, minor: int) -> str:
        text = f"{plain(minor, self._currency):f}"
        return text.replace(".", ",") if self._amounts.decimal_comma else text

    def as_written(self, rows: Sequence[Line], field: str, amount: int) -> str:
        """The cell itself where all rows have the same one, so that its reader can tell what is odd about it."""
        cells = {cell for row in rows if (cell := self.cell(row, field))}
        return cells.pop() if len(cells) == 1 else self.text(amount)

    def added(self, rows: Sequence[Line], field: str) -> int:
        """An amount that each row has of its own. Raises: `CellError`."""
        return sum(self.minor(row, field) for row in rows)

    def quantity(self, text: str) -> Decimal:
        try:
            return fields.quantity(text, self._amounts.decimal_comma)
        except InvalidInputError:  # its reader counts one, and says so
            return Decimal(1)

    def price(self, text: str, row: int) -> int:
        """The price of a line item. Raises: `CellError`."""
        with column(self._titles.get("price", ""), row):
            return self._amounts.read(text, "The price").minor
