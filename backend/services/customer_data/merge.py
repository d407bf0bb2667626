"""Merges two customers: what a person sees first, and the entry from which the merge goes on (`merging`).

From the first transaction on, whoever names the one who is gone gets the one who is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from backend.domain.customers import Customer
from backend.domain.merging import Merge, MergeStep, merged
from backend.domain.messages import MessageStatus
from backend.domain.suppression import SuppressionReason
from backend.domain.team import Actor, Permission
from backend.errors import ConflictError, InvalidInputError, NotFoundError
from backend.records.customers import book_of, customer_from
from backend.records.merges import merge_from, merge_item, moved_item
from backend.services.audit import log as audit_log
from backend.services.concurrency.retries import StaleReadError, until_settled
from backend.services.context import Shop
from backend.services.customer_data.erasure import find_erasure
from backend.services.sending.message_log import messages_of
from backend.services.suppression.entries import find_suppression
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Absent, AllOf, Equals, Exists, Missing, Put, Query, Update, pages_of

_MOST_LISTED = 20_000
_SCAN = 1000


class MergeRefusedError(ConflictError):
    """The two customers cannot be merged now."""


@dataclass(frozen=True, slots=True)
class MergePreview:
    """What a merge would do now. `after` is the kept customer's profile then.

    The counts are what moves. `suppressions` are the reasons for which either address gets no email. `accounts` are the
    ids of each of the two at shops; with several on both sides the merge has to be asked for all the same. `reasons`
    say why it cannot be done.
    """

    kept: Customer
    gone: Customer
    after: Customer
    orders: int
    messages: int
    notes: int
    addresses: int
    suppressions: tuple[SuppressionReason, ...]
    accounts: tuple[tuple[str, ...], tuple[str, ...]]
    reasons: tuple[str, ...]

    @property
    def new_tags(self) -> tuple[str, ...]:
        return tuple(tag for tag in self.after.tags if tag not in self.kept.tags)

    @property
    def has_two_accounts(self) -> bool:
        return all(self.accounts)


def preview_merge(shop: Shop, actor: Actor, kept_id: str, gone_id: str) -> MergePreview:
    """What moves, what is the result, and what stands in the way. Ids at shops are found by reading the whole table.

    Raises: `PermissionDeniedError`, `NotFoundError`, `InvalidInputError` for one and the same customer.
    """
    actor.require(Permission.VIEW_CUSTOMERS)
    kept, gone = _read(shop, kept_id), _read(shop, gone_id)
    if kept.id == gone.id:
        raise InvalidInputError("Choose another customer to merge with.", "customer")
    messages = messages_of(shop, gone.id, _MOST_LISTED)
    addresses, partition = schema.addresses_key(gone.id), schema.customer_partition(gone.id)

    def number(kind: str) -> int:
        rows = pages_of(shop.store, Query(schema.SHOP, partition, begins_with=kind, limit=500))
        return sum(1 for _ in islice(rows, _MOST_LISTED))

    return MergePreview(
        kept=kept,
        gone=gone,
        after=merged(kept, gone),
        orders=number(schema.ORDERS),
        messages=len(messages),
        notes=number(schema.ACTIVITY),
        addresses=len(book_of(addresses, shop.store.get(addresses)).entries),
        suppressions=tuple(dict.fromkeys(reason for each in (kept, gone) for reason in reasons_for(shop, each.email))),
        accounts=_accounts(shop, kept.id, gone.id),
        reasons=tuple(_reasons(shop, kept, gone, [each.status for each in messages])),
    )


def begin_merge(shop: Shop, actor: Actor, kept_id: str, gone_id: str, *, two_accounts: bool = False) -> Merge:
    """Enters the merge as work; a second call changes nothing. `two_accounts`: also if both have an id at a shop.

    Raises: as `preview_merge`, and `MergeRefusedError` (says why).
    """
    actor.require(Permission.ERASE_CUSTOMERS)
    known = find_merge(shop, gone_id)
    if known is not None and known.kept == kept_id:
        return known
    preview = preview_merge(shop, actor, kept_id, gone_id)
    reasons = [*preview.reasons]
    if preview.has_two_accounts and not two_accounts:
        reasons.append("Both have an id of their own at a shop. Confirm that they are one person.")
    if reasons:
        raise MergeRefusedError(" ".join(reasons))
    merge = Merge(gone_id, kept_id, shop.clock(), actor.username, MergeStep.PROFILE, preview.gone.email or "")
    audited = audit_log.entry(shop, actor, "merged two customers", f"customer:{kept_id}", f"from {gone_id}")
    return until_settled(lambda: _begin(shop, merge, audited))


def find_merge(shop: Shop, gone_id: str) -> Merge | None:
    """The merge by which a customer became part of another."""
    key = schema.merge_key(gone_id)
    item = shop.store.get(key)
    return None if item is None else merge_from(key, item)


def merges(shop: Shop) -> Iterator[Merge]:
    """Those of the last 30 days and those under way, by the id of the one who is gone."""
    return readable(shop, pages_of(shop.store, Query(schema.MAIL, schema.MERGES, limit=500)), merge_from)


def reasons_for(shop: Shop, address: str | None) -> tuple[SuppressionReason, ...]:
    """Why an address gets no email."""
    entry = find_suppression(shop, address) if address else None
    return tuple(cause.reason for cause in entry.causes) if entry else ()


def _read(shop: Shop, customer_id: str) -> Customer:
    item = shop.store.get(schema.customer_key(customer_id)) if customer_id else None
    if item is None or "merged_into" in item:
        raise NotFoundError("This customer does not exist.")
    return customer_from(customer_id, item)


def _begin(shop: Shop, merge: Merge, audited: Put) -> Merge:
    keys = schema.customer_key(merge.kept), schema.customer_key(merge.gone)
    items = [shop.store.get(key) for key in keys]
    if items[0] is None or items[1] is None:
        raise NotFoundError("This customer does not exist.")
    moved = StaleReadError("Someone else has just changed this customer.")
    version = customer_from(merge.gone, items[1]).version
    unmoved = AllOf((Exists(), Equals("version", version), Missing("merged_into")))
    shop.store.transact(
        [
            Update(keys[1], {"merged_into": merge.kept, "version": version + 1}, condition=unmoved, otherwise=moved),
            Put(schema.former_key(merge.gone), {"customer": merge.kept}, Absent()),
            Put(schema.merge_key(merge.gone), merge_item(merge), Absent()),
            Put(schema.moved_key(merge.gone, "profiles", "-"), moved_item(merge, profiles=[items[0], items[1]])),
            audited,
        ]
    )
    return merge


def _reasons(shop: Shop, kept: Customer, gone: Customer, messages: list[MessageStatus]) -> Iterator[str]:
    if kept.erased_at or gone.erased_at or find_erasure(shop, kept.id) or find_erasure(shop, gone.id):
        yield "One of them was erased."
    open_ones = shop.store.query(Query(schema.MAIL, schema.MERGES, index="work", limit=100)).rows
    busy = {name for row in open_ones if (merge := find_merge(shop, row.key.sk)) for name in (merge.kept, merge.gone)}
    if busy & {kept.id, gone.id}:
        yield "One of them is being merged already: try again in some minutes."
    waiting = [*messages, *(each.status for each in messages_of(shop, kept.id, _MOST_LISTED))]
    if number := waiting.count(MessageStatus.WAITING):
        yield f"{number:,} emails are waiting to be sent: try again in some minutes."
    if shop.store.query(Query(schema.MAIL, schema.JOB_LIST, index="work", limit=1)).rows:
        yield "An import is running, whose file may have one of them: try again when it has ended."


def _accounts(shop: Shop, *customers: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found: dict[str, list[str]] = {name: [] for name in customers}
    cursor: str | None = None
    while True:
        page = shop.store.scan(schema.SHOP, limit=_SCAN, cursor=cursor)
        for key, item in page.rows:
            if (account := schema.account_of(key)) and (owner := item.get("customer")) in found:
                found[str(owner)].append(account)
        cursor = page.cursor
        if cursor is None:
            kept, gone = (tuple(found[name]) for name in customers)
            return kept, gone
