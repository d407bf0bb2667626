"""What follows from reports beyond their own message. It is done for every report, and repeating it changes nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.domain.delivery import Outcome
from backend.domain.events import EventType, MailEvent
from backend.domain.messages import Message
from backend.domain.suppression import Cause, SuppressionChange, SuppressionReason
from backend.email.links import Target
from backend.errors import InvalidInputError, NotFoundError, UnreadableItemError
from backend.records.messages import message_from
from backend.services.context import Shop
from backend.services.customers.customers import get_customer
from backend.services.events.application import Taken, Verdict
from backend.services.events.lookup import events_of
from backend.services.sending.email_choices import unsubscribe
from backend.services.suppression.entries import add_cause, suppression_history
from backend.store import schema
from backend.store.port import Query, Row, pages_of

SOFT_BOUNCE_WINDOW = timedelta(days=30)
SOFT_BOUNCE_LIMIT = 5
_PAGE = 500


@dataclass(frozen=True, slots=True)
class EventPolicy:
    """An address is suppressed after this many soft bounces within 30 days with no delivery between; 0 is never."""

    soft_bounce_limit: int = SOFT_BOUNCE_LIMIT


def follow(shop: Shop, taken: Sequence[Taken], policy: EventPolicy) -> None:
    """Suppresses addresses that keep bouncing, and unsubscribes who asked for it by the provider's own link.

    Raises: as the store; it may be repeated.
    """
    bounced: dict[str, Message] = {}
    for each in taken:
        if each.message is None or each.message.test or each.verdict not in (Verdict.APPLIED, Verdict.SEEN):
            continue
        outcome = each.read.event.outcome(None)
        if outcome is Outcome.SOFT_BOUNCED:
            bounced[each.message.id] = each.message
        elif outcome is Outcome.UNSUBSCRIBED:
            _unsubscribe(shop, each.message, each.read.event)
    for message in bounced.values():
        _suppress_if_it_keeps_bouncing(shop, message, policy)


def _unsubscribe(shop: Shop, message: Message, event: MailEvent) -> None:
    """Unless the customer has answered again since: a report that comes twice must not undo that."""
    if not message.customer_id:
        return
    try:
        consent = get_customer(shop, message.customer_id).consent
    except NotFoundError:
        return
    if consent is None or consent.at <= event.at:
        with contextlib.suppress(InvalidInputError):  # the address is none; then there is nothing to suppress
            unsubscribe(shop, Target(message.customer_id, message.id))


def _suppress_if_it_keeps_bouncing(shop: Shop, message: Message, policy: EventPolicy) -> None:
    if not policy.soft_bounce_limit:
        return
    messages = _messages_to(shop, message)
    if len(soft_bounces(messages, shop.clock())) < policy.soft_bounce_limit:
        return
    bounces = soft_bounces([each for each in messages if not _bounced_for_itself(shop, each)], shop.clock())
    if len(bounces) < policy.soft_bounce_limit:
        return
    forgiven = _forgiven_at(shop, message.to)
    bounces = [at for at in bounces if forgiven is None or at > forgiven]
    if len(bounces) < policy.soft_bounce_limit:
        return
    note = f"{len(bounces)} soft bounces within {SOFT_BOUNCE_WINDOW.days} days"
    cause = Cause(SuppressionReason.HARD_BOUNCE, max(bounces), f"event of {message.id}", note=note)
    try:
        add_cause(shop, message.to, cause)
    except InvalidInputError:
        return  # the address is none any more


def _bounced_for_itself(shop: Shop, message: Message) -> bool:
    """Whether all its bounces were about its content, attachments or size, and none about the address."""
    bounces = [event for event in events_of(shop, message) if event.type is EventType.BOUNCE]
    return bool(bounces) and all(event.about_the_message for event in bounces)


def _forgiven_at(shop: Shop, address: str) -> datetime | None:
    """When somebody took the address off the list last; what bounced before does not count any more."""
    try:
        history = suppression_history(shop, address)
    except InvalidInputError:
        return None
    hard = SuppressionReason.HARD_BOUNCE
    removed = (each.at for each in history if each.change is SuppressionChange.REMOVED and hard in each.reasons)
    return next(removed, None)


def _messages_to(shop: Shop, message: Message) -> list[Message]:
    """The recipient's messages to the same address of which something was reported.

    Keys are in no order of time, so all of the recipient's messages are read; an address seldom bounces.
    """
    query = Query(
        schema.MAIL,
        schema.customer_partition(message.recipient),
        begins_with=schema.MESSAGES,
        limit=_PAGE,
        consistent=True,
    )
    reported = (row for row in pages_of(shop.store, query) if "outcome" in row.item)
    return [each for row in reported for each in _readable(row, message.to)]


def _readable(row: Row, address: str) -> Iterator[Message]:
    """The message of a row, if it went to the address; one that cannot be read must not hold up the others."""
    with contextlib.suppress(UnreadableItemError):
        found = message_from(row.key, row.item)
        if found.to == address:
            yield found


def soft_bounces(messages: Sequence[Message], now: datetime) -> list[datetime]:
    """When messages bounced softly within the window and since the last one that arrived.

    One that bounced and yet arrived (an out-of-office reply counts as a bounce at SES) is an arrival.
    """
    arrivals = [each.outcomes[Outcome.DELIVERED] for each in messages if Outcome.DELIVERED in each.outcomes]
    since = max([now - SOFT_BOUNCE_WINDOW, *arrivals])
    bounced = (each.outcomes for each in messages if Outcome.DELIVERED not in each.outcomes)
    return [at for outcomes in bounced if (at := outcomes.get(Outcome.SOFT_BOUNCED)) is not None and at > since]
