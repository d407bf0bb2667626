"""Messages as items of the ledger, and the counters of the send statistics."""

from __future__ import annotations

from datetime import datetime

from backend.domain.automations import is_automation
from backend.domain.delivery import Outcome
from backend.domain.emails import Kind
from backend.domain.messages import Handled, Message, MessageStatus
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_given, reads
from backend.records.values import MalformedItemError, flag, number, optional_text, text, without_empty
from backend.store import schema
from backend.store.port import Item, Key, Row

ATTENTION = frozenset({MessageStatus.FAILED, MessageStatus.UNKNOWN})
"""Statuses of messages that a person should look at; they stand in a list of their own."""


def message_item(message: Message, hour: str) -> Item:
    """The item of a message. `hour` ("2026-11-26T13", the shop's time) is where the statistics count it, for good."""
    item: Item = {
        "template": message.template,
        "template_version": message.version,
        "kind": message.kind.value,
        "status": message.status.value,
        "to": message.to,
        "name": message.name,
        "customer": message.customer_id,
        "order": message.order_id,
        "requested_by": message.requested_by,
        "hour": hour,
        "line": schema.message_line(hour[:10], message.id),
        "line_at": f"{to_text(message.requested_at)}#{message.id}",
        "due": to_text(message.due_at),
        "lease_until": _moment(message.lease_until),
        "attempts": message.attempts or None,
        "reason": message.reason,
        "provider": message.provider_id,
        "sent_at": _moment(message.sent_at),
        "data": message.data or None,
        "facts": message.facts,
        "edition": message.edition,
        "digest": message.digest,
        "test": message.test,
        "campaign": message.campaign,
        "variant": message.variant,
        "resolved": message.resolved,
        "detail": message.detail,
    }
    return without_empty(
        item | work_attributes(message) | outcome_attributes(message) | handled_attributes(message.handled)
    )


def outcome_attributes(message: Message) -> Item:
    """What the provider has reported: each outcome's moment, the one that lists show, a failure's reason."""
    if message.outcome is None:
        return {}
    moments: Item = {moment_name(outcome): to_text(at) for outcome, at in message.outcomes.items()}
    return without_empty(moments | {"outcome": message.outcome.value, "diagnostic": message.diagnostic})


def handled_attributes(handled: Handled | None) -> Item:
    """Who has dealt with the message, when, and what they said; empty while nobody has."""
    if handled is None:
        return {}
    return {"handled_by": handled.by, "handled_at": to_text(handled.at), "handled_note": handled.note}


def moment_name(outcome: Outcome) -> str:
    """The attribute that holds when an outcome was first reported."""
    return f"{outcome.counter}_at"


def work_attributes(message: Message) -> Item:
    """Where the message stands in the lists of work and of what needs attention; empty when in neither."""
    if message.status in ATTENTION:
        if message.handled is not None:
            return {}
        return {"work": f"ATTENTION#{message.status.value}", "work_at": f"{to_text(message.requested_at)}#{message.id}"}
    if message.status in (MessageStatus.WAITING, MessageStatus.SENDING) and not of_campaign(message):
        due = max(message.due_at, message.lease_until) if message.lease_until else message.due_at
        return {"work": schema.work_line(message.id), "work_at": f"{to_text(due)}#{message.id}"}
    return {}


def of_campaign(message: Message) -> bool:
    """Whether it belongs to a campaign, whose chunks say when it is its turn; so it stands in no list of work."""
    return bool(message.campaign) and not is_automation(message.campaign)


@reads(key_given)
def message_from(key: Key, item: Item) -> Message:
    """The message. A waiting one that carries a lease is being sent; whether the lease still runs is the clock's."""
    status = MessageStatus(text(item, "status"))
    data = item.get("data", b"")
    if not isinstance(data, bytes):
        raise MalformedItemError("data is not bytes")
    return Message(
        recipient=key.pk.removeprefix("C#"),
        key=key.sk.removeprefix("E#"),
        template=text(item, "template"),
        version=number(item, "template_version", 0),
        kind=Kind(text(item, "kind")),
        status=status,
        to=text(item, "to", ""),
        name=text(item, "name", ""),
        requested_at=from_text(text(item, "line_at").partition("#")[0]),
        requested_by=text(item, "requested_by", ""),
        due_at=from_text(text(item, "due")),
        customer_id=text(item, "customer", ""),
        order_id=text(item, "order", ""),
        lease_until=_read_moment(item, "lease_until"),
        attempts=number(item, "attempts", 0),
        reason=text(item, "reason", ""),
        provider_id=text(item, "provider", ""),
        sent_at=_read_moment(item, "sent_at"),
        data=data,
        facts=text(item, "facts", ""),
        edition=text(item, "edition", ""),
        digest=text(item, "digest", ""),
        test=flag(item, "test"),
        hour=hour_in(item),
        campaign=text(item, "campaign", ""),
        variant=text(item, "variant", ""),
        outcomes=_outcomes_in(item),
        resolved=flag(item, "resolved"),
        detail=text(item, "detail", ""),
        handled=_handled_in(item),
        diagnostic=text(item, "diagnostic", ""),
    )


def _handled_in(item: Item) -> Handled | None:
    at = _read_moment(item, "handled_at")
    return Handled(text(item, "handled_by", ""), at, text(item, "handled_note", "")) if at else None


def _outcomes_in(item: Item) -> dict[Outcome, datetime]:
    if "outcome" not in item:
        return {}
    found = ((outcome, _read_moment(item, moment_name(outcome))) for outcome in Outcome)
    return {outcome: at for outcome, at in found if at is not None}


def key_of(message: Message) -> Key:
    return schema.message_key(message.recipient, message.key)


def id_in(row: Row) -> str:
    """The message id in a row of the log or of a work list."""
    return f"{row.key.pk.removeprefix('C#')}-{row.key.sk.removeprefix('E#')}"


def hour_in(item: Item) -> str:
    return text(item, "hour")


def _moment(moment: datetime | None) -> str | None:
    return to_text(moment) if moment else None


def _read_moment(item: Item, name: str) -> datetime | None:
    value = optional_text(item, name)
    return from_text(value) if value else None
