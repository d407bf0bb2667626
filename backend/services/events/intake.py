"""Takes reports in as they come: reads them, applies them, keeps what cannot be applied, and counts all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from loguru import logger

from backend.email.events.parsing import Notice, Read, UnreadableEventError, read_event
from backend.observability.measures import MEASURES
from backend.records.events import lag_class, minute_update
from backend.services.context import Shop
from backend.services.events.application import Taken, Verdict, apply_events
from backend.services.events.consequences import EventPolicy, follow
from backend.services.events.dead_letters import add_dead_letter
from backend.store.meter import access_pattern


@dataclass(slots=True)
class Intake:
    """How many reports were applied, seen before, about mail that is not in the ledger, dead, or no events at all.

    `reasons` says why those are dead, in their order.
    """

    applied: int = 0
    seen: int = 0
    foreign: int = 0
    dead: int = 0
    notices: int = 0
    reasons: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.applied + self.seen + self.foreign + self.dead + self.notices

    def add(self, other: Intake) -> None:
        self.applied += other.applied
        self.seen += other.seen
        self.foreign += other.foreign
        self.dead += other.dead
        self.notices += other.notices


def take_in(shop: Shop, bodies: Sequence[bytes], source: str, policy: EventPolicy, *, keep_dead: bool = True) -> Intake:
    """Takes in a batch. When it returns, everything in it is kept; it may be repeated when it did not return.

    `source` is the way by which the reports came ("sqs", "webhook", …). Without `keep_dead`, what cannot be applied
    is only reported. Raises: `StoreBusyError`, `StoreUnreachableError`, `StaleReadError`.
    """
    intake, reads = Intake(), list[Read]()
    for body in bodies:
        _read(shop, body, source, intake, reads, keep_dead)
    taken = apply_events(shop, reads, source) if reads else []
    for each in taken:
        if each.verdict is Verdict.REFUSED:
            _dead(shop, each.read.body, each.reason, source, intake, keep_dead)
    follow(shop, taken, policy)
    _count(shop, taken, intake)
    return intake


def _read(shop: Shop, body: bytes, source: str, intake: Intake, reads: list[Read], keep_dead: bool) -> None:
    try:
        found = read_event(body, shop.clock())
    except UnreadableEventError as error:
        _dead(shop, body, error.sentence, source, intake, keep_dead)
        return
    if isinstance(found, Notice):
        intake.notices += 1
        logger.info("From {}: {}", source, found.text)
    else:
        reads.append(found)


def _dead(shop: Shop, body: bytes, reason: str, source: str, intake: Intake, keep: bool) -> None:
    intake.dead += 1
    intake.reasons.append(reason)
    if keep:
        add_dead_letter(shop, body, reason, source)


def _count(shop: Shop, taken: Sequence[Taken], intake: Intake) -> None:
    verdicts = Counter(each.verdict for each in taken)
    intake.applied = verdicts[Verdict.APPLIED]
    intake.seen = verdicts[Verdict.SEEN]
    intake.foreign = verdicts[Verdict.FOREIGN]
    if intake.foreign:
        logger.info("{} events are about mail that is not in the ledger; they are dropped", intake.foreign)
    now = shop.clock()
    applied = [each.read.event for each in taken if each.verdict is Verdict.APPLIED]
    counts = Counter(lag_class(now - event.at) for event in applied)
    types = Counter(event.type.value for event in applied)
    counts.update({f"type:{name}": number for name, number in types.items()})
    for name, number in types.items():
        MEASURES.count("events", name, number)
    named = ("applied", "seen", "foreign", "dead", "notices")
    counts.update({name: getattr(intake, name) for name in named})
    if intake.total:
        with access_pattern("count events"):
            shop.store.update(minute_update(now, dict(counts)))
