"""What a person does about failed and unknown messages: mark them as handled, or send unknown ones again.

Both are deliberate, leave an entry in the audit log in the same transaction, and may be repeated: whoever comes second
changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.domain.delivery import Outcome
from backend.domain.messages import NEEDS_A_PERSON, Handled, Message, MessageStatus, split_id
from backend.domain.team import Actor, Permission
from backend.domain.text import clean_line
from backend.email.transports.outbox_reader import Outbox
from backend.errors import AlreadyExistsError, BackendError, ConflictError, InvalidInputError, NotFoundError
from backend.records.messages import handled_attributes, key_of, message_from, message_item, work_attributes
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.sending import ledger
from backend.services.sending.composition import self_contained
from backend.services.sending.ledger import hour_of
from backend.services.statistics.counters import stats_by_hour
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Absent, AllOf, AnyOf, Condition, Equals, Missing, Put, Update, Write

MOST_AT_ONCE = 100
NOTE_LENGTH = 300


class HandledAlreadyError(ConflictError):
    """Somebody else has dealt with the message, or a report has settled it."""


class SentAgainAlreadyError(AlreadyExistsError):
    """The message was sent again before, with the key that belongs to it."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """How many messages were dealt with, and how many were left as they are because they needed it no more."""

    done: int
    left: int


def needs_attention(message: Message) -> bool:
    """Whether it failed or is unknown, and nobody has dealt with it yet."""
    return message.status in NEEDS_A_PERSON and message.handled is None


def that_may_go_again(shop: Shop, messages: Sequence[Message]) -> list[Message]:
    """Those of the messages that were in all likelihood never taken: nothing was reported of them for a day.

    Tests are not among them, nor what somebody has dealt with.
    """
    silent = never_accepted(shop, [each for each in messages if each.handled is None and not each.test])
    return [message for message in messages if message.id in silent]


def ids_that_may_go_again(shop: Shop, message_ids: Sequence[str]) -> list[str]:
    """As `that_may_go_again`, for messages of which only the ids are at hand."""
    return [message.id for message in that_may_go_again(shop, _read(shop, message_ids))]


def mark_handled(shop: Shop, actor: Actor, message_ids: Sequence[str], note: str) -> Repaired:
    """Takes failed and unknown messages out of the list of what needs a person; their status stays as it is.

    Raises: `PermissionDeniedError`, `InvalidInputError` (no note, or more than 100 messages).
    """
    actor.require(Permission.REPAIR_MAIL)
    handled = Handled(actor.username, shop.clock(), _clean(note, "Note"))
    wanted = [message for message in _read(shop, message_ids) if needs_attention(message)]
    transactions: list[list[Write]] = [
        [_handling(message, handled), _noted(shop, actor, "marked a message as handled", message)] for message in wanted
    ]
    return _done(shop, transactions, of=len(message_ids))


def send_again(shop: Shop, actor: Actor, message_ids: Sequence[str], why: str) -> Repaired:
    """Sends unknown messages again, exactly as they were, those that were in all likelihood never taken.

    Each becomes a new message with a key of its own, which follows from the old one's id, so that it goes out once
    more and not twice. The old one is handled by that. A worker decides again who may get it.

    Raises: `PermissionDeniedError`, `InvalidInputError` (no reason, or more than 100 messages).
    """
    actor.require(Permission.SEND_EMAIL)
    actor.require(Permission.REPAIR_MAIL)
    reason, now = _clean(why, "Reason"), shop.clock()
    handled = Handled(actor.username, now, f"Sent again: {reason}")
    transactions: list[list[Write]] = [
        [
            _repetition(shop, _copy(self_contained(shop, message), actor, reason, now)),
            _handling(message, handled, Missing("outcome")),
            _noted(shop, actor, "sent an unknown message again", message),
        ]
        for message in that_may_go_again(shop, _read(shop, message_ids))
    ]
    return _done(shop, transactions, of=len(message_ids))


def key_again(message: Message) -> str:
    """The key under which an unknown message is sent again."""
    return f"again-{hashlib.sha256(message.id.encode()).hexdigest()[:24]}"


def _clean(text: str, label: str) -> str:
    return clean_line(text, label, longest=NOTE_LENGTH, required=True, field="note")


def _read(shop: Shop, message_ids: Sequence[str]) -> list[Message]:
    if len(message_ids) > MOST_AT_ONCE:
        raise InvalidInputError(f"Choose {MOST_AT_ONCE} messages at most at a time.", "messages")
    keys = [schema.message_key(*split_id(message_id)) for message_id in dict.fromkeys(message_ids)]
    found = shop.store.get_many(keys)
    if not found:
        raise NotFoundError("These messages no longer exist.")
    return [*readable(shop, ((key, found[key]) for key in keys if key in found), message_from)]


def _copy(message: Message, actor: Actor, reason: str, now: datetime) -> Message:
    """The same email as a new message. It is no part of a campaign, whose figures have the old one."""
    return replace(
        message,
        key=key_again(message),
        status=MessageStatus.WAITING,
        requested_at=now,
        requested_by=actor.username,
        due_at=now,
        lease_until=None,
        attempts=0,
        reason=f"Sent again: {reason}",
        detail="",
        provider_id="",
        digest="",
        campaign="",
        variant="",
        outcomes={},
        resolved=False,
        handled=None,
        diagnostic="",
    )


def _repetition(shop: Shop, message: Message) -> Put:
    item = message_item(message, ledger.hour_of(shop, message.requested_at))
    return Put(key_of(message), item, Absent(), SentAgainAlreadyError("This was sent again already."))


def _handling(message: Message, handled: Handled, also: Condition | None = None) -> Update:
    """One that has come back into the list, because its answer came late, may be handled once more."""
    listed = Equals("work", str(work_attributes(replace(message, handled=None))["work"]))
    unmoved: tuple[Condition, ...] = (
        Equals("status", message.status.value),
        AnyOf((Missing("handled_at"), listed)),
        *((also,) if also else ()),
    )
    return Update(
        key_of(message),
        set=handled_attributes(handled),
        remove=("work", "work_at"),
        condition=AllOf(unmoved),
        otherwise=HandledAlreadyError("Somebody has dealt with this message already."),
    )


def _noted(shop: Shop, actor: Actor, action: str, message: Message) -> Put:
    return audit_log.entry(shop, actor, action, f"message:{message.id}", f"{message.status}, {message.template}")


def _done(shop: Shop, transactions: list[list[Write]], *, of: int) -> Repaired:
    with access_pattern("repair mail"):
        outcomes: list[BackendError | None] = shop.store.transact_each(transactions)
    for outcome in outcomes:
        if outcome is not None and not isinstance(outcome, HandledAlreadyError | SentAgainAlreadyError):
            raise outcome
    done = sum(outcome is None for outcome in outcomes)
    return Repaired(done, of - done)


# --- Unknown messages that were probably never accepted ----------------------------------------------------------


SILENCE = timedelta(days=1)


def never_accepted(shop: Shop, messages: Sequence[Message]) -> set[str]:
    """Ids of those that were in all likelihood never accepted. Costs two queries for each of their days."""
    now = shop.clock()
    silent = [each for each in messages if _is_silent(each, now)]
    reported = _reported_hours(shop, silent)
    found = set()
    for message in silent:
        begins, ends = hour_of(shop, message.due_at), hour_of(shop, message.due_at + SILENCE)
        if any(begins <= hour <= ends for hour in reported):
            found.add(message.id)
    return found


def _is_silent(message: Message, now: datetime) -> bool:
    unknown = message.status is MessageStatus.UNKNOWN and not message.outcomes
    return unknown and now - max(message.due_at, message.requested_at) >= SILENCE


def _reported_hours(shop: Shop, messages: Sequence[Message]) -> set[str]:
    """Hours from which messages were reported, of the days of these messages and the days after."""
    days = {moment.astimezone(shop.zone).date() for each in messages for moment in (each.due_at, each.due_at + SILENCE)}
    counters = [outcome.counter for outcome in Outcome]
    return {
        stats.hour
        for day in days
        for stats in stats_by_hour(shop, day, day)
        if any(stats.counts.get(name, 0) > 0 for name in counters)
    }


# --- The local outbox --------------------------------------------------------------------------------------------


def clear_outbox(shop: Shop, actor: Actor, outbox: Outbox) -> int:
    """Removes all emails of the outbox and returns how many; the ledger keeps what it knows of them.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.REPAIR_MAIL)
    removed = outbox.clear()
    audit_log.note(shop, actor, "cleared the outbox", "outbox:local", f"{removed} emails")
    return removed
