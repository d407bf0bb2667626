"""Webhooks out: endpoints of other programs, the events that they get, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backend.domain.connections import Secret
from backend.domain.delivery import Outcome
from backend.domain.orders import Order, OrderStatus

LARGEST_PAYLOAD = 20_000
"""Standard Webhooks: payloads stay below 20 kB."""
WAITS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before each further try (Standard Webhooks), about three days in all; each is spread by a fifth."""
GIVEN_UP_AFTER = timedelta(days=3)
"""An endpoint that has failed for so long is switched off."""
MOST_ENDPOINTS = 10
MOST_LINES_SHOWN = 50


class EventKind(StrEnum):
    """What an endpoint can get events about."""

    ORDER_CREATED = "order.created"
    ORDER_PAID = "order.paid"
    ORDER_FULFILLED = "order.fulfilled"
    ORDER_CANCELLED = "order.cancelled"
    ORDER_REFUNDED = "order.refunded"
    ORDER_UPDATED = "order.updated"
    CUSTOMER_CREATED = "customer.created"
    CUSTOMER_UPDATED = "customer.updated"
    CUSTOMER_CONSENT_CHANGED = "customer.consent_changed"
    CUSTOMER_ERASED = "customer.erased"
    CAMPAIGN_STARTED = "campaign.started"
    CAMPAIGN_PAUSED = "campaign.paused"
    CAMPAIGN_RESUMED = "campaign.resumed"
    CAMPAIGN_STOPPED = "campaign.stopped"
    CAMPAIGN_FINISHED = "campaign.finished"
    CAMPAIGN_CANCELLED = "campaign.cancelled"
    SUPPRESSION_ADDED = "suppression.added"
    SUPPRESSION_REMOVED = "suppression.removed"
    MESSAGE_SENT = "message.sent"
    MESSAGE_DELIVERED = "message.delivered"
    MESSAGE_BOUNCED = "message.bounced"
    MESSAGE_COMPLAINED = "message.complained"
    MESSAGE_FAILED = "message.failed"


class OutgoingState(StrEnum):
    """What became of an event on its way to an endpoint."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events are posted. `failing_since` is the first failure since the last success.

    `secrets` are the current one and the one before it; an event is signed with each that is valid.
    """

    id: str
    url: str
    events: tuple[EventKind, ...]
    created_at: datetime
    created_by: str
    secrets: tuple[Secret, ...] = ()
    off: bool = False
    off_reason: str = ""
    failing_since: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    """One event for one endpoint, with the body that is posted. `status` is that of the last answer, 0 without one."""

    endpoint: str
    id: str
    kind: EventKind
    at: datetime
    state: OutgoingState
    body: bytes
    tries: int = 0
    status: int = 0
    reason: str = ""
    done_at: datetime | None = None


def kinds_of_placing(order: Order) -> list[EventKind]:
    """What a new order is, besides being created."""
    found = [EventKind.ORDER_CREATED]
    if order.status in (OrderStatus.PAID, OrderStatus.FULFILLED):
        found.append(EventKind.ORDER_PAID)
    if order.status is OrderStatus.FULFILLED:
        found.append(EventKind.ORDER_FULFILLED)
    return found


def kinds_of_change(before: Order, after: Order) -> list[EventKind]:
    """What a change of an order is; `ORDER_UPDATED` where it is nothing else."""
    found = []
    if before.status is not after.status and after.status in _STATUSES:
        found.append(_STATUSES[after.status])
    if after.refunded > before.refunded:
        found.append(EventKind.ORDER_REFUNDED)
    return found or [EventKind.ORDER_UPDATED]


_STATUSES: Mapping[OrderStatus, EventKind] = {
    OrderStatus.PAID: EventKind.ORDER_PAID,
    OrderStatus.FULFILLED: EventKind.ORDER_FULFILLED,
    OrderStatus.CANCELLED: EventKind.ORDER_CANCELLED,
}
OF_OUTCOME: Mapping[Outcome, EventKind] = {
    Outcome.DELIVERED: EventKind.MESSAGE_DELIVERED,
    Outcome.BOUNCED: EventKind.MESSAGE_BOUNCED,
    Outcome.COMPLAINED: EventKind.MESSAGE_COMPLAINED,
}
"""What the provider reports of an email."""
