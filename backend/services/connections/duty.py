"""The workers' side of deliveries: each is taken under a lease, applied by itself, and closed.

waiting ──apply──▶ applied, unchanged, ignored, noted (its body is dropped)
 ▲   │
 │   ├─ what it is about is not here yet: later again, for four hours
 │   └─ cannot be applied ──▶ failed (kept with its body and the reason) ──replay──┐
 └──────────────────────────────────────────────────────────────────────────────┘
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice

from loguru import logger

from backend.domain.connections import PATIENCE, Delivery, DeliveryState
from backend.domain.leases import Lease
from backend.domain.time import to_text
from backend.errors import BackendError, UnreadableItemError
from backend.records.connections import DONE_KEPT, failed_attributes, is_done, waiting_attributes
from backend.services.concurrency.leases import LeaseLostError, Leases
from backend.services.connections.application import Applied, apply
from backend.services.connections.connections import connection_or_none
from backend.services.connections.deliveries import part_keys, whole_delivery
from backend.services.context import Shop
from backend.services.events.drain import fault_of, is_down
from backend.services.unreadable.items import set_aside
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import EXPIRES, Delete, Equals, Item, Plus, Query, Row, UnreadableItem, Update, Write

AT_ONCE = 25
"""Deliveries of each list that are looked at in a round."""
CLOSED_AT_ONCE = 25
"""Deliveries that are applied before they are closed together; so many are applied again when a worker dies."""
LEASE = timedelta(seconds=60)
_LEASES = Leases(LEASE, "Another worker has taken over this delivery.")
_IS_WAITING = Equals("state", DeliveryState.WAITING.value)


@dataclass(frozen=True, slots=True)
class _Taken:
    delivery: Delivery
    row: Row
    lease: Lease


def apply_due(shop: Shop, stop: threading.Event) -> int:
    """Applies deliveries that are due, the oldest first; returns how many were closed.

    Raises: as the store; what was taken is free again when its lease is over.
    """
    done, due = 0, _due(shop)
    with access_pattern("apply webhooks"):
        while rows := [*islice(due, CLOSED_AT_ONCE)]:
            applied = [
                (taken, _applied(shop, taken))
                for row in rows
                if not stop.is_set() and (taken := _take(shop, row)) is not None
            ]
            done += _closed(shop, applied)
    return done


def _due(shop: Shop) -> Iterator[Row]:
    until = f"{to_text(shop.clock())}~"
    pages = (
        shop.store.query(Query(schema.MAIL, line, index="work", between=("0", until), limit=AT_ONCE)).rows
        for line in schema.delivery_lines()
    )
    return iter(sorted(chain.from_iterable(pages), key=_due_at))


def _due_at(row: Row) -> str:
    """Those that cannot be read come first; taking one sets it aside."""
    return "" if isinstance(row.item, UnreadableItem) else str(row.item.get("work_at", ""))


def _take(shop: Shop, row: Row) -> _Taken | None:
    try:
        seen, now = _LEASES.of(row.key, row.item), shop.clock()
        if not seen.is_free(now):
            if shorter := _LEASES.shorten(row.key, seen, now):
                shop.store.update(shorter)
            return None
        shop.store.update(_LEASES.take(row.key, seen, now, where=_IS_WAITING))
        delivery = whole_delivery(shop, row.key)
    except LeaseLostError:
        return None
    except UnreadableItemError as error:
        set_aside(shop, row.key, error.reason)
        return None
    return None if delivery is None else _Taken(delivery, row, seen.taken(now, LEASE))


def _applied(shop: Shop, taken: _Taken) -> Applied:
    delivery = taken.delivery
    try:
        return _result(shop, delivery)
    except Exception as error:
        if is_down(error):
            raise
        reason = fault_of(error)
        if not reason:  # others keep changing the same: later again
            return Applied(DeliveryState.WAITING, "Others were changing the same order or customer.")
        if isinstance(error, BackendError):
            logger.warning("A webhook ({}) cannot be applied: {}", delivery.topic, type(error).__name__)
        else:
            logger.exception("A webhook ({}) cannot be applied", delivery.topic)
        return Applied(DeliveryState.FAILED, reason)


def _closed(shop: Shop, applied: Sequence[tuple[_Taken, Applied]]) -> int:
    """Closes deliveries, of which another worker may have taken over some; returns how many need no more work."""
    errors = shop.store.transact_each([_closing(shop, taken, result) for taken, result in applied])
    for error in errors:
        if error is not None and not isinstance(error, LeaseLostError):
            raise error
    return sum(
        error is None and result.state is not DeliveryState.WAITING
        for error, (_, result) in zip(errors, applied, strict=True)
    )


def _result(shop: Shop, delivery: Delivery) -> Applied:
    connection = connection_or_none(shop, delivery.connection)
    if connection is None:
        return Applied(DeliveryState.IGNORED, "Its connection was removed.")
    result = apply(shop, connection, delivery)
    if result.state is DeliveryState.WAITING and delivery.tries >= len(PATIENCE):
        return Applied(DeliveryState.FAILED, result.reason)
    return result


def _closing(shop: Shop, taken: _Taken, result: Applied) -> list[Write]:
    delivery, now = taken.delivery, shop.clock()
    changed: Item = {"state": result.state.value}
    if result.reason:
        changed["reason"] = result.reason[:500]
    removed: list[str] = []
    parts: list[Write] = []
    if is_done(result.state):
        removed = ["work", "work_at", "body", "parts"]
        changed[EXPIRES] = int((now + DONE_KEPT).timestamp())
        parts = [Delete(key) for key in part_keys(delivery)]
    elif result.state is DeliveryState.FAILED:
        changed |= failed_attributes(delivery.connection, delivery.id, now)
    else:
        wait = PATIENCE[min(delivery.tries, len(PATIENCE) - 1)]
        changed |= {"tries": delivery.tries + 1, **waiting_attributes(delivery.id, now + timedelta(seconds=wait))}
    release = _LEASES.release(taken.row.key, taken.lease, set=changed, remove=removed)
    return [release, *parts, *_counted(delivery, result.state, now)]


def _counted(delivery: Delivery, state: DeliveryState, now: datetime) -> list[Write]:
    if state is DeliveryState.WAITING:
        return []
    lag = max(int((now - delivery.received_at).total_seconds() * 1000), 0)
    return [
        Update(
            schema.connection_figures_key(delivery.connection),
            set={"last_at": to_text(delivery.received_at), "last_topic": delivery.topic, "lag": lag},
            add={state.value: Plus(1), "received": Plus(1)},
        )
    ]
