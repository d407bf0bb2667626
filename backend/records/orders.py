"""Orders as items, small enough that a usual one costs one write unit: repeated parts are lists without names."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from backend.domain.orders import (
    Contribution,
    HistoryEntry,
    LineItem,
    Order,
    OrderStatus,
    OrderSummary,
    Refund,
    contribution_of,
)
from backend.domain.time import day_of, from_text, to_text
from backend.records.conversion import key_given, key_of_row, reads
from backend.records.values import MalformedItemError, flag, number, optional_text, rows, text, without_empty
from backend.store import schema
from backend.store.port import Item, Key, Row, Value


def order_item(order: Order, zone: ZoneInfo, day: str = "") -> Item:
    """The item of an order. `day` is the day it already counts on; a new order counts on the shop's day of placing."""
    day = day or day_of(order.placed_at, zone)
    return without_empty(
        {
            "number": order.number,
            "status": order.status.value,
            "line": schema.order_line(day[:7], order.status.value),
            "line_at": f"{to_text(order.placed_at)}#{order.id}",
            "day": day,
            "name": order.customer_name,
            "email": order.customer_email,
            "country": order.country,
            "lines": [[line.title, line.quantity, line.unit_price, line.sku] for line in order.lines],
            "subtotal": order.subtotal,
            "discount": order.discount or None,
            "shipping": order.shipping or None,
            "tax": order.tax or None,
            "total": order.total,
            "currency": order.currency,
            "refunded": order.refunded,
            "refunds": [[r.id, r.amount, to_text(r.at), r.by, r.reason] for r in order.refunds],
            "history": [[to_text(entry.at), entry.by, entry.text] for entry in order.history],
            "source": order.source,
            "code": order.discount_code,
            "note": order.note,
            "version": order.version,
            "tip": order.tip or None,
            "duties": order.duties or None,
            "gift_cards": order.gift_cards or None,
            "tax_included": order.tax_included or None,
            "test": order.test or None,
            "paid": order.paid,
            "net": net_of(order.total, order.refunded, contribution_of(order)),
        }
    )


def net_of(total: int, refunded: int, counts: Contribution) -> int | None:
    """What lists show as the revenue of an order where it is not the total less refunds; None elsewhere."""
    return counts.revenue if counts.orders and counts.revenue != total - refunded else None


@reads(key_given)
def order_from(key: Key, item: Item) -> Order:
    return Order(
        id=key.sk.removeprefix("O#"),
        number=text(item, "number"),
        customer_id=key.pk.removeprefix("C#"),
        customer_name=text(item, "name", ""),
        customer_email=optional_text(item, "email"),
        status=OrderStatus(text(item, "status")),
        placed_at=from_text(text(item, "line_at").partition("#")[0]),
        lines=tuple(_line(row) for row in rows(item, "lines")),
        subtotal=number(item, "subtotal"),
        total=number(item, "total"),
        currency=text(item, "currency"),
        discount=number(item, "discount", 0),
        shipping=number(item, "shipping", 0),
        tax=number(item, "tax", 0),
        refunds=tuple(_refund(row) for row in rows(item, "refunds")),
        history=tuple(HistoryEntry(from_text(_text(r[0])), _text(r[1]), _text(r[2])) for r in rows(item, "history")),
        source=text(item, "source", ""),
        country=text(item, "country", ""),
        discount_code=text(item, "code", ""),
        note=text(item, "note", ""),
        version=number(item, "version", 1),
        tip=number(item, "tip", 0),
        duties=number(item, "duties", 0),
        gift_cards=number(item, "gift_cards", 0),
        tax_included=flag(item, "tax_included"),
        test=flag(item, "test"),
        paid=number(item, "paid") if "paid" in item else None,
    )


def revenue_of(item: Item) -> int:
    """What an order that is not cancelled adds to revenue, from its item or its entry in the index."""
    return number(item, "net") if "net" in item else number(item, "total") - number(item, "refunded", 0)


def order_day(item: Item) -> str:
    """The shop's day on which the order counts; it never changes."""
    return text(item, "day")


@reads(key_of_row)
def summary_from(row: Row) -> OrderSummary:
    """An order as lists show it, from the timeline index or from the order itself."""
    return OrderSummary(
        id=row.key.sk.removeprefix("O#"),
        number=text(row.item, "number"),
        customer_id=row.key.pk.removeprefix("C#"),
        customer_name=text(row.item, "name", ""),
        status=OrderStatus(text(row.item, "status")),
        placed_at=from_text(text(row.item, "line_at").partition("#")[0]),
        total=number(row.item, "total"),
        refunded=number(row.item, "refunded", 0),
        source=text(row.item, "source", ""),
        revenue=revenue_of(row.item),
    )


def _line(row: list[Value]) -> LineItem:
    return LineItem(_text(row[0]), _number(row[1]), _number(row[2]), _text(row[3]))


def _refund(row: list[Value]) -> Refund:
    return Refund(_text(row[0]), _number(row[1]), from_text(_text(row[2])), _text(row[3]), _text(row[4]))


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise MalformedItemError("a part of an order is not a text")
    return value


def _number(value: Value) -> int:
    if not isinstance(value, int):
        raise MalformedItemError("a part of an order is not a number")
    return value
