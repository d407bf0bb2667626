"""The ledger's side of campaigns: a message comes into being when it is claimed, and is counted with its chunk's step.

    absent ──claim──▶ waiting, with a lease ──record──▶ sent · failed · unknown · waiting again (in the chunk's list)

Who comes after a crash finds what was begun in the ledger: what is settled counts as it is, what is claimed and out of
lease is unknown, and what is still claimed is looked at again when its lease has run out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from backend.domain.delivery import mailbox_of
from backend.domain.messages import SETTLED, TRANSITIONS, Message, MessageStatus, SkipReason
from backend.domain.time import to_text
from backend.errors import BackendError
from backend.records.campaign_chunks import skip_counter
from backend.records.messages import key_of, message_from, message_item, work_attributes
from backend.records.send_stats import RESOLVED, addition_for, correction_for, mailbox_counter
from backend.services.concurrency.leases import LeaseLostError
from backend.services.context import Shop
from backend.services.outgoing.writes import on_message_recorded
from backend.services.sending.ledger import LEASE, OUT_OF_LEASE, record_alone
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Absent, AllOf, Condition, Equals, Item, Key, Missing, Plus, Put, Update, Write

_LOOK_AGAIN = timedelta(seconds=5)
"""After a lease has run out, so that clocks which differ a little do not matter."""


@dataclass(slots=True)
class Found:
    """What the ledger has of some recipients already, by id.

    `ended` are settled; `later` are to be looked at again then; `free` wait for another attempt, and may be claimed.
    `unreadable` have a message that cannot be read: it may have gone out, so nothing is sent.
    """

    ended: dict[str, Message] = field(default_factory=dict)
    later: dict[str, datetime] = field(default_factory=dict)
    free: dict[str, Message] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)

    def __contains__(self, customer_id: str) -> bool:
        return any(customer_id in each for each in (self.ended, self.later, self.free, self.unreadable))


def look(shop: Shop, key: str, customer_ids: Sequence[str]) -> Found:
    """What was begun for these recipients under this key. Messages whose lease has run out become unknown here."""
    found = Found()
    if not customer_ids:
        return found
    with access_pattern("look for begun messages"):
        items = shop.store.get_many([schema.message_key(each, key) for each in customer_ids])
    messages = [*readable(shop, items.items(), message_from)]
    found.unreadable = {schema.customer_id_of(where) for where in items} - {each.recipient for each in messages}
    now = shop.clock()
    over = [each for each in messages if each.is_claimed and each.lease.is_free(now)]
    settled = {message.recipient: message for message in _expired(shop, over)}
    for message in messages:
        if message.status in SETTLED:
            found.ended[message.recipient] = message
        elif message.recipient in settled:
            found.ended[message.recipient] = settled[message.recipient]
        elif message.lease_until is None:
            found.free[message.recipient] = message
        else:
            found.later[message.recipient] = max(message.lease_until, now) + _LOOK_AGAIN
    return found


def claim(shop: Shop, messages: Sequence[Message]) -> list[Message]:
    """Those of the messages that are ours alone to send now. New ones come into being; others wait for an attempt."""
    until = shop.clock() + LEASE
    wanted = [replace(each, lease_until=until, attempts=each.attempts + 1) for each in messages]
    with access_pattern("claim messages of a campaign"):
        outcomes = shop.store.transact_each([[_put(each, _free(each, before=each.attempts - 1))] for each in wanted])
    _raise_surprises(outcomes)
    return [each for each, outcome in zip(wanted, outcomes, strict=True) if outcome is None]


def record(shop: Shop, messages: Sequence[Message]) -> list[Message]:
    """Writes down how claimed messages ended; returns those that were still ours.

    One that was called unknown meanwhile, because the answer came later than the lease allows, is put right. Its
    campaign goes on counting it as unknown, because whoever called it so does; if it was sent it counts as resolved.
    """
    with access_pattern("record messages of a campaign"):
        outcomes = shop.store.transact_each(
            [[record_alone(each), *on_message_recorded(shop, each)] for each in messages]
        )
        _raise_surprises(outcomes)
        pairs = list(zip(messages, outcomes, strict=True))
        late = [
            each for each, outcome in pairs if outcome is not None and each.status in TRANSITIONS[MessageStatus.UNKNOWN]
        ]
        if late:
            _raise_surprises(shop.store.transact_each([_resolution(each) for each in late]))
    return [each for each, outcome in pairs if outcome is None]


def put_settled(shop: Shop, messages: Sequence[Message]) -> list[Message]:
    """Writes messages that never go out, such as those that cannot be rendered; returns those that were written."""
    with access_pattern("record messages of a campaign"):
        outcomes = shop.store.transact_each([[_put(each, _free(each))] for each in messages])
    _raise_surprises(outcomes)
    return [each for each, outcome in zip(messages, outcomes, strict=True) if outcome is None]


def reopen(shop: Shop, messages: Sequence[Message]) -> None:
    """Lets failed messages wait for another attempt, and takes them out of the statistics of their hours."""
    with access_pattern("retry what failed"):
        _raise_surprises(shop.store.transact_each([_reopening(shop, each) for each in messages]))


def _reopening(shop: Shop, message: Message) -> list[Write]:
    back: Item = {"status": MessageStatus.WAITING.value, "attempts": 1, "due": to_text(shop.clock())}
    gone = ("work", "work_at", "reason", "detail", "handled_by", "handled_at", "handled_note")
    failed = Equals("status", MessageStatus.FAILED.value)
    counted = {name: Plus(-plus.delta) for name, plus in addition_for(message).items()}
    return [
        Update(key_of(message), set=back, remove=gone, condition=failed, otherwise=_taken()),
        Update(schema.hours_key(message.hour, message.template, message.id), add=counted),
    ]


def _expired(shop: Shop, messages: Sequence[Message]) -> list[Message]:
    if not messages:
        return []
    settled = [_without_lease(each) for each in messages]
    outcomes = shop.store.transact_each([[record_alone(each)] for each in settled])
    _raise_surprises(outcomes)
    return [replace(each, lease_until=None) for each, o in zip(settled, outcomes, strict=True) if o is None]


def _without_lease(message: Message) -> Message:
    """Unknown, unless the provider has reported meanwhile that it took the email."""
    if message.provider_id or message.outcomes:
        sent_at = message.sent_at or min(message.outcomes.values(), default=message.due_at)
        return replace(message, status=MessageStatus.SENT, sent_at=sent_at)
    return replace(message, status=MessageStatus.UNKNOWN, reason=OUT_OF_LEASE)


def _free(message: Message, before: int | None = None) -> Condition:
    """Nobody has begun it, or it waits for another attempt as we have seen it."""
    attempts = message.attempts if before is None else before
    if not attempts:
        return Absent()
    return AllOf((Equals("status", MessageStatus.WAITING.value), Missing("lease_until"), Equals("attempts", attempts)))


def _taken() -> LeaseLostError:
    return LeaseLostError("Somebody else is sending this message, or has.")


def _put(message: Message, condition: Condition) -> Put:
    return Put(key_of(message), message_item(message, message.hour), condition, _taken())


def _resolution(message: Message) -> list[Write]:
    """An unknown message whose end is known after all."""
    known = replace(message, resolved=True, lease_until=None)
    unknown = AllOf(
        (Equals("status", MessageStatus.UNKNOWN.value), Equals("attempts", message.attempts), Missing("resolved"))
    )
    values: Item = {
        "status": known.status.value,
        "resolved": True,
        "provider": known.provider_id,
        "digest": known.digest,
        "sent_at": to_text(known.sent_at) if known.sent_at else "",
        "reason": known.reason,
        "detail": known.detail,
        **work_attributes(known),
    }
    writes: list[Write] = [
        Update(
            key_of(message),
            set={name: value for name, value in values.items() if value},
            remove=[name for name in ("work", "work_at", "reason") if not values.get(name)],
            condition=unknown,
            otherwise=_taken(),
        ),
        Update(
            schema.hours_key(message.hour, message.template, message.id),
            add=correction_for(as_counted(known), replace(known, resolved=False)),
        ),
    ]
    if known.status is MessageStatus.SENT:
        writes.append(Update(schema.campaign_stat_key(message.campaign, message.id), add={RESOLVED: Plus(1)}))
    return writes


def _raise_surprises(outcomes: Sequence[BackendError | None]) -> None:
    for outcome in outcomes:
        if outcome is not None and not isinstance(outcome, LeaseLostError):
            raise outcome


# --- Counters: what a step adds to the campaign and to the statistics of the hours -------------------------------


def as_counted(message: Message) -> Message:
    """The message as its campaign counts it: one that a report has resolved is still an unknown one here.

    Whoever resolves a message corrects the hour and counts it as resolved, before or after the step is counted.
    """
    return replace(message, status=MessageStatus.UNKNOWN, sent_at=None) if message.resolved else message


def ending_counts(messages: Iterable[Message]) -> Counter[str]:
    """The campaign's counters: by status, by variant, by mailbox provider, and by reason for those skipped later on."""
    total: Counter[str] = Counter()
    for message in map(as_counted, messages):
        status = message.status.value
        total[status] += 1
        if message.variant:
            total[f"{status}~{message.variant}"] += 1
        if message.status is MessageStatus.SENT:
            total[mailbox_counter(mailbox_of(message.to), status)] += 1
        if message.status is MessageStatus.SKIPPED:
            total[_skip_name(message)] += 1
    return total


def skip_counts(reasons: Iterable[SkipReason]) -> Counter[str]:
    """The campaign's counters of those who were skipped before there was a message."""
    total: Counter[str] = Counter()
    for reason in reasons:
        total[MessageStatus.SKIPPED.value] += 1
        total[skip_counter(reason)] += 1
    return total


def counted_by_hour(messages: Iterable[Message]) -> list[Update]:
    """The additions to the statistics of the hours, one write for each item."""
    sums: dict[Key, Counter[str]] = {}
    kinds: dict[Key, str] = {}
    for message in map(as_counted, messages):
        key = schema.hours_key(message.hour, message.template, message.id)
        kinds[key] = message.kind.value
        sums.setdefault(key, Counter()).update({name: plus.delta for name, plus in addition_for(message).items()})
    return [
        Update(key, set={"kind": kinds[key]}, add={name: Plus(count) for name, count in total.items()})
        for key, total in sums.items()
    ]


def _skip_name(message: Message) -> str:
    return next((skip_counter(reason) for reason in SkipReason if reason.value == message.reason), "skip:other")
