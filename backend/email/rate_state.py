"""The rate window as numbers: when the next sends may go out, and how many of the day are left. No clock, no store.

Times are microseconds since 1970. Sends that happened are counted in slots of 10 ms, by the end of the slot. Sends
that were granted but not reported yet are held at their latest possible moment. So a token is free again only when
the send that took it is surely more than a second ago, and no second ever sees more than the rate:

    any second that ends at t  ⊆  what the last grant before t had counted as live  +  that grant itself
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from backend.domain.emails import Kind
from backend.store.port import Item, Value

SECOND = 1_000_000
SLOT = 10_000
HOUR = 3600 * SECOND
VALID = 5 * SECOND
"""How long a grant may be used. The tokens of a process that dies are lost for this time and a window."""
DAY_HOURS = 24
AHEAD = SECOND // 2
"""How long before its moment a token is granted, so that a claim is written before it and delays nothing."""
JITTER = 12_000
"""What a second is longer for us than for the provider, which counts when emails arrive, by its own clock. Calls that
take unevenly long on their way arrive closer together than they left. Together with the slots it costs 2% of a rate."""
CATCH_UP = 1.1
"""Grants are spread to this many times the rate, so that a second's sends do not go out in its first instant, and
lost time is still made up for."""
CLOCK_SKEW = 2 * SECOND
_LOST = "before this state began"


@dataclass(frozen=True, slots=True)
class Capacity:
    """At most `most` sends in any `window` (microseconds), which is a second and the jitter on the way."""

    most: int
    window: int

    @staticmethod
    def of(per_second: float) -> Capacity:
        """Rates below one a second are one send in a longer window; fractions of a send are not used."""
        if per_second >= 1:
            return Capacity(int(per_second), SECOND + JITTER)
        return Capacity(1, math.ceil(SECOND / per_second) + JITTER)


@dataclass(frozen=True, slots=True)
class UsageReport:
    """How many were sent by the end of each slot, and how many were not: given back when all is `done`, else kept."""

    sent: Counter[int]
    unused: int
    done: bool


@dataclass(slots=True)
class RateState:
    """What the store remembers. `hours` counts recipients by hour and kind, `total` all of them ever."""

    version: int = 0
    at: int = 0
    paced_until: int = 0
    total: int = 0
    sent: dict[int, int] = field(default_factory=dict)
    held: dict[str, tuple[int, int]] = field(default_factory=dict)
    hours: dict[int, dict[Kind, int]] = field(default_factory=dict)

    def advance(self, clock: int, window: int) -> int:
        """Drops what no longer counts, and returns the present moment.

        Time never runs backwards: a machine whose clock is a little behind uses the time of the others.
        What is further ahead than any clock should be was written by a wrong one, and is dropped too.
        """
        now = max(clock, self.at) if self.at <= clock + CLOCK_SKEW else clock
        latest = now + VALID + CLOCK_SKEW
        self.sent = {slot: n for slot, n in self.sent.items() if now - window <= slot * SLOT <= latest}
        self.held = {key: (until, n) for key, (until, n) in self.held.items() if now - window <= until <= latest}
        self.hours = {hour: n for hour, n in self.hours.items() if 0 <= now // HOUR - hour <= DAY_HOURS}
        self.at, self.paced_until = now, self.paced_until if self.paced_until <= latest else now
        return now

    # --- this second ---------------------------------------------------------------------------------------------

    def moments(self, wanted: int, capacity: Capacity) -> list[int]:
        """When the next `wanted` sends may go out at the latest, without crowding; fewer where a window holds fewer."""
        moments: list[int] = []
        paced: float = max(self.paced_until, self.at)
        for free in itertools.islice(self._free(capacity), wanted):
            moment = max(free, math.ceil(paced))
            moments.append(moment)
            paced = moment + _spread(capacity)
        return moments

    def _free(self, capacity: Capacity) -> Iterator[int]:
        """When a place in the window is free, for one place after the other, if no other worker takes them before."""
        free = capacity.most - sum(n for _, n in self._live())
        yield from itertools.repeat(self.at, free)
        for moment, n in sorted(self._live()):
            free += n
            yield from itertools.repeat(moment + capacity.window + 1, min(n, free))

    def _live(self) -> Iterator[tuple[int, int]]:
        yield from ((slot * SLOT, n) for slot, n in self.sent.items())
        yield from self.held.values()

    # --- changes -------------------------------------------------------------------------------------------------

    def grant(self, key: str, count: int, kind: Kind, capacity: Capacity | None, last: int = 0) -> None:
        """Holds tokens, the last of which is good from `last` on. Without a capacity only the day counts."""
        if capacity is not None:
            self.paced_until = math.ceil(last + _spread(capacity))
        self.held[key] = (self.at + VALID, count)
        self._count(self.at // HOUR, kind, count)

    def settle(self, key: str, report: UsageReport, hour: int, kind: Kind) -> None:
        """Replaces what was held by what was sent, by slot. Nothing happens if it is settled or dropped."""
        if (held := self.held.pop(key, None)) is None:
            return
        for slot, n in report.sent.items():
            self.sent[slot] = self.sent.get(slot, 0) + n
        if report.done:
            self._count(hour, kind, -report.unused)
        else:
            self.held[key] = (held[0], report.unused)

    def _count(self, hour: int, kind: Kind, count: int) -> None:
        kinds = self.hours.setdefault(hour, {})
        kinds[kind] = kinds.get(kind, 0) + count
        self.total += count

    # --- this day ------------------------------------------------------------------------------------------------

    def used_today(self, kind: Kind | None = None) -> int:
        """Recipients of the last 24 hours, of one kind or of all; the hour in which they began counts whole."""
        return sum(n for kinds in self.hours.values() for which, n in kinds.items() if kind in (None, which))

    def oldest_hour_ends_counting(self) -> int:
        """When the oldest hour that has sends falls out of the 24 hours; now if there is none."""
        oldest = min((hour for hour, kinds in self.hours.items() if any(kinds.values())), default=None)
        return self.at if oldest is None else (oldest + DAY_HOURS + 1) * HOUR


def _spread(capacity: Capacity) -> float:
    """Microseconds between two sends at the pace of grants."""
    return capacity.window / (capacity.most * CATCH_UP)


def state_to_item(state: RateState) -> Item:
    return {
        "version": state.version,
        "at": state.at,
        "paced_until": state.paced_until,
        "total": state.total,
        "sent": {str(slot): n for slot, n in state.sent.items()},
        "held": {key: list[Value](pair) for key, pair in state.held.items()},
        "hours": {
            str(hour): [kinds.get(Kind.TRANSACTIONAL, 0), kinds.get(Kind.MARKETING, 0)]
            for hour, kinds in state.hours.items()
        },
    }


def begun_again(clock: int, most: int, sent_today: int) -> RateState:
    """A state in place of one that is lost. Whatever was granted before may still go out, so nothing else does until
    then; what went out in the last 24 hours counts as marketing mail, which leaves the other its share."""
    state = RateState(version=clock, at=clock, total=sent_today)
    state.held[_LOST] = (clock + VALID, most)
    state.hours[clock // HOUR] = {Kind.MARKETING: sent_today}
    return state


def state_from_item(item: Item | None) -> RateState:
    """The state; an absent item is that of an account which has never sent.

    Raises: `ValueError`, `UnreadableItemError` for an item that no state was ever written as.
    """
    if item is None:
        return RateState()
    held = {key: _counts(pair, 2) for key, pair in _map(item, "held").items()}
    hours = {int(hour): _counts(pair, 2) for hour, pair in _map(item, "hours").items()}
    return RateState(
        version=_count(item.get("version")),
        at=_count(item.get("at")),
        paced_until=_count(item.get("paced_until")),
        total=_count(item.get("total")),
        sent={int(slot): _count(n) for slot, n in _map(item, "sent").items()},
        held={key: (until, n) for key, (until, n) in held.items()},
        hours={hour: {Kind.TRANSACTIONAL: t, Kind.MARKETING: m} for hour, (t, m) in hours.items()},
    )


def _map(item: Item, name: str) -> dict[str, Value]:
    value = item.get(name)
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not a map.")
    return value


def _counts(value: Value, length: int) -> list[int]:
    if not isinstance(value, list) or len(value) != length:
        raise ValueError("It is not a list of counts.")
    return [_count(each) for each in value]


def _count(value: Value) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("It is not a count.")
    return value
