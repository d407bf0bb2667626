"""The demo shop: fills an empty store with an invented shop, and takes exactly that out again.

A marker in the store says that the demo is loaded, and for which day it was made. Whatever interrupts loading or
removing, running the same command again finishes it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TypeVar

from backend.demo.behaviour import SOURCE, DemoCustomer, DemoShop
from backend.demo.catalogue import NOTES, PRODUCTS
from backend.demo.drafts import SETTINGS as DRAFT_SETTINGS
from backend.demo.drafts import demo_drafts
from backend.demo.pictures import picture_path
from backend.domain.addresses import Address, AddressBook, KnownAddress
from backend.domain.customers import Activity, ActivityKind, Customer
from backend.domain.products import Product, ProductSource, id_of_words
from backend.domain.time import day_of, from_text, to_text
from backend.email.links import Links
from backend.errors import AlreadyExistsError, ConflictError
from backend.records.customers import activity_item, activity_key, customer_from, email_key, pointer_keys
from backend.records.orders import draft_item
from backend.records.shop import draft_settings_item
from backend.records.values import number, text
from backend.services.automations.defaults import add_demo_automations, remove_demo_automations
from backend.services.context import Shop
from backend.services.customers.addresses import addresses_put
from backend.services.customers.writes import EmailReservedError, creating_writes
from backend.services.demo.campaigns import campaigns_at, load_campaigns
from backend.services.demo.change_removal import remove_changes_of_what_is_gone
from backend.services.demo.message_removal import remove_campaigns, remove_messages
from backend.services.demo.messages import DemoMail, load_order_emails
from backend.services.orders.writes import placing_writes
from backend.services.products.figures import sold_in_all
from backend.services.products.identity import all_names, read_names
from backend.services.reconcile import reconcile
from backend.services.shop_settings import give_demo_address, take_demo_address
from backend.services.team.members import DEMO_TEAM, add_demo_team, remove_demo_team
from backend.services.team.roster import read_roster
from backend.store import schema
from backend.store.port import Absent, Delete, Equals, Item, Key, Put, Query, Row, Update, Write, pages_of

CUSTOMERS = 2000
_REMOVED_KEY = schema.meta_key("demo-removed")
_DRAFTS_KEY = schema.meta_key("draft-orders")
_CHUNK = 100
_BEGAN = timedelta(days=730)
_Element = TypeVar("_Element")
_LOADING, _LOADED, _REMOVING = "loading", "loaded", "removing"


@dataclass(frozen=True, slots=True)
class Seeded:
    """What loading did. `reason` says why nothing was loaded, if so."""

    customers: int
    orders: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken out, and how many customers stay because real orders were added to them."""

    customers: int
    orders: int
    kept: int


def is_demo(shop: Shop) -> bool:
    """Whether the demo shop is (partly) in the store."""
    return shop.store.get(schema.meta_key("demo")) is not None


def seed_demo(
    shop: Shop,
    *,
    customers: int = CUSTOMERS,
    if_new: bool = False,
    anyway: bool = False,
    automations_on: bool = True,
    links: Links | None = None,
    progress: Callable[[int], None] | None = None,
) -> Seeded:
    """Fills an empty store with the demo shop, two years up to now, and adds the demo team.

    A store with customers or team members of its own is left as it is, unless `anyway`; with `if_new` also one from
    which the demo was removed. Loading that was interrupted is finished. `automations_on` is for where emails stay on
    this machine. With `links`, which emails have, there are past emails and campaigns too. `progress` is called with
    the number of customers loaded, from 0 on, and not at all when nothing is loaded.
    """
    marker = shop.store.get(schema.meta_key("demo"))
    if marker is None:
        if reason := "" if anyway else _why_not(shop, if_new):
            return Seeded(0, 0, reason)
        marker = _mark(shop, {"state": _LOADING, "at": to_text(shop.clock()), "customers": customers})
        if not anyway:
            give_demo_address(shop)
    if text(marker, "state") == _REMOVING:
        return Seeded(0, 0, "Removing the demo shop was interrupted; finish that first.")
    if text(marker, "state") == _LOADED:
        add_demo_team(shop)
        return Seeded(0, 0, "The demo shop is loaded already.")
    now = from_text(text(marker, "at"))
    mail = DemoMail.begin(shop, links, now) if links else None
    seeded = _load_all(shop, now, number(marker, "customers"), mail, progress or _ignore)
    add_demo_automations(shop, now, on=automations_on)
    add_demo_team(shop)
    _mark(shop, marker | {"state": _LOADED})
    return seeded


def _ignore(customers: int) -> None:
    """Nobody wants to know how far it is."""


def _load_all(
    shop: Shop, now: datetime, customers: int, mail: DemoMail | None, progress: Callable[[int], None]
) -> Seeded:
    today = now.astimezone(shop.zone).date()
    done, orders, loaded = 0, 0, list[Customer]()
    load_products(shop, now - _BEGAN)
    progress(done)
    for chunk in _chunks(DemoShop(today, shop.zone, shop.currency, now).customers(customers)):
        there = _load(shop, chunk, today)
        if not done:
            _load_drafts(shop, there, now)
        orders += sum(len(made.orders) for made in there)
        loaded += [made.customer for made in there]
        if mail is not None:
            load_order_emails(mail, there, campaigns_at(mail))
        done += len(chunk)
        progress(done)
    if mail is not None:
        load_campaigns(mail, loaded)
    return Seeded(customers, orders)


def _why_not(shop: Shop, if_new: bool) -> str:
    if _has_customers(shop):
        return "The store has customers already, so the demo shop was not loaded."
    if set(read_roster(shop).emails) - {username for username, *_ in DEMO_TEAM}:
        return "The store has a team already, so the demo shop was not loaded."
    if if_new and shop.store.get(_REMOVED_KEY) is not None:
        return "The demo shop was removed from this store, so it was not loaded again."
    return ""


def _has_customers(shop: Shop) -> bool:
    queries = [Query(schema.SHOP, line, index="timeline", limit=1) for line in schema.customer_lines()]
    return any(shop.store.query(query).rows for query in queries)


def _mark(shop: Shop, item: Item) -> Item:
    shop.store.put(Put(schema.meta_key("demo"), item))
    return item


def _chunks(made: Iterator[_Element]) -> Iterator[list[_Element]]:
    while chunk := list(islice(made, _CHUNK)):
        yield chunk


def _load(shop: Shop, chunk: Sequence[DemoCustomer], today: date) -> list[DemoCustomer]:
    """Writes the customers and their orders, each by itself; returns those who are there.

    What is there from an earlier, interrupted run stays. Where somebody has taken an address, that customer is left
    out. Anything else that fails is reported.
    """
    transactions = [(made, writes) for made in chunk for writes in _writes(shop, made, today)]
    outcomes = shop.store.transact_each([writes for _, writes in transactions])
    left_out: set[str] = set()
    for (made, _), outcome in zip(transactions, outcomes, strict=True):
        if isinstance(outcome, EmailReservedError):
            left_out.add(made.customer.id)
        elif outcome is not None and not isinstance(outcome, AlreadyExistsError) and made.customer.id not in left_out:
            raise outcome
    return [made for made in chunk if made.customer.id not in left_out]


def _writes(shop: Shop, made: DemoCustomer, today: date) -> Iterator[list[Write]]:
    addresses = [addresses_put(made.customer.id, _book(made.address))] if made.address else []
    yield [*creating_writes(made.customer), *addresses, *_notes(made.customer, today)]
    first_day = ""
    for order in made.orders:
        customer = replace(made.customer, first_day=first_day)
        yield placing_writes(order, customer, shop.zone, reference=order.number)
        first_day = first_day or day_of(order.placed_at, shop.zone)


def _load_drafts(shop: Shop, made: Sequence[DemoCustomer], now: datetime) -> None:
    """Draft orders and their settings, unless the shop has drafts or settings already."""
    there = AlreadyExistsError("There are settings of draft orders.")
    drafts = demo_drafts(made, shop.currency, now)
    puts = [Put(schema.draft_key(each.order.customer_id, each.order.id), draft_item(each)) for each in drafts]
    with suppress(AlreadyExistsError):
        shop.store.transact([Put(_DRAFTS_KEY, draft_settings_item(DRAFT_SETTINGS), Absent(), there), *puts])


def _take_payment_url(shop: Shop) -> None:
    """Takes the demo's payment address out again; the numbers of drafts go on."""
    with suppress(ConflictError):
        condition = Equals("payment_url", DRAFT_SETTINGS.payment_url)
        changed = ConflictError("The payment address is the shop's own.")
        shop.store.update(Update(_DRAFTS_KEY, set={"payment_url": ""}, condition=condition, otherwise=changed))


def _book(address: Address) -> AddressBook:
    return AddressBook((KnownAddress(SOURCE, address),), 1)


def _notes(customer: Customer, today: date) -> list[Write]:
    rng = random.Random(customer.id)  # noqa: S311 - invented data, nothing secret
    if rng.random() > 0.05:
        return []
    at = customer.created_at + timedelta(days=rng.randint(0, 3))
    note = Activity("DEMO01", at, SOURCE, ActivityKind.NOTE, rng.choice(NOTES))
    return [Put(activity_key(customer.id, note), activity_item(note))]


def remove_demo(shop: Shop) -> Removed:
    """Takes out everything that the demo brought, and the demo team. Real orders and customers stay.

    A demo customer with real orders stays too, without the demo's orders. Totals are recounted at the end.

    Raises: `ConflictError` when no demo shop is loaded.
    """
    marker = shop.store.get(schema.meta_key("demo"))
    if marker is None:
        raise ConflictError("There is no demo shop in this store.")
    _mark(shop, marker | {"state": _REMOVING})
    removed, orders, kept = 0, 0, 0
    for chunk in _chunks(iter(list(_demo_customers(shop)))):
        remove_messages(shop, [customer.id for customer in chunk])
        found = [_contents(shop, customer) for customer in chunk]
        gone = _remove(shop, found)
        removed, kept = removed + gone, kept + len(chunk) - gone
        orders += sum(schema.is_order(row.key) for each in found for row in each.orders)
    reconcile(shop, fix=True)
    remove_products(shop)
    remove_changes_of_what_is_gone(shop)
    remove_campaigns(shop, from_text(text(marker, "at")))
    remove_demo_automations(shop)
    take_demo_address(shop)
    _take_payment_url(shop)
    remove_demo_team(shop)
    shop.store.transact([Delete(schema.meta_key("demo")), Put(_REMOVED_KEY, {"at": to_text(shop.clock())})])
    return Removed(removed, orders, kept)


def _demo_customers(shop: Shop) -> Iterator[Customer]:
    for line in schema.customer_lines():
        query = Query(schema.SHOP, line, index="timeline", limit=500)
        keys = [row.key for row in pages_of(shop.store, query) if row.item.get("source") == SOURCE]
        for key, item in shop.store.get_many(keys).items():
            yield customer_from(schema.customer_id_of(key), item)


@dataclass(frozen=True, slots=True)
class _Contents:
    """A customer of the demo, the demo's orders with its drafts, and whether there are no others."""

    customer: Customer
    profile: Row
    rows: list[Row]
    orders: list[Row]
    whole: bool

    def without_profile(self) -> list[Key]:
        """The keys of what goes before the profile."""
        keys = [key for row in self.orders for key in (row.key, schema.reference_key(SOURCE, text(row.item, "number")))]
        if self.whole:
            keys += pointer_keys(self.customer)
            keys += [email_key(self.customer.email)] if self.customer.email else []
            keys += [row.key for row in self.rows if row.key.sk != "A"]
        return keys


def _contents(shop: Shop, customer: Customer) -> _Contents:
    rows = list(
        pages_of(shop.store, Query(schema.SHOP, schema.customer_partition(customer.id), limit=500, consistent=True))
    )
    orders = [row for row in rows if schema.is_order(row.key) or schema.is_draft(row.key)]
    own = [row for row in orders if row.item.get("source") == SOURCE]
    return _Contents(customer, rows[0], rows, own, len(own) == len(orders))


def _remove(shop: Shop, found: Sequence[_Contents]) -> int:
    """Removes what is the demo's; returns how many customers are gone.

    The profile goes last, so that after an interruption it leads back to what is still there; and only if no real
    order came in the meantime (what that customer has lost is then restored with the totals).
    """
    keys = dict.fromkeys(key for each in found for key in each.without_profile())
    shop.store.write_batch([Delete(key) for key in keys])
    profiles = [each.profile for each in found if each.whole]
    outcomes = shop.store.transact_each(
        [[Delete(row.key, Equals("rank_orders", row.item.get("rank_orders")))] for row in profiles]
    )
    return outcomes.count(None)


def load_products(shop: Shop, at: datetime) -> None:
    """Adds the products that are not there yet; `at` is when the shop is said to have begun to sell them."""
    made = [
        Product(id_of_words(title, sku), title, ProductSource.DEMO, at, sku=sku, price=price, picture=picture_path(sku))
        for title, sku, price, _ in PRODUCTS
    ]
    names = read_names(shop, [each.id for each in made])
    new = [each for each in made if names.product_of(each.id) is None]
    shop.store.transact_each([names.add(each) for each in new])


def remove_products(shop: Shop) -> None:
    """Takes out those of which nothing is sold, now that the demo's orders are gone and figures are counted again."""
    names = all_names(shop)
    demo = [each for each in names.products.values() if each.source is ProductSource.DEMO]
    sold = sold_in_all(shop, [each.id for each in demo])
    gone = {each.id: each for each in demo if each.id not in sold or not sold[each.id].units}
    leads = [name for name, product_id in names.leads.items() if product_id in gone]
    shop.store.transact_each(
        [[Delete(schema.product_key(each.id), Equals("version", each.version))] for each in gone.values()]
    )
    shop.store.write_batch([Delete(schema.product_key(name)) for name in leads])
