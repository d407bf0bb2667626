"""The demo shop: always the same, believable, right in all its totals, and taken out without a trace of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from backend.demo.behaviour import SOURCE, DemoCustomer, DemoShop
from backend.demo.catalogue import PRODUCTS
from backend.demo.pictures import drawn
from backend.domain.draft_orders import DraftState
from backend.domain.orders import LineItem, OrderStatus
from backend.domain.products import ProductSource, clean_picture
from backend.domain.team import Role
from backend.errors import BackendError, ConflictError, StoreUnreachableError
from backend.services.context import Shop
from backend.services.customers import customers, leaderboards
from backend.services.customers.customers import Profile
from backend.services.customers.leaderboards import Measure
from backend.services.customers.lists import CustomerFilter, Sort, list_customers
from backend.services.demo import shop as demo
from backend.services.draft_orders.lists import list_drafts
from backend.services.draft_orders.settings import draft_settings
from backend.services.orders import orders
from backend.services.products import catalogue, counting
from backend.services.products import figures as product_figures
from backend.services.reconcile import reconcile
from backend.services.statistics import figures
from backend.services.team import members as team
from backend.store import schema
from backend.store.port import Write
from backend.store.sql import SqlStore
from tests.recount import assert_totals_hold, everything, fingerprint
from tests.services.signing import quick_hashes
from tests.support import ADMIN, NOW, STAFF, TestClock, add_customer, add_order, draft, opened_shop

__all__ = ["quick_hashes"]
pytestmark = pytest.mark.usefixtures("quick_hashes")
FEW = 60


@pytest.fixture(scope="module")
def made() -> list[DemoCustomer]:
    with opened_shop() as shop:
        return list(DemoShop(NOW.date(), shop.zone, shop.currency, NOW).customers(demo.CUSTOMERS))


def test_the_demo_is_about_two_thousand_customers_and_two_years_of_orders(made: list[DemoCustomer]) -> None:
    orders = [order for each in made for order in each.orders]
    assert len(made) == 2000
    assert 6000 < len(orders) < 9000
    days = {order.placed_at.date() for order in orders}
    assert NOW.date() - timedelta(days=731) <= min(days) <= NOW.date() - timedelta(days=720)
    assert max(days) == NOW.date()
    assert all(order.placed_at <= NOW for order in orders)


def test_the_demo_is_believable(made: list[DemoCustomer]) -> None:
    orders = [order for each in made for order in each.orders]
    month = Counter(f"{order.placed_at:%Y-%m}" for order in orders)
    assert month["2025-12"] > 1.6 * month["2025-07"]
    share = {status: sum(order.status is status for order in orders) / len(orders) for status in OrderStatus}
    assert 0.015 < share[OrderStatus.CANCELLED] < 0.05
    assert 0.02 < sum(order.refunded > 0 for order in orders) / len(orders) < 0.06
    repeating = sum(len(each.orders) > 1 for each in made) / len(made)
    assert 0.3 < repeating < 0.8
    most = sorted((len(each.orders) for each in made), reverse=True)
    assert sum(most[: len(most) // 5]) > 0.4 * len(orders)
    assert len({each.customer.country for each in made}) >= 10
    assert len({line.sku for order in orders for line in order.lines}) >= 35
    assert any(not each.customer.name.isascii() for each in made)
    asked = Counter(None if each.customer.consent is None else each.customer.consent.given for each in made)
    assert min(asked[None], asked[True], asked[False]) > 100
    tags = Counter(tag for each in made for tag in each.customer.tags)
    assert {"vip", "wholesale", "newsletter"} <= set(tags)


def test_the_demo_brings_its_products_and_takes_away_what_was_not_really_sold(shop: Shop) -> None:
    demo.seed_demo(shop, customers=FEW)
    while counting.count_sold(shop).entries:
        pass
    found = catalogue.all_products(shop)
    assert (len(found), {each.source for each in found}) == (len(PRODUCTS), {ProductSource.DEMO})
    assert product_figures.best_products(shop)[0].sold.units > 0
    line = LineItem(found[0].title, 1, 100, found[0].sku)
    orders.place_order(shop, STAFF, draft(add_customer(shop), lines=[line]), orders.new_idempotency_key(shop))
    counting.count_sold(shop)
    demo.remove_demo(shop)
    assert [each.id for each in catalogue.all_products(shop)] == [found[0].id]
    assert [each.sold.units for each in product_figures.best_products(shop)] == [1]


def test_the_demo_shows_what_happens_to_orders(made: list[DemoCustomer]) -> None:
    orders = [order for each in made for order in each.orders]
    returns = [each for order in orders for each in order.returns]
    assert min(sum(each.received_at is None for each in returns), sum(each.restocked for each in returns)) > 5
    assert any(order.returns and order.refunds for order in orders)
    assert any(order.payments and 0 < order.balance < order.total for order in orders)
    assert any(order.tip for order in orders)
    assert any(order.gift_cards for order in orders)
    assert any(order.test for order in orders)
    assert {len(order.fulfilments) for order in orders} == {0, 1, 2}
    assert all(order.other == 0 for order in orders)


def test_the_demo_has_a_draft_in_every_state(loaded: Shop) -> None:
    assert {each.state for each in list_drafts(loaded).drafts} == set(DraftState)
    demo.remove_demo(loaded)
    assert (list_drafts(loaded).drafts, draft_settings(loaded).payment_url) == ([], "")


def test_every_product_of_the_demo_has_a_small_picture(loaded: Shop) -> None:
    for product in catalogue.all_products(loaded):
        drawing = drawn(product.sku)
        assert drawing is not None
        assert len(drawing) < 2000
        assert ElementTree.fromstring(drawing).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own
        assert clean_picture(product.picture) == f"/api/demo/pictures/{product.sku}.svg"


def test_nobody_real_can_be_emailed(made: list[DemoCustomer]) -> None:
    addresses = [each.customer.email for each in made if each.customer.email]
    assert len(addresses) == len(set(addresses))
    assert {address.partition("@")[2] for address in addresses} == {"example.com", "example.org", "example.net"}
    assert 0 < len(made) - len(addresses) < 100


def test_everything_says_that_it_is_of_the_demo(made: list[DemoCustomer]) -> None:
    assert {each.customer.source for each in made} == {SOURCE}
    assert {order.source for each in made for order in each.orders} == {SOURCE}


def test_no_order_gives_back_more_than_it_took(made: list[DemoCustomer]) -> None:
    assert all(0 <= order.refunded <= order.total for each in made for order in each.orders)


# --- loading -----------------------------------------------------------------------------------------------------


@pytest.fixture
def loaded(shop: Shop) -> Shop:
    assert demo.seed_demo(shop, customers=FEW).customers == FEW
    return shop


def test_a_loaded_demo_is_right_in_all_its_totals(loaded: Shop) -> None:
    assert_totals_hold(loaded)
    found = reconcile(loaded, pause=lambda _: None)
    assert (found.customers, found.drift) == (FEW, [])
    assert demo.is_demo(loaded)


def test_the_same_day_gives_the_same_demo() -> None:
    prints = []
    for _ in range(2):
        with opened_shop() as shop:
            demo.seed_demo(shop, customers=FEW)
            rows = [row for row in everything(shop) if row.key.pk not in ("TEAM", "META")]
            prints.append(sorted(repr(row) for row in rows))
    assert prints[0] == prints[1]


def test_every_page_of_the_demo_has_something_to_show(loaded: Shop) -> None:
    assert len(leaderboards.top_customers(loaded, Measure.REVENUE)) == 25
    assert leaderboards.top_customers(loaded, Measure.ORDERS, "2026-11")
    assert figures.totals_of(figures.totals_by_day(loaded, date(2024, 11, 1), NOW.date())).revenue > 0
    assert figures.counts_of(loaded, "country")
    assert figures.counts_of(loaded, "tag")
    newest = list_customers(loaded, CustomerFilter(sort=Sort.NEWEST)).customers
    assert len(newest) == 50


def test_loading_adds_the_demo_team(loaded: Shop) -> None:
    members = team.list_members(loaded, ADMIN)
    assert {member.role for member in members} == set(Role)
    assert all(member.demo for member in members)


def test_loading_twice_changes_nothing(loaded: Shop) -> None:
    before = fingerprint(loaded)
    assert demo.seed_demo(loaded, customers=FEW).reason == "The demo shop is loaded already."
    assert fingerprint(loaded) == before


class BrokenStore(SqlStore):
    """A store that is gone after so many calls of `transact_each`."""

    calls_left = 10**9

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[BackendError | None]:
        if self.calls_left == 0:
            raise StoreUnreachableError("The store cannot be reached.")
        type(self).calls_left -= 1
        return super().transact_each(transactions)


@pytest.fixture
def breaking(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[BrokenStore]]:
    monkeypatch.setattr(demo, "_CHUNK", 20)
    shop.store.__class__ = BrokenStore
    yield BrokenStore
    BrokenStore.calls_left = 10**9


def test_interrupted_loading_is_finished_by_loading_again(
    shop: Shop, clock: TestClock, breaking: type[BrokenStore]
) -> None:
    breaking.calls_left = 2
    with pytest.raises(StoreUnreachableError):
        demo.seed_demo(shop, customers=FEW)
    breaking.calls_left = 10**9
    clock.forward(days=3)
    assert demo.seed_demo(shop, customers=FEW).reason == ""
    assert reconcile(shop, pause=lambda _: None).drift == []
    with opened_shop() as whole:
        demo.seed_demo(whole, customers=FEW)
        assert leaderboards.top_customers(shop, Measure.REVENUE) == leaderboards.top_customers(whole, Measure.REVENUE)


def test_a_store_with_customers_is_left_alone(shop: Shop) -> None:
    add_customer(shop)
    before = fingerprint(shop)
    assert "customers already" in demo.seed_demo(shop, customers=FEW).reason
    assert fingerprint(shop) == before
    assert not demo.is_demo(shop)


def test_a_store_with_a_team_is_left_alone(shop: Shop) -> None:
    team.add_member(shop, ADMIN, username="olga", name="Olga", email="olga@example.com", role=Role.ADMIN)
    assert "team already" in demo.seed_demo(shop, customers=FEW).reason


def test_a_store_with_customers_takes_the_demo_when_asked(shop: Shop) -> None:
    with opened_shop() as other:
        demo.seed_demo(other, customers=FEW)
        taken = next(row.key.pk.removeprefix("E#") for row in everything(other) if row.key.pk.startswith("E#"))
    mine = add_customer(shop, "Mine", taken)
    assert demo.seed_demo(shop, customers=FEW, anyway=True).reason == ""
    assert reconcile(shop, pause=lambda _: None).drift == []
    assert customers.find_by_email(shop, taken) == mine


# --- removing ----------------------------------------------------------------------------------------------------


def test_removing_leaves_nothing_of_the_demo(loaded: Shop) -> None:
    removed = demo.remove_demo(loaded)
    assert (removed.customers, removed.kept) == (FEW, 0)
    left = [row.key for row in everything(loaded) if row.key.pk != "META"]
    assert left == []
    assert not demo.is_demo(loaded)
    assert team.team_is_empty(loaded)


def test_a_removed_demo_comes_back_only_when_asked_for(loaded: Shop) -> None:
    demo.remove_demo(loaded)
    assert "was removed" in demo.seed_demo(loaded, customers=FEW, if_new=True).reason
    assert demo.seed_demo(loaded, customers=FEW).customers == FEW


def test_removing_keeps_what_is_real(loaded: Shop) -> None:
    team.add_member(loaded, ADMIN, username="olga", name="Olga", email="olga@example.com", role=Role.ADMIN)
    mine = add_customer(loaded, "Mine", country="DE", tags=["vip"])
    add_order(loaded, mine, 700)
    (theirs, *_) = list_customers(loaded, CustomerFilter(tag="vip", sort=Sort.REVENUE)).customers
    real = add_order(loaded, customers.get_customer(loaded, theirs.id), 300)
    removed = demo.remove_demo(loaded)
    assert (removed.customers, removed.kept) == (FEW - 1, 1)
    assert [(each.id, each.revenue) for each in leaderboards.top_customers(loaded, Measure.REVENUE)] == [
        (mine.id, 700),
        (theirs.id, 300),
    ]
    assert loaded.store.get(schema.order_key(theirs.id, real.id)) is not None
    assert [member.username for member in team.list_members(loaded, ADMIN)] == ["olga"]
    assert reconcile(loaded, pause=lambda _: None).drift == []
    assert_totals_hold(loaded)


def test_removing_takes_what_people_changed_about_the_demo(loaded: Shop) -> None:
    (first, *_) = list_customers(loaded, CustomerFilter(sort=Sort.NEWEST)).customers
    customer = customers.get_customer(loaded, first.id)
    profile = Profile("Renamed", "renamed@example.com", "JP", tags=("new",))
    customers.edit_customer(loaded, STAFF, customer.id, customer.version, profile)
    customers.add_note(loaded, STAFF, customer.id, "A note")
    demo.remove_demo(loaded)
    assert [row.key for row in everything(loaded) if row.key.pk != "META"] == []


def test_interrupted_removing_is_finished_by_removing_again(loaded: Shop, breaking: type[BrokenStore]) -> None:
    breaking.calls_left = 1
    with pytest.raises(StoreUnreachableError):
        demo.remove_demo(loaded)
    breaking.calls_left = 10**9
    assert "interrupted" in demo.seed_demo(loaded, customers=FEW).reason
    demo.remove_demo(loaded)
    assert [row.key for row in everything(loaded) if row.key.pk != "META"] == []


def test_there_has_to_be_a_demo_to_be_removed(shop: Shop) -> None:
    with pytest.raises(ConflictError, match="no demo shop"):
        demo.remove_demo(shop)
