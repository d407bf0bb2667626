"""Requests with an idempotency key: carried out once, and answered alike for 24 hours.

    begin ── nobody has it ─────▶ Begun ── finish ──▶ kept answer
      │                             └──── give up ──▶ free again (our own failure: the same request may be tried again)
      ├── another body ──────────▶ OTHER_REQUEST
      ├── being carried out ─────▶ IN_PROGRESS, for the time of a lease; a process that dies loses it
      └── carried out ───────────▶ Answer

What a request makes is named by `Begun.unique` and `Begun.first_at`, which a second attempt finds again. So a process
that dies after the work and before the answer leaves nothing that the next attempt would make twice.

A request that is one transaction needs no claim before it: its answer is written in that transaction, on condition
that nobody has answered. So it happens together with its answer or not at all. Two processes may then carry it out at
once; one of them commits, the other one gets `AnsweredMeanwhileError` and gives the answer of the first.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from backend.domain.leases import Lease
from backend.domain.time import from_text, to_seconds, to_text
from backend.errors import ConflictError, InvalidInputError
from backend.records.conversion import key_given, reads
from backend.records.values import number, text
from backend.services.concurrency.leases import LeaseLostError, Leases
from backend.services.context import Shop
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import EXPIRES, Absent, Condition, Equals, Item, Key, Put, Update, Write

KEPT = timedelta(hours=24)
LONGEST_KEY = 255
_LEASES = Leases(timedelta(seconds=60), "Another process answers this request.", version="version")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered with. `headers` are those that belong to it, such as ETag."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Begun:
    """A request that this process carries out. `unique` is 64 hexadecimal digits, `first_at` its first attempt.

    `before` is what must stand there while it is not claimed, None once it is. `kept` is the answer that was written
    with its work.
    """

    key: Key
    fingerprint: str
    lease: Lease
    unique: str
    first_at: datetime
    before: Condition | None = None
    kept: Answer | None = None


class AnsweredMeanwhileError(ConflictError):
    """Another process has claimed or answered this request; nothing was written."""


class Refusal(StrEnum):
    """Why a request is not carried out."""

    OTHER_REQUEST = "This idempotency key was used for another request. Use a new key for each new request."
    IN_PROGRESS = "A request with this idempotency key is being carried out. Send it again in a moment."


class InHand:
    """What one process carries out without a claim: the same request sent again meanwhile is refused."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fingerprints: dict[Key, str] = {}

    def take(self, begun: Begun) -> Refusal | None:
        """None when nobody has it here; then it is the caller's until `drop`."""
        with self._lock:
            other = self._fingerprints.setdefault(begun.key, begun.fingerprint)
            if other is begun.fingerprint:
                return None
            return Refusal.IN_PROGRESS if other == begun.fingerprint else Refusal.OTHER_REQUEST

    def drop(self, begun: Begun) -> None:
        with self._lock:
            del self._fingerprints[begun.key]


def begin(
    shop: Shop, caller: str, idempotency_key: str, request: bytes, *, claimed: bool = True
) -> Begun | Answer | Refusal:
    """Takes on a request, or says what became of it. `request` is all that makes it this one: method, path, body.

    Not `claimed` is for a request that writes its answer with its work (`keeping`), or claims it before (`claim`).

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
            begun = Begun(key, fingerprint, Lease(), unique, shop.clock(), Absent())
            return _begin(shop, begun, claimed=claimed)
        except (AnsweredMeanwhileError, LeaseLostError):
            return Refusal.IN_PROGRESS


def claim(shop: Shop, begun: Begun) -> None:
    """Claims a request that is going to write more than once. One that is claimed stays as it is.

    Raises: `AnsweredMeanwhileError`.
    """
    if begun.before is None:
        return
    lease = begun.lease.taken(shop.clock(), _LEASES.length)
    item = _item(begun, lease)
    if lease.until is not None:
        item["lease_until"] = to_text(lease.until)
    with access_pattern("idempotency key"):
        shop.store.put(Put(begun.key, item, begun.before, _answered_meanwhile()))
    begun.lease, begun.before = lease, None


def keeping(begun: Begun, answer: Answer) -> Write:
    """The write that keeps the answer.

    Error attached: `AnsweredMeanwhileError`, where another process has the request.
    """
    kept: Item = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
    if begun.before is None:
        return replace(_LEASES.release(begun.key, begun.lease, set=kept), otherwise=_answered_meanwhile())
    return Put(begun.key, {**_item(begun, begun.lease), **kept}, begun.before, _answered_meanwhile())


def finish(shop: Shop, begun: Begun, answer: Answer) -> None:
    """Keeps the answer. Whoever has lost the request meanwhile keeps nothing: another process has it."""
    _end(shop, keeping(begun, answer))


def give_up(shop: Shop, begun: Begun) -> None:
    """Lets the same request be tried again at once."""
    if begun.before is None:
        _end(shop, _LEASES.release(begun.key, begun.lease))


def _end(shop: Shop, write: Write) -> None:
    try:
        with access_pattern("idempotency key"):
            if isinstance(write, Put):
                shop.store.put(write)
            elif isinstance(write, Update):
                shop.store.update(write)
    except (AnsweredMeanwhileError, LeaseLostError):
        return


def _begin(shop: Shop, begun: Begun, *, claimed: bool) -> Begun | Answer | Refusal:
    now = begun.first_at
    # Nearly every key is new, so one that is to be claimed is written before anything is read.
    found = _claimed(shop, begun) if claimed else shop.store.get(begun.key)
    if found is not None and number(found, EXPIRES) <= to_seconds(now):
        begun.before = Equals("first_at", text(found, "first_at"))
        found = _claimed(shop, begun) if claimed else None
    if found is None:
        return begun
    if text(found, "fingerprint") != begun.fingerprint:
        return Refusal.OTHER_REQUEST
    if "status" in found:
        return _answer_from(begun.key, found)
    seen = _LEASES.of(begun.key, found)
    if not seen.is_free(now):
        return Refusal.IN_PROGRESS
    shop.store.update(_LEASES.take(begun.key, seen, now))
    begun.lease, begun.before = seen.taken(now, _LEASES.length), None
    begun.first_at = from_text(text(found, "first_at"))
    return begun


def _claimed(shop: Shop, begun: Begun) -> Item | None:
    """None when the request is ours now; otherwise what is stored."""
    try:
        claim(shop, begun)
        return None
    except AnsweredMeanwhileError:
        found = shop.store.get(begun.key)
        if found is None:
            raise
        return found


def _item(begun: Begun, lease: Lease) -> Item:
    return {
        "fingerprint": begun.fingerprint,
        "first_at": to_text(begun.first_at),
        "version": lease.version,
        EXPIRES: to_seconds(begun.first_at + KEPT),
    }


def _answered_meanwhile() -> AnsweredMeanwhileError:
    return AnsweredMeanwhileError(Refusal.IN_PROGRESS.value)


@reads(key_given)
def _answer_from(key: Key, item: Item) -> Answer:
    headers, body = item["headers"], item["body"]
    if not isinstance(headers, dict) or not isinstance(body, bytes):
        raise TypeError("is no answer")
    return Answer(number(item, "status"), {name: str(value) for name, value in headers.items()}, body)
