"""Takes the demo's emails out again: messages with the counters that they had added, campaigns, and suppressions.

What people sent while they tried things out was real, and stays in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from backend.demo.mailing import DAYS, demo_campaigns
from backend.domain.campaigns import EDITABLE
from backend.domain.messages import Message
from backend.errors import ConflictError, NotFoundError
from backend.records.messages import key_of, message_from
from backend.records.suppression import suppression_from
from backend.services.automations.defaults import demo_automations
from backend.services.campaigns.saved import read_campaign
from backend.services.context import Shop
from backend.services.demo.messages import AT_ONCE, PROVIDER, SOURCE, counter_updates
from backend.services.events.writes import suppression_key_for
from backend.services.reconcile.findings import as_found
from backend.store import schema
from backend.store.port import Delete, Equals, Item, Query, Write, pages_of


class DemoMessageGoneError(ConflictError):
    """This message of the demo has been taken out already."""


def remove_messages(shop: Shop, customer_ids: Sequence[str]) -> None:
    """Removes the demo's messages to these customers, and the suppressions that came of them."""
    messages = [message for customer_id in customer_ids for message in _messages_to(shop, customer_id)]
    for first in range(0, len(messages), AT_ONCE):
        outcomes = shop.store.transact_each([_removal(each) for each in messages[first : first + AT_ONCE]])
        for outcome in outcomes:
            if outcome is not None and not isinstance(outcome, DemoMessageGoneError):
                raise outcome
    for message in messages:
        if message.outcomes:
            _unsuppress(shop, message)


def remove_campaigns(shop: Shop, now: datetime) -> None:
    """Removes the demo's campaigns, and counters of the time before `now` that count nothing any more.

    The draft stays when somebody has started it: then it is theirs, and its emails were real.
    """
    today = now.astimezone(shop.zone).date()
    for plan in demo_campaigns(today, shop.zone):
        if plan.at is not None or _is_draft(shop, plan.id):
            rows = pages_of(
                shop.store, Query(schema.MAIL, schema.campaign_partition(plan.id), limit=500, consistent=True)
            )
            shop.store.write_batch([Delete(row.key) for row in rows])
    for days_ago in range(DAYS + 2):
        _remove_empty(
            shop,
            Query(schema.MAIL, schema.hours_partition((today - timedelta(days=days_ago)).isoformat()), consistent=True),
        )
    for automation in demo_automations(now):
        for partition in (schema.campaign_partition(automation.id), schema.automation_partition(automation.id)):
            _remove_empty(shop, Query(schema.MAIL, partition, begins_with=schema.STATS, consistent=True))


def _is_draft(shop: Shop, campaign_id: str) -> bool:
    try:
        return read_campaign(shop, campaign_id).state in EDITABLE
    except NotFoundError:
        return False


def _remove_empty(shop: Shop, query: Query) -> None:
    """Removes those of the counters that are all 0, unless one begins to count at that moment."""
    empty = [row for row in pages_of(shop.store, query) if _counts_nothing(row.item)]
    for first in range(0, len(empty), AT_ONCE):
        some = empty[first : first + AT_ONCE]
        shop.store.transact_each([[Delete(row.key, as_found(row.item, sorted(row.item)))] for row in some])


def _counts_nothing(item: Item) -> bool:
    return all(value == 0 for name, value in item.items() if name != "kind")


def _messages_to(shop: Shop, customer_id: str) -> Iterator[Message]:
    query = Query(
        schema.MAIL, schema.customer_partition(customer_id), begins_with=schema.MESSAGES, limit=500, consistent=True
    )
    for row in pages_of(shop.store, query):
        if str(row.item.get("provider", "")).startswith(PROVIDER):
            yield message_from(row.key, row.item)


def _removal(message: Message) -> list[Write]:
    gone = DemoMessageGoneError("This message has been taken out already.")
    return [Delete(key_of(message), Equals("provider", message.provider_id), gone), *counter_updates(message, -1)]


def _unsuppress(shop: Shop, message: Message) -> None:
    """Takes the entry out, unless somebody else had a reason for it, too."""
    key = suppression_key_for(message)
    item = shop.store.get(key)
    if item is None or not all(cause.source == SOURCE for cause in suppression_from(item).causes):
        return
    history = Query(schema.MAIL, key.pk, consistent=True)
    shop.store.write_batch([Delete(row.key) for row in pages_of(shop.store, history)])
