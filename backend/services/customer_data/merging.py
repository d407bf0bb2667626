"""The steps of a merge. Each works on a part at a time and may be repeated, by any number of workers.

1. Profile: what only the other has, the stricter consent, preferences and suppressions.
2. Orders, with all totals (`merge_orders`); 3. notes and draft orders; 4. addresses.
5. Messages stay where the ledger has them, and belong to the kept customer, whose partition leads to them.
6. What other programs know of the one who is gone leads to the one who is kept: the shop's table is read whole.
7. The one who is gone is removed; 8. their address is the kept customer's, who had none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from loguru import logger

from backend.domain.addresses import MOST_ADDRESSES
from backend.domain.customers import ActivityKind, Customer
from backend.domain.eligibility import Preferences
from backend.domain.merging import Merge, MergeStep, merged
from backend.domain.suppression import SuppressionReason
from backend.domain.team import COMMAND_LINE, Actor
from backend.records.customers import book_item, book_of, count_keys, customer_from, email_key, pointer_keys
from backend.records.merges import merge_from, merge_item, moved_item
from backend.records.ranks import tie_of
from backend.services.concurrency.retries import StaleReadError, settled
from backend.services.context import Shop
from backend.services.customer_data.merge import reasons_for
from backend.services.customer_data.merge_orders import move_orders
from backend.services.customers import preferences
from backend.services.customers.addresses import new_address_id
from backend.services.customers.customers import change_customer, get_customer, months_with_orders
from backend.services.suppression.entries import add_suppression
from backend.services.unreadable.items import readable_due
from backend.store import schema
from backend.store.port import Delete, Equals, Exists, Item, Missing, Plus, Put, Query, Row, Update, Value, Write

_NOTES = 45
_MESSAGES = 100
_SCAN = 1000
_SECONDS = 2.0
_OF_THE_PERSON = (SuppressionReason.COMPLAINT, SuppressionReason.MANUAL, SuppressionReason.UNSUBSCRIBED)
"""Why somebody wants no email, whatever the address; a bounce is the address's own."""


def work_on_merges(shop: Shop) -> bool:
    """Goes on with merges that are not done; returns whether there may be more to do at once."""
    query = Query(schema.MAIL, schema.MERGES, index="work", limit=10)
    found = readable_due(shop, [query], merge_from)[0]
    for merge in found:
        if finish_merge(shop, merge, seconds=_SECONDS).is_done:
            logger.info("Customer {} was merged into {}", merge.gone, merge.kept)
    return bool(found)


def finish_merge(shop: Shop, merge: Merge, *, seconds: float = float("inf")) -> Merge:
    """Works on a merge until it is done or the time is over; returns how far it is."""
    end = time.monotonic() + seconds
    while not merge.is_done and time.monotonic() < end:
        merge = _advanced(shop, merge, _step(shop, merge))
    return merge


@settled
def _step(shop: Shop, merge: Merge) -> str | None:
    return _STEPS[merge.step](shop, merge)


def _advanced(shop: Shop, merge: Merge, cursor: str | None) -> Merge:
    step = merge.step if cursor else merge.step.following
    after = replace(merge, step=step, cursor=cursor or "", version=merge.version + 1)
    after = replace(after, email="") if after.is_done else after
    key, moved = schema.merge_key(merge.gone), StaleReadError("Another worker goes on with this merge.")
    try:
        shop.store.transact([Put(key, merge_item(after), Equals("version", merge.version), moved)])
    except StaleReadError:
        item = shop.store.get(key)
        return merge if item is None else merge_from(key, item)
    return after


def _profile(shop: Shop, merge: Merge) -> str | None:
    gone = _as_it_was(shop, merge)
    said = f"Merged with customer {merge.gone}"
    change_customer(shop, _actor(merge), merge.kept, None, lambda kept: merged(kept, gone), ActivityKind.EDITED, said)
    kept = get_customer(shop, merge.kept)
    for reason in reasons_for(shop, gone.email):
        if kept.email and reason in _OF_THE_PERSON:
            add_suppression(shop, kept.email, reason, source=f"merged with customer {merge.gone}")
    theirs, ours = (preferences.get_preferences(shop, name) for name in (merge.gone, merge.kept))
    pauses = [each.paused_until for each in (theirs, ours) if each.paused_until]
    topics = tuple(sorted({*theirs.topics_off, *ours.topics_off}))
    stricter = Preferences(topics, max(pauses, default=None))
    if stricter != ours:
        preferences.keep(shop, merge.kept, stricter)
    return None


def _orders(shop: Shop, merge: Merge) -> str | None:
    return "more" if move_orders(shop, merge) else None


def _notes(shop: Shop, merge: Merge) -> str | None:
    """Some of the notes, changes and draft orders, with their ids."""
    partition = schema.customer_partition(merge.gone)
    kinds = (schema.ACTIVITY, schema.DRAFTS)
    queries = (Query(schema.SHOP, partition, begins_with=kind, limit=_NOTES, consistent=True) for kind in kinds)
    rows = [row for query in queries for row in shop.store.query(query).rows][:_NOTES]
    if not rows:
        return None
    moves = [write for row in rows for write in _moved_row(row, merge.kept)]
    shop.store.transact([*moves, moved_put(merge, [row.key.sk for row in rows])])
    return "more"


def _addresses(shop: Shop, merge: Merge) -> str | None:
    theirs, ours = schema.addresses_key(merge.gone), schema.addresses_key(merge.kept)
    item = shop.store.get(theirs)
    if item is None:
        return None
    book = book_of(ours, shop.store.get(ours))
    known = {entry.address for entry in book.entries}
    ids = {entry.id for entry in book.entries}
    new = tuple(
        replace(each, id=new_address_id()) if each.id in ids else each
        for each in book_of(theirs, item).entries
        if each.address not in known
    )
    after = replace(book, entries=(*book.entries, *new)[:MOST_ADDRESSES], version=book.version + 1)
    unmoved = Equals("version", book.version) if book.version else Missing("version")
    writes: list[Write] = [
        Put(ours, book_item(after), unmoved, StaleReadError("Someone else has changed the addresses.")),
        Delete(theirs),
        Put(schema.moved_key(merge.gone, merge.step, "-"), moved_item(merge, book=item)),
    ]
    shop.store.transact(writes)
    return None


def _messages(shop: Shop, merge: Merge) -> str | None:
    """A page of messages, each of which then names the kept customer, and of triggers.

    Those who were merged into the other come along.
    """
    partition = schema.customer_partition(merge.gone)
    shop.store.put(Put(schema.merged_key(merge.kept, merge.gone), {"email": merge.email}))
    page = shop.store.query(Query(schema.MAIL, partition, limit=_MESSAGES, cursor=merge.cursor or None))
    each_write: list[list[Write]] = []
    for key, item in page.rows:
        if key.sk.startswith(schema.MERGED):
            each_write.append([Put(schema.merged_key(merge.kept, schema.merged_id(key)), item), Delete(key)])
            each_write += _former_messages(shop, merge, schema.merged_id(key))
        elif schema.is_trigger(key):
            each_write.append(_moved_row(Row(key, item), merge.kept))
        elif schema.is_message(key) and item.get("customer") == merge.gone:
            each_write.append([_named(Row(key, item), merge)])
    _write(shop, each_write)
    return page.cursor


def _former_messages(shop: Shop, merge: Merge, former: str) -> list[list[Write]]:
    rows = shop.store.query(Query(schema.MAIL, schema.customer_partition(former), begins_with=schema.MESSAGES)).rows
    return [[_named(row, merge)] for row in rows if row.item.get("customer") == merge.gone]


def _named(row: Row, merge: Merge) -> Update:
    return Update(row.key, set={"customer": merge.kept}, condition=Exists())


def _identities(shop: Shop, merge: Merge) -> str | None:
    """A page of the shop's table: ids at shops, phones, further addresses and references lead to the kept customer."""
    own = email_key(merge.email) if merge.email else None
    page = shop.store.scan(schema.SHOP, limit=_SCAN, cursor=merge.cursor or None)
    theirs = [
        key
        for key, item in page.rows
        if schema.leads_to_customer(key) and key != own and item.get("customer") == merge.gone
    ]
    same, to_kept = Equals("customer", merge.gone), dict[str, Value](customer=merge.kept)
    moved = StaleReadError("Someone else has just changed this customer.")
    writes: list[list[Write]] = [[Update(key, to_kept, condition=same, otherwise=moved)] for key in theirs]
    if theirs:
        pairs: list[str] = [f"{key.pk} {key.sk}" for key in theirs]
        writes.append([moved_put(merge, pairs)])
    _write(shop, writes)
    return page.cursor


def _removal(shop: Shop, merge: Merge) -> str | None:
    """The profile with all that leads to it. Orders that came meanwhile are moved first."""
    key = schema.customer_key(merge.gone)
    item = shop.store.get(key)
    if item is None:
        return None
    if move_orders(shop, merge):
        return "more"
    empty = Equals("rank_orders", tie_of(merge.gone))
    _write(
        shop,
        (
            [Delete(schema.customer_month_key(merge.gone, month), empty)]
            for month in months_with_orders(shop, merge.gone)
        ),
    )
    gone = customer_from(merge.gone, item)
    moved = StaleReadError("Someone else has just changed this customer.")
    unmoved = Equals("version", gone.version)
    writes: list[Write] = [
        Delete(key, unmoved, moved),
        *(Delete(pointer) for pointer in pointer_keys(gone)),
        *(Update(counter, add={"n": Plus(-1)}) for counter in count_keys(gone)),
        Delete(schema.preferences_key(gone.id)),
    ]
    if gone.email:
        writes.append(Put(email_key(gone.email), {"customer": merge.kept, "merged": merge.gone}))
    shop.store.transact(writes)
    return None


def _email(shop: Shop, merge: Merge) -> str | None:
    """The address of the one who is gone, where the kept customer has none."""
    if merge.email:
        change_customer(
            shop,
            _actor(merge),
            merge.kept,
            None,
            lambda kept: kept if kept.email or kept.erased_at else replace(kept, email=merge.email),
            ActivityKind.EDITED,
        )
    return None


def moved_put(merge: Merge, keys: list[str]) -> Put:
    """Keeps for an undo which items came from the other."""
    values: Item = moved_item(merge, keys=[*keys])
    return Put(schema.moved_key(merge.gone, merge.step.value, keys[0]), values)


def _moved_row(row: Row, kept: str) -> list[Write]:
    there = row.key._replace(pk=schema.customer_partition(kept))
    unmoved = Equals("version", row.item["version"]) if "version" in row.item else Exists()
    return [Put(there, row.item), Delete(row.key, unmoved, StaleReadError("Somebody else has moved or changed it."))]


def _as_it_was(shop: Shop, merge: Merge) -> Customer:
    """The profile of the one who is gone."""
    item = shop.store.get(schema.customer_key(merge.gone))
    assert item is not None  # noqa: S101 - it is removed by a later step
    return customer_from(merge.gone, item)


def _actor(merge: Merge) -> Actor:
    return replace(COMMAND_LINE, username=merge.by)


def _write(shop: Shop, transactions: Iterable[list[Write]]) -> None:
    """Raises: the first error; whoever comes next repeats the page."""
    errors = [error for error in shop.store.transact_each([*transactions]) if error is not None]
    if errors:
        raise errors[0]


_STEPS: dict[MergeStep, Callable[[Shop, Merge], str | None]] = {
    MergeStep.PROFILE: _profile,
    MergeStep.ORDERS: _orders,
    MergeStep.NOTES: _notes,
    MergeStep.ADDRESSES: _addresses,
    MergeStep.MESSAGES: _messages,
    MergeStep.IDENTITIES: _identities,
    MergeStep.REMOVAL: _removal,
    MergeStep.EMAIL: _email,
}
