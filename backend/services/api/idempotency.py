"""Requests with an idempotency key: carried out once, and answered alike for 24 hours.

    begin ── nobody has it ─────▶ Begun ── finish ──▶ kept answer
      │                             └──── give up ──▶ free again (our own failure: the same request may be tried again)
      ├── another body ──────────▶ OTHER_REQUEST
      ├── being carried out ─────▶ IN_PROGRESS, for the time of a lease; a process that dies loses it
      └── carried out ───────────▶ Answer

What a request makes is named by `Begun.unique` and `Begun.first_at`, which a second attempt finds again. So a process
that dies after the work and before the answer leaves nothing that the next attempt would make twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backend.domain.leases import Lease
from backend.domain.time import from_text, to_seconds, to_text
from backend.errors import InvalidInputError
from backend.records.conversion import key_given, reads
from backend.records.values import number, text
from backend.services.concurrency.leases import LeaseLostError, Leases
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import EXPIRES, Absent, Condition, Equals, Item, Key, Put

KEPT = timedelta(hours=24)
LONGEST_KEY = 255
_LEASES = Leases(timedelta(seconds=60), "Another process answers this request.", version="version")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered with. `headers` are those that belong to it, such as ETag."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that this process carries out. `unique` is 64 hexadecimal digits, `first_at` its first attempt."""

    key: Key
    lease: Lease
    unique: str
    first_at: datetime


class Refusal(StrEnum):
    """Why a request is not carried out."""

    OTHER_REQUEST = "This idempotency key was used for another request. Use a new key for each new request."
    IN_PROGRESS = "A request with this idempotency key is being carried out. Send it again in a moment."


def begin(shop: Shop, caller: str, idempotency_key: str, request: bytes) -> Begun | Answer | Refusal:
    """Takes on a request, or says what became of it. `request` is all that makes it this one: method, path, body.

    Raises: `InvalidInputError` for a key that is no key.
    """
    if (
        not 0 < len(idempotency_key) <= LONGEST_KEY
        or not idempotency_key.isascii()
        or not idempotency_key.isprintable()
    ):
        raise InvalidInputError(f"An idempotency key has 1 to {LONGEST_KEY} visible characters.", "Idempotency-Key")
    unique = hashlib.sha256(f"{caller}\0{idempotency_key}".encode()).hexdigest()
    key = schema.idempotency_key(caller, unique[:32])
    fingerprint = hashlib.sha256(request).hexdigest()
    with access_pattern("idempotency key"):
        try:
            return _begin(shop, key, unique, fingerprint)
        except (StaleReadError, LeaseLostError):
            return Refusal.IN_PROGRESS


def finish(shop: Shop, begun: Begun, answer: Answer) -> None:
    """Keeps the answer. Whoever has lost the lease meanwhile keeps nothing: another process has the request."""
    kept: Item = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
    _end(shop, begun, kept)


def give_up(shop: Shop, begun: Begun) -> None:
    """Lets the same request be tried again at once."""
    _end(shop, begun, {})


def _end(shop: Shop, begun: Begun, kept: Item) -> None:
    try:
        with access_pattern("idempotency key"):
            shop.store.update(_LEASES.release(begun.key, begun.lease, set=kept))
    except LeaseLostError:
        return


def _begin(shop: Shop, key: Key, unique: str, fingerprint: str) -> Begun | Answer | Refusal:
    now = shop.clock()
    lease = Lease().taken(now, _LEASES.length)
    # Nearly every key is new, so it is written before anything is read.
    found = _written(shop, key, fingerprint, lease, Absent())
    if found is not None and number(found, EXPIRES) <= to_seconds(now):
        found = _written(shop, key, fingerprint, lease, Equals("first_at", text(found, "first_at")))
    if found is None:
        return Begun(key, lease, unique, now)
    if text(found, "fingerprint") != fingerprint:
        return Refusal.OTHER_REQUEST
    if "status" in found:
        return _answer_from(key, found)
    seen = _LEASES.of(key, found)
    if not seen.is_free(now):
        return Refusal.IN_PROGRESS
    shop.store.update(_LEASES.take(key, seen, now))
    return Begun(key, seen.taken(now, _LEASES.length), unique, from_text(text(found, "first_at")))


def _written(shop: Shop, key: Key, fingerprint: str, lease: Lease, condition: Condition) -> Item | None:
    """None when the request is ours now; otherwise what stands there."""
    now = shop.clock()
    item: Item = {
        "fingerprint": fingerprint,
        "first_at": to_text(now),
        "version": lease.version,
        EXPIRES: to_seconds(now + KEPT),
    }
    if lease.until is not None:
        item["lease_until"] = to_text(lease.until)
    try:
        shop.store.put(Put(key, item, condition, StaleReadError("Another request has this idempotency key.")))
        return None
    except StaleReadError:
        found = shop.store.get(key)
        if found is None:
            raise
        return found


@reads(key_given)
def _answer_from(key: Key, item: Item) -> Answer:
    headers, body = item["headers"], item["body"]
    if not isinstance(headers, dict) or not isinstance(body, bytes):
        raise TypeError("is no answer")
    return Answer(number(item, "status"), {name: str(value) for name, value in headers.items()}, body)
