"""Shopify's order export: several rows an order, of which the first carries the order and each a line item.

Columns: Shopify Help Center, "Exporting orders". Unknown columns are ignored and the order of columns is free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from backend.domain.imports import Fault, ImportedOrder, ImportKind, Repair
from backend.domain.order_words import is_test_payment
from backend.domain.orders import OrderStatus, gift_cards_in
from backend.domain.phones import plain_number
from backend.domain.text import NAME_LENGTH
from backend.errors import InvalidInputError
from backend.services.imports import fields
from backend.services.imports.addresses import SHOPIFY_COLUMNS, AddressReader
from backend.services.imports.amounts import Amounts
from backend.services.imports.dates import Moments
from backend.services.imports.dialect import column_places, folded
from backend.services.imports.fields import CellError, column
from backend.services.imports.file_kinds import refuse_other_file
from backend.services.imports.identities import identities_of
from backend.services.imports.order_amounts import AmountReader, OrderAmounts, is_tax_included, tips_of
from backend.services.imports.order_lines import LineReader
from backend.services.imports.order_rows import Layout, RawOrder
from backend.services.imports.repair import Repairs

REQUIRED = (
    "Name",
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
    "Email",
    "Customer ID",
    "Fulfillment Status",
    "Accepts Marketing",
    "Shipping",
    "Taxes",
    "Discount Code",
    "Discount Amount",
    "Paid at",
    "Cancelled at",
    "Refunded Amount",
    "Outstanding Balance",
    "Duties",
    "Tip",
    "Taxes Included",
    "Payment Method",
    "Lineitem sku",
    *SHOPIFY_COLUMNS,
    "Phone",
    "Notes",
    "Tags",
)
_TITLES = {folded(title): title for title in (*REQUIRED, *OPTIONAL)} | {
    "canceled at": "Cancelled at",
    "customer: id": "Customer ID",
    "tax: included": "Taxes Included",
}
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
_AMOUNTS = (
    *("Subtotal", "Total", "Discount Amount", "Shipping", "Taxes", "Refunded Amount"),
    *("Outstanding Balance", "Duties", "Tip", "Lineitem price"),
)
_DATES = ("Created at", "Paid at", "Cancelled at")
_UNKNOWN = (
    "This is a table of another kind, not Shopify's export of orders. Export the orders: in Shopify, Orders → Export → "
    "All orders → Plain CSV file."
)
_DISCOUNT_CODES_LENGTH = 300
_NUMBER_LENGTH = 100

_Row: TypeAlias = dict[str, str]
"""The cells of an order's first row by Shopify's titles; "" for a missing column."""


def places_of(header: Sequence[str]) -> dict[str, int]:
    """The column numbers by Shopify's titles.

    Raises: `InvalidInputError` that says what the file is, or names the few columns that are missing.
    """
    refuse_other_file(header, ImportKind.ORDERS)
    places = column_places(header, _TITLES)
    missing = [title for title in REQUIRED if title not in places]
    if len(missing) > len(REQUIRED) / 2:
        raise InvalidInputError(_UNKNOWN, "file")
    if missing:
        raise InvalidInputError(
            f"This is not an order export of Shopify: the column{'s' if len(missing) > 1 else ''} "
            f"{', '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing.",
            "file",
        )
    return places


def layout_of(places: Mapping[str, int]) -> Layout:
    """Where the columns are by which rows are grouped, and from which the writing of the file is learnt."""
    return Layout(
        number=places["Name"],
        starts=(places["Total"], places["Financial Status"]),
        marks=(places["Lineitem name"], places["Created at"], places["Financial Status"]),
        amounts=tuple(places[title] for title in _AMOUNTS if title in places),
        dates=tuple(places[title] for title in _DATES if title in places),
    )


class OrderReader:
    """Makes orders of rows. `places` are the file's column numbers, `currency` and `region` those of the shop."""

    def __init__(
        self, places: Mapping[str, int], amounts: Amounts, moments: Moments, currency: str, region: str
    ) -> None:
        self._places = list(places.items())
        self._absent = {title: "" for title in _TITLES.values() if title not in places}
        self._total, self._status = places["Total"], places["Financial Status"]
        self._moments = moments
        self._currency, self._region = currency, region
        self._same = [(places[title], title) for title in _SAME_IN_ALL_ROWS if title in places]
        self._repairs = Repairs()
        self._lines = LineReader(places, amounts, self._repairs)
        self._money = AmountReader(amounts, self._repairs)
        self._addresses = AddressReader(self._repairs, region)

    @property
    def repairs(self) -> Sequence[Repair]:
        """The repairs in the order that was read last."""
        return self._repairs.found

    def read(self, raw: RawOrder) -> ImportedOrder | Fault:
        """The order, or its first error."""
        if raw.fault is not None:
            return raw.fault
        self._repairs.begin(raw.name, raw.line)
        try:
            return self._order(raw)
        except CellError as error:
            return Fault(raw.name, error.line or raw.line, error.column, error.reason)

    def _order(self, raw: RawOrder) -> ImportedOrder:
        self._check_rows(raw)
        first = raw.rows[0].cells
        row = {title: first[place].strip() for title, place in self._places} | self._absent
        self._check_currency(row["Currency"])
        repairs = self._repairs
        number = self._number(raw.name)
        email = repairs.email(row["Email"], "Email")
        phone = self._phone(row)
        country = self._country(row)
        lines, taken_off = self._lines.read(raw.rows)
        money = self._money.read(row, sum(line.amount for line in lines), taken_off)
        tips = tips_of(lines, money)
        tip = sum(line.amount for line in tips) or money.tip
        lines = tuple(line for line in lines if line not in tips)
        ship_to, bill_to = (self._addresses.read(row, kind) for kind in ("Shipping", "Billing"))
        status, test = self._status_of(row), is_test_payment(row["Payment Method"])
        return ImportedOrder(
            number=number,
            name=self._text(row, ("Billing Name", "Shipping Name"), NAME_LENGTH)
            or email
            or f"Walk-in customer {number}",
            email=email,
            status=OrderStatus.CANCELLED if test else status,
            placed_at=self._placed_at(row),
            lines=lines,
            subtotal=money.subtotal,
            total=money.total,
            discount=money.discount,
            shipping=money.shipping,
            tax=money.tax,
            refunded=money.refunded,
            cancelled_at=self._cancelled_at(row),
            discount_code=repairs.line(row["Discount Code"], "Discount Code", _DISCOUNT_CODES_LENGTH),
            note=repairs.text(row["Notes"], "Notes"),
            country=country,
            city=self._text(row, ("Billing City", "Shipping City"), NAME_LENGTH),
            phone=phone,
            tags=repairs.tags(row["Tags"], "Tags"),
            consent=self._consent(row),
            identities=identities_of(
                repairs.source_id(row["Customer ID"], "Customer ID"),
                phone,
                row["Email"] if email is None else "",
                country or self._region,
            ),
            tip=tip,
            duties=money.duties,
            gift_cards=gift_cards_in(lines, money.total),
            tax_included=is_tax_included(row["Taxes Included"], money, tip),
            test=test,
            paid=_paid(row, status, money),
            shipping_address=ship_to,
            billing_address=None if bill_to == ship_to else bill_to,
        )

    def _check_rows(self, raw: RawOrder) -> None:
        """Rows that repeat the order's own columns must agree with the first: otherwise two orders share a name."""
        first = raw.rows[0].cells
        if not (first[self._total] or first[self._status]):
            raise CellError("Total", "The order's first row, which carries its status and amounts, is not here.")
        for row in raw.rows[1:]:
            for place, title in self._same:
                cell = row.cells[place]
                if cell and cell != first[place] and cell.strip().casefold() != first[place].strip().casefold():
                    reason = (
                        f"{title} differs from the one in line {raw.line:,}, so two orders seem to share this Name."
                    )
                    raise CellError(title, reason, row.number)

    def _check_currency(self, code: str) -> None:
        if not code or fields.is_lost(code):
            self._repairs.note("Currency", f"Currency is missing; the amounts count as {self._currency}.")
        elif code.upper() != self._currency:
            raise CellError(
                "Currency", f"The shop reports in {self._currency}; an order in {code[:10]} cannot be mixed in."
            )

    def _number(self, name: str) -> str:
        """The order's number, by which it is found again: one that lost digits would be another order's."""
        whole = plain_number(fields.shown(name))
        if whole and fields.is_lost(whole):
            reason = f"A spreadsheet has put “{whole}” where the order number was. Export the orders again."
            raise CellError("Name", reason)
        if whole is None:
            reason = "A spreadsheet has rounded this order number. Export the orders again, and open the file as text."
            raise CellError("Name", reason)
        with column("Name"):
            return fields.short_text(self._repairs.line(whole, "Name", NAME_LENGTH), "Name", _NUMBER_LENGTH)

    def _placed_at(self, row: _Row) -> datetime:
        """When the order was placed; when it was paid, where nothing else says so."""
        there = row["Created at"] and not fields.is_lost(row["Created at"])
        title = "Created at" if there or not row["Paid at"] else "Paid at"
        with column(title):
            moment = self._moments.read(row[title], title)
        if title != "Created at":
            self._repairs.note("Created at", "Created at is missing; the order counts on the day when it was paid.")
        return moment

    def _cancelled_at(self, row: _Row) -> datetime | None:
        """When the order was cancelled, if readable: a filled cell alone shows that it was."""
        if not row["Cancelled at"]:
            return None
        try:
            return self._moments.read(row["Cancelled at"], "Cancelled at")
        except InvalidInputError as error:
            self._repairs.note("Cancelled at", f"{error.sentence} The order counts as cancelled all the same.")
            return None

    def _consent(self, row: _Row) -> bool | None:
        """The answer; None if unreadable."""
        try:
            return fields.yes_or_no(row["Accepts Marketing"], "Accepts Marketing")
        except InvalidInputError as error:
            self._repairs.note("Accepts Marketing", f"{error.sentence} It counts as no answer.")
            return None

    def _country(self, row: _Row) -> str:
        title = "Billing Country" if row["Billing Country"] else "Shipping Country"
        return self._repairs.country(row[title], title)

    def _phone(self, row: _Row) -> str:
        title = next((title for title in ("Phone", "Billing Phone", "Shipping Phone") if row[title]), "")
        return self._repairs.phone(row[title], title) if title else ""

    def _text(self, row: _Row, titles: Sequence[str], longest: int) -> str:
        """The first of the columns that is filled."""
        title = next((title for title in titles if row[title]), "")
        return self._repairs.line(row[title], title, longest) if title else ""

    def _status_of(self, row: _Row) -> OrderStatus:
        """What Shopify's two statuses mean here. Fulfilled orders may be unpaid (cash on delivery)."""
        financial, fulfilment = _word(row["Financial Status"]), _word(row["Fulfillment Status"])
        if financial not in PAID | PENDING | {"voided"}:
            said = f"“{row['Financial Status'][:40]}” is not a known financial status."
            financial = "paid" if row["Paid at"] and not fields.is_lost(row["Paid at"]) else "pending"
            said = f"{said if row['Financial Status'] else 'Financial Status is missing.'} It counts as {financial}."
            self._repairs.note("Financial Status", said)
        if fulfilment not in FULFILLED | _NOT_FULFILLED:
            said = f"“{row['Fulfillment Status'][:40]}” is not a known fulfillment status."
            self._repairs.note("Fulfillment Status", f"{said} The order counts as not fulfilled.")
        if row["Cancelled at"] or financial == "voided":
            return OrderStatus.CANCELLED
        if fulfilment in FULFILLED:
            return OrderStatus.FULFILLED
        return OrderStatus.PAID if financial in PAID else OrderStatus.PENDING


def _paid(row: _Row, status: OrderStatus, money: OrderAmounts) -> int | None:
    """What was paid, where that differs from what our status says."""
    financial = _word(row["Financial Status"])
    if financial in PAID or financial == "partially_paid":
        received = max(money.total - money.outstanding, 0)
        return (
            received
            if money.outstanding and received != (0 if status is OrderStatus.PENDING else money.total)
            else None
        )
    return None if status is OrderStatus.PENDING else 0


def _word(status: str) -> str:
    return status.casefold().replace(" ", "_")
