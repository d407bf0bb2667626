"""Line items that a program packs into cells of its one row for each order.

BigCommerce has one cell "Product Details": "Product ID: 77, Product Qty: 2, Product SKU: TEA, Product Name: Assam tea,
…|Product ID: …". WooCommerce's export by WebToffee has a column for each: "line_item_1" with
"name:Assam tea|product_id:77|sku:TEA|quantity:2|total:20.00|sub_total:20.00".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from backend.services.imports.csv_rows import Line
from backend.services.imports.dialect import title_words
from backend.services.imports.order_form import LineOfOrder

_DETAILS = "product details"
_NUMBERED = re.compile(r"line item \d+")
_BIGCOMMERCE = re.compile(r"Product (ID|Qty|SKU|Name|Unit Price|Total Price|Weight|Variation Details): ?")
_WEBTOFFEE = re.compile(r"(?:^|\|)(name|product_id|sku|quantity|total|sub_total|meta|tax|tax_data|refunded):")


def unpacked(header: Sequence[str], rows: Sequence[Line]) -> list[LineOfOrder]:
    """The line items of such cells; none where the table has no such column."""
    found: list[LineOfOrder] = []
    for place, title in enumerate(map(title_words, header)):
        if title == _DETAILS:
            found += [line for row in rows for line in _details(row.cells[place], row.number)]
        elif _NUMBERED.fullmatch(title):
            found += [line for row in rows for line in _numbered(row.cells[place], row.number)]
    return found


def _details(cell: str, row: int) -> list[LineOfOrder]:
    lines = []
    for part in re.split(r"\|(?=\s*Product ID:)", cell):
        values = _values(_BIGCOMMERCE, part)
        title = values.get("Name", "")
        if variant := values.get("Variation Details", ""):
            title = f"{title} - {variant}"
        if title or values.get("SKU"):
            price = values.get("Unit Price", "")
            lines.append(LineOfOrder(title, values.get("Qty", "1"), price, values.get("SKU", ""), row))
    return lines


def _numbered(cell: str, row: int) -> list[LineOfOrder]:
    values = _values(_WEBTOFFEE, cell)
    if not values.get("name"):
        return []
    quantity = values.get("quantity", "1")
    return [LineOfOrder(values["name"], quantity, _each(values, quantity), values.get("sku", ""), row)]


def _each(values: dict[str, str], quantity: str) -> str:
    """The price of one, of that of all; these amounts have a decimal point whatever the file has."""
    amount = values.get("sub_total") or values.get("total", "")
    try:
        return f"{Decimal(amount) / Decimal(quantity):.2f}" if Decimal(quantity) else amount
    except InvalidOperation:
        return amount


def _values(names: re.Pattern[str], text: str) -> dict[str, str]:
    """The values between the names."""
    found = list(names.finditer(text))
    ends = [*(each.start() for each in found[1:]), len(text)]
    return {
        each[1]: text[each.end() : end].strip().rstrip("|,").strip() for each, end in zip(found, ends, strict=False)
    }
