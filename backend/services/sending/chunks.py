"""Leases of chunks: one worker at a time sends to a chunk, and says how far it is with every step.

    free ──take──▶ held ──save──▶ held … ──save(release)──▶ free, or done

Leases are those of `services/concurrency/leases.py`; a holder is known by the version. Whoever takes what was left
behind looks into the ledger first.
"""

from __future__ import annotations

import contextlib
import random
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from backend.domain.campaigns import Campaign, Wave
from backend.domain.emails import Refused
from backend.domain.leases import CLOCKS_DIFFER, Lease
from backend.domain.messages import Message, MessageStatus, SkipReason
from backend.domain.time import to_text
from backend.errors import UnreadableItemError
from backend.records.campaign_chunks import Chunk, ChunkStep, chunk_from, skips_item, step_from, step_values
from backend.records.values import without_empty
from backend.services.concurrency.leases import LeaseLostError, Leases
from backend.services.context import Shop
from backend.services.sending.campaign_ledger import counted_by_hour, ending_counts, skip_counts
from backend.services.sending.ledger import LEASE
from backend.services.sending.mailer import LARGEST
from backend.services.unreadable.items import set_aside
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Item, Key, Plus, Put, Query, Update, Write

LOOK_AGAIN = timedelta(seconds=5)
"""When somebody else was faster, or an answer is awaited, the ledger has a little later what became of it."""
LEASES = Leases(LEASE, "Another worker has this part of the campaign now.", holder="owner", version="version")
_LOOKED_AT = 8
"""Free chunks among which a worker chooses, so that several do not all reach for the same one."""


@dataclass(slots=True)
class Held:
    """A chunk that is ours. Messages of places before `unsure_until` may have been begun by somebody, or by us before
    trouble: the ledger is asked about each before it is touched. `stale`: `step` may not be as the store has it.

    `flying` places wait for their answer. `landed` have got one that is not saved; None is for whom somebody else was
    faster. `refused` is the answer by which the account takes nothing any more.
    """

    chunk: Chunk
    step: ChunkStep
    unsure_until: int = 0
    stale: bool = False
    flying: set[int] = field(default_factory=set)
    landed: dict[int, Message | None] = field(default_factory=dict)
    refused: Refused | None = None


@dataclass(slots=True)
class StepResult:
    """What became of places of a chunk in one step. `through` is the new place; `ended` are settled messages."""

    through: int
    ended: dict[int, Message] = field(default_factory=dict)
    skipped: dict[int, SkipReason] = field(default_factory=dict)
    retry: dict[int, datetime] = field(default_factory=dict)

    def has_news(self, step: ChunkStep) -> bool:
        """Whether there is anything to write down."""
        return bool(self.through > step.place or self.ended or self.skipped or self.retry)

    def is_through_for_now(self, step: ChunkStep, now: datetime) -> bool:
        """Whether nothing is left in the chunk but what is to be tried again later."""
        waiting = {**step.retry, **self.retry}
        due = any(moment <= now for place, moment in waiting.items() if place not in self.ended)
        return self.through >= step.size and not due


def take(shop: Shop, campaign: Campaign, wave: Wave) -> Held | None:
    """A chunk of this wave that is free or was left behind; None when there is none now."""
    now = shop.clock()
    with access_pattern("take a chunk"):
        query = Query(
            schema.MAIL,
            schema.chunks_line(campaign.id),
            index="work",
            between=(schema.chunk_place(int(wave), "0"), schema.chunk_place(int(wave), to_text(now) + "~")),
            limit=_LOOKED_AT,
        )
        rows = shop.store.query(query).rows
        for row in random.sample(rows, len(rows)):
            item = shop.store.get(row.key)
            try:
                held = taken(shop, campaign.id, row.key.sk, item) if item is not None else None
            except UnreadableItemError as error:  # others of the campaign go on
                set_aside(shop, Key(*error.key), error.reason)
                continue
            if held is not None:
                return held
        _shorten_leases(shop, campaign.id, wave)
    return None


def _shorten_leases(shop: Shop, campaign_id: str, wave: Wave) -> None:
    """Bounds leases that a clock gave which is ahead. Holders are known by the version, so they keep their chunks."""
    latest = to_text(shop.clock() + LEASE + CLOCKS_DIFFER)
    line, ends = (
        schema.chunks_line(campaign_id),
        (schema.chunk_place(int(wave), latest), schema.chunk_place(int(wave), "~")),
    )
    for row in shop.store.query(Query(schema.MAIL, line, index="work", between=ends, limit=_LOOKED_AT)).rows:
        with contextlib.suppress(LeaseLostError, UnreadableItemError):
            shorter = LEASES.shorten(row.key, LEASES.of(row.key, row.item), shop.clock())
            if shorter is not None:
                work_at = schema.chunk_place(
                    int(wave), str(shorter.set[LEASES.until]), schema.wave_and_first(row.key.sk)[1]
                )
                shop.store.update(replace(shorter, set={**shorter.set, "work_at": work_at}))


def taken(shop: Shop, campaign_id: str, sk: str, item: Item, *, also_done: bool = False) -> Held | None:
    """The chunk of a step that was read, leased to us; None when it is somebody else's, or done."""
    now = shop.clock()
    step = step_from(campaign_id, sk, item)
    if (step.is_done and not also_done) or not step.lease.is_free(now):
        return None
    mine = step.under(step.lease.taken(now, LEASE, secrets.token_hex(6)))
    chunk_key = schema.chunk_key(campaign_id, step.wave, step.first)
    chunk_item = shop.store.get(chunk_key)
    if chunk_item is None:
        return None
    chunk = chunk_from(campaign_id, chunk_key.sk, chunk_item)
    if len(chunk.ids) != step.size:
        raise UnreadableItemError(chunk_key, "it has not as many ids as were frozen")
    try:
        shop.store.update(_update(step, mine, now))
    except LeaseLostError:
        return None
    left_behind = step.lease_until is not None
    unsure_until = step.place + LARGEST if left_behind else 0
    return Held(chunk, mine, unsure_until)


def read_again(shop: Shop, held: Held) -> bool:
    """Reads how far the chunk is, after trouble; False when it is not ours any more."""
    item = shop.store.get(held.step.key)
    step = step_from(held.step.campaign, held.step.key.sk, item) if item is not None else None
    if step is None or step.owner != held.step.owner:
        return False
    held.step, held.stale, held.unsure_until = step, False, step.place + LARGEST
    return True


def add_landed(shop: Shop, held: Held, result: StepResult) -> None:
    """Adds the answers that have come to the result of a step. For places that are in flight it says when to ask the
    ledger about them, should somebody else have the chunk by then."""
    now = shop.clock()
    for place, message in held.landed.items():
        if place < held.step.place and place not in held.step.retry:
            continue  # it was saved already, and only the answer of the store was lost
        if message is None:
            result.retry[place] = now + LOOK_AGAIN
        elif message.status is MessageStatus.WAITING:
            result.retry[place] = message.due_at
        else:
            result.ended[place] = message
    held.landed.clear()
    result.retry.update(dict.fromkeys(held.flying, now + LOOK_AGAIN))


def save(shop: Shop, held: Held, result: StepResult, *, release: bool) -> None:
    """Writes one step down: how far the chunk is, the campaign's counters, and the statistics of the hours.

    It is one transaction. Raises: `LeaseLostError`; then nothing was counted, and the one who has the chunk does it.
    """
    before, now = held.step, shop.clock()
    counts = ending_counts(result.ended.values())
    counts.update(skip_counts(result.skipped.values()))
    retry = {place: due for place, due in before.retry.items() if place not in result.ended}
    retry = {place: due for place, due in retry.items() if place not in result.skipped} | result.retry
    failed = [place for place, message in result.ended.items() if message.status is MessageStatus.FAILED]
    after = replace(
        before,
        place=result.through,
        retry=retry,
        failed=tuple(sorted({*before.failed, *failed})),
        counts=Counter(before.counts) + counts,
    )
    done = after.is_done
    after = after.under(before.lease.released() if done or release else before.lease.renewed(now, LEASE))
    writes: list[Write] = [_update(before, after, now)]
    added = dict(counts)
    added["retrying"] = len(after.retry) - len(before.retry)
    if done:
        added[done_counter(after.wave)] = 1
    writes += _sums(after, added)
    writes += counted_by_hour(result.ended.values())
    if result.skipped:
        by_reason = _by_reason(result.skipped)
        key = schema.skips_key(after.campaign, after.wave, after.first, before.place)
        writes.append(Put(key, skips_item(by_reason)))
    with access_pattern("a campaign's step"):
        shop.store.transact(writes)
    held.step = after


def reopen(shop: Shop, held: Held, failed: Mapping[int, Message]) -> None:
    """Gives back a chunk whose failed messages, by place, wait for another attempt. Raises: `LeaseLostError`."""
    before, now = held.step, shop.clock()
    counts = ending_counts(failed.values())
    after = replace(
        before, retry={**before.retry, **dict.fromkeys(failed, now)}, failed=(), counts=Counter(before.counts) - counts
    ).under(before.lease.released())
    added = {name: -count for name, count in counts.items()} | {"retrying": len(failed)}
    if before.is_done and failed:
        added[done_counter(before.wave)] = -1
    shop.store.transact([_update(before, after, now), *_sums(after, added)])
    held.step = after


def renew(shop: Shop, held: Held) -> None:
    """Keeps the lease while nothing could be done. Raises: `LeaseLostError`."""
    _leave(shop, held, held.step.lease.renewed(shop.clock(), LEASE))


def release(shop: Shop, held: Held) -> None:
    """Gives the chunk back as it is. Raises: `LeaseLostError`."""
    _leave(shop, held, held.step.lease.released())


def _leave(shop: Shop, held: Held, lease: Lease) -> None:
    after = held.step.under(lease)
    shop.store.update(_update(held.step, after, shop.clock()))
    held.step = after


def done_counter(wave: Wave) -> str:
    """The name under which finished chunks of a wave are counted."""
    return f"chunks~{int(wave)}"


def _sums(step: ChunkStep, added: Mapping[str, int]) -> list[Update]:
    adds = {name: Plus(count) for name, count in added.items() if count}
    return [Update(schema.campaign_sent_key(step.campaign, step.first), add=adds)] if adds else []


def _update(before: ChunkStep, after: ChunkStep, now: datetime) -> Update:
    values = step_values(after, after.due_at(now))
    kept = without_empty(values)
    return Update(
        after.key,
        set=kept,
        remove=[name for name in values if name not in kept],
        condition=LEASES.is_held(before.lease),
        otherwise=LEASES.error(),
    )


def _by_reason(skipped: Mapping[int, SkipReason]) -> dict[SkipReason, Sequence[int]]:
    reasons: dict[SkipReason, list[int]] = {}
    for place, reason in sorted(skipped.items()):
        reasons.setdefault(reason, []).append(place)
    return dict(reasons)
