"""Small Shopify exports for tests: say what differs from an ordinary order."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from backend.domain.imports import ImportResult
from backend.services.context import Shop
from backend.services.imports import import_orders
from tests.support import STAFF

HEADER = (
    *("Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Accepts Marketing", "Currency"),
    *("Subtotal", "Shipping", "Taxes", "Total", "Discount Code", "Discount Amount", "Created at"),
    *("Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem sku", "Billing Name", "Billing City"),
    *("Billing Country", "Notes", "Cancelled at", "Refunded Amount", "Phone", "Tags"),
)
ORDER = {
    "Name": "#1001",
    "Email": "maria@example.com",
    "Financial Status": "paid",
    "Fulfillment Status": "",
    "Accepts Marketing": "yes",
    "Currency": "USD",
    "Subtotal": "20.00",
    "Shipping": "5.00",
    "Taxes": "1.00",
    "Total": "26.00",
    "Discount Amount": "0.00",
    "Created at": "2026-03-02 10:00:00 +0000",
    "Lineitem quantity": "2",
    "Lineitem name": "Assam tea",
    "Lineitem price": "10.00",
    "Lineitem sku": "TEA-1",
    "Billing Name": "Maria Lopez",
    "Billing City": "Berlin",
    "Billing Country": "DE",
    "Refunded Amount": "0.00",
}
"""An ordinary order of one line item."""

Row = Mapping[str, str]


def order(name: str = "#1001", **changed: str) -> dict[str, str]:
    """An order's first row; `billing_name="X"` changes the column "Billing Name"."""
    return ORDER | {"Name": name} | {_title(key): value for key, value in changed.items()}


def line(name: str = "#1001", **changed: str) -> dict[str, str]:
    """A further row of an order: another line item."""
    item = {"Name": name, "Lineitem quantity": "1", "Lineitem name": "Tea pot", "Lineitem price": "6.00"}
    return item | {_title(key): value for key, value in changed.items()}


def _title(key: str) -> str:
    words = key.replace("_", " ")
    return next(title for title in HEADER if title.casefold() == words)


def text_of(rows: Sequence[Row], *, header: Sequence[str] = HEADER, delimiter: str = ",", end: str = "\n") -> str:
    """The file's text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", delimiter=delimiter, lineterminator=end, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def export(folder: Path, *rows: Row) -> Path:
    """A file with these rows."""
    return written(folder, text_of(rows))


def written(folder: Path, content: str | bytes, name: str = "orders_export.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def imported(shop: Shop, *rows: Row) -> ImportResult:
    """The result of importing these rows."""
    return import_orders(shop, STAFF, export(shop.data_dir, *rows))


def faults(result: ImportResult) -> list[dict[str, str]]:
    """The rows of the report."""
    if result.report is None:
        return []
    with result.report.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
