"""What the store holds about the orders that are being planned, changed in step with what is planned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backend.domain.customers import Customer, email_identity
from backend.records.customers import customer_from, email_key
from backend.records.orders import order_day
from backend.records.values import text
from backend.services.imports.order_file import OrderCandidate
from backend.services.imports.steps import Read
from backend.store import schema
from backend.store.port import Item, Key


class Snapshot:
    """Items as they were read, and working copies of customers. `known` are the copies by identity of the address."""

    def __init__(self, items: dict[Key, Item], known: dict[str, Customer]) -> None:
        self.items = items
        self._known = known
        self._by_id: dict[str, Customer] = {}

    def owner(self, address: str) -> Customer | None:
        """The customer of an address."""
        known = self._known.get(email_identity(address))
        if known is not None:
            return known
        item = self.items.get(email_key(address))
        customer = None if item is None else self.customer(text(item, "customer"))
        if customer is not None:
            self._known[email_identity(address)] = customer
        return customer

    def customer(self, customer_id: str) -> Customer | None:
        """The working copy of a customer."""
        if customer_id not in self._by_id:
            item = self.items.get(schema.customer_key(customer_id))
            if item is None:
                return None
            self._by_id[customer_id] = customer_from(customer_id, item)
        return self._by_id[customer_id]

    def keep(self, customer: Customer) -> None:
        """The customer as they will be when what is planned is written."""
        self._by_id[customer.id] = customer
        if customer.email:
            self._known[email_identity(customer.email)] = customer


def read_snapshot(candidates: Sequence[OrderCandidate], read: Read, known: dict[str, Customer]) -> Snapshot:
    """Reads what planning these orders needs; customers who are known need not be read."""
    keys = [candidate.reference for candidate in candidates]
    addresses = (candidate.order.email for candidate in candidates if candidate.order.email)
    keys += [email_key(address) for address in addresses if email_identity(address) not in known]
    items = read(keys)
    changed = _changed(candidates, items)
    needed = dict.fromkeys(_customers_of_new(candidates, items))
    needed |= dict.fromkeys(schema.customer_key(text(reference, "customer")) for reference in changed)
    needed |= dict.fromkeys(order_key_of(reference) for reference in changed)
    if needed:
        items |= read(list(needed))
    months = [
        schema.customer_month_key(text(reference, "customer"), order_day(items[order_key_of(reference)])[:7])
        for reference in changed
        if order_key_of(reference) in items
    ]
    return Snapshot(items | (read(months) if months else {}), known)


def order_key_of(reference: Item) -> Key:
    """Where the order lies that a reference leads to."""
    return schema.order_key(text(reference, "customer"), text(reference, "order"))


def _changed(candidates: Sequence[OrderCandidate], items: dict[Key, Item]) -> list[Item]:
    """The references of orders of which the file says something new."""
    references = ((items.get(candidate.reference), candidate.print) for candidate in candidates)
    return [reference for reference, mark in references if reference is not None and reference.get("print") != mark]


def _customers_of_new(candidates: Sequence[OrderCandidate], items: dict[Key, Item]) -> Iterator[Key]:
    for candidate in candidates:
        if candidate.order.email and candidate.reference not in items:
            owner = items.get(email_key(candidate.order.email))
            if owner is not None:
                yield schema.customer_key(text(owner, "customer"))
