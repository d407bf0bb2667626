"""Events for endpoints, as writes for the transaction of what they report: neither is without the other.

Only what happens here is reported. Orders that an import or the demo brings are history.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from weakref import WeakKeyDictionary

import orjson

from backend.domain.ids import new_order_id
from backend.domain.messages import Message, MessageStatus
from backend.domain.orders import Order
from backend.domain.outgoing import (
    LARGEST_PAYLOAD,
    MOST_LINES_SHOWN,
    OF_OUTCOME,
    Endpoint,
    EventKind,
    OutgoingEvent,
    OutgoingState,
    kinds_of_change,
    kinds_of_placing,
)
from backend.domain.time import to_text
from backend.records.outgoing import endpoint_from, outgoing_event_key, outgoing_item
from backend.services.context import Shop
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Put, Query, Store, Write, pages_of

SECONDS = 2.0
"""How long a process may not know of a new endpoint."""
_OF_STATUS = {MessageStatus.SENT: EventKind.MESSAGE_SENT, MessageStatus.FAILED: EventKind.MESSAGE_FAILED}
_lock = threading.Lock()
_known: WeakKeyDictionary[Store, tuple[float, tuple[Endpoint, ...]]] = WeakKeyDictionary()


def on_order_placed(shop: Shop, order: Order) -> list[Write]:
    """The events of a new order."""
    return _about_order(shop, order, kinds_of_placing(order))


def on_order_changed(shop: Shop, before: Order, after: Order) -> list[Write]:
    """The events of a changed order."""
    return _about_order(shop, after, kinds_of_change(before, after))


def on_message_reported(shop: Shop, before: Message, after: Message) -> list[Write]:
    """The events of an email about which the provider has reported something new."""
    news = [
        kind for outcome, kind in OF_OUTCOME.items() if outcome in after.outcomes and outcome not in before.outcomes
    ]
    return events_for(shop, news, lambda: _message_data(after)) if news else []


def on_message_recorded(shop: Shop, message: Message) -> list[Write]:
    """The events of an email that was handed to the provider, or could not be."""
    kind = _OF_STATUS.get(message.status)
    return events_for(shop, [kind], lambda: _message_data(message)) if kind is not None else []


def all_endpoints(shop: Shop) -> list[Endpoint]:
    """Every endpoint, read now, the oldest first."""
    query = Query(schema.SHOP, schema.ENDPOINTS, consistent=True)
    with access_pattern("endpoints"):
        found = [*readable(shop, pages_of(shop.store, query), endpoint_from)]
    return sorted(found, key=lambda endpoint: (endpoint.created_at, endpoint.id))


def forget(shop: Shop) -> None:
    """Endpoints were changed here: this process looks again at once."""
    with _lock:
        _known.pop(shop.store, None)


def event_put(shop: Shop, endpoint: Endpoint, kind: EventKind, data: Mapping[str, object]) -> Put:
    """The write of one event."""
    now = shop.clock()
    body = orjson.dumps({"type": kind.value, "timestamp": to_text(now), "data": data})
    event = OutgoingEvent(endpoint.id, f"evt_{new_order_id(now)}", kind, now, OutgoingState.WAITING, body)
    return Put(outgoing_event_key(event), outgoing_item(event))


def events_for(shop: Shop, kinds: Iterable[EventKind], data: Callable[[], Mapping[str, object]]) -> list[Write]:
    """The writes for each endpoint that wants one of the kinds; `data` is asked once, and only for one that does."""
    wanted = [(endpoint, kind) for kind in kinds for endpoint in _on(shop) if kind in endpoint.events]
    if not wanted:
        return []
    found = data()
    return [event_put(shop, endpoint, kind, found) for endpoint, kind in wanted]


def _about_order(shop: Shop, order: Order, kinds: Iterable[EventKind]) -> list[Write]:
    return events_for(shop, kinds, lambda: order_data(order))


def _on(shop: Shop) -> tuple[Endpoint, ...]:
    now = time.monotonic()
    known = _known.get(shop.store)
    if known is not None and now - known[0] < SECONDS:
        return known[1]
    on = tuple(endpoint for endpoint in all_endpoints(shop) if not endpoint.off)
    with _lock:
        _known[shop.store] = (now, on)
    return on


def order_data(order: Order) -> Mapping[str, object]:
    """An order for other programs: amounts in minor units, moments in RFC 3339."""
    lines = [
        {"title": line.title[:100], "sku": line.sku, "quantity": line.quantity, "unit_price": line.unit_price}
        for line in order.lines[:MOST_LINES_SHOWN]
    ]
    data: dict[str, object] = {
        "id": f"{order.customer_id}-{order.id}",
        "number": order.number,
        "source": order.source,
        "status": order.status.value,
        "placed_at": to_text(order.placed_at),
        "currency": order.currency,
        "subtotal": order.subtotal,
        "discount": order.discount,
        "shipping": order.shipping,
        "tax": order.tax,
        "tip": order.tip,
        "total": order.total,
        "refunded": order.refunded,
        "test": order.test,
        "version": order.version,
        "customer": {"id": order.customer_id, "name": order.customer_name, "email": order.customer_email},
        "line_count": len(order.lines),
        "lines": lines,
        "fulfilments": [
            {"id": each.id, "carrier": each.carrier, "tracking_number": each.tracking_number, "url": each.tracking_url}
            for each in order.fulfilments[:10]
        ],
    }
    while lines and len(orjson.dumps(data)) > LARGEST_PAYLOAD - 500:
        lines.pop()
    return data


def _message_data(message: Message) -> Mapping[str, object]:
    """An email for other programs, without its address and content."""
    outcome = message.outcome
    return {
        "id": message.id,
        "template": message.template,
        "kind": message.kind.value,
        "status": message.status.value,
        "outcome": outcome.value if outcome else "",
        "reason": message.reason[:300],
        "customer": message.customer_id,
        "order": message.order_id,
        "campaign": message.campaign,
        "test": message.test,
        "requested_at": to_text(message.requested_at),
        "sent_at": to_text(message.sent_at) if message.sent_at else None,
    }
