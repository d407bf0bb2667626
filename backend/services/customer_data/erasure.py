"""Erases a customer: what a person sees first, the entry in the ledger, and what is replayed after a restore.

The profile and the ledger change in one transaction. What is left is removed step by step (`erasing`), by the caller
or a worker, and goes on after a crash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

import orjson

from backend.disk_space import write_durably
from backend.domain.customers import Customer
from backend.domain.erasure import UNDER_WAY, Erasure, ErasureStep, erased, is_in_flight
from backend.domain.messages import MessageStatus
from backend.domain.team import Actor, Permission
from backend.domain.time import from_text, to_text
from backend.errors import ConflictError, NotFoundError
from backend.records.customers import book_of, customer_from
from backend.records.erasures import erasure_from, erasure_item
from backend.records.values import text
from backend.services.audit import log as audit_log
from backend.services.concurrency.retries import settled
from backend.services.context import Shop
from backend.services.customers.customers import get_customer, months_with_orders
from backend.services.customers.writes import editing_writes
from backend.services.orders.lists import orders_of
from backend.services.sending.message_log import messages_of
from backend.services.suppression.entries import erasing_writes
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Item, Put, Query, Update, Write, pages_of

LEDGER_FILE = "erasures.jsonl"
_MOST_LISTED = 20_000
_IMPORTED = ("print", "source_at")
"""What imports note on a customer, made of personal values."""


class ErasureRefusedError(ConflictError):
    """Something of the customer is still in flight."""


@dataclass(frozen=True, slots=True)
class ErasurePreview:
    """What an erasure would do now. `reasons` say why it cannot be done; it can when there are none."""

    customer: Customer
    orders: int
    messages: int
    notes: int
    addresses: int
    reasons: tuple[str, ...]


def preview_erasure(shop: Shop, actor: Actor, customer_id: str) -> ErasurePreview:
    """What goes, what stays, and what stands in the way.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError` when the customer was erased already.
    """
    actor.require(Permission.VIEW_CUSTOMERS)
    customer = get_customer(shop, customer_id)
    if customer.erased_at:
        raise ConflictError("This customer was erased already.")
    notes = Query(schema.SHOP, schema.customer_partition(customer_id), begins_with=schema.ACTIVITY)
    messages = messages_of(shop, customer_id, _MOST_LISTED)
    key = schema.addresses_key(customer_id)
    return ErasurePreview(
        customer=customer,
        orders=customer.orders,
        messages=len(messages),
        notes=sum(1 for _ in islice(pages_of(shop.store, notes), _MOST_LISTED)),
        addresses=len(book_of(key, shop.store.get(key)).entries),
        reasons=tuple(_reasons(shop, customer_id, [message.status for message in messages])),
    )


def erase_customer(shop: Shop, actor: Actor, customer_id: str, *, seen_version: int | None = None) -> Erasure:
    """Removes what is personal from the profile, and enters the rest as work. A second call changes nothing.

    Raises: as `preview_erasure`, `ErasureRefusedError` (says why), `StaleReadError` (changed since `seen_version`).
    """
    actor.require(Permission.ERASE_CUSTOMERS)
    if (entry := find_erasure(shop, customer_id)) is not None:
        return entry
    preview = preview_erasure(shop, actor, customer_id)
    if seen_version is not None and preview.customer.version != seen_version:
        raise ConflictError("Someone else has changed this customer. Look at the preview again.")
    if preview.reasons:
        raise ErasureRefusedError(" ".join(preview.reasons))
    audited = audit_log.entry(shop, actor, "erased a customer", f"customer:{customer_id}")
    return _begin(shop, customer_id, actor.username, shop.clock(), audited)


def find_erasure(shop: Shop, customer_id: str) -> Erasure | None:
    """The entry of a customer in the ledger."""
    key = schema.erasure_key(customer_id)
    item = shop.store.get(key)
    return None if item is None else erasure_from(key, item)


def ledger(shop: Shop) -> Iterator[Erasure]:
    """All erasures, by the customer's id."""
    return readable(shop, pages_of(shop.store, Query(schema.MAIL, schema.ERASURES, limit=500)), erasure_from)


def keep_ledger(shop: Shop, folder: Path) -> None:
    """Writes the ledger into a folder outside of the store, together with what was written there before."""
    known = dict(ledger_in(folder)) | {each.customer: (each.at, each.by) for each in ledger(shop)}
    if known:
        lines = [
            orjson.dumps({"customer": name, "at": to_text(at), "by": by}) for name, (at, by) in sorted(known.items())
        ]
        write_durably(folder / LEDGER_FILE, b"\n".join(lines))


def ledger_in(folder: Path) -> Iterator[tuple[str, tuple[datetime, str]]]:
    """The ledger that a folder has: customer, when, and by whom."""
    file = folder / LEDGER_FILE
    for line in file.read_bytes().splitlines() if file.exists() else ():
        entry = orjson.loads(line)
        yield entry["customer"], (from_text(entry["at"]), entry["by"])


def replay(shop: Shop, *folders: Path) -> int:
    """Erases again who came back with a backup and is in the ledger of one of the folders. Returns how many did."""
    entries = dict(entry for folder in folders for entry in ledger_in(folder))
    done = 0
    for customer_id, (at, by) in entries.items():
        item = shop.store.get(schema.customer_key(customer_id))
        if item is not None and customer_from(customer_id, item).erased_at is None:
            _begin(shop, customer_id, by, at)
            done += 1
    return done


@settled
def _begin(shop: Shop, customer_id: str, by: str, at: datetime, *others: Write) -> Erasure:
    key = schema.customer_key(customer_id)
    item = shop.store.get(key)
    if item is None:
        raise NotFoundError("This customer does not exist.")
    before = customer_from(customer_id, item)
    former = _former(shop, customer_id)
    entry = Erasure(customer_id, at, by, ErasureStep.ORDERS, _values(shop, before, former))
    addresses = dict.fromkeys(each for each in (before.email, *former.values()) if each)
    suppressing = [write for address in addresses for write in erasing_writes(shop, address)]
    ledger_put = Put(schema.erasure_key(customer_id), erasure_item(entry))
    fixed = [*suppressing, ledger_put, *others]
    profile, *writes = editing_writes(
        before, erased(before, at), months_with_orders(shop, customer_id), room_for=len(fixed)
    )
    shop.store.transact([_without_marks(profile, item), *writes, *fixed])
    return entry


def _without_marks(profile: Write, item: Item) -> Write:
    assert isinstance(profile, Update)  # noqa: S101 - what `editing_writes` gives first
    marks = [name for name in _IMPORTED if name in item]
    return Update(
        profile.key, profile.set, profile.add, [*profile.remove, *marks], profile.condition, profile.otherwise
    )


def _former(shop: Shop, customer_id: str) -> dict[str, str]:
    """Who was merged into the customer, with their addresses."""
    partition = schema.customer_partition(customer_id)
    rows = pages_of(shop.store, Query(schema.MAIL, partition, begins_with=schema.MERGED))
    return {schema.merged_id(row.key): text(row.item, "email", "") for row in rows}


def _values(shop: Shop, customer: Customer, former: Mapping[str, str]) -> tuple[str, ...]:
    """By what the rest is recognised: values that belong to one person, in lower case."""
    key = schema.addresses_key(customer.id)
    phones = [known.address.phone for known in book_of(key, shop.store.get(key)).entries]
    found = (customer.id, customer.email, customer.phone, *phones, *former, *former.values())
    return tuple(dict.fromkeys(value.casefold() for value in found if value))


def _reasons(shop: Shop, customer_id: str, messages: list[MessageStatus]) -> Iterator[str]:
    now, cursor = shop.clock(), None
    open_orders = 0
    while True:
        page = orders_of(shop, customer_id, limit=200, cursor=cursor)
        open_orders += sum(is_in_flight(each.status, each.placed_at, now) for each in page.orders)
        cursor = page.cursor
        if cursor is None:
            break
    if open_orders:
        yield (
            f"{open_orders:,} orders of the last {UNDER_WAY.days} days are neither fulfilled nor cancelled: "
            "fulfil or cancel them first."
        )
    if waiting := messages.count(MessageStatus.WAITING):
        yield f"{waiting:,} emails are waiting to be sent: try again in some minutes."
    if shop.store.query(Query(schema.MAIL, schema.JOB_LIST, index="work", limit=1)).rows:
        yield "An import is running, whose file may have the customer: try again when it has ended."
