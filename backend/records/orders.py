"""Orders as items, small enough that a usual one costs one write unit: repeated parts are lists without names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from backend.domain.addresses import Address
from backend.domain.draft_orders import DraftOrder, DraftState, DraftSummary
from backend.domain.fulfilments import Fulfilment, PackedItem
from backend.domain.orders import (
    Contribution,
    HistoryEntry,
    LineItem,
    Order,
    OrderSummary,
    Refund,
    RefundLine,
    contribution_of,
)
from backend.domain.payments import Payment
from backend.domain.returns import Return
from backend.domain.time import day_of, from_text, to_text
from backend.records.conversion import key_given, key_of_row, reads
from backend.records.declared import Record, row, rows
from backend.records.products import Waiting, waiting_attributes
from backend.records.values import number, text
from backend.store import schema
from backend.store.port import Item, Key, Row

_ORDER = Record(
    Order,
    given=("id", "customer_id", "placed_at"),
    blank=("customer_name",),
    sparse=("discount", "shipping", "tax", "tip", "duties", "gift_cards"),
    customer_name="name",
    customer_email="email",
    lines=rows(LineItem),
    refunds=rows(Refund, later=2, lines=rows(RefundLine)),
    fulfilments=rows(Fulfilment, "parcels", items=rows(PackedItem)),
    payments=rows(Payment),
    returns=rows(Return, items=rows(PackedItem)),
    history=rows(HistoryEntry),
    discount_code="code",
    shipping_address=row(Address, "ship_to"),
    billing_address=row(Address, "bill_to"),
)
_DRAFT_SUMMARY = Record(
    DraftSummary, given=("id", "customer_id", "state", "changed_at"), blank=("customer_name",), customer_name="name"
)
_RECORDED = (
    "status", "lines", "discount", "shipping", "tax", "subtotal", "total", "gift_cards", "paid", "note", "ship_to",
    "bill_to", "parcels", "payments",
)  # fmt: skip
_SUMMARY = Record(
    OrderSummary,
    given=("id", "customer_id", "placed_at", "revenue"),
    blank=("customer_name", "refunded", "source"),
    customer_name="name",
)


def order_item(order: Order, zone: ZoneInfo, day: str = "", waiting: Waiting | None = None) -> Item:
    """The item of an order. `day` is the day it already counts on; a new order counts on the shop's day of placing.

    It is `waiting` while the figures of products do not count it as it is.
    """
    day = day or day_of(order.placed_at, zone)
    return _ORDER.item(
        order,
        line=schema.order_line(day[:7], order.status.value),
        line_at=schema.place_of(to_text(order.placed_at), order.id),
        day=day,
        refunded=order.refunded,
        net=net_of(order.total, order.refunded, contribution_of(order)),
        **(waiting_attributes(order.id, waiting) if waiting else {}),
    )


def fields_of(order: Order) -> Item:
    """What a recorded change may touch of an order, as its item holds it."""
    attributes = _ORDER.attributes(order)
    return {name: attributes.get(name) for name in _RECORDED}


def with_fields(order: Order, fields: Mapping[str, Any]) -> Order:
    """The order with some of the fields that `fields_of` gives. Raises: `MalformedItemError`."""
    whole = {**_ORDER.attributes(order), **fields}
    known = {name: value for name, value in whole.items() if value is not None}
    return _ORDER.read(known, id=order.id, customer_id=order.customer_id, placed_at=order.placed_at)


def net_of(total: int, refunded: int, counts: Contribution) -> int | None:
    """What lists show as the revenue of an order where it is not the total less refunds; None elsewhere."""
    return counts.revenue if counts.orders and counts.revenue != total - refunded else None


@reads(key_given)
def order_from(key: Key, item: Item) -> Order:
    return _ORDER.read(item, **_in_key(key, item))


def revenue_of(item: Item) -> int:
    """What an order that is not cancelled adds to revenue, from its item or its entry in the index."""
    return number(item, "net") if "net" in item else number(item, "total") - number(item, "refunded", 0)


def order_day(item: Item) -> str:
    """The shop's day on which the order counts; it never changes."""
    return text(item, "day")


@reads(key_of_row)
def summary_from(row: Row) -> OrderSummary:
    """An order as lists show it, from the timeline index or from the order itself."""
    return _SUMMARY.read(row.item, revenue=revenue_of(row.item), **_in_key(row.key, row.item))


def draft_item(draft: DraftOrder) -> Item:
    """The item of a draft order: that of an order, in the list of drafts."""
    order = draft.order
    return _ORDER.item(
        order,
        line=schema.draft_line(draft.state.value),
        line_at=schema.place_of(to_text(order.placed_at), order.id),
        placed=draft.placed,
    )


@reads(key_given)
def draft_from(key: Key, item: Item) -> DraftOrder:
    order = _ORDER.read(item, **_in_key(key, item) | {"id": schema.draft_id_of(key)})
    return DraftOrder(order, _state_in(item), text(item, "placed", ""))


@reads(key_of_row)
def draft_summary_from(row: Row) -> DraftSummary:
    """A draft as lists show it, from the timeline index."""
    owner, changed_at = schema.customer_id_of(row.key), _moment_in(row.item)
    return _DRAFT_SUMMARY.read(
        row.item,
        id=schema.draft_id_of(row.key),
        customer_id=owner,
        state=_state_in(row.item),
        changed_at=changed_at,
    )


def _state_in(item: Item) -> DraftState:
    return DraftState(schema.draft_state_in(text(item, "line")))


def _moment_in(item: Item) -> datetime:
    return from_text(schema.moment_in(text(item, "line_at")))


def _in_key(key: Key, item: Item) -> dict[str, object]:
    """What is not among an order's own attributes: whose it is, and since when."""
    return {
        "id": schema.order_id_of(key),
        "customer_id": schema.customer_id_of(key),
        "placed_at": _moment_in(item),
    }
