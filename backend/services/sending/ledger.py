"""The ledger: every message is claimed before its effect and recorded after it, so that none is sent twice.

    request ──► waiting ──claim──► waiting, with a lease ──record──► sent · failed · unknown · waiting again
                                          └── the lease runs out ──► unknown (somebody died between claim and record)

A claim succeeds for one worker only: it is conditional on nobody having claimed before. Between claim and record
comes nothing but the transport. What runs out is never sent again by itself, because it may have gone out; if the
provider has reported meanwhile that it took the email (`provider` is there), it is sent, not unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.domain.automations import is_automation
from backend.domain.messages import TRANSITIONS, Message, MessageStatus, SkipReason
from backend.domain.time import to_text
from backend.errors import AlreadyExistsError, BackendError, NotFoundError
from backend.records.messages import key_of, message_from, message_item, work_attributes
from backend.records.send_stats import addition_for, ending_addition
from backend.services.concurrency.leases import LeaseLostError, Leases
from backend.services.context import Shop
from backend.services.outgoing.writes import on_message_recorded
from backend.store import schema
from backend.store.port import Absent, AllOf, Condition, Equals, Item, Key, Missing, Plus, Put, Update, Write

LEASE = timedelta(seconds=90)
"""Longer than a transport may take (connect 3 s, read 30 s) by a wide margin: a live send must never run out."""
_LEASES = Leases(LEASE, "The lease of this message had run out.")
OUT_OF_LEASE = "The sending process stopped before the result was known; the email may have gone out."


class MessageExistsError(AlreadyExistsError):
    """A message for this recipient and key is in the ledger already."""


@dataclass(frozen=True, slots=True)
class Requested:
    """A message in the ledger. `duplicate` says that it had been requested before with the same key."""

    message: Message
    duplicate: bool


def request(shop: Shop, message: Message) -> Requested:
    """Writes a message into the ledger once; the second time it returns the first one's message.

    A message that is settled from the start (skipped) is counted at once.
    """
    try:
        shop.store.transact(request_writes(shop, message))
    except MessageExistsError:
        return Requested(get_message(shop, message.id), duplicate=True)
    return Requested(replace(message, hour=hour_of(shop, message.requested_at)), duplicate=False)


def request_writes(shop: Shop, message: Message) -> list[Write]:
    """The writes of a request, for a transaction that does more than this. Errors attached: `MessageExistsError`."""
    hour = hour_of(shop, message.requested_at)
    put = Put(key_of(message), message_item(message, hour), Absent(), MessageExistsError("This was requested already."))
    return [put, *_counted(message, hour)] if message.status is MessageStatus.SKIPPED else [put]


def get_message(shop: Shop, message_id: str) -> Message:
    """One message.

    Raises: `NotFoundError`.
    """
    recipient, _, key = message_id.partition("-")
    item = shop.store.get(schema.message_key(recipient, key)) if recipient and key else None
    if item is None:
        raise NotFoundError("No message with this id.")
    return message_from(schema.message_key(recipient, key), item)


def claim(shop: Shop, messages: Sequence[Message]) -> list[Message]:
    """Those of the messages that are now ours alone to send, with their lease and attempt.

    In the list of work they move to the end of their lease, so that others do not have to pass over them.
    """
    until = shop.clock() + LEASE
    wanted = [replace(message, lease_until=until, attempts=message.attempts + 1) for message in messages]
    outcomes = shop.store.transact_each([[_claim(message, until)] for message in wanted])
    _raise_surprises(outcomes, LeaseLostError)
    return [message for message, outcome in zip(wanted, outcomes, strict=True) if outcome is None]


def _claim(message: Message, until: datetime) -> Update:
    before = message.attempts - 1
    tried: Condition = Equals("attempts", before) if before else Missing("attempts")
    changed: Item = {"lease_until": to_text(until), "attempts": message.attempts, "to": message.to}
    return Update(
        key_of(message),
        # No addition, so that DynamoDB's engine knows its own claim again when the answer was lost.
        set=changed | work_attributes(message),
        condition=AllOf((Equals("status", MessageStatus.WAITING.value), Missing("lease_until"), tried)),
        otherwise=LeaseLostError("Somebody else is sending this message."),
    )


def record(shop: Shop, messages: Sequence[Message]) -> int:
    """Writes down how messages ended, each with its statistics; returns how many were still ours to settle.

    They are messages that the store gave, so that their `hour` is known. One that ends as WAITING goes back, to be
    tried again at its `due_at`. A claimed one that somebody has called unknown meanwhile, because the answer came
    later than the lease allows, is put right: what is known counts.
    """
    outcomes = shop.store.transact_each([[*_record(each), *on_message_recorded(shop, each)] for each in messages])
    _raise_surprises(outcomes, LeaseLostError)
    lost = [each for each, outcome in zip(messages, outcomes, strict=True) if outcome is not None]
    reported = len(_reported(shop, lost))
    late = [each for each, outcome in zip(messages, outcomes, strict=True) if outcome is not None and _is_news(each)]
    corrections = [[*_correction(each), *on_message_recorded(shop, each)] for each in late]
    corrected = shop.store.transact_each(corrections) if late else []
    _raise_surprises(corrected, LeaseLostError)
    return sum(outcome is None for outcome in [*outcomes, *corrected]) + reported


def _reported(shop: Shop, messages: Sequence[Message]) -> list[Message]:
    """Settles those as sent that could not become unknown because the provider has reported them; returns them."""
    doubted = {key_of(message): message for message in messages if message.status is MessageStatus.UNKNOWN}
    if not doubted:
        return []
    read = (message_from(key, item) for key in doubted if (item := shop.store.get(key)) is not None)
    sent = [_as_reported(each, doubted[key_of(each)]) for each in read if each.provider_id]
    outcomes = shop.store.transact_each([_record(message) for message in sent])
    _raise_surprises(outcomes, LeaseLostError)
    return [message for message, outcome in zip(sent, outcomes, strict=True) if outcome is None]


def _as_reported(stored: Message, claimed: Message) -> Message:
    """The claimed message with what the report says about its sending."""
    sent_at = stored.sent_at or stored.due_at
    return replace(claimed, status=MessageStatus.SENT, reason="", provider_id=stored.provider_id, sent_at=sent_at)


def _is_news(message: Message) -> bool:
    """Whether the outcome says more than "unknown"."""
    return message.lease_until is not None and message.status in TRANSITIONS[MessageStatus.UNKNOWN]


def _correction(message: Message) -> list[Write]:
    unknown = (Equals("status", MessageStatus.UNKNOWN.value), Equals("attempts", message.attempts))
    corrected = [_instead_of_unknown(update) for update in _counted(message, message.hour)]
    return [_settling(message, unknown), *corrected]


def _instead_of_unknown(counted: Update) -> Update:
    added = {**counted.add, MessageStatus.UNKNOWN.value: Plus(-1)}
    added.pop("tests", None)  # counted when it was called unknown
    return replace(counted, add=added)


def _held(message: Message) -> tuple[Condition, ...]:
    """It is as we left it: waiting, under our lease or under none. What the provider reported cannot become unknown."""
    waiting = (Equals("status", MessageStatus.WAITING.value), _LEASES.is_held(message.lease))
    return (*waiting, Missing("provider")) if message.status is MessageStatus.UNKNOWN else waiting


def _record(message: Message) -> list[Write]:
    update = _settling(message, _held(message))
    return [update] if message.status is MessageStatus.WAITING else [update, *_counted(message, message.hour)]


def _settling(message: Message, held: tuple[Condition, ...]) -> Update:
    is_back = message.status is MessageStatus.WAITING and message.lease_until
    work = work_attributes(replace(message, lease_until=None) if is_back else message)
    changed: Item = {"status": message.status.value, "due": to_text(message.due_at), **work}
    optional = {
        "reason": message.reason,
        "provider": message.provider_id,
        "sent_at": to_text(message.sent_at) if message.sent_at else "",
        "digest": message.digest,
        "to": message.to,
        "detail": message.detail,
    }
    changed |= {name: value for name, value in optional.items() if value}
    gone = ["lease_until", *(name for name in ("work", "work_at") if name not in work)]
    if not message.detail:
        gone.append("detail")  # what was said about an earlier attempt
    return Update(key_of(message), set=changed, remove=gone, condition=AllOf(held), otherwise=_LEASES.error())


def record_alone(message: Message) -> Update:
    """The write that records a claimed message without its statistics, for campaigns, which count by the step."""
    return _settling(message, _held(message))


def expire(shop: Shop, messages: Sequence[Message]) -> list[Message]:
    """Settles claimed messages whose lease has run out: as unknown, or as sent where the provider has reported them.

    Returns those that it settled, as they are now; the others somebody else has settled meanwhile.
    """
    now = shop.clock()
    late = [
        replace(message, status=MessageStatus.UNKNOWN, reason=OUT_OF_LEASE)
        for message in messages
        if message.lease_until is not None and message.lease.is_free(now)
    ]
    if not late:
        return []
    outcomes = shop.store.transact_each([_record(message) for message in late])
    _raise_surprises(outcomes, LeaseLostError)
    pairs = list(zip(late, outcomes, strict=True))
    unknown = [message for message, outcome in pairs if outcome is None]
    return unknown + _reported(shop, [message for message, outcome in pairs if outcome is not None])


def skipped(message: Message, reason: SkipReason) -> Message:
    """The message as one that is not sent, and why."""
    return replace(message, status=MessageStatus.SKIPPED, reason=reason.value)


def _counted(message: Message, hour: str) -> list[Update]:
    """A settled message adds to its hour, and one of an automation to the automation's figures too."""
    key: Key = schema.hours_key(hour, message.template, message.id)
    counted = [Update(key, set={"kind": message.kind.value}, add=addition_for(message))]
    if is_automation(message.campaign):
        counted.append(Update(schema.campaign_stat_key(message.campaign, message.id), add=ending_addition(message)))
    return counted


def hour_of(shop: Shop, moment: datetime) -> str:
    """The hour of the shop in which the statistics count a message requested at this moment: "2026-11-26T13"."""
    return f"{moment.astimezone(shop.zone):%Y-%m-%dT%H}"


def _raise_surprises(outcomes: Sequence[BackendError | None], expected: type[BackendError]) -> None:
    for outcome in outcomes:
        if outcome is not None and not isinstance(outcome, expected):
            raise outcome
