"""Reconciling finds whatever is kept and is wrong, repairs it exactly, and can be run while orders are being taken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from backend.domain.customers import Customer
from backend.domain.orders import Order, OrderStatus
from backend.domain.time import to_text
from backend.records.customers import email_key
from backend.services.context import Shop
from backend.services.customers import customers, lists
from backend.services.customers.customers import Profile
from backend.services.customers.lists import CustomerFilter
from backend.services.orders import orders
from backend.services.reconcile import Reconciliation, reconcile
from backend.services.reconcile import run as running_module
from backend.store import schema
from backend.store.port import Delete, Item, Key, Put, Value
from tests.recount import assert_totals_hold, everything, fingerprint
from tests.support import NOW, STAFF, add_customer, add_order, ref


def _reconciled(shop: Shop, *, fix: bool = False) -> Reconciliation:
    return reconcile(shop, fix=fix, pause=lambda _: None)


@dataclass
class Scene:
    """A shop in which everything occurs, and the customer and orders that the tests break."""

    shop: Shop
    maria: Customer
    order: Order
    imported: Order

    def change(self, key: Key, **changes: Value) -> None:
        """Sets attributes behind everybody's back; None removes one."""
        item: Item = {**(self.shop.store.get(key) or {}), **changes}
        self.shop.store.write_batch([Put(key, {name: value for name, value in item.items() if value is not None})])

    def remove(self, key: Key) -> None:
        self.shop.store.write_batch([Delete(key)])

    def add(self, key: Key, **item: Value) -> None:
        self.shop.store.write_batch([Put(key, item)])

    def amount(self, key: Key, name: str) -> int:
        value = (self.shop.store.get(key) or {}).get(name, 0)
        assert isinstance(value, int)
        return value

    @property
    def profile(self) -> Key:
        return schema.customer_key(self.maria.id)

    @property
    def month(self) -> Key:
        return schema.customer_month_key(self.maria.id, "2026-11")

    @property
    def day(self) -> Key:
        return schema.day_key("2026-11-26", self.maria.id)

    @property
    def order_key(self) -> Key:
        return schema.order_key(self.maria.id, self.order.id)

    @property
    def reference(self) -> Key:
        return schema.reference_key("shopify", "#1001")


@pytest.fixture
def scene(shop: Shop) -> Scene:
    maria = add_customer(shop, "Maria Lopez", "maria@example.com", country="ES", tags=["vip", "tea"])
    order = add_order(shop, maria, 1000)
    add_order(shop, maria, 400, placed_at=NOW - timedelta(days=40))
    other = add_customer(shop, "José Álvarez", "", country="ES")
    cancelled = add_order(shop, other, 700)
    orders.change_status(shop, STAFF, ref(cancelled), OrderStatus.CANCELLED)
    refunded = add_order(shop, other, 900)
    orders.refund_order(shop, STAFF, ref(refunded), 200, "", "refund-1")
    gone = add_customer(shop, "Old Friend", tags=["vip"])
    customers.archive_customer(shop, STAFF, gone.id, 1)
    customers.add_note(shop, STAFF, maria.id, "A note")
    imported = add_order(shop, maria, 50)
    key = schema.order_key(maria.id, imported.id)
    scene = Scene(shop, maria, order, imported)
    scene.change(key, source="shopify", number="#1001")
    scene.add(scene.reference, customer=maria.id, order=imported.id, print="abc")
    return scene


def test_a_shop_that_is_right_has_no_drift(scene: Scene) -> None:
    before = fingerprint(scene.shop)
    found = _reconciled(scene.shop, fix=True)
    assert (found.customers, found.orders, found.drift, found.unsettled) == (3, 5, [], 0)
    assert fingerprint(scene.shop) == before


def test_an_empty_shop_has_no_drift(shop: Shop) -> None:
    assert _reconciled(shop) == Reconciliation()


def test_a_shop_of_many_pages_is_read_to_its_end(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(12):
        customer = add_customer(shop, f"Customer {number}", country="DE")
        for _ in range(number % 5):
            add_order(shop, customer)
    for page in (1, 2, 3, 7):
        monkeypatch.setattr(running_module, "_PAGE", page)
        found = _reconciled(shop)
        assert (found.customers, found.orders, found.drift) == (12, sum(number % 5 for number in range(12)), [])


BREAKAGES: dict[str, tuple[Callable[[Scene], None], str]] = {
    "revenue of all time": (
        lambda s: s.change(s.profile, rank_revenue=s.amount(s.profile, "rank_revenue") + 5 * schema.RANK_UNIT),
        "revenue of all time",
    ),
    "orders of all time": (
        lambda s: s.change(s.profile, rank_orders=s.amount(s.profile, "rank_orders") - schema.RANK_UNIT),
        "orders of all time",
    ),
    "tie of a rank": (
        lambda s: s.change(s.profile, rank_orders=s.amount(s.profile, "rank_orders") + 1),
        "orders of all time",
    ),
    "ranks that are gone": (lambda s: s.change(s.profile, rank_revenue=None, board=None), "revenue of all time"),
    "leaderboard": (lambda s: s.change(s.profile, board=None), "leaderboard of all time"),
    "first day": (lambda s: s.change(s.profile, first_day="2026-11-26"), "first_day"),
    "list of customers": (lambda s: s.change(s.profile, line="CUSTOMERS#99"), "line"),
    "revenue of a month": (
        lambda s: s.change(s.month, rank_revenue=s.amount(s.month, "rank_revenue") - schema.RANK_UNIT),
        "revenue of 2026-11",
    ),
    "leaderboard of a month": (lambda s: s.change(s.month, board="2026-11#9"), "leaderboard of 2026-11"),
    "a month that is gone": (lambda s: s.remove(s.month), "orders of 2026-11"),
    "name in a month": (lambda s: s.change(s.month, name="Somebody Else"), "name in 2026-11"),
    "address in a month": (lambda s: s.change(s.month, email=None), "email in 2026-11"),
    "list of orders": (lambda s: s.change(s.order_key, line="ORDERS#2020-01#paid"), "line"),
    "refunded": (lambda s: s.change(s.order_key, refunded=77), "refunded"),
    "orders of a day": (lambda s: s.change(s.day, orders=s.amount(s.day, "orders") + 1), "day 2026-11-26"),
    "new customers of a day": (lambda s: s.change(s.day, new_customers=40), "new_customers"),
    "a day that is gone": (lambda s: s.remove(s.day), "revenue"),
    "counter of a country": (
        lambda s: s.change(schema.count_key("country", "ES", s.maria.id), n=40),
        "customers of country ES",
    ),
    "counter of a tag that is gone": (
        lambda s: s.remove(schema.count_key("tag", "tea", s.maria.id)),
        "customers of tag tea",
    ),
    "search word that is gone": (lambda s: s.remove(schema.alias_key("lopez", s.maria.id)), "search word"),
    "tag that is gone": (
        lambda s: s.remove(schema.tag_key("vip", "2026-11-26T12:00:00.000000Z", s.maria.id)),
        "tag in lists",
    ),
    "country that is gone": (
        lambda s: s.remove(schema.country_key("ES", "2026-11-26T12:00:00.000000Z", s.maria.id)),
        "country in lists",
    ),
    "address that is gone": (lambda s: s.remove(email_key("maria@example.com")), "reservation of the email"),
    "reference that is gone": (lambda s: s.remove(s.reference), "reference"),
    "stray search word": (lambda s: s.add(schema.alias_key("perez", s.maria.id)), "search word"),
    "search word of nobody": (lambda s: s.add(schema.alias_key("perez", "NOBODY0000")), "search word"),
    "stray tag": (lambda s: s.add(schema.tag_key("vip", "2020-01-01T00:00:00.000000Z", s.maria.id)), "tag in lists"),
    "stray place among the archived": (
        lambda s: s.add(schema.archived_key(to_text(s.maria.created_at), s.maria.id)),
        "place among the archived",
    ),
    "stray country": (
        lambda s: s.add(schema.country_key("FR", "2026-11-26T12:00:00.000000Z", s.maria.id)),
        "country in lists",
    ),
    "stray address": (lambda s: s.add(email_key("old@example.com"), customer=s.maria.id), "reservation of an email"),
    "address of nobody": (lambda s: s.add(email_key("x@example.com"), customer="NOBODY0000"), "reservation"),
    "reference to nothing": (
        lambda s: s.add(schema.reference_key("shopify", "#9"), customer=s.maria.id, order="20200101"),
        "no such order",
    ),
    "counter of nobody": (lambda s: s.add(schema.count_key("tag", "ghost", s.maria.id), n=3), "tag ghost"),
    "day of nothing": (
        lambda s: s.add(
            schema.day_key("2025-01-01", s.maria.id), orders=1, revenue=5, refunded=0, cancelled=0, new_customers=0
        ),
        "day 2025-01-01",
    ),
    "day that there is not": (
        lambda s: s.add(schema.day_key("nonsense", s.maria.id), orders=1, revenue=5, new_customers=-1),
        "day nons-nse",
    ),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_what_is_wrong_is_reported_and_left_until_it_is_to_be_repaired(scene: Scene, name: str) -> None:
    break_it, said = BREAKAGES[name]
    break_it(scene)
    broken = fingerprint(scene.shop)
    found = _reconciled(scene.shop)
    assert any(said in f"{drift.what} {drift.expected}" for drift in found.drift), found.drift
    assert all(drift.expected != drift.found and not drift.fixed for drift in found.drift)
    assert (found.drift_count, found.fixed_count) == (len(found.drift), 0)
    assert fingerprint(scene.shop) == broken


@pytest.mark.parametrize("name", BREAKAGES)
def test_what_is_wrong_is_repaired_to_what_it_was(scene: Scene, name: str) -> None:
    right = _without_empty_sums(scene.shop)
    BREAKAGES[name][0](scene)
    found = _reconciled(scene.shop, fix=True)
    assert found.drift
    assert all(drift.fixed for drift in found.drift)
    if name != "reference that is gone":  # the fingerprint of the file went with it; the next import writes it again
        assert _without_empty_sums(scene.shop) == right
    assert _reconciled(scene.shop).drift == []
    assert_totals_hold(scene.shop)


def _without_empty_sums(shop: Shop) -> list[object]:
    """Everything, but counters that say 0: it makes no difference whether they are there."""
    found: list[object] = []
    for row in sorted(everything(shop), key=lambda row: row.key):
        kept = row.item
        if row.key.pk[:4] in ("DAYS", "COUN"):
            kept = {name: value for name, value in row.item.items() if value}
        if kept or not row.item:
            found.append((row.key, dict(sorted(kept.items()))))
    return found


def test_everything_wrong_at_once_is_repaired_too(scene: Scene) -> None:
    for break_it, _ in list(BREAKAGES.values())[::-1]:
        break_it(scene)
    assert _reconciled(scene.shop, fix=True).drift
    assert _reconciled(scene.shop).drift == []
    assert_totals_hold(scene.shop)


def test_a_customer_with_more_wrong_items_than_a_transaction_holds_is_repaired(shop: Shop) -> None:
    maria = add_customer(shop)
    for days in range(150):
        order = add_order(shop, maria, 10 + days, placed_at=NOW - timedelta(days=days))
        key = schema.order_key(maria.id, order.id)
        shop.store.write_batch([Put(key, (shop.store.get(key) or {}) | {"line": "ORDERS#2020-01#paid"})])
    assert _reconciled(shop).drift_count == 150
    found = _reconciled(shop, fix=True)
    assert found.fixed_count == 150
    assert _reconciled(shop).drift == []
    assert_totals_hold(shop)


def test_a_customer_who_was_archived_before_there_was_a_list_of_them_gets_into_it(scene: Scene) -> None:
    customers.archive_customer(scene.shop, STAFF, scene.maria.id, scene.maria.version)
    scene.remove(schema.archived_key(to_text(scene.maria.created_at), scene.maria.id))
    assert scene.maria.id not in _archived(scene.shop)
    assert _reconciled(scene.shop, fix=True).fixed_count == 1
    assert scene.maria.id in _archived(scene.shop)
    assert _reconciled(scene.shop).drift == []


def _archived(shop: Shop) -> set[str]:
    return {found.id for found in lists.list_customers(shop, CustomerFilter(archived=True)).customers}


def test_orders_whose_customer_is_gone_are_reported_and_left_to_a_person(scene: Scene) -> None:
    scene.remove(scene.profile)
    found = _reconciled(scene.shop, fix=True)
    told = [drift for drift in found.drift if not drift.fixed]
    assert [(drift.what, drift.expected) for drift in told] == [(f"customer {scene.maria.id}: profile", "there")]
    assert scene.shop.store.get(scene.order_key) is not None


def test_two_customers_with_one_address_are_reported_and_left_to_a_person(scene: Scene) -> None:
    second = add_customer(scene.shop, "Second", "")
    scene.change(schema.customer_key(second.id), email="maria@example.com")
    found = _reconciled(scene.shop, fix=True)
    (told,) = [drift for drift in found.drift if not drift.fixed]
    assert (told.what, told.expected, told.found) == (
        f"customer {second.id}: owner of the email address",
        second.id,
        scene.maria.id,
    )


def test_an_address_that_was_given_away_is_taken_back_in_a_second_round(scene: Scene) -> None:
    other = add_customer(scene.shop, "Other", "")
    scene.change(email_key("maria@example.com"), customer=other.id)
    _reconciled(scene.shop, fix=True)
    assert _reconciled(scene.shop).drift == []
    assert customers.find_by_email(scene.shop, "maria@example.com") == customers.get_customer(
        scene.shop, scene.maria.id
    )


def test_items_that_cannot_be_read_are_reported_and_the_rest_goes_on(scene: Scene) -> None:
    scene.change(scene.order_key, total="much")
    scene.change(schema.count_key("tag", "vip", scene.maria.id), n=40)
    found = _reconciled(scene.shop)
    assert (f"customer {scene.maria.id}: items", "readable") in [(drift.what, drift.expected) for drift in found.drift]
    assert any("tag vip" in drift.what for drift in found.drift)
    assert found.customers == 2


def test_drifts_show_no_names_and_no_addresses(scene: Scene) -> None:
    for break_it, _ in BREAKAGES.values():
        break_it(scene)
    told = repr(_reconciled(scene.shop).drift).casefold()
    for personal in ("maria", "lopez", "perez", "@"):
        assert personal not in told


def test_more_drifts_than_can_be_listed_are_counted(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.services.reconcile.findings.MOST_LISTED", 3)
    for break_it, _ in BREAKAGES.values():
        break_it(scene)
    found = _reconciled(scene.shop)
    assert len(found.drift) == 3
    assert found.drift_count > 20


def test_progress_is_reported(scene: Scene) -> None:
    told: list[tuple[int, int]] = []
    reconcile(scene.shop, progress=lambda *so_far: told.append(so_far), pause=lambda _: None)
    assert told[-1] == (3, 5)


def test_an_order_between_two_readings_is_no_drift(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page is followed by an order, so that what was read is never what is there."""
    monkeypatch.setattr(running_module, "_PAGE", 3)
    maria = customers.get_customer(scene.shop, scene.maria.id)
    reconciled = reconcile(
        scene.shop, fix=True, progress=lambda *_: _order_and_edit(scene.shop, maria), pause=lambda _: None
    )
    assert reconciled.drift == []
    assert_totals_hold(scene.shop)


def _order_and_edit(shop: Shop, maria: Customer) -> None:
    add_order(shop, maria, 5)
    now = customers.get_customer(shop, maria.id)
    profile = Profile(f"Maria {now.version} Lopez", maria.email or "", "ES" if now.version % 2 else "FR")
    customers.edit_customer(shop, STAFF, maria.id, now.version, profile)


def test_repairing_while_orders_are_taken_loses_none(shared_shop: Shop) -> None:
    people = [add_customer(shared_shop, f"Person {number}", country="DE") for number in range(6)]
    for customer in people:
        add_order(shared_shop, customer, 100)
    scene = Scene(shared_shop, people[0], add_order(shared_shop, people[0]), add_order(shared_shop, people[0]))
    broken = ("revenue of all time", "orders of a day", "name in a month", "search word of nobody")
    stop = threading.Event()

    def sell() -> None:
        number = 0
        while not stop.is_set():
            order = add_order(shared_shop, people[number % 6], number, placed_at=NOW - timedelta(days=number % 3))
            if number % 4 == 0:
                orders.change_status(shared_shop, STAFF, ref(order), OrderStatus.CANCELLED)
            number += 1

    seller = threading.Thread(target=sell)
    seller.start()
    try:
        for _ in range(3):
            for name in broken[2:]:
                BREAKAGES[name][0](scene)
            _reconciled(shared_shop, fix=True)
    finally:
        stop.set()
        seller.join()
    assert _reconciled(shared_shop).drift == []
    assert_totals_hold(shared_shop)
