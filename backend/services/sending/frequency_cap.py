"""The frequency cap: who has had how many marketing emails lately. A slot is reserved right before an email is claimed.

Each customer has one small item with the newest marketing messages, so a batch of customers is one read. The item is
also what makes concurrent campaigns wait for each other: a slot is written on condition that the item is as it was
read. The ledger stays the truth: where a cap looks reached, the messages are looked up, and those that did not go out
free their slot. Slots are kept only while there is a cap; for what was sent before, the ledger is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.domain.eligibility import MarketingLimits
from backend.domain.emails import Kind
from backend.domain.messages import Message, MessageStatus
from backend.domain.time import from_text, to_text
from backend.errors import ConflictError, UnreadableItemError
from backend.records.values import MalformedItemError, texts
from backend.services.context import Shop
from backend.services.sending.ledger import LEASE
from backend.services.unreadable.items import set_aside
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import EXPIRES, Delete, Equals, Item, Key, Missing, Put, Query, UnreadableItem, Value, pages_of

_MARKER = schema.meta_key("marketing-cap")
"""Since when slots have been kept without a gap."""
_PAGE = 500
_NOT_SENT = frozenset({MessageStatus.FAILED.value, MessageStatus.SKIPPED.value})


class _SlotTakenError(ConflictError):
    """Another campaign reserved a slot for the same customer at the same moment."""


@dataclass(frozen=True, slots=True)
class _Slots:
    """The marketing messages of a customer within the window: when each took its slot, by the message's key.

    `seen` identifies the item as it was read; None when there is none.
    """

    taken: dict[str, datetime]
    seen: Value


def marketing_sent(shop: Shop, customer_ids: Sequence[str], limits: MarketingLimits) -> dict[str, frozenset[str]]:
    """The keys of the marketing messages that each of the customers got within the window of the cap."""
    if not limits.cap:
        return {}
    slots, _ = _read(shop, customer_ids, limits)
    return {customer_id: frozenset(each.taken) for customer_id, each in slots.items()}


def reserve(shop: Shop, messages: Sequence[Message], limits: MarketingLimits) -> list[Message]:
    """Those of the messages that may be claimed now; the others must be decided on again.

    Transactional mail and tests need no slot. Reserving again for the same message takes no second slot, so whoever
    comes after a crash may.
    """
    capped = [each for each in messages if each.kind is Kind.MARKETING and each.customer_id and not each.test]
    if capped and not limits.cap:
        _forget(shop)
    if not limits.cap or not capped:
        return list(messages)
    slots, since = _read(shop, [each.customer_id for each in capped], limits)
    since = since or _begin(shop)
    puts = {}
    for each in capped:
        mine = slots[each.customer_id]
        others = {key: at for key, at in mine.taken.items() if key != each.key}
        if len(others) < limits.cap:
            puts[each.id] = _put(shop, each, others, mine.seen, since, limits)
    with access_pattern("reserve a slot of the frequency cap"):
        outcomes = shop.store.transact_each([[put] for put in puts.values()])
    for outcome in outcomes:
        if outcome is not None and not isinstance(outcome, _SlotTakenError):
            raise outcome
    refused = {each.id for each in capped} - {
        message_id for message_id, outcome in zip(puts, outcomes, strict=True) if outcome is None
    }
    return [each for each in messages if each.id not in refused]


def _forget(shop: Shop) -> None:
    """What is sent without a cap takes no slot, so slots are not complete any more."""
    if shop.store.get(_MARKER) is not None:
        shop.store.delete(Delete(_MARKER))


def _begin(shop: Shop) -> str:
    """Says that slots are kept from now on. Of two who say so the later one holds; then the ledger is read more."""
    now = to_text(shop.clock())
    shop.store.put(Put(_MARKER, {"since": now}))
    return now


def _put(
    shop: Shop, message: Message, others: dict[str, datetime], seen: Value, since: str, limits: MarketingLimits
) -> Put:
    now = shop.clock()
    newest = sorted([*others.items(), (message.key, now)], key=lambda each: each[1])
    item: Item = {
        "since": since,
        "taken": [schema.slot_of(to_text(at), key) for key, at in newest],
        "seen": schema.slot_of(to_text(now), message.key),
        EXPIRES: int((now + limits.window).timestamp()),
    }
    condition = Missing("seen") if seen is None else Equals("seen", seen)
    taken = _SlotTakenError("Another campaign emails this customer at this moment.")
    return Put(schema.slots_key(message.customer_id), item, condition, taken)


def _read(shop: Shop, customer_ids: Sequence[str], limits: MarketingLimits) -> tuple[dict[str, _Slots], str]:
    """The slots of each customer, and since when they are kept ("": they are not yet)."""
    keys = {schema.slots_key(customer_id): customer_id for customer_id in customer_ids}
    with access_pattern("recent marketing mail"):
        items = _read_slots(shop, [_MARKER, *keys])
    since = _moment_in(items.get(_MARKER, {}).get("since"))
    begin = shop.clock() - limits.window
    found: dict[str, _Slots] = {}
    for key, customer_id in keys.items():
        item = items.get(key, {})
        taken = _taken_in(item)
        if taken is None or since is None or (since > begin and item.get("since") != to_text(since)):
            # Slots have not been kept for the whole window, nor did these begin with what the ledger has.
            taken = _from_ledger(shop, customer_id, begin) | (taken or {})
        taken = {name: at for name, at in taken.items() if at >= begin}
        found[customer_id] = _Slots(taken, item.get("seen"))
    return _verified(shop, found, limits), to_text(since) if since else ""


def _read_slots(shop: Shop, keys: Sequence[Key]) -> dict[Key, Item]:
    """The items that there are. One that makes no sense is deleted: the ledger has what it said."""
    items = shop.store.get_many(keys)
    for key in [key for key, item in items.items() if isinstance(item, UnreadableItem)]:
        shop.store.delete(Delete(key))
        del items[key]
    return items


def _taken_in(item: Item) -> dict[str, datetime] | None:
    """The slots of an item, none of an empty one; None when it is damaged."""
    if item and "taken" not in item:
        return None
    try:
        return {key: from_text(at) for at, key in map(schema.slot_in, texts(item, "taken"))}
    except (MalformedItemError, ValueError):
        return None


def _moment_in(value: Value) -> datetime | None:
    try:
        moment = from_text(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _from_ledger(shop: Shop, customer_id: str, begin: datetime) -> dict[str, datetime]:
    """The customer's marketing messages since then that went out, or may have: all of the ledger's, in any order."""
    query = Query(schema.MAIL, schema.customer_partition(customer_id), begins_with=schema.MESSAGES, limit=_PAGE)
    found: dict[str, datetime] = {}
    for row in pages_of(shop.store, query):
        try:
            at = _gone_at(row.item, shop.clock())
        except UnreadableItemError as error:  # it may have gone out just now
            set_aside(shop, row.key, error.reason)
            at = shop.clock()
        if at is not None and at >= begin:
            found[schema.reason_of(row.key)] = at
    return found


def _gone_at(item: Item, now: datetime) -> datetime | None:
    """When a marketing message went out or was being sent; a damaged one counts unless it says that it did not."""
    if item.get("kind") == Kind.TRANSACTIONAL.value or item.get("test") is True:
        return None
    untouched = item.get("status") == MessageStatus.WAITING.value and "attempts" not in item
    if untouched or str(item.get("status")) in _NOT_SENT:
        return None
    return _moment_in(item.get("sent_at") or schema.moment_in(str(item.get("line_at", "")))) or now


def _verified(shop: Shop, found: dict[str, _Slots], limits: MarketingLimits) -> dict[str, _Slots]:
    """Where the cap looks reached, without the slots of messages that did not go out."""
    full = {customer_id: each for customer_id, each in found.items() if len(each.taken) >= limits.cap}
    keys = [schema.message_key(customer_id, key) for customer_id, each in full.items() for key in each.taken]
    if not keys:
        return found
    with access_pattern("recent marketing mail"):
        messages = shop.store.get_many(keys)
    fresh = shop.clock() - LEASE
    verified = {
        customer_id: _Slots(
            {
                key: at
                for key, at in each.taken.items()
                if _holds(messages, schema.message_key(customer_id, key), at, fresh)
            },
            each.seen,
        )
        for customer_id, each in full.items()
    }
    return found | verified


def _holds(messages: dict[Key, Item], key: Key, at: datetime, fresh: datetime) -> bool:
    """Whether the message of a slot went out, may have, or is about to; one that was never claimed is, for a while.

    One that cannot be read may have.
    """
    item = messages.get(key)
    if item is None:
        return at >= fresh
    return isinstance(item, UnreadableItem) or str(item.get("status")) not in _NOT_SENT
