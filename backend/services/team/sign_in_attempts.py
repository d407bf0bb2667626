"""Failed sign-ins, counted in the store per account and per client address, with growing waits.

An attempt is counted before the password is checked, and taken back when it was right. So concurrent attempts are all
counted, and none avoids the wait.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import cast

from loguru import logger

from backend.domain.network import address_group
from backend.domain.time import from_text, to_seconds, to_text
from backend.errors import ConditionFailedError
from backend.services.concurrency.retries import StaleReadError, settled
from backend.services.context import Shop
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import EXPIRES, Absent, AllOf, Delete, Equals, Exists, Item, Key, Plus, Put, Update

LONGEST_WAIT = timedelta(minutes=15)
FORGIVEN_AFTER = timedelta(minutes=15)
"""Every quarter of an hour without a failure takes one failure off."""


class Subject(Enum):
    """What failures are counted for. The value is the number of failures without a wait."""

    ACCOUNT = 5
    ADDRESS = 20

    @property
    def kind(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a sign-in was refused, for the person to read. `wait` is how long no further attempt is accepted."""

    sentence: str
    wait: timedelta = timedelta(0)


def attempt(shop: Shop, key: bytes, username: str, client: str) -> Refused | None:
    """Counts an attempt for the account and the address; returns a refusal when either has to wait."""
    for subject, identity in _counted(key, username, client):
        wait = claim(shop, subject, identity)
        if wait:
            logger.warning("Sign-in held back because of failures of one {}", subject.kind)
            return Refused(f"Too many failed attempts. Wait {in_words(wait)}, then try again.", wait)
    return None


def settle(shop: Shop, key: bytes, username: str, client: str, *, whole: bool = True) -> None:
    """After an attempt that was right: takes it back for the address, and resets the account's failures.

    Without `whole` those stay, because a second factor is still to come: who knows the password has no more guesses.
    """
    (account, name), (address, group) = _counted(key, username, client)
    if whole:
        forget(shop, account, name)
    take_back(shop, address, group)


def failures_of(shop: Shop, key: bytes, username: str) -> int:
    """How many failures of an account count now."""
    item = shop.store.get(schema.failures_key(Subject.ACCOUNT.kind, digest(key, Subject.ACCOUNT, username)))
    return 0 if item is None else _failures(item).counted(shop.clock())


def _failures(item: Item) -> Failures:
    return Failures(cast(int, item["count"]), str(item["last"]))


def _counted(key: bytes, username: str, client: str) -> tuple[tuple[Subject, str], tuple[Subject, str]]:
    group = address_group(client)
    return (
        (Subject.ACCOUNT, digest(key, Subject.ACCOUNT, username)),
        (Subject.ADDRESS, digest(key, Subject.ADDRESS, group)),
    )


@dataclass(frozen=True, slots=True)
class Failures:
    """The recorded failures of one account or address."""

    count: int = 0
    last: str = ""

    def counted(self, now: datetime) -> int:
        """The failures that still count."""
        if not self.last:
            return 0
        forgiven = (now - from_text(self.last)) // FORGIVEN_AFTER
        return max(self.count - max(forgiven, 0), 0)

    def wait(self, now: datetime, free: int) -> timedelta:
        """How long from now until the next attempt."""
        failures = self.counted(now)
        if failures < free:
            return timedelta(0)
        length = min(timedelta(seconds=2 ** min(failures - free + 1, 20)), LONGEST_WAIT)
        return max(from_text(self.last) + length - now, timedelta(0))


def digest(key: bytes, subject: Subject, text: str) -> str:
    """The hash of an account or address that is used in keys; it needs the secret key."""
    return hmac.new(key, f"{subject.kind}\0{text}".encode(errors="surrogatepass"), hashlib.sha256).hexdigest()[:32]


def claim(shop: Shop, subject: Subject, identity: str) -> timedelta:
    """Counts an attempt as failed, unless there is a wait; returns the wait (0: go ahead)."""
    key = schema.failures_key(subject.kind, identity)
    try:
        with access_pattern("count failed sign-ins"):
            return _claim(shop, subject, key)
    except StaleReadError:  # so many at once that this one could not be counted: then it does not happen
        return timedelta(seconds=1)


@settled
def _claim(shop: Shop, subject: Subject, key: Key) -> timedelta:
    item = shop.store.get(key)
    now = shop.clock()
    before = Failures() if item is None else _failures(item)
    wait = before.wait(now, subject.value)
    if wait:
        return wait
    unmoved = Absent() if item is None else AllOf((Equals("count", before.count), Equals("last", before.last)))
    count = before.counted(now) + 1
    forgiven = to_seconds(now + count * FORGIVEN_AFTER)
    counted: Item = {"count": count, "last": to_text(now), EXPIRES: forgiven}
    shop.store.put(Put(key, counted, unmoved, StaleReadError("Too many sign-ins at once. Try again.")))
    return wait


def take_back(shop: Shop, subject: Subject, identity: str) -> None:
    """Takes back the count of one attempt, because its password was right."""
    try:
        shop.store.update(
            Update(schema.failures_key(subject.kind, identity), add={"count": Plus(-1)}, condition=Exists())
        )
    except ConditionFailedError:
        return


def forget(shop: Shop, subject: Subject, identity: str) -> None:
    """Deletes all failures, after a right password or a reset."""
    shop.store.delete(Delete(schema.failures_key(subject.kind, identity)))


def in_words(wait: timedelta) -> str:
    """The wait for people: "8 seconds", "2 minutes", rounded up."""
    seconds = math.ceil(wait.total_seconds())
    number, unit = (seconds, "second") if seconds < 120 else (math.ceil(seconds / 60), "minute")
    return f"{number} {unit}{'' if number == 1 else 's'}"
