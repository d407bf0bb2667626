"""The stored items that planning needs, updated with what is planned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from backend.domain.customers import Customer, email_identity
from backend.domain.imports import ImportedOrder
from backend.domain.orders import BY_API, is_same_order, numbers_alike
from backend.records.customers import customer_from, email_key
from backend.records.orders import order_day, order_from
from backend.records.values import text
from backend.services.imports.addresses import default_address_put
from backend.services.imports.order_file import OrderCandidate
from backend.services.imports.steps import Read
from backend.store import schema
from backend.store.port import Item, Key, Put


@dataclass(slots=True)
class Known:
    """Customers that are cached from one plan to the next. `ids` are by identity, of an address or another.

    `addressed` are the customers who have postal addresses.
    """

    ids: dict[str, str] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    addressed: set[str] = field(default_factory=set)

    def clear(self) -> None:
        self.addressed.clear()
        self.ids.clear()
        self.customers.clear()


class ImportSnapshot:
    """Items as read, and working copies of customers. `created` are the ids of planned new customers."""

    def __init__(self, items: dict[Key, Item], known: Known) -> None:
        self.items = items
        self._known = known
        self.created: set[str] = set()

    def owner(self, order: ImportedOrder) -> Customer | None:
        """Who placed an order: the customer of its address, else of its id at the source, else of its phone.

        An order with an address never belongs to somebody with the same phone and another address.
        """
        if order.email and (customer := self._person(email_identity(order.email), email_key(order.email))):
            return customer
        for identity in order.identities:
            customer = self._person(identity, schema.identity_key(identity))
            if customer and not (order.email and customer.email and not identity.startswith("id#")):
                return customer
        return None

    def twin(self, candidate: OrderCandidate) -> Item | None:
        """The reference of an order that came by the API and is this one."""
        owner = self.owner(candidate.order)
        for key in _twins_of(candidate):
            reference = self.items.get(key)
            stored = None if reference is None or owner is None else self.items.get(order_key_of(reference))
            if reference is None or owner is None or stored is None:
                continue
            if is_same_order(order_from(order_key_of(reference), stored), owner.id, candidate.order.placed_at):
                return reference
        return None

    def free_identities(self, order: ImportedOrder) -> list[str]:
        """The identities of an order that no customer has yet."""
        return [
            identity
            for identity in order.identities
            if identity not in self._known.ids and schema.identity_key(identity) not in self.items
        ]

    def customer(self, customer_id: str) -> Customer | None:
        """The working copy of a customer."""
        if customer_id not in self._known.customers:
            item = self.items.get(schema.customer_key(customer_id))
            if item is None:
                return None
            self._known.customers[customer_id] = customer_from(customer_id, item)
        return self._known.customers[customer_id]

    def keep(self, customer: Customer, identities: Sequence[str] = ()) -> None:
        """Stores the planned customer and the owner of these identities in the snapshot."""
        self._known.customers[customer.id] = customer
        if customer.email:
            self._known.ids[email_identity(customer.email)] = customer.id
        for identity in identities:
            self._known.ids[identity] = customer.id

    def default_address(self, customer_id: str, order: ImportedOrder) -> list[Put]:
        """Stores where the order went as the customer's default address, if the customer has none."""
        address = order.shipping_address or order.billing_address
        if address is None or customer_id in self._known.addressed:
            return []
        self._known.addressed.add(customer_id)
        if schema.addresses_key(customer_id) in self.items:
            return []
        return [default_address_put(customer_id, address)]

    def _person(self, identity: str, key: Key) -> Customer | None:
        customer_id = self._known.ids.get(identity)
        if customer_id is None:
            item = self.items.get(key)
            if item is None:
                return None
            customer_id = text(item, "customer")
            self._known.ids[identity] = customer_id
        found = self.customer(customer_id)
        return None if found is None or found.erased_at else found


def read_snapshot(candidates: Sequence[OrderCandidate], read: Read, known: Known) -> ImportSnapshot:
    """Reads what planning these orders needs; cached customers are not read again."""
    people = [key for candidate in candidates for key in _people_of(candidate.order, known)]
    items = read([*(candidate.reference for candidate in candidates), *dict.fromkeys(people)])
    twins = [key for candidate in candidates if candidate.reference not in items for key in _twins_of(candidate)]
    found = read(twins) if twins else {}
    items |= found
    changed = [*_changed(candidates, items), *found.values()]
    needed = dict.fromkeys(
        schema.customer_key(text(items[key], "customer"))
        for candidate in candidates
        if candidate.reference not in items
        for key in _people_of(candidate.order, known)
        if key in items
    )
    needed |= dict.fromkeys(schema.customer_key(text(reference, "customer")) for reference in changed)
    needed |= dict.fromkeys(schema.addresses_key(schema.customer_id_of(key)) for key in needed)
    needed |= dict.fromkeys(order_key_of(reference) for reference in changed)
    if needed:
        items |= read(list(needed))
    months = [
        schema.customer_month_key(text(reference, "customer"), order_day(items[order_key_of(reference)])[:7])
        for reference in changed
        if order_key_of(reference) in items
    ]
    return ImportSnapshot(items | (read(months) if months else {}), known)


def order_key_of(reference: Item) -> Key:
    """The key of the order of a reference."""
    return schema.order_key(text(reference, "customer"), text(reference, "order"))


def _twins_of(candidate: OrderCandidate) -> list[Key]:
    """Where an order that came by the API may name this number."""
    return [schema.reference_key(BY_API, number) for number in numbers_alike(candidate.order.number)]


def _people_of(order: ImportedOrder, known: Known) -> Iterator[Key]:
    """The keys that lead to the order's customer, unless cached."""
    if order.email and email_identity(order.email) not in known.ids:
        yield email_key(order.email)
    for identity in order.identities:
        if identity not in known.ids:
            yield schema.identity_key(identity)


def _changed(candidates: Sequence[OrderCandidate], items: dict[Key, Item]) -> list[Item]:
    """The references of orders whose values in the file are new."""
    references = ((items.get(candidate.reference), candidate.print) for candidate in candidates)
    return [reference for reference, mark in references if reference is not None and reference.get("print") != mark]
