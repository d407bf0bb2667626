"""The writes that keep a customer, the unique address, the search words, the lists and the counters consistent."""

from __future__ import annotations

from collections.abc import Sequence

from backend.domain.customers import Customer
from backend.errors import AlreadyExistsError
from backend.records.customers import count_keys, customer_item, email_item, email_key, pointer_keys, profile_attributes
from backend.records.ranks import rank
from backend.services.concurrency.retries import StaleReadError
from backend.store import schema
from backend.store.port import (
    MAX_TRANSACTION_WRITES,
    Absent,
    AllOf,
    AnyOf,
    Delete,
    Equals,
    Exists,
    Item,
    Key,
    Plus,
    Put,
    Update,
    Write,
)


class EmailReservedError(AlreadyExistsError):
    """Another customer has this address."""

    def __init__(self, address: str) -> None:
        super().__init__("This email address belongs to another customer already.")
        self.address = address


MONTHS_PER_TRANSACTION = 36
"""Older months keep the customer's old name, and more of them do so when many tags change too."""


def creating_writes(customer: Customer) -> list[Write]:
    """The transaction that adds a customer: profile, address, words, tags, country, counters.

    Errors attached: `EmailReservedError`; `AlreadyExistsError` when the id is taken.
    """
    key = schema.customer_key(customer.id)
    taken = AlreadyExistsError("This customer id is taken; please try again.")
    writes: list[Write] = [Put(key, customer_item(customer), Absent(), taken)]
    if customer.email:
        writes.append(_reserve(customer.email, customer.id))
    writes += [Put(pointer, {}) for pointer in pointer_keys(customer)]
    writes += [Update(counter, add={"n": Plus(1)}) for counter in count_keys(customer)]
    return writes


def editing_writes(before: Customer, after: Customer, months: Sequence[str], *, room_for: int = 1) -> list[Write]:
    """The transaction that changes a profile; `months` are those in which the customer has orders.

    It leaves room for `room_for` more writes. Errors attached: `EmailReservedError`, `StaleReadError`.
    """
    writes: list[Write] = [_profile_update(before, after)]
    if _identity(before) != _identity(after):
        if before.email:
            writes.append(Delete(email_key(before.email)))
        if after.email:
            writes.append(_reserve(after.email, after.id))
    old, new = pointer_keys(before), pointer_keys(after)
    writes += [Delete(key) for key in old if key not in new]
    writes += [Put(key, {}) for key in new if key not in old]
    writes += _counter_updates(count_keys(before), count_keys(after))
    if (before.name, before.email, before.country) != (after.name, after.email, after.country):
        room = max(min(MONTHS_PER_TRANSACTION, MAX_TRANSACTION_WRITES - room_for - len(writes)), 0)
        writes += [_month_update(after, month) for month in sorted(months, reverse=True)[:room]]
    return writes


def _profile_update(before: Customer, after: Customer) -> Update:
    """The number of orders is a condition because a new order may add a month that this edit has not read."""
    orders_seen = rank(before.orders, before.id)
    attributes = profile_attributes(after)
    kept: Item = {
        name: value for name, value in attributes.items() if value not in ("", None, []) and value is not False
    }
    return Update(
        schema.customer_key(after.id),
        set=kept | {"version": after.version},
        remove=[name for name in attributes if name not in kept],
        condition=AllOf((Exists(), Equals("version", before.version), Equals("rank_orders", orders_seen))),
        otherwise=StaleReadError("Someone else has just changed this customer."),
    )


def _identity(customer: Customer) -> Key | None:
    return email_key(customer.email) if customer.email else None


def _reserve(address: str, customer_id: str) -> Put:
    """The address may lead to the customer already, from somebody who was merged into them."""
    free = AnyOf((Absent(), Equals("customer", customer_id)))
    return Put(email_key(address), email_item(customer_id), free, EmailReservedError(address))


def _counter_updates(old: list[Key], new: list[Key]) -> list[Write]:
    gone: list[Write] = [Update(key, add={"n": Plus(-1)}) for key in old if key not in new]
    return gone + [Update(key, add={"n": Plus(1)}) for key in new if key not in old]


def _month_update(customer: Customer, month: str) -> Update:
    attributes = {"name": customer.name, "email": customer.email, "country": customer.country}
    return Update(
        schema.customer_month_key(customer.id, month),
        set={name: value for name, value in attributes.items() if value},
        remove=[name for name, value in attributes.items() if not value],
    )
