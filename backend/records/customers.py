"""Customers as items: profile, uniqueness of the email address, search words, tags, countries, addresses, activity."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.domain.addresses import Address, AddressBook, KnownAddress
from backend.domain.customers import LISTED_TAGS, Activity, Consent, ConsentProof, Customer, CustomerSummary
from backend.domain.customers import email_identity as identity
from backend.domain.text import search_words, words_in
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_given, key_of_row, reads
from backend.records.declared import Record, rows
from backend.records.ranks import figure, rank_attributes
from backend.store import schema
from backend.store.port import Item, Key, Row

_CONSENT = Record(Consent, keep_empty=True, sparse=("by",))
_CUSTOMER = Record(Customer, given=("id", "orders", "revenue"), blank=("name",))
_SUMMARY = Record(CustomerSummary, given=("id", "orders", "revenue"), blank=("name", "country", "tags", "archived"))
_PROOF = Record(ConsentProof, keep_empty=True, sparse=("text", "origin", "ip"))
_ACTIVITY = Record(Activity, given=("id", "at"), blank=("by",))
_PROFILE = (
    "name",
    "given_name",
    "family_name",
    "email",
    "country",
    "city",
    "phone",
    "tags",
    "consent",
    "archived",
    "erased_at",
)


def customer_item(customer: Customer) -> Item:
    """The whole item of a customer, leaderboard attributes included."""
    return _CUSTOMER.item(
        customer,
        line=schema.customer_line(customer.id),
        line_at=schema.place_of(to_text(customer.created_at), customer.id),
        **rank_attributes("ALL", customer.id, customer.orders, customer.revenue),
    )


def profile_attributes(customer: Customer) -> Item:
    """What an edit may change. Empty ones are included, so that an update knows what to remove."""
    attributes = _CUSTOMER.attributes(customer)
    return {name: attributes[name] for name in _PROFILE}


@reads(lambda customer_id, item: schema.customer_key(customer_id))
def customer_from(customer_id: str, item: Item) -> Customer:
    return _CUSTOMER.read(item, id=customer_id, **_figures(item))


def customer_at(key: Key, item: Item) -> Customer:
    """The customer whose item has this key. Raises: `UnreadableItemError`."""
    return customer_from(schema.customer_id_of(key), item)


@reads(key_of_row)
def summary_from(row: Row) -> CustomerSummary:
    """A customer as lists show it, from a leaderboard row, a month or the profile itself."""
    return _SUMMARY.read(row.item, id=schema.customer_id_of(row.key), **_figures(row.item))


def _figures(item: Item) -> dict[str, int]:
    return {"orders": figure(item, "rank_orders"), "revenue": figure(item, "rank_revenue")}


def summary_at(key: Key, item: Item) -> CustomerSummary:
    """As `summary_from`, for a key and an item."""
    return summary_from(Row(key, item))


def words_of(customer: Customer) -> list[str]:
    """The words by whose beginning a customer is found: of the name, and of the address without its last label."""
    address = (customer.email or "").rsplit(".", 1)[0]
    return search_words(customer.name, address)


def words_of_summary(summary: CustomerSummary) -> set[str]:
    """All words of the name and the address, also those that were too many to be kept."""
    return {*words_in(summary.name), *words_in(summary.email or "")}


def pointer_keys(customer: Customer) -> list[Key]:
    """The keys of all small items that lead to the customer: words, tags, country, and the list of the archived.

    Their items are empty.
    """
    created = to_text(customer.created_at)
    keys = [schema.alias_key(word, customer.id) for word in words_of(customer)]
    keys += [schema.tag_key(tag, created, customer.id) for tag in customer.tags[:LISTED_TAGS]]
    if customer.country:
        keys.append(schema.country_key(customer.country, created, customer.id))
    if customer.archived:
        keys.append(schema.archived_key(created, customer.id))
    return keys


def count_keys(customer: Customer) -> list[Key]:
    """The counters in which the customer counts one: country and tags. Archived customers count nowhere."""
    if customer.archived:
        return []
    keys = [schema.count_key("country", customer.country or "-", customer.id)]
    return keys + [schema.count_key("tag", tag, customer.id) for tag in customer.tags[:LISTED_TAGS]]


def email_item(customer_id: str) -> Item:
    return {"customer": customer_id}


def email_key(address: str) -> Key:
    """The key that makes an address unique. Upper and lower case do not count."""
    return schema.email_key(identity(address))


activity_item = _ACTIVITY.item


def activity_key(customer_id: str, activity: Activity) -> Key:
    return schema.activity_key(customer_id, to_text(activity.at), activity.id)


@reads(key_of_row)
def activity_from(row: Row) -> Activity:
    place = row.key.sk.removeprefix(schema.ACTIVITY)
    return _ACTIVITY.read(row.item, id=schema.id_in(place), at=from_text(schema.moment_in(place)))


def created_and_id(sort_key: str) -> tuple[datetime, str]:
    """When a customer was created, and the id, in the sort key of a list of customers."""
    return from_text(schema.moment_in(sort_key)), schema.id_in(sort_key)


_ADDRESS = Record(Address)
_BOOK = Record(AddressBook, entries=rows(KnownAddress, "addresses"))

book_item = _BOOK.item


def book_of(key: Key, item: Item | None) -> AddressBook:
    """As `book_from`; None is a customer who has no addresses."""
    return AddressBook() if item is None else book_from(key, item)


@reads(key_given)
def book_from(key: Key, item: Item) -> AddressBook:
    return _BOOK.read(item)


def fields_of_book(book: AddressBook) -> Item:
    """What a recorded change may touch of a customer's addresses, as their item holds it."""
    return {"addresses": _BOOK.attributes(book)["addresses"]}


def book_with(book: AddressBook, fields: Mapping[str, Any]) -> AddressBook:
    """The addresses that `fields_of_book` gave, in this version."""
    return _BOOK.read({**fields, "version": book.version})
