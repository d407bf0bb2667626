"""Items as rows for the snapshot: the attributes that segments and insights use, read without making objects.

A snapshot reads millions of items, so a row is a plain tuple in the order of its table's columns.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from backend.domain.customers import email_identity
from backend.domain.messages import MessageStatus
from backend.domain.orders import OrderStatus
from backend.domain.segments import ConsentState
from backend.domain.time import from_text
from backend.records.conversion import key_of_row, reads
from backend.records.orders import order_from, revenue_of
from backend.records.ranks import figure
from backend.records.suppression import digest_of
from backend.records.values import MalformedItemError, flag, items, number, rows, text, texts
from backend.store import schema
from backend.store.port import Item, Row

CustomerRow = tuple[str, str, str, tuple[str, ...], str, int, bool, str | None, int, int]
"""id, country, city, tags, consent, day of joining, archived, digest of the address, orders, revenue."""
OrderRow = tuple[str, str, int, int, int, int]
"""customer, order, day, revenue, what was refunded of it, discount."""
LineRow = tuple[str, str, int, str, str]
"""customer, order, day, product, SKU."""
RefundRow = tuple[str, str, int, int]
"""customer, order, the day on which it was made, amount."""
MessageRow = tuple[str, str, str, int, int | None, int | None]
"""customer, reason, kind, and the days on which it was sent, first opened and first clicked."""
SuppressedRow = tuple[str, tuple[str, ...]]
"""digest of the address, reasons."""

_EPOCH = date(1970, 1, 1).toordinal()
_LARGEST = 2**63 - 1
"""What a column of integers holds."""


@reads(key_of_row)
def customer_row(row: Row, zone: ZoneInfo) -> CustomerRow:
    """A customer's row. Days are counted from 1970. Raises: `UnreadableItemError`."""
    item = row.item
    address = item.get("email")
    return (
        row.key.pk[2:],
        text(item, "country", ""),
        text(item, "city", ""),
        texts(item, "tags"),
        _consent(item),
        _day_of(text(item, "created_at"), zone),
        flag(item, "archived"),
        digest_of(email_identity(address)) if isinstance(address, str) and address else None,
        _column(figure(item, "rank_orders")),
        _column(figure(item, "rank_revenue")),
    )


@reads(key_of_row)
def order_row(row: Row) -> OrderRow | None:
    """None for an order that does not count: a cancelled one, or a test."""
    item = row.item
    if item.get("status") == OrderStatus.CANCELLED or flag(item, "test"):
        return None
    net = revenue_of(item)
    amounts = (net, number(item, "total") - number(item, "gift_cards", 0) - net, number(item, "discount", 0))
    revenue, refunded, discount = map(_column, amounts)
    return row.key.pk[2:], schema.order_id_of(row.key), _numbers[text(item, "day")], revenue, refunded, discount


@reads(key_of_row)
def line_rows(row: Row, day: int) -> list[LineRow]:
    """The line items of an order that counts on this day."""
    customer, order = row.key.pk[2:], schema.order_id_of(row.key)
    return [(customer, order, day, str(line[0]), str(line[3])) for line in rows(row.item, "lines")]


@reads(key_of_row)
def refund_rows(row: Row, zone: ZoneInfo) -> list[RefundRow]:
    """What was given back of an order, also of one that was cancelled since; nothing of a test."""
    if flag(row.item, "test"):
        return []
    found = order_from(row.key, row.item).refunds if row.item.get("refunds") else ()
    customer, order = schema.customer_id_of(row.key), schema.order_id_of(row.key)
    return [(customer, order, each.at.astimezone(zone).toordinal() - _EPOCH, _column(each.amount)) for each in found]


@reads(key_of_row)
def message_row(row: Row, zone: ZoneInfo) -> MessageRow | None:
    """None for what was not sent, for tests, and for people who are no customers."""
    item = row.item
    customer = item.get("customer")
    if not isinstance(customer, str) or flag(item, "test") or item.get("status") != MessageStatus.SENT:
        return None
    opened, clicked = item.get("opened_at"), item.get("clicked_at")
    return (
        customer,
        schema.reason_of(row.key),
        text(item, "kind"),
        _day_of(text(item, "sent_at"), zone),
        _day_of(opened, zone) if isinstance(opened, str) else None,
        _day_of(clicked, zone) if isinstance(clicked, str) else None,
    )


@reads(key_of_row)
def suppressed_row(row: Row) -> SuppressedRow:
    return row.key.pk[2:], tuple(text(ground, "reason") for ground in items(row.item, "grounds"))


def _consent(item: Item) -> str:
    consent = item.get("consent")
    if not isinstance(consent, dict):
        return ConsentState.UNANSWERED
    return ConsentState.GIVEN if flag(consent, "given") else ConsentState.REFUSED


def _column(figure: int) -> int:
    if abs(figure) > _LARGEST:
        raise MalformedItemError("a figure is absurd")
    return figure


def _day_of(moment: str, zone: ZoneInfo) -> int:
    local: datetime = from_text(moment).astimezone(zone)
    return local.toordinal() - _EPOCH


class _DayNumbers(dict[str, int]):
    """Days as texts, and their numbers; a shop has some thousand days."""

    def __missing__(self, day: str) -> int:
        self[day] = found = date.fromisoformat(day).toordinal() - _EPOCH
        return found


_numbers = _DayNumbers()
