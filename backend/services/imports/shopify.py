"""Shopify's order export: several rows an order, of which the first carries the order and each a line item.

Columns: Shopify Help Center, "Exporting orders". Unknown columns are ignored and the order of columns is free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from backend.domain.imports import Fault, ImportedOrder
from backend.domain.orders import LineItem, OrderStatus
from backend.domain.text import NAME_LENGTH, NOTE_LENGTH, SHORT_LENGTH, clean_text
from backend.errors import InvalidInputError
from backend.services.imports import fields
from backend.services.imports.dialect import column_places, folded
from backend.services.imports.fields import CellError, Cells, column
from backend.services.imports.grouping import RawOrder
from backend.services.imports.reading import Line

REQUIRED = (
    "Name",
    "Email",
    "Financial Status",
    "Currency",
    "Subtotal",
    "Total",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
)
OPTIONAL = (
    "Fulfillment Status",
    "Accepts Marketing",
    "Shipping",
    "Taxes",
    "Discount Code",
    "Discount Amount",
    "Cancelled at",
    "Refunded Amount",
    "Lineitem sku",
    "Billing Name",
    "Billing City",
    "Billing Country",
    "Billing Phone",
    "Shipping Name",
    "Shipping City",
    "Shipping Country",
    "Shipping Phone",
    "Phone",
    "Notes",
    "Tags",
)
_TITLES = {folded(title): title for title in (*REQUIRED, *OPTIONAL)} | {"canceled at": "Cancelled at"}
_SAME_IN_ALL_ROWS = (
    *("Email", "Financial Status", "Fulfillment Status", "Currency", "Subtotal", "Shipping", "Taxes", "Total"),
    *("Discount Amount", "Created at", "Cancelled at", "Refunded Amount"),
)
PAID = frozenset({"paid", "partially_refunded", "refunded"})
PENDING = frozenset({"pending", "authorized", "partially_paid", "unpaid", "expired"})
FULFILLED = frozenset({"fulfilled", "shipped"})
_NOT_FULFILLED = frozenset(
    {"", "unfulfilled", "partial", "partially_fulfilled", "restocked", "pending", "pending_fulfillment", "open"}
    | {"unshipped", "scheduled", "on_hold", "in_progress", "request_declined", "not_eligible"}
)
_LINE_COLUMNS = ("Lineitem name", "Lineitem quantity", "Lineitem price", "Lineitem sku")
_AMOUNTS = ("Subtotal", "Total", "Discount Amount", "Shipping", "Taxes", "Refunded Amount")
_DISCOUNT_CODES_LENGTH = 300
_NUMBER_LENGTH = 100
_PHONE_LENGTH = 50

_Row: TypeAlias = dict[str, str]
"""The cells of an order's first row by Shopify's titles; "" where the file has no such column."""


def places_of(header: Sequence[str]) -> dict[str, int]:
    """Where the columns stand, by Shopify's titles.

    Raises: `InvalidInputError` naming the columns that are missing.
    """
    places = column_places(header, _TITLES)
    missing = [title for title in REQUIRED if title not in places]
    if missing:
        raise InvalidInputError(
            f"This is not an order export of Shopify: the column{'s' if len(missing) > 1 else ''} "
            f"{', '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing.",
            "file",
        )
    return places


class OrderReader:
    """Makes orders of rows. `places` are those of the file's columns; `currency` is the shop's."""

    def __init__(self, places: Mapping[str, int], cells: Cells, currency: str) -> None:
        self._places = list(places.items())
        self._absent = {title: "" for title in _TITLES.values() if title not in places}
        self._line_places = [places.get(title) for title in _LINE_COLUMNS]
        self._total, self._status = places["Total"], places["Financial Status"]
        self._cells = cells
        self._currency = currency
        self._same = [(places[title], title) for title in _SAME_IN_ALL_ROWS if title in places]

    def read(self, raw: RawOrder) -> ImportedOrder | Fault:
        """The order, or the first thing that is wrong with it."""
        if raw.fault is not None:
            return raw.fault
        try:
            return self._order(raw)
        except CellError as error:
            return Fault(raw.name, error.line or raw.line, error.column, error.reason)

    def _order(self, raw: RawOrder) -> ImportedOrder:
        self._check_rows(raw)
        first = raw.rows[0].cells
        row = {title: first[place].strip() for title, place in self._places} | self._absent
        self._check_currency(row["Currency"])
        with column("Name"):
            number = fields.short_text(raw.name, "Name", _NUMBER_LENGTH)
        with column("Email"):
            email = fields.email_of(row["Email"]) if row["Email"] else None
        with column("Tags"):
            tags = fields.tags_of(row["Tags"])
        with column("Accepts Marketing"):
            consent = fields.yes_or_no(row["Accepts Marketing"], "Accepts Marketing")
        with column("Notes"):
            note = clean_text(row["Notes"], "Notes", longest=NOTE_LENGTH) if row["Notes"] else ""
        with column("Discount Code"):
            code = fields.short_text(row["Discount Code"], "Discount Code", _DISCOUNT_CODES_LENGTH)
        amounts = self._amounts(row)
        return ImportedOrder(
            number=number,
            name=_text(row, ("Billing Name", "Shipping Name"), NAME_LENGTH) or email or f"Walk-in customer {number}",
            email=email,
            status=_status(row),
            placed_at=self._moment(row, "Created at"),
            lines=self._lines(raw),
            subtotal=amounts["Subtotal"],
            total=amounts["Total"],
            discount=amounts["Discount Amount"],
            shipping=amounts["Shipping"],
            tax=amounts["Taxes"],
            refunded=amounts["Refunded Amount"],
            cancelled_at=self._moment(row, "Cancelled at") if row["Cancelled at"] else None,
            discount_code=code,
            note=note,
            country=_country(row),
            city=_text(row, ("Billing City", "Shipping City"), SHORT_LENGTH),
            phone=_text(row, ("Phone", "Billing Phone", "Shipping Phone"), _PHONE_LENGTH),
            tags=tags,
            consent=consent,
        )

    def _check_rows(self, raw: RawOrder) -> None:
        """Rows that repeat the order's own columns must agree with the first: otherwise two orders share a name."""
        first = raw.rows[0].cells
        if not (first[self._total] or first[self._status]):
            raise CellError("Total", "The order's first row, which carries its status and amounts, is not here.")
        for row in raw.rows[1:]:
            for place, title in self._same:
                cell = row.cells[place]
                if cell and cell != first[place]:
                    reason = (
                        f"{title} differs from the one in line {raw.line:,}, so two orders seem to share this Name."
                    )
                    raise CellError(title, reason, row.number)

    def _check_currency(self, code: str) -> None:
        if not code:
            raise CellError("Currency", "Currency is missing.")
        if code.upper() != self._currency:
            raise CellError(
                "Currency", f"The shop reports in {self._currency}; an order in {code[:10]} cannot be mixed in."
            )

    def _amounts(self, row: _Row) -> dict[str, int]:
        amounts: dict[str, int] = {}
        for title in _AMOUNTS:
            if row[title]:
                with column(title):
                    amounts[title] = self._cells.amount(row[title], title)
            elif title in REQUIRED:
                raise CellError(title, f"{title} is missing.")
            else:
                amounts[title] = 0
        if amounts["Refunded Amount"] > amounts["Total"]:
            raise CellError("Refunded Amount", "More was refunded than the order's total.")
        return amounts

    def _moment(self, row: _Row, title: str) -> datetime:
        with column(title):
            return self._cells.moment(row[title], title)

    def _lines(self, raw: RawOrder) -> tuple[LineItem, ...]:
        items = [self._line(row) for row in raw.rows]
        lines = tuple([item for item in items if item is not None])
        if not lines:
            raise CellError("Lineitem name", "An order needs at least one line item.")
        return lines

    def _line(self, row: Line) -> LineItem | None:
        """The line item of a row, or None when the row has none."""
        title, written_quantity, written_price, sku = (
            "" if place is None else row.cells[place].strip() for place in self._line_places
        )
        if not (title or written_quantity or written_price):
            return None
        with column("Lineitem quantity", row.number):
            quantity = fields.quantity(written_quantity)
        with column("Lineitem price", row.number):
            price = self._cells.amount(written_price, "The price")
        try:
            return fields.line_item(title, quantity, price, sku)
        except InvalidInputError as error:
            titles = {"quantity": "Lineitem quantity", "sku": "Lineitem sku"}
            raise CellError(titles.get(error.field, "Lineitem name"), error.sentence, row.number) from error


def _country(row: _Row) -> str:
    title = "Billing Country" if row["Billing Country"] else "Shipping Country"
    with column(title):
        return fields.country_of(row[title])


def _text(row: _Row, titles: Sequence[str], longest: int) -> str:
    """The first of the columns that is filled."""
    for title in titles:
        if row[title]:
            with column(title):
                return fields.short_text(row[title], title, longest)
    return ""


def _status(row: _Row) -> OrderStatus:
    """What Shopify's two statuses mean here. Fulfilled orders may be unpaid (cash on delivery)."""
    financial, fulfilment = _word(row["Financial Status"]), _word(row["Fulfillment Status"])
    if financial not in PAID | PENDING | {"voided"}:
        said = f"“{row['Financial Status'][:40]}” is not a financial status that Shopify writes."
        raise CellError("Financial Status", said if financial else "Financial Status is missing.")
    if fulfilment not in FULFILLED | _NOT_FULFILLED:
        raise CellError(
            "Fulfillment Status", f"“{row['Fulfillment Status'][:40]}” is not a fulfillment status that Shopify writes."
        )
    if row["Cancelled at"] or financial == "voided":
        return OrderStatus.CANCELLED
    if fulfilment in FULFILLED:
        return OrderStatus.FULFILLED
    return OrderStatus.PAID if financial in PAID else OrderStatus.PENDING


def _word(status: str) -> str:
    return status.casefold().replace(" ", "_")
