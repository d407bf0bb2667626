"""Messages as items of the ledger, and the counters of the send statistics."""

from __future__ import annotations

from datetime import datetime

from backend.domain.automations import is_automation
from backend.domain.delivery import Outcome
from backend.domain.messages import NEEDS_A_PERSON, Handled, Message, MessageStatus
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_given, reads
from backend.records.declared import Record
from backend.records.values import optional_text, text, without_empty
from backend.store import schema
from backend.store.port import Item, Key, Row

_MESSAGE = Record(
    Message,
    given=("recipient", "key", "requested_at", "outcomes", "handled", "diagnostic"),
    blank=("version", "to", "name", "requested_by"),
    needed=("hour",),
    sparse=("attempts", "data"),
    version="template_version",
    customer_id="customer",
    order_id="order",
    due_at="due",
    provider_id="provider",
)


def message_item(message: Message, hour: str) -> Item:
    """The item of a message. `hour` ("2026-11-26T13", the shop's time) is where the statistics count it, for good."""
    return _MESSAGE.item(
        message,
        hour=hour,
        line=schema.message_line(hour[:10], message.id),
        line_at=schema.place_of(to_text(message.requested_at), message.id),
        **work_attributes(message),
        **outcome_attributes(message),
        **handled_attributes(message.handled),
    )


def outcome_attributes(message: Message) -> Item:
    """What the provider has reported: each outcome's moment, the one that lists show, a failure's reason."""
    if message.outcome is None:
        return {}
    moments: Item = {moment_name(outcome): to_text(at) for outcome, at in message.outcomes.items()}
    return without_empty(moments | {"outcome": message.outcome.value, "diagnostic": message.diagnostic})


def handled_attributes(handled: Handled | None) -> Item:
    """Who has handled the message, when, and their note; empty until somebody has."""
    if handled is None:
        return {}
    return {"handled_by": handled.by, "handled_at": to_text(handled.at), "handled_note": handled.note}


def moment_name(outcome: Outcome) -> str:
    """The attribute that holds when an outcome was first reported."""
    return f"{outcome.counter}_at"


def work_attributes(message: Message) -> Item:
    """The message's places in the lists of work and of what needs attention, or the provider's id.

    Empty when none of these. An entry of the index is the cheapest way to find it by the provider's id: it costs one
    write unit with the record of the sending, none with what is reported later, and ends with the message.
    """
    if message.status in NEEDS_A_PERSON:
        if message.handled is not None:
            return {}
        place = schema.place_of(to_text(message.requested_at), message.id)
        return {"work": schema.attention_line(message.status.value), "work_at": place}
    if message.status is MessageStatus.WAITING and not of_campaign(message):
        due = max(message.due_at, message.lease_until) if message.lease_until else message.due_at
        return {"work": schema.work_line(message.id), "work_at": schema.place_of(to_text(due), message.id)}
    if message.status is MessageStatus.SENT and message.provider_id:
        return {"work": schema.provider_line(message.provider_id), "work_at": "-"}
    return {}


def of_campaign(message: Message) -> bool:
    """Whether it belongs to a campaign, whose chunks decide when it is sent; then it is in no list of work."""
    return bool(message.campaign) and not is_automation(message.campaign)


@reads(key_given)
def message_from(key: Key, item: Item) -> Message:
    """The message. A waiting one that carries a lease is being sent, until the lease runs out."""
    return _MESSAGE.read(
        item,
        recipient=schema.customer_id_of(key),
        key=schema.reason_of(key),
        requested_at=from_text(schema.moment_in(text(item, "line_at"))),
        outcomes=_outcomes_in(item),
        handled=_handled_in(item),
        diagnostic=text(item, "diagnostic", ""),
    )


def _handled_in(item: Item) -> Handled | None:
    at = optional_text(item, "handled_at")
    return Handled(text(item, "handled_by", ""), from_text(at), text(item, "handled_note", "")) if at else None


def _outcomes_in(item: Item) -> dict[Outcome, datetime]:
    if "outcome" not in item:
        return {}
    names = ((outcome, moment_name(outcome)) for outcome in Outcome)
    return {outcome: from_text(text(item, name)) for outcome, name in names if name in item}


def key_of(message: Message) -> Key:
    return schema.message_key(message.recipient, message.key)


def id_in(row: Row) -> str:
    """The message id in a row of the log or of a work list."""
    return f"{schema.customer_id_of(row.key)}-{schema.reason_of(row.key)}"


def hour_in(item: Item) -> str:
    return text(item, "hour")
