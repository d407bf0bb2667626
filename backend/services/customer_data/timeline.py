"""What happened with a customer, on one line of time: orders, messages, what became of these, changes and notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from backend.domain.customers import Activity
from backend.domain.delivery import Outcome
from backend.domain.messages import Message
from backend.domain.orders import OrderSummary
from backend.services.context import Shop
from backend.services.customers.customers import activity_of
from backend.services.orders.lists import orders_of
from backend.services.sending.message_log import messages_of

MOST_READ = 200
"""Entries of each sort that are looked at, however long a customer has been one."""


SHOWN = frozenset({Outcome.CLICKED, Outcome.UNSUBSCRIBED, Outcome.REJECTED, Outcome.BOUNCED, Outcome.COMPLAINED})
"""Reports with an entry of their own; of the others the message shows the last."""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What the provider reported about a message."""

    message: Message
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, and when."""

    at: datetime
    what: OrderSummary | Message | DeliveryReport | Activity


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events, newest first. `more` says that there are older ones."""

    events: list[Event]
    more: bool


def timeline_of(shop: Shop, customer_id: str, *, limit: int = 50) -> Timeline:
    """The last `limit` events of a customer (200 at most), from three bounded reads."""
    most = min(limit, MOST_READ)
    events = [
        *(Event(order.placed_at, order) for order in orders_of(shop, customer_id, limit=most + 1).orders),
        *(event for message in messages_of(shop, customer_id, MOST_READ) for event in _events_of(message)),
        *(Event(activity.at, activity) for activity in activity_of(shop, customer_id, most + 1)),
    ]
    events.sort(key=lambda event: event.at, reverse=True)
    return Timeline(events[:most], len(events) > most)


def _events_of(message: Message) -> Iterator[Event]:
    yield Event(message.requested_at, message)
    yield from (
        Event(at, DeliveryReport(message, outcome)) for outcome, at in message.outcomes.items() if outcome in SHOWN
    )


def messages_about(shop: Shop, customer_id: str, order_id: str) -> list[Message]:
    """The messages to this customer about this order, newest first."""
    return [message for message in messages_of(shop, customer_id, MOST_READ) if message.order_id == order_id]
