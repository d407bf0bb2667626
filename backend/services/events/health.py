"""How well reports come in: what waits at the sources, how fast it is applied, and how late."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from backend.domain.events import LinkClicks
from backend.domain.time import from_text, to_text
from backend.email.events.sources import QueueState
from backend.records.conversion import key_given, reads
from backend.records.events import link_in, minute_counts
from backend.records.values import number, optional_text, text
from backend.services.context import Shop
from backend.services.events.dead_letters import count_dead_letters
from backend.services.statistics.counters import summed, took_percentile
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Item, Key, Put, Query, Row, pages_of

SOURCES = ("local", "sqs")
"""Names of the sources that have a queue."""
WINDOW = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits at a source, as its drainer saw it at `seen_at`."""

    source: str
    waiting: int
    in_flight: int
    oldest_at: datetime | None
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class EventHealth:
    """The last hour. Lags are seconds from an event to its application, None when nothing was applied.

    `last_at` is when something was taken in last, within the last day. `dead_letters` are all that there are (1,000 at
    most); the other numbers are those of the last hour.
    """

    backlogs: list[Backlog]
    last_at: datetime | None
    applied: int
    seen: int
    foreign: int
    dead: int
    per_minute: float
    by_type: dict[str, int]
    lag_p50: float | None
    lag_p95: float | None
    lag_p99: float | None
    dead_letters: int

    @property
    def waiting(self) -> int:
        """Events that wait at all sources together."""
        return sum(each.waiting + each.in_flight for each in self.backlogs)

    @property
    def oldest_at(self) -> datetime | None:
        """Since when the oldest waits, where a source says so."""
        return min((each.oldest_at for each in self.backlogs if each.oldest_at), default=None)


def event_health(shop: Shop, window: timedelta = WINDOW) -> EventHealth:
    """How it is now. Costs a few small queries and reads."""
    now = shop.clock()
    rows = _minutes(shop, now - window, now)
    counts = summed(counts for _, counts in _counted(shop, rows))
    last = rows[-1:] or _last_minute(shop, now)
    return EventHealth(
        backlogs=backlogs(shop),
        last_at=next(readable(shop, last, _last_at), None),
        applied=counts.get("applied", 0),
        seen=counts.get("seen", 0),
        foreign=counts.get("foreign", 0),
        dead=counts.get("dead", 0),
        per_minute=counts.get("applied", 0) / (window.total_seconds() / 60),
        by_type={name[5:]: n for name, n in sorted(counts.items()) if name.startswith("type:")},
        lag_p50=took_percentile(counts, 0.5, "lag"),
        lag_p95=took_percentile(counts, 0.95, "lag"),
        lag_p99=took_percentile(counts, 0.99, "lag"),
        dead_letters=count_dead_letters(shop),
    )


def counts_by_minute(shop: Shop, first: datetime, last: datetime) -> dict[str, dict[str, int]]:
    """What was taken in, by minute ("2026-11-26T13:05", UTC), in their order; of a day at most."""
    return {f"{key.pk[7:]}T{key.sk}": counts for key, counts in _counted(shop, _minutes(shop, first, last))}


def note_backlog(shop: Shop, source: str, state: QueueState) -> None:
    """Written by the drainer every few seconds, so that pages and other processes need not ask the source."""
    item: Item = {"waiting": state.waiting, "in_flight": state.in_flight, "at": to_text(shop.clock())}
    if state.oldest_at:
        item["oldest_at"] = to_text(state.oldest_at)
    shop.store.put(Put(_backlog_key(source), item))


def backlogs(shop: Shop) -> list[Backlog]:
    """What waits at each source that somebody drains."""
    found = shop.store.get_many([_backlog_key(source) for source in SOURCES])
    return [
        backlog
        for source in SOURCES
        if (item := found.get(_backlog_key(source))) is not None
        for backlog in readable(shop, [(_backlog_key(source), item)], partial(_backlog_from, source))
    ]


@reads(lambda source, key, item: key)
def _backlog_from(source: str, _: Key, item: Item) -> Backlog:
    return Backlog(
        source=source,
        waiting=number(item, "waiting"),
        in_flight=number(item, "in_flight", 0),
        oldest_at=from_text(oldest) if (oldest := optional_text(item, "oldest_at")) else None,
        seen_at=from_text(text(item, "at")),
    )


def link_clicks(shop: Shop, campaign_id: str) -> list[LinkClicks]:
    """The links of a campaign that were clicked, most clicks of people first."""
    sums: dict[str, LinkClicks] = {}
    with access_pattern("clicks of a campaign"):
        rows = list(
            pages_of(
                shop.store,
                Query(schema.MAIL, schema.campaign_partition(campaign_id), begins_with=schema.LINKS, limit=500),
            )
        )
    for found in readable(shop, rows, lambda _, item: link_in(item)):
        before = sums.get(found.link, LinkClicks(found.link, 0, 0))
        sums[found.link] = LinkClicks(found.link, before.clicks + found.clicks, before.programs + found.programs)
    return sorted(sums.values(), key=lambda each: (-each.clicks, -each.programs, each.link))


def _counted(shop: Shop, rows: Sequence[Row]) -> Iterator[tuple[Key, dict[str, int]]]:
    return readable(shop, rows, lambda key, item: (key, minute_counts(item)))


@reads(key_given)
def _last_at(_: Key, item: Item) -> datetime:
    return from_text(text(item, "last_at"))


def _minutes(shop: Shop, first: datetime, last: datetime) -> list[Row]:
    """In their order; `last` is on the day of `first` or the next."""
    low, high = to_text(first)[:16], to_text(last)[:16]
    parts = [(low, high)] if low[:10] == high[:10] else [(low, f"{low[:10]}T23:59"), (f"{high[:10]}T00:00", high)]
    with access_pattern("event health"):
        queries = (
            Query(schema.MAIL, schema.event_minutes_partition(begin[:10]), between=(begin[11:], end[11:]), limit=500)
            for begin, end in parts
        )
        return [row for query in queries for row in pages_of(shop.store, query)]


def _last_minute(shop: Shop, now: datetime) -> list[Row]:
    """The last minute of today or yesterday in which something came, if there is one."""
    for day in (now, now - timedelta(days=1)):
        query = Query(schema.MAIL, schema.event_minutes_partition(to_text(day)[:10]), descending=True, limit=1)
        if found := shop.store.query(query).rows:
            return found
    return []


def _backlog_key(source: str) -> Key:
    return schema.meta_key(f"event-backlog-{source}")
