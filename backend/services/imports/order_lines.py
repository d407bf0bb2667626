"""The line items of an order's rows. Lines that were removed, or that take money off, do not lose the order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backend.domain.orders import LineItem
from backend.domain.phones import plain_number
from backend.errors import InvalidInputError
from backend.services.imports import fields
from backend.services.imports.amounts import Amounts
from backend.services.imports.fields import CellError, column
from backend.services.imports.reading import Line
from backend.services.imports.repair import Repairs

_COLUMNS = ("Lineitem name", "Lineitem quantity", "Lineitem price", "Lineitem sku")
_TITLE_LENGTH = 300
_SKU_LENGTH = 100


class LineReader:
    """Reads line items by the file's columns (`places`), and notes repairs."""

    def __init__(self, places: Mapping[str, int], amounts: Amounts, repairs: Repairs) -> None:
        self._places = [places.get(title) for title in _COLUMNS]
        self._amounts, self._repairs = amounts, repairs

    def read(self, rows: Sequence[Line]) -> tuple[tuple[LineItem, ...], int]:
        """The line items, and the discount in minor units that lines below zero give.

        A line of quantity 0 was removed from the order and is left away. An order that has no other line keeps its
        first one, free of charge.
        Raises: `CellError`.
        """
        lines: list[LineItem] = []
        spare: LineItem | None = None
        taken_off = 0
        for row in rows:
            line, off = self._line(row)
            taken_off += off
            if line is None:
                continue
            if line.quantity and not off:
                lines.append(line)
            elif spare is None:
                spare = line
        if not lines and spare is not None:
            self._repairs.note("Lineitem quantity", f"“{spare.title[:60]}” is the only line item, and kept as free.")
            lines.append(self._checked(spare.title, 1, 0, spare.sku, rows[0].number))
        if not lines:
            raise CellError("Lineitem name", "An order needs at least one line item.")
        return tuple(lines), taken_off

    def _line(self, row: Line) -> tuple[LineItem | None, int]:
        """The line item of a row, or None when the row has none; and what it takes off, which makes it no product."""
        title, written_quantity, written_price, sku = (
            "" if place is None else row.cells[place].strip() for place in self._places
        )
        if not (title or written_quantity or written_price):
            return None, 0
        bare_quantity, bare_price = without_minus(written_quantity), without_minus(written_price)
        with column("Lineitem quantity", row.number):
            quantity = fields.quantity(written_quantity if bare_quantity is None else bare_quantity)
        with column("Lineitem price", row.number):
            price = self._amounts.read(written_price if bare_price is None else bare_price, "The price")
        title = self._repairs.line(title, "Lineitem name", _TITLE_LENGTH, row.number)
        sku = self._sku(sku, row.number)
        if not quantity:
            said = f"“{title[:60]}” has the quantity 0, so it was removed from the order."
            self._repairs.note("Lineitem quantity", said, row.number)
            return LineItem(title, 0, price, sku), 0
        line = self._checked(title, quantity, price, sku, row.number)
        if line.amount and (bare_quantity is None) != (bare_price is None):
            where = "Lineitem price" if bare_quantity is None else "Lineitem quantity"
            self._repairs.note(where, f"“{title[:60]}” is below zero, so it counts as a discount.", row.number)
            return line, line.amount
        return line, 0

    def _checked(self, title: str, quantity: int, price: int, sku: str, number: int) -> LineItem:
        try:
            return fields.line_item(title, quantity, price, sku)
        except InvalidInputError as error:
            titles = {"quantity": "Lineitem quantity", "sku": "Lineitem sku"}
            raise CellError(titles.get(error.field, "Lineitem name"), error.sentence, number) from error

    def _sku(self, text: str, line: int) -> str:
        sku = self._repairs.line(text, "Lineitem sku", _SKU_LENGTH, line)
        if "E+" in sku and (whole := plain_number(sku)) != sku:
            if whole is None:
                self._repairs.note("Lineitem sku", f"A spreadsheet has rounded the SKU “{sku}”; it was left out.", line)
            return whole or ""
        return sku


def without_minus(text: str) -> str | None:
    """What follows the minus, or stands in the brackets, of a number below zero; None for any other text."""
    bare = fields.without_apostrophe(text.strip())
    if bare[:1] in ("-", "\u2212") or (bare[:1] == "(" and bare[-1:] == ")"):
        return bare.strip("-\u2212() ")
    return None
