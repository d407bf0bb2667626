"""Applies reports to messages: each once, in any order, together with everything that follows from it.

One message is one transaction: the reports kept beside it (absent before), its outcomes, the counters of its hour and
its campaign, and the suppression of its address. Whoever dies before it has changed nothing, and whoever sees the same
report after it finds it there.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from loguru import logger

from backend.domain.events import MailEvent, needs_history, new_clicks, reported
from backend.domain.messages import Message
from backend.email.events.parsing import Read
from backend.errors import AlreadyExistsError, BackendError, ConflictError, InvalidInputError
from backend.records.events import raw_item, raw_key
from backend.records.messages import message_from
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.services.events.lookup import events_of, key_of_event
from backend.services.events.writes import EventSeenError, MessageChange, suppression_key_for, writes_for
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Absent, Item, Key, Put, Write

_ATTEMPTS = 12
_MOST_OF_ONE = 30
"""Reports of one message that one transaction takes; a transaction has 100 writes at most."""


class Verdict(StrEnum):
    """What became of a report. FOREIGN is about mail that is not in the ledger; REFUSED goes to the dead letters."""

    APPLIED = "applied"
    SEEN = "seen"
    FOREIGN = "foreign"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Taken:
    """A report and what became of it. `message` is the message as it is now; None when there is none."""

    read: Read
    verdict: Verdict
    message: Message | None = None
    reason: str = ""


@dataclass(slots=True)
class _Group:
    """The reports of one message in a pass, by their keys; `places` are their positions in the batch."""

    item: Item
    message: Message
    reads: dict[Key, Read] = field(default_factory=dict)
    places: dict[Key, list[int]] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    after: Message | None = None


def apply_events(shop: Shop, reads: Sequence[Read], source: str) -> list[Taken]:
    """What became of each of the reports, in their order. Whoever calls it may repeat it at any time.

    Raises: `StoreBusyError`, `StoreUnreachableError` and `StaleReadError` (others kept changing the same
    messages): some reports may have been applied, and are recognised the next time.
    """
    taken: list[Taken | None] = [None] * len(reads)
    keys = [key_of_event(shop, read.event) for read in reads]
    with access_pattern("apply events"):
        for attempt in range(_ATTEMPTS):
            left = [place for place, verdict in enumerate(taken) if verdict is None]
            if not left:
                break
            if attempt > 1:
                time.sleep(random.uniform(0, 0.01) * attempt)  # noqa: S311 - spreads retries, hides nothing
            _pass(shop, reads, keys, left, taken, source)
    if any(verdict is None for verdict in taken):
        raise StaleReadError("Other changes of the same messages kept coming between; please try again.")
    return [verdict for verdict in taken if verdict is not None]


def _pass(
    shop: Shop,
    reads: Sequence[Read],
    keys: Sequence[Key | None],
    left: Sequence[int],
    taken: list[Taken | None],
    source: str,
) -> None:
    """Tries what is left; what stays without a verdict has to be tried again."""
    groups = _grouped(shop, reads, keys, left, taken)
    prepared = [group for group in groups if _prepare(shop, group, taken, source)]
    outcomes = shop.store.transact_each([group.writes for group in prepared])
    for group, outcome in zip(prepared, outcomes, strict=True):
        _conclude(group, outcome, taken)


def _grouped(
    shop: Shop, reads: Sequence[Read], keys: Sequence[Key | None], left: Sequence[int], taken: list[Taken | None]
) -> list[_Group]:
    """The reports that are news, by message. The others get their verdict."""
    raw = {place: _raw_key(key, reads[place].event) for place in left if (key := keys[place]) is not None}
    wanted = dict.fromkeys(key for place in left if (key := keys[place]) is not None)
    items = shop.store.get_many([*wanted, *dict.fromkeys(raw.values())])
    groups: dict[Key, _Group | str] = {}
    for place in left:
        key = keys[place]
        group = _group(shop, key, items, groups) if key is not None else ""
        if isinstance(group, str):
            verdict = Verdict.REFUSED if group else Verdict.FOREIGN
            taken[place] = Taken(reads[place], verdict, reason=group)
        elif raw[place] in items:
            taken[place] = Taken(reads[place], Verdict.SEEN, group.message)
        elif raw[place] in group.places:
            group.places[raw[place]].append(place)
        elif len(group.reads) < _MOST_OF_ONE:
            group.reads[raw[place]] = reads[place]
            group.places[raw[place]] = [place]
    return [group for group in groups.values() if isinstance(group, _Group) and group.reads]


def _raw_key(key: Key, event: MailEvent) -> Key:
    return raw_key(schema.customer_id_of(key), schema.reason_of(key), event)


def _group(shop: Shop, key: Key, items: dict[Key, Item], groups: dict[Key, _Group | str]) -> _Group | str:
    """The group of a message; "" when there is no such message, or why it cannot be read."""
    if key not in groups:
        # The first reading is eventually consistent, and a report may be faster than that.
        item = items.get(key) or shop.store.get(key)
        try:
            groups[key] = _Group(item, message_from(key, item)) if item else ""
        except Exception as error:
            logger.exception("A message cannot be read")
            groups[key] = f"The message cannot be read: {type(error).__name__}."
    return groups[key]


def _prepare(shop: Shop, group: _Group, taken: list[Taken | None], source: str) -> bool:
    """Decides what the reports change; False when that is not possible, and they have their verdict."""
    try:
        events = _together(group)
        earlier = events_of(shop, group.message) if needs_history(group.message, events) else []
        after = reported(group.message, events, earlier)
        suppressing = next(
            (event for event in events if event.suppression and not group.message.test and group.message.to), None
        )
        suppressed = shop.store.get(suppression_key_for(group.message)) if suppressing else None
        change = MessageChange(group.message, group.item, after, new_clicks(group.message, after, events, earlier))
        group.after = after
        group.writes = [*writes_for(shop, change, suppressing, suppressed)]
        now = shop.clock()
        group.writes += [
            Put(
                key,
                raw_item(read.event, read.body if group.message.to else b"", source, now),
                Absent(),
                EventSeenError("This was applied before."),
            )
            for key, read in group.reads.items()
        ]
    except BackendError as error:
        if not isinstance(error, InvalidInputError):
            raise
        _refuse(group, taken, error.sentence)
        return False
    except Exception as error:
        logger.exception("A report cannot be applied")
        _refuse(group, taken, f"It cannot be applied: {type(error).__name__}.")
        return False
    return True


def _together(group: _Group) -> list[MailEvent]:
    """The events of this pass. Only one of them may suppress the address, since each changes the same entry."""
    suppressing = [key for key, read in group.reads.items() if read.event.suppression]
    for key in suppressing[1:]:
        del group.reads[key], group.places[key]  # left for the next pass
    return [read.event for read in group.reads.values()]


def _conclude(group: _Group, outcome: BackendError | None, taken: list[Taken | None]) -> None:
    if isinstance(outcome, (ConflictError, AlreadyExistsError)):
        return
    if isinstance(outcome, InvalidInputError):
        _refuse(group, taken, outcome.sentence)
        return
    if outcome is not None:
        raise outcome
    for key, read in group.reads.items():
        first, *copies = group.places[key]
        taken[first] = Taken(read, Verdict.APPLIED, group.after)
        for place in copies:
            taken[place] = Taken(read, Verdict.SEEN, group.after)


def _refuse(group: _Group, taken: list[Taken | None], reason: str) -> None:
    for key, read in group.reads.items():
        for place in group.places[key]:
            taken[place] = Taken(read, Verdict.REFUSED, reason=reason)
