"""Customers as rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from backend.domain.addresses import Address
from backend.domain.customers import Customer
from backend.domain.money import plain
from backend.errors import InvalidInputError
from backend.records.customers import book_from, created_and_id, customer_at
from backend.services.context import Shop
from backend.services.customers.lists import CustomerFilter, facet_of, list_customers
from backend.services.exports.writers import Cell
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Query, pages_of

COLUMNS = (
    *("Customer id", "Name", "E-mail address", "Country", "City", "Phone", "Tags", "Marketing", "Marketing since"),
    *("Marketing source", "Customer since", "Archived", "Source", "Orders", "Revenue", "Average order", "Currency"),
    *("First name", "Last name", "Company", "Street", "Street 2", "Postcode", "Region"),
)
_AT_ONCE = 500


def rows(shop: Shop, wanted: CustomerFilter) -> Iterator[tuple[Cell, ...]]:
    """The wanted customers, newest first (searches: in the order of the search).

    Raises: `InvalidInputError` for a search that finds more than can be listed.
    """
    return rows_about(shop, (each for each in _customers(shop, _ids(shop, wanted)) if _fits(each, wanted)))


def rows_as_listed(shop: Shop, wanted: CustomerFilter, most: int | None) -> Iterator[tuple[Cell, ...]]:
    """The customers of all pages of the list, in its order, or the first `most` of them. Raises as `rows`."""
    return rows_of(shop, islice(_listed(shop, wanted), most))


def rows_of(shop: Shop, ids: Iterable[str]) -> Iterator[tuple[Cell, ...]]:
    """The customers with these ids, in this order."""
    return rows_about(shop, _customers(shop, ids))


def rows_about(shop: Shop, customers: Iterable[Customer]) -> Iterator[tuple[Cell, ...]]:
    """These customers with their default addresses; one that cannot be read is set aside."""
    left = iter(customers)
    while chunk := list(islice(left, _AT_ONCE)):
        keys = [schema.addresses_key(customer.id) for customer in chunk]
        found = shop.store.get_many(keys)
        for customer, key in zip(chunk, keys, strict=True):
            book = next(readable(shop, [(key, found[key])] if key in found else [], book_from), None)
            yield _row(customer, shop, (book and book.default) or Address())


def _customers(shop: Shop, ids: Iterable[str]) -> Iterator[Customer]:
    left = iter(ids)
    while chunk := [schema.customer_key(customer_id) for customer_id in islice(left, _AT_ONCE)]:
        found = shop.store.get_many(chunk)
        yield from readable(shop, ((key, found[key]) for key in chunk if key in found), customer_at)


def _ids(shop: Shop, wanted: CustomerFilter) -> Iterable[str]:
    if wanted.search.strip():
        return _listed(shop, wanted)
    if partition := facet_of(wanted):
        query = Query(schema.SHOP, partition, descending=True, limit=_AT_ONCE)
        return (created_and_id(row.key.sk)[1] for row in pages_of(shop.store, query))
    return _everybody(shop)


def _everybody(shop: Shop) -> Iterator[str]:
    for line in schema.customer_lines():
        query = Query(schema.SHOP, line, index="timeline", descending=True, limit=_AT_ONCE)
        for row in pages_of(shop.store, query):
            yield schema.customer_id_of(row.key)


def _listed(shop: Shop, wanted: CustomerFilter) -> Iterator[str]:
    cursor: str | None = None
    while True:
        page = list_customers(shop, wanted, limit=_AT_ONCE, cursor=cursor)
        if page.note and wanted.search.strip():
            raise InvalidInputError(page.note, "search")
        yield from (customer.id for customer in page.customers)
        if (cursor := page.cursor) is None:
            return


def _fits(customer: Customer, wanted: CustomerFilter) -> bool:
    return (
        customer.archived == wanted.archived
        and (not wanted.tag or wanted.tag in customer.tags)
        and (not wanted.country or wanted.country == customer.country)
    )


def _row(customer: Customer, shop: Shop, address: Address) -> tuple[Cell, ...]:
    """A customer in the order of `COLUMNS`."""
    consent = customer.consent

    def local(moment: datetime) -> datetime:
        return moment.astimezone(shop.zone).replace(tzinfo=None)

    return (
        customer.id,
        customer.real_name,
        customer.email,
        customer.country,
        customer.city,
        customer.phone,
        ", ".join(customer.tags),
        None if consent is None else "yes" if consent.given else "no",
        None if consent is None else local(consent.at),
        None if consent is None else consent.source.value,
        local(customer.created_at),
        "yes" if customer.archived else "no",
        customer.source,
        customer.orders,
        plain(customer.revenue, shop.currency),
        plain(customer.average_order, shop.currency),
        shop.currency,
        customer.given_name,
        customer.family_name,
        address.company,
        address.street,
        address.street2,
        address.postcode,
        address.region,
    )
