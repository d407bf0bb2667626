"""The writes by which reports change a message, its statistics, its campaign and its address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from backend.domain.customers import email_identity
from backend.domain.events import Click, MailEvent
from backend.domain.messages import Message, MessageStatus
from backend.domain.suppression import Cause
from backend.domain.time import to_text
from backend.errors import AlreadyExistsError
from backend.records.events import click_updates
from backend.records.messages import key_of, outcome_attributes, work_attributes
from backend.records.send_stats import campaign_difference, correction_for, outcome_difference
from backend.records.suppression import digest_of
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.services.outgoing.writes import on_message_reported
from backend.services.reconcile.findings import as_found
from backend.services.suppression.entries import adding_writes
from backend.store import schema
from backend.store.port import Item, Key, Update, Write


class EventSeenError(AlreadyExistsError):
    """The report was applied before."""


@dataclass(frozen=True, slots=True)
class MessageChange:
    """A message as read (`item` is the stored item), as it will be written, and the clicks to be added."""

    before: Message
    item: Item
    after: Message
    clicks: Mapping[Click, int]


def writes_for(
    shop: Shop, change: MessageChange, suppressing: MailEvent | None, suppressed: Item | None
) -> Iterator[Write]:
    """What changes. `suppressed` is what the store holds for the address, if an event suppresses it.

    Errors attached: `StaleReadError`. Raises: `InvalidInputError` when the address is none.
    """
    before, after = change.before, change.after
    changed = _message_update(change)
    if changed is not None:
        yield changed
    settled = correction_for(before, after) if before.status is not after.status else {}
    counted = settled | outcome_difference(before, after)
    if counted:
        key = schema.hours_key(before.hour, before.template, before.id)
        yield Update(key, set={"kind": before.kind.value}, add=counted)
    of_campaign = campaign_difference(before, after)
    if of_campaign:
        yield Update(schema.campaign_stat_key(before.campaign, before.id), add=of_campaign)
    if before.campaign:
        yield from click_updates(before, change.clicks)
    yield from on_message_reported(shop, before, after)
    if suppressing is not None:
        yield from _suppressing(shop, before, suppressing, suppressed)


def suppression_key_for(message: Message) -> Key:
    """Where the suppression of a message's address is."""
    return schema.suppression_key(digest_of(email_identity(message.to)))


def _message_update(change: MessageChange) -> Update | None:
    before, after, item = change.before, change.after, change.item
    wanted: Item = dict(outcome_attributes(after))
    gone: list[str] = [name for name in outcome_attributes(before) if name not in wanted]
    if (after.provider_id, after.sent_at) != (before.provider_id, before.sent_at):
        wanted |= {"provider": after.provider_id, "sent_at": to_text(after.sent_at) if after.sent_at else ""}
        if after.status is MessageStatus.SENT:
            wanted |= work_attributes(after)
    if after.status is not before.status:
        wanted |= {"status": after.status.value, "resolved": True, **work_attributes(after)}
        gone += [name for name in ("reason", "work", "work_at") if name in item and name not in wanted]
    changed = {name: value for name, value in wanted.items() if item.get(name) != value}
    if not changed and not gone:
        return None
    unmoved = as_found(item, sorted({"status", "provider", *changed, *gone}))
    moved = StaleReadError("Something else changed this message at the same moment.")
    return Update(key_of(before), set=changed, remove=gone, condition=unmoved, otherwise=moved)


def _suppressing(shop: Shop, message: Message, event: MailEvent, suppressed: Item | None) -> Sequence[Write]:
    assert event.suppression is not None  # noqa: S101 - chosen for having one
    note = " ".join(filter(None, (event.sub_type, event.status, event.feedback)))
    cause = Cause(event.suppression, event.at, f"event {event.digest} of {message.id}", note=note)
    _, writes = adding_writes(shop, message.to, cause, suppressed)
    return writes
