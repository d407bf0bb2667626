"""The workers' side of webhooks out: events that are due are signed and posted, and tried again for three days.

    waiting ──2xx──▶ delivered
     ▲   ├─ anything else, a redirect too: later again, nine times
     │   └─ 410, or the last try ──▶ failed ──replay──┐
     └────────────────────────────────────────────────┘

An endpoint that answers 410 is switched off, and so is one that has only failed for three days.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Protocol

from loguru import logger
from standardwebhooks import Webhook

from backend.domain.leases import Lease
from backend.domain.outgoing import GIVEN_UP_AFTER, WAITS, Endpoint, OutgoingEvent, OutgoingState
from backend.domain.time import to_text
from backend.email.web import HttpWeb, Reach, Reached, Unreached
from backend.errors import BackendError, NotFoundError, UnreadableItemError
from backend.records.outgoing import due_attributes, endpoint_item, outgoing_from
from backend.services.concurrency.leases import LeaseLostError, Leases
from backend.services.context import Shop
from backend.services.outgoing.endpoints import get_endpoint, host_of, valid_secrets
from backend.services.outgoing.writes import forget
from backend.services.unreadable.items import set_aside
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Equals, Item, Key, Put, Query, Row, Write

TIMEOUT_SECONDS = 20.0
"""Standard Webhooks: 15 to 30 seconds."""
LEASE = timedelta(seconds=60)
AT_ONCE = 8
"""Endpoints that are waited for at the same time."""
_A_LIST = 25
_GONE = 410
_LEASES = Leases(LEASE, "Another worker posts this event.")
_IS_WAITING = Equals("state", OutgoingState.WAITING.value)


class Post(Protocol):
    """Posts a body once."""

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> Reached | Unreached: ...


def post_publicly(url: str, body: bytes, headers: dict[str, str]) -> Reached | Unreached:
    """To public addresses alone, which are checked when they are connected to; no redirect is followed."""
    return HttpWeb(seconds=TIMEOUT_SECONDS, reach=Reach.PUBLIC, kind="An endpoint").request(url, body, headers)


@dataclass(frozen=True, slots=True)
class _Taken:
    event: OutgoingEvent
    row: Row
    lease: Lease


def deliver_due(shop: Shop, key: bytes, stop: threading.Event, post: Post = post_publicly) -> int:
    """Posts events that are due; returns how many were tried. `key` opens the secrets.

    Raises: as the store; what was taken is free again when its lease is over.
    """
    with access_pattern("post webhooks"):
        rows = _due(shop)
        if not rows:
            return 0
        with ThreadPoolExecutor(AT_ONCE, "webhooks out") as pool:
            return sum(pool.map(lambda row: not stop.is_set() and _tried(shop, key, row, post), rows))


def _due(shop: Shop) -> list[Row]:
    until = f"{to_text(shop.clock())}~"
    pages: Iterable[list[Row]] = (
        shop.store.query(Query(schema.MAIL, line, index="work", between=("0", until), limit=_A_LIST)).rows
        for line in schema.outgoing_lines()
    )
    return sorted(chain.from_iterable(pages), key=lambda row: row.key.sk)


def _tried(shop: Shop, key: bytes, row: Row, post: Post) -> bool:
    taken = _take(shop, row)
    if taken is None:
        return False
    try:
        endpoint = get_endpoint(shop, taken.event.endpoint)
    except NotFoundError:
        endpoint = None
    except UnreadableItemError as error:
        set_aside(shop, Key(*error.key), error.reason)
        _close(shop, taken, None, None, "The endpoint cannot be read; System shows how to repair it.")
        return True
    if endpoint is None or endpoint.off:
        _close(shop, taken, endpoint, None, "The endpoint is off.", final=True)
        return True
    secrets = valid_secrets(shop, key, endpoint)
    if not secrets:
        _close(shop, taken, endpoint, None, "Its secret cannot be read: the installation has another key.")
        return True
    answer = post(endpoint.url, taken.event.body, _headers(taken.event, secrets, shop.clock()))
    if isinstance(answer, Unreached):
        _close(shop, taken, endpoint, None, f"It {answer.why}.")
    elif 200 <= answer.status < 300:
        _close(shop, taken, endpoint, answer.status, "")
    else:
        _close(shop, taken, endpoint, answer.status, f"It answered with status {answer.status}.")
    return True


def _headers(event: OutgoingEvent, secrets: list[str], now: datetime) -> dict[str, str]:
    body = event.body.decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": event.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(event.id, now, body) for secret in secrets),
    }


def _take(shop: Shop, row: Row) -> _Taken | None:
    try:
        seen, now = _LEASES.of(row.key, row.item), shop.clock()
        if not seen.is_free(now):
            if shorter := _LEASES.shorten(row.key, seen, now):
                shop.store.update(shorter)
            return None
        item = shop.store.update(_LEASES.take(row.key, seen, now, where=_IS_WAITING))
        return _Taken(outgoing_from(row.key, item), row, seen.taken(now, LEASE))
    except LeaseLostError:
        return None
    except UnreadableItemError as error:
        set_aside(shop, row.key, error.reason)
        return None


def _close(
    shop: Shop, taken: _Taken, endpoint: Endpoint | None, status: int | None, reason: str, *, final: bool = False
) -> None:
    """Notes how a try ended, and what follows for the endpoint."""
    event, now = taken.event, shop.clock()
    changed: Item = {"tries": event.tries + 1, "status": status or 0}
    removed = ["work", "work_at"]
    if not reason:
        changed |= {"state": OutgoingState.DELIVERED.value, "done_at": to_text(now)}
        removed.append("reason")
    elif final or status == _GONE or event.tries >= len(WAITS):
        changed |= {"state": OutgoingState.FAILED.value, "reason": reason, "done_at": to_text(now)}
    else:
        wait = WAITS[event.tries] * random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, hides nothing
        changed |= {"reason": reason, **due_attributes(event.id, now + timedelta(seconds=wait))}
        removed = []
    try:
        shop.store.update(_LEASES.release(taken.row.key, taken.lease, set=changed, remove=removed))
    except LeaseLostError:
        return
    if endpoint is not None and not endpoint.off:
        _judge(shop, endpoint, failed=bool(reason), is_gone=status == _GONE)


def _judge(shop: Shop, endpoint: Endpoint, *, failed: bool, is_gone: bool) -> None:
    """Notes since when an endpoint fails, and switches it off when that is too long."""
    now = shop.clock()
    since = (endpoint.failing_since or now) if failed else None
    after = replace(endpoint, failing_since=since)
    if is_gone:
        after = replace(after, off=True, off_reason="It answered 410: it wants no more events.")
    elif since is not None and now - since >= GIVEN_UP_AFTER:
        after = replace(after, off=True, off_reason=f"It has failed since {since:%Y-%m-%d}.")
    if after == endpoint:
        return
    put = Put(
        schema.endpoint_key(endpoint.id),
        endpoint_item(replace(after, version=endpoint.version + 1)),
        Equals("version", endpoint.version),
    )
    try:
        writes: list[Write] = [put]
        shop.store.transact(writes)
    except BackendError:  # somebody changes it at this moment; the next try looks again
        return
    forget(shop)
    if after.off:
        logger.warning("The webhook endpoint at {} is switched off: {}", host_of(endpoint), after.off_reason)
