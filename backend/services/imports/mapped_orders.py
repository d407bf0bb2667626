"""Reads the orders of a mapped table: brings the rows of an order into the form in which all are read.

A value of the order may be in its first row alone, or in all. Amounts of lines add up; those of the order do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

from backend.domain.fulfilments import Fulfilment, PackedItem, Tracking, clean_tracking
from backend.domain.imports import Fault, ImportedOrder, OrderMapping, Repair, Skipped
from backend.domain.money import half_up
from backend.domain.orders import OrderStatus
from backend.domain.text import repaired_line
from backend.errors import InvalidInputError
from backend.services.imports.amounts import Amounts
from backend.services.imports.csv_rows import Line
from backend.services.imports.dates import Moments
from backend.services.imports.dialect import title_words
from backend.services.imports.fields import CellError
from backend.services.imports.mapped_amounts import amounts_of, money_of
from backend.services.imports.mapped_cells import AS_THEY_ARE, Cells
from backend.services.imports.order_form import PLACES, LineOfOrder, form_rows
from backend.services.imports.order_merge import PARCEL, UNLISTED
from backend.services.imports.order_rows import RawOrder
from backend.services.imports.order_sources import (
    CANCELLED,
    NO_ORDER,
    PAID,
    PENDING,
    REFUND,
    SHIPPED,
    Status,
    status_in,
)
from backend.services.imports.packed_items import unpacked
from backend.services.imports.shopify import OrderReader

_SAME = ("total", "date", "email", "currency")
_PLAIN_VARIANTS = frozenset({"regular", "default title", "default"})
_OFFSET = re.compile(r"(?:Z|UTC|GMT|[+-]\d\d:?\d\d)$", re.IGNORECASE)
_LONGEST_TRACKING = 100
_OF_LINES = ("item", "sku", "quantity", "price", "line_total")


class MappedReader:
    """Makes orders of the rows of a mapped table. `currency` and `region` are those of the shop."""

    def __init__(
        self,
        header: Sequence[str],
        mapping: OrderMapping,
        amounts: Amounts,
        moments: Moments,
        currency: str,
        region: str,
    ) -> None:
        self._mapping, self._moments, self._currency = mapping, moments, currency
        self._cells = Cells(header, mapping, amounts, currency)
        self._reader = OrderReader(PLACES, amounts, moments, currency, region)
        self._is_utc = "utc" in title_words(mapping.columns["date"]).split()

    @property
    def repairs(self) -> Sequence[Repair]:
        """The repairs in the order that was read last, by the titles of the file."""
        return [replace(each, column=self._cells.title(each.column)) for each in self._reader.repairs]

    def read(self, raw: RawOrder) -> ImportedOrder | Fault | Skipped:
        """The order, or its first error; skipped when its status says that it is none."""
        if raw.fault is not None:
            return replace(raw.fault, column=self._cells.title(raw.fault.column))
        statuses = [self._status(row) for row in raw.rows]
        if all(status == NO_ORDER for status in statuses):
            word = self._cells.cell(raw.rows[0], "status")
            return Skipped(raw.line, f"Order {raw.name}: “{word[:40]}” is no order yet, or none any more.")
        sold = [row for row, status in zip(raw.rows, statuses, strict=True) if status not in (REFUND, NO_ORDER)]
        back = [row for row, status in zip(raw.rows, statuses, strict=True) if status == REFUND]
        if not sold:
            return Fault(raw.name, raw.line, "", "The row is a refund, and the order itself is not in the file.")
        try:
            self._check_same(sold)
            return self._order(raw, sold, back)
        except CellError as error:
            return Fault(raw.name, error.line or raw.line, error.column, error.reason)

    def _order(self, raw: RawOrder, sold: Sequence[Line], back: Sequence[Line]) -> ImportedOrder | Fault:
        lines = self._lines(sold)
        money = money_of(self._cells, sold, lines)
        number = raw.name.lstrip("#").strip() or raw.name
        form = self._form(sold)
        form |= {"Name": number, **amounts_of(self._cells, sold, back, money, form["Financial Status"])}
        if not lines:
            lines = [LineOfOrder(UNLISTED, "1", self._cells.text(money.goods), row=raw.line)]
        elif len(lines) == 1 and not lines[0].price:
            lines = [replace(lines[0], price=self._each(money.goods, lines[0].quantity))]
        found = self._reader.read(RawOrder(number, raw.line, [*form_rows(form, lines)]))
        if isinstance(found, Fault):
            return replace(found, column=self._cells.title(found.column))
        return self._with_parcel(found, sold)

    # --- parts of the order ------------------------------------------------------------------------------------------

    def _check_same(self, rows: Sequence[Line]) -> None:
        for field in _SAME:
            first = self._cells.first(rows, field).casefold()
            for row in rows:
                cell = self._cells.cell(row, field).casefold()
                if cell and cell != first:
                    title = self._mapping.columns[field]
                    said = f"{title} differs within the order: it is that of a line, or two orders share the number."
                    raise CellError(title, said, row.number)

    def _lines(self, rows: Sequence[Line]) -> list[LineOfOrder]:
        """The line items; none where the table does not list them."""
        if packed := unpacked(self._cells.header, rows):
            return packed
        if not self._cells.has("item", "sku"):
            return []
        return [self._line(row) for row in rows if any(self._cells.cell(row, field) for field in _OF_LINES)]

    def _line(self, row: Line) -> LineOfOrder:
        title, variant = self._cells.cell(row, "item"), self._cells.cell(row, "variant")
        if variant and variant.casefold() not in _PLAIN_VARIANTS:
            title = f"{title} - {variant}"
        quantity = self._cells.cell(row, "quantity") or "1"
        price = self._cells.cell(row, "price")
        if not price and (amount := self._cells.minor(row, "line_total")):
            price = self._each(amount, quantity)
        return LineOfOrder(title, quantity, price, self._cells.cell(row, "sku"), row.number)

    def _each(self, amount: int, quantity: str) -> str:
        many = abs(self._cells.quantity(quantity))
        return self._cells.text(half_up(Decimal(amount) / many) if many else amount)

    def _form(self, rows: Sequence[Line]) -> dict[str, str]:
        """The columns of the order that are no amounts."""
        form = {title: self._cells.first(rows, field) for field, title in AS_THEY_ARE.items()}
        for kind in ("", "billing_", "shipping_"):
            title = f"{kind.removesuffix('_').capitalize() or 'Customer'} Name"
            parts = (self._cells.first(rows, f"{kind}{part}_name") for part in ("first", "last"))
            form[title] = self._cells.first(rows, f"{kind}name") or " ".join(parts).strip()
        customer = self._cells.first(rows, "customer_id")
        date = f"{self._cells.first(rows, 'date')} {self._cells.first(rows, 'time')}".strip()
        status, shipment = self._statuses(rows)
        return form | {
            "Created at": f"{date} UTC" if date and self._is_utc and not _OFFSET.search(date) else date,
            "Billing Name": form["Customer Name"] or form["Billing Name"],
            "Customer ID": f"{self._mapping.source}-{customer}" if customer.strip("0") else "",
            "Currency": form["Currency"] if self._cells.has("currency") else self._currency,
            "Financial Status": status,
            "Fulfillment Status": shipment,
        }

    def _status(self, row: Line) -> Status | None:
        word = self._cells.cell(row, "status")
        return status_in(self._mapping.source, word) if word else None

    def _statuses(self, rows: Sequence[Line]) -> Status:
        """Financial and fulfillment status; an unknown word goes on as it is, to be reported."""
        word, paid, sent = (
            self._cells.first(rows, field) for field in ("status", "payment_status", "fulfilment_status")
        )
        financial, shipment = PAID
        if self._cells.has("paid_at") and not self._cells.first(rows, "paid_at"):
            financial = PENDING[0]
        if word:
            financial, shipment = status_in(self._mapping.source, word) or (word, "")
        if paid:
            financial = (status_in(self._mapping.source, paid) or (paid, ""))[0]
        if sent:
            shipment = (status_in(self._mapping.source, sent) or ("", sent))[1]
        if self._cells.first(rows, "shipped_at") and financial != CANCELLED[0]:
            shipment = SHIPPED[1]
        return financial, shipment

    def _with_parcel(self, found: ImportedOrder, rows: Sequence[Line]) -> ImportedOrder:
        """The order with its parcel, where the table tells a tracking number or a carrier."""
        number, carrier = (self._repaired(rows, field) for field in ("tracking", "carrier"))
        if not number or found.status is OrderStatus.CANCELLED:
            return found
        shipped = found.placed_at
        with suppress(InvalidInputError):
            shipped = self._moments.read(self._cells.first(rows, "shipped_at"), "Shipped at")
        tracking = clean_tracking(Tracking(carrier, number))
        items = tuple(PackedItem(line.title, line.quantity, line.sku) for line in found.lines)
        parcel = Fulfilment(
            f"{PARCEL}file", items, shipped, self._mapping.source, tracking.carrier, tracking.number, tracking.url
        )
        return replace(found, fulfilments=(parcel,))

    def _repaired(self, rows: Sequence[Line], field: str) -> str:
        return repaired_line(self._cells.first(rows, field), _LONGEST_TRACKING)
