"""A customer's postal addresses: adding, changing, removing, and which one is the default for new orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from backend.domain.addresses import Address, AddressBook, KnownAddress, clean_address
from backend.domain.changes import ChangeEntry, Fields, difference
from backend.domain.customers import ActivityKind
from backend.domain.ids import new_entry_id
from backend.domain.phones import region_of
from backend.domain.team import Actor, Permission
from backend.errors import ConflictError, NotFoundError
from backend.records.customers import book_item, book_of, book_with, fields_of_book
from backend.services.changes.handler import Handler, check_unchanged
from backend.services.changes.recording import single
from backend.services.context import Shop
from backend.services.customers.customers import activity_put, check_not_erased, get_customer
from backend.services.customers.recorded import name_of
from backend.store import schema
from backend.store.port import Absent, Equals, Put, Write

KIND = "addresses"
"""What recorded changes call a customer's postal addresses."""


def new_address_id() -> str:
    """The id of an address whose form is drawn now, so that it is added once."""
    return new_entry_id()


def addresses_of(shop: Shop, customer_id: str) -> AddressBook:
    """The customer's addresses, the default one first; none for an unknown customer."""
    key = schema.addresses_key(customer_id)
    return book_of(key, shop.store.get(key))


def save_address(
    shop: Shop, actor: Actor, customer_id: str, seen_version: int, entry: KnownAddress, *, default: bool = False
) -> AddressBook:
    """Adds an address, or changes the one with its id. `default` makes it the one for new orders.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `NotFoundError` (no such customer), `ConflictError`.
    """
    clean = replace(entry, address=clean_address(entry.address, region_of(shop.zone, shop.locale)))

    def changed(book: AddressBook) -> AddressBook:
        return book.having(clean, default=default)

    return _change(shop, actor, customer_id, seen_version, changed, "postal address")


def adding_writes(shop: Shop, actor: Actor, customer_id: str, address: Address) -> list[Write]:
    """What adds an address to those of a customer and makes it the one for new orders; nothing if it is that.

    Raises: `PermissionDeniedError`, `InvalidInputError` (too many).
    """
    actor.require(Permission.EDIT_CUSTOMERS)
    book, clean = addresses_of(shop, customer_id), clean_address(address, region_of(shop.zone, shop.locale))
    if book.default == clean:
        return []
    known = next((each for each in book.entries if each.address == clean), None)
    after = book.having(known or KnownAddress(new_address_id(), clean), default=True)
    activity = activity_put(shop, actor, customer_id, ActivityKind.EDITED, "postal address")
    return [addresses_put(customer_id, replace(after, version=book.version + 1)), activity]


def remove_address(shop: Shop, actor: Actor, customer_id: str, seen_version: int, address_id: str) -> AddressBook:
    """Removes an address; orders keep the copy that they have. Raises as `save_address`."""
    return _change(
        shop, actor, customer_id, seen_version, lambda book: book.without(address_id), "postal address removed"
    )


def make_default(shop: Shop, actor: Actor, customer_id: str, seen_version: int, address_id: str) -> AddressBook:
    """Makes an address the one for new orders. Raises as `save_address`; `NotFoundError` also for the address."""

    def changed(book: AddressBook) -> AddressBook:
        entry = book.find(address_id)
        if entry is None:
            raise NotFoundError("This address no longer exists.")
        return book.having(entry, default=True)

    return _change(shop, actor, customer_id, seen_version, changed, "default address")


def _change(
    shop: Shop,
    actor: Actor,
    customer_id: str,
    seen_version: int,
    changed: Callable[[AddressBook], AddressBook],
    said: str,
) -> AddressBook:
    """One transaction of the addresses and a line of activity, which never says an address itself."""
    actor.require(Permission.EDIT_CUSTOMERS)
    customer = get_customer(shop, customer_id)
    check_not_erased(customer)
    before = addresses_of(shop, customer_id)
    after = changed(before)
    if after == before:
        return before
    if before.version != seen_version:
        raise _overtaken()
    after = replace(after, version=before.version + 1)
    activity = activity_put(shop, actor, customer_id, ActivityKind.EDITED, said)
    old, new = difference(fields_of_book(before), fields_of_book(after))
    entry = ChangeEntry("", KIND, customer_id, name=name_of(customer), before=old, after=new, people=(customer_id,))
    recorded = single(shop, actor, "changed a customer's postal addresses", Permission.EDIT_CUSTOMERS, entry)
    shop.store.transact([addresses_put(customer_id, after), activity, *recorded])
    return after


def current(shop: Shop, entries: Sequence[ChangeEntry]) -> list[Fields | None]:
    """The addresses of the customers of these entries as they are now."""
    return [fields_of_book(addresses_of(shop, entry.id)) for entry in entries]


def take_back(shop: Shop, actor: Actor, entry: ChangeEntry, also: Sequence[Write]) -> None:
    """Restores the addresses of one customer. Raises: `ChangedSinceError`, and as `save_address`."""
    actor.require(Permission.EDIT_CUSTOMERS)
    check_not_erased(get_customer(shop, entry.id))
    book = addresses_of(shop, entry.id)
    check_unchanged(entry, fields_of_book(book))
    before = book_with(book, entry.before or {})
    activity = activity_put(shop, actor, entry.id, ActivityKind.EDITED, "undone: postal addresses")
    shop.store.transact([addresses_put(entry.id, replace(before, version=book.version + 1)), activity, *also])


HANDLER = Handler(current, take_back)


def addresses_put(customer_id: str, book: AddressBook) -> Put:
    """Writes this version of a customer's addresses in the place of the one before. Raises: `ConflictError`."""
    condition = Equals("version", book.version - 1) if book.version > 1 else Absent()
    return Put(schema.addresses_key(customer_id), book_item(book), condition, _overtaken())


def _overtaken() -> ConflictError:
    return ConflictError("Someone else has changed this customer's addresses.")


def first_address(address: Address) -> AddressBook:
    """The addresses of a customer who has had none."""
    return AddressBook((KnownAddress(new_address_id(), address),), 1)
