"""Holds the send statistics against the messages of the ledger, and repairs what differs.

The statistics of campaigns are held against them too, see `reconcile.campaigns`.

One reading of the table sums up each day into a fingerprint: the sum of a number for every count, which is the same
for what the messages say and for what the counters say exactly when they agree. So memory holds an integer a day,
whatever the number of messages. A day that differs may only have moved meanwhile, so it is counted again, exactly and
twice, and a repair carries what was found as its condition.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from backend.domain.messages import Message
from backend.errors import UnreadableItemError
from backend.records.messages import message_from
from backend.records.send_stats import campaign_counters_of, counters_of, counts_in
from backend.records.values import MalformedItemError
from backend.services.context import Shop
from backend.services.reconcile.campaigns import (
    campaign_findings,
    campaign_key_of,
    campaign_of,
    is_under_way,
    kept_counts,
    reported_in,
    value_of,
    wrong_names,
)
from backend.services.reconcile.findings import Drift, Finding, Reconciliation, as_found, repair
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Delete, Item, Key, Query, Row, UnreadableItem, Update, Write, pages_of

SETTLE_SECONDS = 1.0
"""Between the two counts: longer than DynamoDB's indexes usually need."""
_ATTEMPTS = 3
_PAGE = 500

Counts = dict[Key, Counter[str]]
"""Counters by name, by the key of the item that holds them."""
_Pause = Callable[[float], None]


def reconcile_mail(shop: Shop, found: Reconciliation, *, fix: bool = False, pause: _Pause = time.sleep) -> int:
    """Adds to `found` where the send statistics differ from the messages; returns how many messages there are.

    It reads every item of the mail table. Raises: `StoreBusyError`, `StoreUnreachableError`.
    """
    with access_pattern("reconcile mail"):
        messages, suspects, campaigns = _suspects(shop, found, fix=fix)
        wrong = [day for day in suspects if _is_wrong(_count_day(shop, day))]
        if wrong:
            pause(SETTLE_SECONDS)
        for day in wrong:
            counted = _count_day(shop, day)
            found.unsettled += counted is None
            if counted is not None:
                settled = _settled(shop, counted)
                found.unsettled += settled is not counted
                _record(shop, list(_findings(settled)), found, fix=fix)
        if campaigns:
            findings, unsettled = campaign_findings(shop, campaigns, lambda: _everything(shop))
            found.unsettled += unsettled
            _record(shop, findings, found, fix=fix)
    return messages


def _record(shop: Shop, findings: list[Finding], found: Reconciliation, *, fix: bool) -> None:
    repaired = repair(shop, findings) if fix else [False] * len(findings)
    for finding, fixed in zip(findings, repaired, strict=True):
        found.add(finding.drifts, fixed=fixed)


# --- the first look ----------------------------------------------------------------------------------------------


def _suspects(shop: Shop, found: Reconciliation, *, fix: bool) -> tuple[int, list[str], list[str]]:
    """How many messages there are, and the days and the campaigns whose statistics may be wrong."""
    balance: defaultdict[str, int] = defaultdict(int)
    campaigns: defaultdict[str, int] = defaultdict(int)
    messages = 0
    for row in _everything(shop):
        try:
            if schema.is_message(row.key):
                messages += 1
                message = message_from(row.key, row.item)
                balance[message.hour[:10]] += _fingerprint(_hours_key(message), counters_of(message))
                if message.campaign:
                    reported = campaign_counters_of(message)
                    campaigns[message.campaign] += _fingerprint(campaign_key_of(message), reported)
            elif schema.is_hour(row.key):
                balance[schema.hour_in(row.key)[0]] -= _fingerprint(row.key, Counter(counts_in(row.item)))
            elif campaign := campaign_of(row.key):
                campaigns[campaign] -= _fingerprint(row.key, reported_in(campaign, row.item))
        except (UnreadableItemError, MalformedItemError, ValueError) as error:
            drift = Drift(f"message or counter {row.key.pk}: item", "readable", str(error))
            is_counter = isinstance(row.item, UnreadableItem) and not schema.is_message(row.key)
            _record(shop, [Finding((drift,), (Delete(row.key),) if is_counter else ())], found, fix=fix)
    return messages, _unbalanced(balance), _unbalanced(campaigns)


def _unbalanced(balance: dict[str, int]) -> list[str]:
    return sorted(name for name, number in balance.items() if number)


def _everything(shop: Shop) -> Iterator[Row]:
    cursor = None
    while True:
        page = shop.store.scan(schema.MAIL, limit=_PAGE, cursor=cursor)
        yield from page.rows
        cursor = page.cursor
        if cursor is None:
            return


def _fingerprint(key: Key, counts: Counter[str]) -> int:
    return sum(number * _number_of(f"{key.pk}\0{key.sk}\0{name}") for name, number in counts.items())


def _number_of(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest())


# --- the exact count of a day ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _DayCount:
    """What is kept of a day and what its messages add up to, with their kinds and campaigns."""

    kept: dict[Key, Item]
    wanted: Counts
    kinds: dict[Key, str]
    campaigns: dict[Key, set[str]]


def _count_day(shop: Shop, day: str) -> _DayCount | None:
    """None when the counters changed during each attempt to count, or a message cannot be read."""
    kept = _kept_of(shop, day)
    for _ in range(_ATTEMPTS):
        wanted: Counts = defaultdict(Counter)
        kinds: dict[Key, str] = {}
        campaigns: defaultdict[Key, set[str]] = defaultdict(set)
        try:
            for message in _messages_of(shop, day):
                key = _hours_key(message)
                wanted[key].update(counters_of(message))
                kinds[key] = message.kind.value
                if message.campaign:
                    campaigns[key].add(message.campaign)
        except (UnreadableItemError, MalformedItemError, ValueError):
            return None
        before, kept = kept, _kept_of(shop, day)
        if kept == before:
            return _DayCount(kept, wanted, kinds, campaigns)
    return None


def _settled(shop: Shop, count: _DayCount) -> _DayCount:
    """Without the counters of campaigns that are under way; the same if none of those differs.

    What was sent right before a crash is counted by whoever takes over. Repaired now, it would count twice.
    """
    named = {campaign for campaigns in count.campaigns.values() for campaign in campaigns}
    moving = {campaign for campaign in named if is_under_way(shop, campaign)}
    left = {key for key, campaigns in count.campaigns.items() if campaigns & moving}
    if not any(wrong_names(kept_counts(count.kept.get(key, {})), count.wanted[key]) for key in left):
        return count
    kept = {key: item for key, item in count.kept.items() if key not in left}
    wanted = {key: counter for key, counter in count.wanted.items() if key not in left}
    return replace(count, kept=kept, wanted=wanted)


def _kept_of(shop: Shop, day: str) -> dict[Key, Item]:
    query = Query(schema.MAIL, schema.hours_partition(day), limit=1000, consistent=True)
    return {row.key: row.item for row in pages_of(shop.store, query) if not isinstance(row.item, UnreadableItem)}


def _messages_of(shop: Shop, day: str) -> Iterator[Message]:
    for line in schema.message_lines(day):
        cursor = None
        while True:
            query = Query(schema.MAIL, line, index="timeline", limit=_PAGE, cursor=cursor)
            page = shop.store.query(query)
            for key, item in shop.store.get_many([row.key for row in page.rows]).items():
                yield message_from(key, item)
            cursor = page.cursor
            if cursor is None:
                break


def _is_wrong(count: _DayCount | None) -> bool:
    return count is None or any(True for _ in _findings(count))


def _findings(count: _DayCount) -> Iterator[Finding]:
    for key in sorted({*count.kept, *count.wanted}):
        item, wanted = count.kept.get(key, {}), count.wanted.get(key, Counter())
        found = kept_counts(item)
        day, hour, template, part = schema.hour_in(key)
        where = f"emails {day} {hour}:00 {template}, part {part}"
        names = wrong_names(found, wanted)
        drifts = [Drift(f"{where}: {name}", wanted[name], value_of(found, name)) for name in names]
        kind = count.kinds.get(key, "")
        if kind and item and item.get("kind") != kind:
            drifts.append(Drift(f"{where}: kind", kind, "another"))
        if drifts:
            yield Finding(tuple(drifts), (_repair(key, wanted, item, kind),))


def _repair(key: Key, wanted: Counter[str], item: Item, kind: str) -> Write:
    """A counter of nothing is taken out."""
    seen = as_found(item, sorted({*wanted, *kept_counts(item)}))
    if not any(wanted.values()):
        return Delete(key, seen)
    gone = tuple(name for name in kept_counts(item) if not wanted[name])
    values: Item = {name: number for name, number in wanted.items() if number}
    return Update(key, set=values | {"kind": kind}, remove=gone, condition=seen)


def _hours_key(message: Message) -> Key:
    return schema.hours_key(message.hour, message.template, message.id)
