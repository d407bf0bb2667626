"""The rate window: how many emails may go out now, agreed on in the store by all workers of all processes.

A worker reserves tokens a little before they are free, spends one at the moment of each send, and reserves again.
Reserving is one conditional write: two workers never get the same token, and when the store fails, none are given.

    reserve(20) ──► Granted(20) ──spend()──► send … ──spend()──► send ──► close()
       ▲  the next one reports when these were sent, and gives back what was not used
       └──────────────────────────────────────────────────────────────────────────────
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import tenacity
from loguru import logger

from backend.domain.emails import Account, Kind
from backend.domain.time import Clock
from backend.email.rate_state import AHEAD, SECOND, Capacity, RateState, begun_again, state_from_item, state_to_item
from backend.email.rate_tokens import Granted
from backend.errors import ConditionFailedError, StoreBusyError, UnreadableItemError, named_key
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Absent, Equals, Key, Put, Store

__all__ = ["Granted", "QuotaReached", "RatePolicy", "RateWindow", "Reservation", "Wait"]

SHORTEST_WAIT = 0.001
LONGEST_WAIT = 1.0
"""Other workers usually give tokens back early, so trying again once a second pays."""
NOTHING_ALLOWED = 60.0
LOOK_AGAIN = timedelta(minutes=10)
"""AWS, "Errors related to the sending quotas": wait for up to ten minutes."""
_NEWS = int(LOOK_AGAIN.total_seconds()) * SECOND
_PORTIONS = 8
"""Tokens are given out in portions of an eighth of a second's, so that reserving stays cheap."""


@dataclass(frozen=True, slots=True)
class RatePolicy:
    """What the settings say. `rate` 0 and `daily_quota` 0 mean the account's own; quota -1 is no limit.

    `transactional_share` of the quota is kept for transactional mail.
    """

    rate: int = 0
    daily_quota: int = 0
    transactional_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Wait:
    """No token is free now; try again after this many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class QuotaReached:
    """The quota of 24 hours is used up for this kind of mail; try again at this moment."""

    until: datetime


Reservation = Granted | Wait | QuotaReached
SetAside = Callable[[Key, str], None]
"""Called with a window that could not be read, and why."""
_Result = TypeVar("_Result")


def _log_unreadable(key: Key, reason: str) -> None:
    logger.warning("{}: {}", named_key(key), reason)


class RateWindow:
    """The window of one transport. Keep one for a process; all its threads may use it."""

    def __init__(
        self,
        store: Store,
        transport: str,
        account: Callable[[], Account],
        policy: RatePolicy,
        *,
        clock: Clock,
        sleep: Callable[[float], None] = time.sleep,
        set_aside: SetAside = _log_unreadable,
    ) -> None:
        self._store = store
        self._key = schema.rate_key(transport)
        self._ask = account
        self._policy = policy
        self._clock = clock
        self._sleep = sleep
        self._set_aside = set_aside
        self._lock = threading.Lock()
        self._grants: list[Granted] = []
        self._account: Account | None = None
        self._known_at = 0
        self._total_then = 0

    @property
    def policy(self) -> RatePolicy:
        """What the settings say."""
        return self._policy

    def reserve(self, wanted: int, kind: Kind) -> Reservation:
        """Up to `wanted` tokens (recipients), or how long there will be none.

        Raises: `StoreBusyError`, `StoreUnreachableError`, `AccountUnknownError`; then nothing may be sent.
        """
        with self._lock, access_pattern("rate window"):
            account = self._current_account()
            per_second, quota = self._limits(account)
            if math.isinf(per_second) and quota < 0:
                return Granted(wanted, kind, at=self._now(), ahead=0, clock=self._now)
            if per_second <= 0:
                return Wait(NOTHING_ALLOWED)
            capacity = None if math.isinf(per_second) else Capacity.of(per_second)
            return self._in_store(lambda state: self._decide(state, wanted, kind, capacity, quota, account))

    def settle(self) -> None:
        """Reports what was sent and gives back what was not, for grants that are done; `reserve` does it as well.

        Raises: `StoreBusyError`, `StoreUnreachableError`.
        """
        with self._lock, access_pattern("rate window"):
            if any(grant.done for grant in self._grants):
                self._in_store(lambda state: state.advance(self._now(), SECOND))

    # --- requests -----------------------------------------------------------------------------------------------

    def _decide(
        self, state: RateState, wanted: int, kind: Kind, capacity: Capacity | None, quota: int, account: Account | None
    ) -> Reservation:
        clock = self._now()
        now = state.advance(clock, capacity.window if capacity else SECOND)
        today = self._left_today(state, kind, quota, account)
        if today <= 0:
            return QuotaReached(self._quota_again(state, account))
        wanted = min(wanted, today)
        moments: list[int] = []
        if capacity is not None:
            moments = state.moments(min(wanted, capacity.most), capacity)
            portion = min(len(moments), math.ceil(capacity.most / _PORTIONS))
            early = moments[portion - 1] - AHEAD
            if early > now:
                return Wait(min(max((early - now) / SECOND, SHORTEST_WAIT), LONGEST_WAIT))
            moments = [moment for moment in moments if moment <= now + AHEAD]
            wanted = len(moments)
        granted = Granted(wanted, kind, at=now, ahead=now - clock, clock=self._now, moments=moments, sleep=self._sleep)
        state.grant(granted.key, wanted, kind, capacity, moments[-1] if moments else 0)
        return granted

    def _left_today(self, state: RateState, kind: Kind, quota: int, account: Account | None) -> int:
        """Recipients that this kind of mail may still have: the quota, less the share that is kept for the other."""
        if quota < 0:
            return 2**31
        used = max(state.used_today(), self._floor(state, account))
        left = quota - used
        if kind is Kind.TRANSACTIONAL:
            return left
        kept = math.ceil(quota * self._policy.transactional_share)
        return min(left, quota - kept - (used - state.used_today(Kind.TRANSACTIONAL)))

    def _floor(self, state: RateState, account: Account | None) -> int:
        """What the provider has counted, and what was granted since then (while its count is fresh)."""
        if account is None:
            return 0
        if account is not self._account or state.at - self._known_at > _NEWS:
            self._account, self._known_at, self._total_then = account, state.at, state.total
        return account.sent_last_24_hours + max(state.total - self._total_then, 0)

    def _quota_again(self, state: RateState, account: Account | None) -> datetime:
        """When our oldest sends stop counting; or soon, where the provider counts more than we know of."""
        used = state.used_today()
        if used and used >= self._floor(state, account):
            return _moment(state.oldest_hour_ends_counting())
        return _moment(state.at) + LOOK_AGAIN

    # --- limits and store ----------------------------------------------------------------------------------------

    def _current_account(self) -> Account | None:
        """The account; None where the settings say everything, so that no request is needed."""
        return None if self._policy.rate and self._policy.daily_quota else self._ask()

    def _limits(self, account: Account | None) -> tuple[float, int]:
        rate, quota = float(self._policy.rate), self._policy.daily_quota
        if account is None:
            return rate, quota
        return rate or account.per_second, quota or account.daily_quota

    def _in_store(self, decide: Callable[[RateState], _Result]) -> _Result:
        """Decides on the newest state and writes the result, unless another worker was faster."""
        retryer = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(ConditionFailedError),
            wait=tenacity.wait_random_exponential(multiplier=0.002, max=0.1),
            stop=tenacity.stop_after_attempt(20),
            reraise=True,
        )
        try:
            result: _Result = retryer(self._attempt, decide)
            return result
        except ConditionFailedError as error:
            raise StoreBusyError("Too many workers reserve at the same moment; nothing was reserved.") from error

    def _attempt(self, decide: Callable[[RateState], _Result]) -> _Result:
        item = self._store.get(self._key)
        try:
            state = state_from_item(item)
        except (ValueError, UnreadableItemError):
            self._begin_again()
            raise ConditionFailedError("The rate window has begun again.") from None
        reports = [(grant, grant.report()) for grant in self._grants]
        for grant, report in reports:
            state.settle(grant.key, report, grant.hour, grant.kind)
        result = decide(state)
        if isinstance(result, Granted) or any(report.done for _, report in reports):
            unmoved = Absent() if item is None else Equals("version", state.version)
            state.version += 1
            self._store.put(Put(self._key, state_to_item(state), unmoved))
            for grant, report in reports:
                grant.confirm(report)
            self._grants = [grant for grant, report in reports if not report.done]
            self._grants += [result] if isinstance(result, Granted) else []
        return result

    def _begin_again(self) -> None:
        """Replaces a window that cannot be read by one that lets nothing out before all that it may have granted is
        out, and whose day is what the provider has counted. Of two who do so at once either holds.

        Raises: `AccountUnknownError`; then nothing may be sent.
        """
        account = self._ask()
        per_second, _ = self._limits(account)
        most = 0 if math.isinf(per_second) or per_second <= 0 else Capacity.of(per_second).most
        state = begun_again(self._now(), most, account.sent_last_24_hours)
        self._set_aside(self._key, "it was damaged, and counting began again")
        self._store.put(Put(self._key, state_to_item(state)))

    def _now(self) -> int:
        return int(self._clock().timestamp() * SECOND)


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / SECOND, UTC)
