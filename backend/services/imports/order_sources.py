"""Programs whose tables of orders are recognised by themselves: what their columns and statuses mean.

This is data. `titles` are the words of the columns by which a file is recognised, `columns` what the usual titles do
not show. The titles and statuses are those of exports and help pages of each program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backend.services.imports.dates import DateOrder
from backend.services.imports.dialect import title_words

Status = tuple[str, str]
"""Financial and fulfillment status as Shopify has them."""
PENDING, PAID, SHIPPED = ("pending", ""), ("paid", ""), ("paid", "fulfilled")
REFUNDED, CANCELLED = ("refunded", ""), ("voided", "")
NO_ORDER = ("", "")
"""What is no order yet, or none any more."""
REFUND = ("refund", "")
"""The row is a refund of the order, and no part of it."""

WOOCOMMERCE_STATUSES: dict[str, Status] = {
    "pending": PENDING,
    "on-hold": PENDING,
    "processing": PAID,
    "completed": SHIPPED,
    "refunded": REFUNDED,
    "cancelled": CANCELLED,
    "failed": CANCELLED,
    "checkout-draft": NO_ORDER,
    "auto-draft": NO_ORDER,
    "trash": NO_ORDER,
    "draft": NO_ORDER,
}
"""An order whose payment failed counts no more than a cancelled one, until it is paid after all."""
_STATUSES: dict[str, Status] = {
    **dict.fromkeys(("pending", "open", "new", "unpaid", "authorized", "awaiting payment", "offen", "neu"), PENDING),
    **dict.fromkeys(("on hold", "partially paid", "partly paid", "pending payment", "expired"), PENDING),
    **dict.fromkeys(("paid", "processing", "confirmed", "succeeded", "captured", "bezahlt", "paye", "pagado"), PAID),
    **dict.fromkeys(("payment", "complete", "unfulfilled", "not shipped", "in progress", "pagato"), PAID),
    **dict.fromkeys(("shipped", "fulfilled", "completed", "delivered", "sent", "dispatched", "versendet"), SHIPPED),
    **dict.fromkeys(("expedie", "livre", "enviado", "spedito", "abgeschlossen", "closed"), SHIPPED),
    **dict.fromkeys(("cancelled", "canceled", "void", "voided", "failed", "declined", "storniert"), CANCELLED),
    **dict.fromkeys(("annule", "cancelado", "annullato"), CANCELLED),
    "refunded": REFUNDED,
    "partially refunded": REFUNDED,
    "draft": NO_ORDER,
}
"""Words of any shop."""


@dataclass(frozen=True, slots=True)
class OrderSource:
    """A program. `id` names its orders: two files of one program are about the same orders."""

    id: str
    label: str
    titles: Sequence[str]
    columns: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, Status] = field(default_factory=dict)
    dates: DateOrder = DateOrder.UNKNOWN


_ETSY: dict[str, Status] = {"paid": PAID, "completed": SHIPPED, "shipped": SHIPPED, "open": PAID, "canceled": CANCELLED}
_SQUARE: dict[str, Status] = {"payment": PAID, "complete": PAID, "refund": REFUND, "completed": SHIPPED}
_STRIPE: dict[str, Status] = {
    **dict.fromkeys(("paid", "succeeded", "partially refunded"), PAID),
    **dict.fromkeys(("failed", "canceled", "uncaptured", "blocked"), CANCELLED),
    **dict.fromkeys(("requires payment method", "requires confirmation", "requires action", "processing"), PENDING),
    "requires capture": PENDING,
    "incomplete": NO_ORDER,
    "refunded": REFUNDED,
    "disputed": PAID,
}
_BIGCOMMERCE: dict[str, Status] = {
    **dict.fromkeys(("pending", "awaiting payment", "manual verification required"), PENDING),
    **dict.fromkeys(("awaiting fulfillment", "awaiting shipment", "awaiting pickup", "disputed"), PAID),
    "partially shipped": ("paid", "partial"),
    **dict.fromkeys(("shipped", "completed"), SHIPPED),
    **dict.fromkeys(("cancelled", "declined"), CANCELLED),
    "refunded": REFUNDED,
    "partially refunded": PAID,
    "incomplete": NO_ORDER,
}
_WOOCOMMERCE = {title_words(word): status for word, status in WOOCOMMERCE_STATUSES.items()} | {
    "pending payment": PENDING
}

SOURCES: tuple[OrderSource, ...] = (
    OrderSource(
        "etsy",
        "Etsy's order items",
        ("sale date", "item name", "order id"),
        {
            "customer_id": "buyer",
            "name": "ship name",
            "price": "price",
            "line_total": "item total",
            "line_discount": "discount amount",
            "discount": "shipping discount",
            "item": "item name",
            "note": "",
        },
        _ETSY,
        DateOrder.MONTH_FIRST,
    ),
    OrderSource(
        "etsy",
        "Etsy's orders",
        ("sale date", "order id"),
        {"customer_id": "buyer user id", "name": "full name", "item": "", "sku": "", "quantity": ""},
        _ETSY,
        DateOrder.MONTH_FIRST,
    ),
    OrderSource(
        "square",
        "Square's items",
        ("transaction id", "item", "gross sales"),
        {
            "number": "transaction id",
            "status": "event type",
            "line_total": "gross sales",
            "line_discount": "discounts",
            "line_tax": "tax",
            "variant": "price point name",
            "discount": "",
            "tax": "",
            "total": "",
            "price": "",
        },
        _SQUARE,
    ),
    OrderSource(
        "square",
        "Square's transactions",
        ("transaction id", "gross sales", "total collected"),
        {
            "number": "transaction id",
            "status": "event type",
            "total": "total collected",
            "subtotal": "net sales",
            "refunded": "partial refunds",
            "note": "description",
            "line_total": "",
            "item": "",
            "payment": "",
        },
        _SQUARE,
    ),
    OrderSource(
        "bigcommerce",
        "BigCommerce's orders",
        ("order id", "order status", "order total inc tax"),
        {
            "subtotal": "subtotal ex tax",
            "shipping": "shipping cost ex tax",
            "tax": "tax total",
            "total": "order total inc tax",
            "time": "order time",
            "discount_code": "coupon details",
        },
        _BIGCOMMERCE,
    ),
    OrderSource(
        "woocommerce",
        "WooCommerce's orders",
        ("order number", "order status"),
        {"total": "order total amount", "price": "item cost", "line_discount": "", "discount": "cart discount amount"},
        _WOOCOMMERCE,
    ),
    OrderSource(
        "woocommerce",
        "WooCommerce's orders",
        ("order id", "order total", "billing email"),
        {"line_total": "item subtotal", "item": "item name", "discount": "discount total"},
        _WOOCOMMERCE,
    ),
    OrderSource(
        "woocommerce",
        "WooCommerce's orders",
        ("order id", "order status", "billing email"),
        {},
        _WOOCOMMERCE,
    ),
    OrderSource("woocommerce", "WooCommerce's orders", ("order id", "status", "billing email"), {}, _WOOCOMMERCE),
    *(
        OrderSource(
            "stripe",
            "Stripe's payments",
            (created, "amount", "currency", "status"),
            {
                "number": "id",
                "date": created,
                "total": "amount",
                "note": "description",
                "name": "customer description",
                "item": "",
                "line_total": "",
                "payment": "payment source type",
                "tax": "",
            },
            _STRIPE,
        )
        for created in ("created utc", "created date utc")
    ),
)
"""The first whose titles are all in the file."""


def source_of(header: Sequence[str]) -> OrderSource | None:
    """The program that wrote a table of orders, as its titles show."""
    titles = {title_words(title) for title in header}
    return next((source for source in SOURCES if titles.issuperset(source.titles)), None)


def status_in(source: str, word: str) -> Status | None:
    """What a status means; None for an unknown one."""
    words = title_words(word.removeprefix("wc-"))
    own = next((each.statuses for each in SOURCES if each.id == source), {})
    return own.get(words) or _STATUSES.get(words)


def usual_dates(source: str) -> DateOrder:
    """What comes first in the dates of a program, where its file does not show it."""
    return next((each.dates for each in SOURCES if each.id == source), DateOrder.UNKNOWN)
