"""Small items that lead to others: search words, tags, countries, addresses and the archived, references of orders.

Each is looked at from both ends: what has to be there and is missing, and what is there and leads nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from backend.domain.customers import Customer
from backend.domain.imports import FILE_SOURCES
from backend.errors import UnreadableItemError
from backend.records.customers import customer_from, email_key, pointer_keys
from backend.records.values import optional_text, text
from backend.services.context import Shop
from backend.services.reconcile.findings import Drift, Finding, as_found
from backend.services.reconcile.partitions import Partition, Placed
from backend.store import schema
from backend.store.port import Absent, Check, Condition, Delete, Equals, Exists, Item, Key, Put, Row, UnreadableItem
from backend.store.schema import PointerKind

REFERRED_SOURCES = FILE_SOURCES
"""Sources whose orders are found again by the number that they came with."""

_KINDS: dict[PointerKind | None, str] = {
    PointerKind.WORD: "search word",
    PointerKind.TAG: "tag in lists",
    PointerKind.COUNTRY: "country in lists",
    PointerKind.ARCHIVED: "place among the archived",
}
_NAMING = (PointerKind.EMAIL, PointerKind.REFERENCE)
"""Pointers that name their customer (and order) in attributes, not in the key."""

Read = Callable[[Key], Item | None]


def is_pointer(key: Key) -> bool:
    return schema.pointer_kind(key) is not None


# --- missing -----------------------------------------------------------------------------------------------------


def missing(shop: Shop, partitions: Sequence[Partition]) -> Iterator[Finding]:
    """What should lead to these customers and their orders, and does not."""
    wanted = [(key, partition) for partition in partitions for key in _keys_to(partition)]
    found = shop.store.get_many(list(dict.fromkeys(key for key, _ in wanted)))
    for key, partition in wanted:
        if _leads_to(key, found.get(key), partition):
            continue
        finding = (
            _missing_reference(shop, key, partition)
            if schema.pointer_kind(key) is PointerKind.REFERENCE
            else _missing(shop, key, partition)
        )
        if finding is not None:
            yield finding


def _keys_to(partition: Partition) -> list[Key]:
    customer = partition.customer
    keys = pointer_keys(customer)
    if customer.email:
        keys.append(email_key(customer.email))
    return keys + [_reference_of(order) for order in partition.orders if _has_reference(order)]


def _has_reference(order: Placed) -> bool:
    return order.item.get("source") in REFERRED_SOURCES


def _reference_of(order: Placed) -> Key:
    return schema.reference_key(text(order.item, "source"), text(order.item, "number"))


def _leads_to(key: Key, item: Item | None, partition: Partition) -> bool:
    if item is None or schema.pointer_kind(key) not in _NAMING:
        return item is not None
    return not _is_damaged(key, item) and item.get("customer") == partition.customer_id


def _is_damaged(key: Key, item: Item) -> bool:
    """Whether an item that has to name a customer (and an order) does not."""
    names = ("customer",) if schema.pointer_kind(key) is PointerKind.EMAIL else ("customer", "order")
    return isinstance(item, UnreadableItem) or not all(isinstance(item.get(name), str) for name in names)


def _missing(shop: Shop, key: Key, partition: Partition) -> Finding | None:
    """Looks again: the customer may have been edited between the two reads."""
    customer_key = schema.customer_key(partition.customer_id)
    profile, item = shop.store.get(customer_key), shop.store.get(key)
    if profile is None or profile.get("version") != partition.profile.get("version"):
        return None
    if _leads_to(key, item, partition):
        return None
    unmoved = Check(customer_key, as_found(profile, ("version",)))
    if schema.pointer_kind(key) is not PointerKind.EMAIL:
        drift = Drift(f"customer {partition.customer_id}: {_KINDS[schema.pointer_kind(key)]}", "there", "missing")
        return Finding((drift,), (unmoved, Put(key, {}, Absent())))
    if item is None:
        drift = Drift(f"customer {partition.customer_id}: reservation of the email address", "there", "missing")
        return Finding((drift,), (unmoved, Put(key, {"customer": partition.customer_id}, Absent())))
    if _is_damaged(key, item):
        drift = Drift(f"customer {partition.customer_id}: reservation of the email address", "readable", "unreadable")
        return Finding((drift,), (unmoved, Put(key, {"customer": partition.customer_id})))
    drift = Drift(f"customer {partition.customer_id}: owner of the email address", partition.customer_id, _owner(item))
    return Finding((drift,))


def _owner(item: Item) -> str:
    return optional_text(item, "customer") or "nobody"


def _missing_reference(shop: Shop, key: Key, partition: Partition) -> Finding | None:
    order = next(order for order in partition.orders if _has_reference(order) and _reference_of(order) == key)
    found = shop.store.get(key)
    if shop.store.get(order.key) is None or _leads_to(key, found, partition):
        return None
    free = None if found is not None and _is_damaged(key, found) else Absent()
    order_id = schema.order_id_of(order.key)
    item: Item = {"customer": partition.customer_id, "order": order_id}
    drift = Drift(f"order {order_id} of customer {partition.customer_id}: reference", "there", "missing")
    return Finding((drift,), (Check(order.key, Exists()), Put(key, item, free)))


# --- stray -------------------------------------------------------------------------------------------------------


def stray(shop: Shop, rows: Iterable[Row]) -> Iterator[Finding]:
    """Which of these pointers lead nowhere."""
    targets = [(row, target) for row in rows if (target := _target(row)) is not None]
    found = shop.store.get_many(list(dict.fromkeys(target for _, target in targets)))
    for row, target in targets:
        if not _is_wanted(row, found.get(target)):
            finding = _stray(row, target, shop.store.get)
            if finding is not None:
                yield finding


def _target(row: Row) -> Key | None:
    kind = schema.pointer_kind(row.key)
    if kind in _NAMING and _is_damaged(row.key, row.item):
        return None  # whoever wants it writes it again
    if kind is PointerKind.REFERENCE:
        customer_id, order_id = optional_text(row.item, "customer"), optional_text(row.item, "order")
        return schema.order_key(customer_id, order_id) if customer_id and order_id else None
    customer_id = optional_text(row.item, "customer") if kind is PointerKind.EMAIL else schema.id_in(row.key.sk)
    return schema.customer_key(customer_id) if customer_id else None


def _is_wanted(row: Row, target: Item | None) -> bool:
    kind = schema.pointer_kind(row.key)
    if target is None or kind is PointerKind.REFERENCE or (kind is PointerKind.EMAIL and "merged" in row.item):
        return target is not None
    try:
        customer = customer_from(_customer_id(row), target)
    except UnreadableItemError:
        return True
    return _belongs_to(row.key, customer)


def _belongs_to(key: Key, customer: Customer) -> bool:
    if schema.pointer_kind(key) is PointerKind.EMAIL:
        return customer.email is not None and email_key(customer.email) == key
    return key in pointer_keys(customer)


def _customer_id(row: Row) -> str:
    return text(row.item, "customer") if schema.pointer_kind(row.key) is PointerKind.EMAIL else schema.id_in(row.key.sk)


def _stray(row: Row, target: Key, read: Read) -> Finding | None:
    """Looks again: the customer may have been edited or created between the two reads."""
    item, pointer = read(target), read(row.key)
    if (
        pointer is None
        or _is_wanted(Row(row.key, pointer), item)
        or pointer.get("customer") != row.item.get("customer")
    ):
        return None
    gone = Delete(row.key, Equals("customer", pointer["customer"]) if "customer" in pointer else None)
    return Finding((_stray_drift(row, target),), (Check(target, _still(item)), gone))


def _still(target: Item | None) -> Condition:
    return Absent() if target is None else as_found(target, ("version",))


def _stray_drift(row: Row, target: Key) -> Drift:
    customer = f"customer {schema.customer_id_of(target)}"
    kind = schema.pointer_kind(row.key)
    if kind is PointerKind.REFERENCE:
        return Drift(f"order {schema.order_id_of(target)} of {customer}: reference", "no such order", "a reference")
    if kind is PointerKind.EMAIL:
        return Drift(f"{customer}: reservation of an email address", "none of another address", "one too many")
    return Drift(f"{customer}: {_KINDS[kind]}", "none of others", "one too many")
