"""The postal addresses of a customer as one item, the default one first."""

from __future__ import annotations

from backend.domain.addresses import Address, AddressBook, KnownAddress
from backend.records.conversion import key_given, reads
from backend.records.declared import Record, rows
from backend.store.port import Item, Key

_ADDRESS = Record(Address)
_BOOK = Record(AddressBook, entries=rows(KnownAddress, "addresses"))


def book_item(book: AddressBook) -> Item:
    return _BOOK.item(book)


def book_of(key: Key, item: Item | None) -> AddressBook:
    """As `book_from`; None is a customer who has no addresses."""
    return AddressBook() if item is None else book_from(key, item)


@reads(key_given)
def book_from(key: Key, item: Item) -> AddressBook:
    return _BOOK.read(item)
