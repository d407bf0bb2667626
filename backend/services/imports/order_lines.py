"""Reads the line items of an order's rows. Removed, negative or incomplete lines do not lose it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from backend.domain.money import half_up
from backend.domain.orders import LARGEST_QUANTITY, LineItem
from backend.domain.phones import plain_number
from backend.errors import InvalidInputError
from backend.services.imports import fields
from backend.services.imports.amounts import Amounts
from backend.services.imports.csv_rows import Line
from backend.services.imports.fields import CellError
from backend.services.imports.repair import Repairs

_COLUMNS = ("Lineitem name", "Lineitem quantity", "Lineitem price", "Lineitem sku")
_TITLE_LENGTH = 300
_SKU_LENGTH = 100
_NO_NAME = "Item without a name"
_NO_LINES = "Order without line items"
_WHOLE_NUMBER = re.compile(r"\d+(?:[.,]0{1,2})?|[-\u2212(]\d+\)?")
"""Quantities that are read without a remark."""


class LineReader:
    """Reads line items by the file's columns (`places`), and notes repairs."""

    def __init__(self, places: Mapping[str, int], amounts: Amounts, repairs: Repairs) -> None:
        self._places = [places.get(title) for title in _COLUMNS]
        self._amounts, self._repairs = amounts, repairs

    def read(self, rows: Sequence[Line]) -> tuple[tuple[LineItem, ...], int]:
        """The line items, and the discount in minor units that lines below zero give.

        A line of quantity 0 was removed from the order and is left out. An order without other lines keeps its first
        one, free of charge; the order's own amounts are those of the file.
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
            self._repairs.note("Lineitem name", f"The order has no line item; it got one: “{_NO_LINES}”, free.")
            lines.append(LineItem(_NO_LINES, 1, 0))
        return tuple(lines), taken_off

    def _line(self, row: Line) -> tuple[LineItem | None, int]:
        """The line item of a row, or None; and the discount of a row that reduces the price instead."""
        title, written_quantity, written_price, sku = (
            "" if place is None else fields.shown(row.cells[place].strip()) for place in self._places
        )
        if not (title or written_quantity or written_price):
            return None, 0
        sku = self._sku(sku, row.number)
        title = self._title(title, sku, row.number)
        quantity = self._quantity(written_quantity, title, row.number)
        price = self._price(written_price, title, row.number)
        if not quantity:
            said = f"“{title[:60]}” has the quantity 0, so it was removed from the order."
            self._repairs.note("Lineitem quantity", said, row.number)
            return LineItem(title, 0, abs(price), sku), 0
        if quantity != int(quantity) or abs(quantity) > LARGEST_QUANTITY:
            said = f"{quantity.normalize():f} of “{title[:60]}” is kept as one item of the whole amount."
            self._repairs.note("Lineitem quantity", said, row.number)
            quantity, price = Decimal(1), half_up(quantity * price)
        line = self._checked(title, int(abs(quantity)), abs(price), sku, row.number)
        if line.amount and (quantity < 0) != (price < 0):
            where = "Lineitem quantity" if quantity < 0 else "Lineitem price"
            self._repairs.note(where, f"“{title[:60]}” is below zero, so it counts as a discount.", row.number)
            return line, line.amount
        return line, 0

    def _title(self, text: str, sku: str, line: int) -> str:
        title = self._repairs.line(text, "Lineitem name", _TITLE_LENGTH, line)
        if title:
            return title
        self._repairs.note("Lineitem name", f"The line item has no name. It is called “{sku or _NO_NAME}”.", line)
        return sku or _NO_NAME

    def _quantity(self, text: str, title: str, line: int) -> Decimal:
        """Below zero for returned items; 1 when unreadable."""
        try:
            quantity = fields.quantity(text, self._amounts.decimal_comma)
        except InvalidInputError as error:
            said = error.sentence if text else "The quantity is missing."
            self._repairs.note("Lineitem quantity", f"{said} “{title[:60]}” counts as one.", line)
            return Decimal(1)
        if not _WHOLE_NUMBER.fullmatch(text):
            self._repairs.note("Lineitem quantity", f"“{text[:40]}” was read as {quantity.normalize():f}.", line)
        return quantity

    def _price(self, text: str, title: str, line: int) -> int:
        """In minor units, below zero for discounts; 0 when unreadable."""
        try:
            price, doubt = self._amounts.read(text, "The price")
        except InvalidInputError as error:
            said = error.sentence if text else "The price is missing."
            self._repairs.note("Lineitem price", f"{said} “{title[:60]}” counts as free.", line)
            return 0
        if doubt:
            self._repairs.note("Lineitem price", doubt, line)
        return price

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
