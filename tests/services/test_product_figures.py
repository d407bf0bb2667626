"""What is kept of products equals a recount of the orders, after any mix of what people do."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from backend.domain.orders import NEXT_STATUSES, LineItem, Order, OrderStatus
from backend.domain.products import Product, Sold
from backend.errors import ConflictError, InvalidInputError
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.orders import orders
from backend.services.orders.changes import change_order, with_history
from backend.services.orders.parts import new_part_id
from backend.services.orders.refunds import refund_order
from backend.services.products import catalogue, counting, figures
from backend.services.products.catalogue import ProductDraft, ProductTakenError
from backend.services.products.figures import Days, ProductMeasure
from backend.services.reconcile import reconcile
from backend.services.reconcile.products import count_from_the_beginning
from backend.store import schema
from backend.store.port import Delete, Key, Put, Query, Update
from backend.store.sql import SqlStore
from tests.recount import everything
from tests.support import NOW, STAFF, TestClock, add_customer, add_order, draft, opened_shop, ref, shop_on

GOODS = (
    LineItem("Assam", 1, 990, "TEA-1"),
    LineItem("Sencha", 1, 1490, "TEA-2"),
    LineItem("Sencha", 1, 1490),
    LineItem("Teapot, red", 1, 4500),
    LineItem("TEAPOT,  Red", 1, 4000),
    LineItem("Sample", 1, 0, "FREE"),
    LineItem("Gift card", 1, 2500),
)
NUMBERS = st.integers(0, 1_000_000)
LINES = st.lists(st.tuples(st.sampled_from(GOODS), st.integers(1, 3)), min_size=1, max_size=4)


def count_all(shop: Shop) -> None:
    while counting.count_sold(shop).entries:
        pass


def recounted(shop: Shop) -> dict[tuple[str, str], Sold]:
    """Units and revenue by product's name in lower case and day, from the stored orders and by the words of the docs.

    Line items of one SKU, or without one of one title, are one product; a title that has a SKU elsewhere is that one.
    """
    skus = {"sencha": "tea-2"}
    found: defaultdict[tuple[str, str], Sold] = defaultdict(Sold)
    for row in everything(shop):
        item: Any = row.item
        if not (row.key.pk.startswith("C#") and row.key.sk.startswith("O#")) or item["status"] == "cancelled":
            continue
        amounts = [quantity * price for _, quantity, price, *_ in item["lines"]]
        goods = parts_of(item["subtotal"], amounts)
        for place, (title, *_) in enumerate(item["lines"]):
            goods[place] = 0 if title == "Gift card" else goods[place]
        whole = item["total"] - item.get("gift_cards", 0)
        given_back = sum(refund[1] for refund in item.get("refunds", []))
        given_back -= min(given_back, max(item.get("paid", item["total"]) - item["total"], 0))
        left = whole - min(given_back, whole)
        kept = sum(goods) if left >= whole else (2 * sum(goods) * left + whole) // (2 * whole)
        for (title, quantity, _, *rest), revenue in zip(item["lines"], parts_of(kept, goods), strict=True):
            name = " ".join(title.lower().split())
            name = str(rest[0]).lower() if rest and rest[0] else skus.get(name, name)
            found[name, item["day"]] = found[name, item["day"]].plus(Sold(quantity, revenue))
    return dict(found)


def parts_of(amount: int, weights: list[int]) -> list[int]:
    """Parts in proportion that add up; each cent that rounding leaves goes to who is furthest below."""
    whole = sum(weights)
    if not whole:
        return [amount] + [0] * (len(weights) - 1)
    parts = [amount * weight // whole for weight in weights]
    for _ in range(amount - sum(parts)):
        place = max(range(len(parts)), key=lambda p: (amount * weights[p] - parts[p] * whole, -p))
        parts[place] += 1
    return parts


def kept(shop: Shop, first: date, last: date) -> dict[tuple[str, str], Sold]:
    """What the services say of each day."""
    names = {each.id: called(each) for each in catalogue.all_products(shop)}
    found = {}
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        for product, sold in figures.sold_in_period(shop, Days(day, day)).items():
            found[names[product], f"{day}"] = sold
    return found


def called(product: Product) -> str:
    return " ".join((product.sku or product.name).lower().split())


def assert_products_hold(shop: Shop) -> None:
    """Holds days, months and all time against the orders."""
    wanted = recounted(shop)
    days = sorted({day for _, day in wanted}) or ["2026-11-26"]
    first, last = date.fromisoformat(days[0]), date.fromisoformat(days[-1])
    assert kept(shop, first, last) == wanted
    for period, prefix in [(Days(), ""), *((month_days(day), day[:7]) for day in days)]:
        sums: defaultdict[str, Sold] = defaultdict(Sold)
        for (name, day), sold in wanted.items():
            if day.startswith(prefix):
                sums[name] = sums[name].plus(sold)
        best = figures.best_products(shop, period=period, limit=1000)
        assert {called(each.product): each.sold for each in best} == sums
        assert [each.sold.revenue for each in best] == sorted((s.revenue for s in sums.values()), reverse=True)


def month_days(day: str) -> Days:
    first = date.fromisoformat(day).replace(day=1)
    return Days(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


class ProductMachine(RuleBasedStateMachine):
    """What people may do to orders, while somebody counts now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.store = SqlStore("sqlite://")
        self.store.create_tables()
        self.shop = shop_on(self.store, clock=TestClock(), zone="Europe/Berlin")
        count_from_the_beginning(self.shop)
        self.customer = add_customer(self.shop)
        self.orders: list[str] = []
        # A title leads to the SKU with which it was sold first.
        catalogue.create_product(self.shop, STAFF, ProductDraft("Sencha", "TEA-2"))

    def teardown(self) -> None:
        try:
            assert reconcile(self.shop).drift == []
            count_all(self.shop)
            assert_products_hold(self.shop)
            assert reconcile(self.shop).drift == []
        finally:
            self.store.close()

    @rule(lines=LINES, days=st.integers(0, 70), discount=st.integers(0, 500), shipping=st.sampled_from((0, 490)))
    def place(self, lines: list[tuple[LineItem, int]], days: int, discount: int, shipping: int) -> None:
        moment = self.shop.clock() - timedelta(days=days)
        wanted = self._draft(lines, discount, shipping, placed_at=moment)
        self.orders.append(orders.place_order(self.shop, STAFF, wanted, orders.new_idempotency_key(self.shop)).order.id)

    @precondition(lambda self: self.orders)
    @rule(which=NUMBERS, choice=NUMBERS)
    def change_status(self, which: int, choice: int) -> None:
        order = self._order(which)
        possible = NEXT_STATUSES[order.status]
        orders.change_status(self.shop, STAFF, ref(order), possible[choice % len(possible)])

    @precondition(lambda self: self.orders)
    @rule(which=NUMBERS, lines=LINES, discount=st.integers(0, 500))
    def edit(self, which: int, lines: list[tuple[LineItem, int]], discount: int) -> None:
        order = self._order(which)
        try:
            orders.edit_order(self.shop, STAFF, ref(order), self._draft(lines, discount, 0))
        except InvalidInputError:
            assert order.refunded

    @precondition(lambda self: self.orders)
    @rule(which=NUMBERS, share=st.floats(0, 1))
    def refund(self, which: int, share: float) -> None:
        order = self._order(which)
        if amount := round(order.refundable * share):
            refund_order(self.shop, STAFF, ref(order), amount, "", new_part_id())

    @rule()
    def count(self) -> None:
        counting.count_sold(self.shop)

    @invariant()
    def all_time_is_the_sum_of_what_was_counted(self) -> None:
        best = figures.best_products(self.shop, limit=1000)
        assert all(each.sold.units > 0 for each in best)

    def _draft(self, lines: list[tuple[LineItem, int]], discount: int, shipping: int, **more: Any) -> orders.OrderDraft:
        items = [LineItem(line.title, quantity, line.unit_price, line.sku) for line, quantity in lines]
        most = sum(line.amount for line in items)
        return draft(self.customer, lines=items, discount=min(discount, most), shipping=shipping, **more)

    def _order(self, number: int) -> Order:
        return orders.get_order(self.shop, self.customer.id, self.orders[number % len(self.orders)])


TestProductsAfterAnything = ProductMachine.TestCase
TestProductsAfterAnything.settings = settings(
    max_examples=30,
    stateful_step_count=20,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def test_several_who_count_at_once_count_each_order_once(tmp_path: Path) -> None:
    with opened_shop(f"sqlite:///{tmp_path}/tillpost.db", clock=TestClock()) as shop:
        customer, choose = add_customer(shop), random.Random(1)
        count_from_the_beginning(shop)
        stop = threading.Event()

        def count() -> None:
            while not stop.is_set():
                try:
                    counting.count_sold(shop)
                except ConflictError:
                    continue

        counters = [threading.Thread(target=count) for _ in range(3)]
        for thread in counters:
            thread.start()
        for _ in range(60):
            order = add_order(shop, customer, choose.randrange(1000))
            if choose.random() < 0.3:
                orders.change_status(shop, STAFF, ref(order), OrderStatus.CANCELLED)
        found = reconcile(shop, pause=lambda _: None)  # while others place and count
        stop.set()
        for thread in counters:
            thread.join()
        assert found.drift == []
        count_all(shop)
        assert_products_hold(shop)


def test_an_order_of_500_lines_is_one_transaction_and_is_counted_in_several(shop: Shop) -> None:
    lines = [LineItem(f"Product {n}", 1, 100 + n, f"SKU-{n}") for n in range(500)]
    customer = add_customer(shop)
    orders.place_order(shop, STAFF, draft(customer, lines=lines, discount=777), orders.new_idempotency_key(shop))
    assert counting.count_sold(shop).more
    assert 0 < len(figures.sold_in_period(shop)) < 100
    count_all(shop)
    best = figures.best_products(shop, ProductMeasure.REVENUE, limit=1000)
    assert len(best) == 500
    assert sum(each.sold.revenue for each in best) == sum(line.amount for line in lines) - 777


def test_counting_waits_while_a_recount_holds_the_figures(shop: Shop, clock: TestClock) -> None:
    add_order(shop, add_customer(shop))
    taken = counting.LEASES.take(counting.STATE, counting.LEASES.of(counting.STATE, {}), shop.clock(), "recount")
    shop.store.update(taken)
    assert counting.count_sold(shop).entries == 0
    clock.forward(minutes=3)  # whoever held them has died
    assert counting.count_sold(shop).entries == 1


def test_orders_from_before_there_were_figures_are_counted_once(shop: Shop) -> None:
    customer = add_customer(shop)
    old = [add_order(shop, customer, 500 + n) for n in range(3)]
    for number, order in enumerate(old):
        key = schema.order_key(customer.id, order.id)
        shop.store.update(Update(key, remove=("board", "rank_revenue")))
        # Half of them wait in the outbox of a former version.
        if number % 2:
            outbox = Key(schema.SHOP, schema.uncounted_board(order.id), f"{order.id}#000001")
            shop.store.put(Put(outbox, {"customer": customer.id, "day": "2026-11-26", "lines": []}))
    newer = add_order(shop, customer, 900)
    assert count_from_the_beginning(shop)
    assert not [row for row in everything(shop) if row.key.pk.startswith("UNCOUNTED#")]
    assert not count_from_the_beginning(shop)
    count_all(shop)
    assert [each.sold for each in figures.best_products(shop)] == [Sold(4, 500 + 501 + 502 + newer.total)]


def test_a_repair_restores_wrong_figures(shop: Shop) -> None:
    customer = add_customer(shop)
    add_order(shop, customer, 1000)
    count_all(shop)
    before = {row.key: row.item for row in everything(shop)}
    for key in before:
        if key.pk.startswith("SOLD#"):
            shop.store.delete(Delete(key))
    found = reconcile(shop, fix=True, pause=lambda _: None)
    assert found.fixed_count > 0
    assert {row.key: row.item for row in everything(shop)} == before


def test_an_order_that_changes_while_a_part_of_it_is_counted_is_counted_once(shop: Shop) -> None:
    lines = [LineItem(f"Product {n}", 1, 100 + n, f"SKU-{n}") for n in range(60)]
    wanted = draft(add_customer(shop), lines=lines)
    order = orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop)).order
    counting.count_sold(shop)
    order = orders.change_status(shop, STAFF, ref(order), OrderStatus.CANCELLED)
    assert reconcile(shop, pause=lambda _: None).drift == []
    counting.count_sold(shop)
    assert reconcile(shop, pause=lambda _: None).drift == []
    order = orders.change_status(shop, STAFF, ref(order), OrderStatus.PENDING)
    count_all(shop)
    assert sum(each.sold.revenue for each in figures.best_products(shop, limit=100)) == order.total
    assert shop.store.query(Query(schema.SHOP, schema.uncounted_board(order.id), index="by_revenue")).rows == []


def test_a_change_after_the_counting_of_what_was_read_begins_again(shop: Shop) -> None:
    """Somebody counts between the reading and the writing of a change: neither is lost, and nobody is refused."""
    order = add_order(shop, add_customer(shop))
    counting_once = iter([shop])

    def changed(read: Order) -> Order:
        for each in counting_once:
            counting.count_sold(each)
        return with_history(shop, STAFF, replace(read, status=OrderStatus.CANCELLED), "Cancelled")

    change_order(shop, ref(order), changed)
    count_all(shop)
    assert figures.best_products(shop) == []


def test_a_product_that_is_not_sold_any_more_leaves_the_leaderboard(shop: Shop) -> None:
    order = add_order(shop, add_customer(shop))
    count_all(shop)
    assert figures.last_sold(shop, figures.best_products(shop)[0].product.id) == NOW.date()
    product = figures.best_products(shop)[0].product
    orders.change_status(shop, STAFF, ref(order), OrderStatus.CANCELLED)
    count_all(shop)
    assert figures.best_products(shop) == []
    assert figures.last_sold(shop, product.id) is None


def test_a_renamed_product_is_found_by_its_old_and_new_names(shop: Shop) -> None:
    customer = add_customer(shop)
    product = catalogue.create_product(shop, STAFF, ProductDraft("Tea", "T-1", price=990))
    product = catalogue.edit_product(shop, STAFF, product.id, product.version, ProductDraft("Assam", "T-2"))
    for line in (
        LineItem("x", 1, 1, "T-1"),
        LineItem("y", 1, 1, "t-2"),
        LineItem("TEA", 1, 1),
        LineItem("assam", 1, 1),
    ):
        orders.place_order(shop, STAFF, draft(customer, lines=[line]), orders.new_idempotency_key(shop))
    count_all(shop)
    assert [(each.product.id, each.sold.units) for each in figures.best_products(shop)] == [(product.id, 4)]
    with pytest.raises(ProductTakenError, match="was sold under this SKU"):
        catalogue.create_product(shop, STAFF, ProductDraft("Other", "T-1"))
    assert customers.get_customer(shop, customer.id).orders == 4


def test_a_refund_for_a_line_item_comes_off_its_product_and_the_rest_off_all(shop: Shop) -> None:
    lines = [LineItem("Assam", 2, 1000, "TEA-1"), LineItem("Teapot", 1, 3000)]
    wanted = draft(add_customer(shop), lines=lines, shipping=500)
    order = orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop)).order
    order = refund_order(shop, STAFF, ref(order), 1000, "", new_part_id(), quantities=[1, 0])
    count_all(shop)
    assert revenue_by_name(shop) == {"Assam": 1000, "Teapot": 3000}
    order = refund_order(shop, STAFF, ref(order), 500, "", new_part_id(), shipping=500)
    count_all(shop)
    assert revenue_by_name(shop) == {"Assam": 1000, "Teapot": 3000}
    order = refund_order(shop, STAFF, ref(order), 1001, "A gesture", new_part_id())
    count_all(shop)
    assert revenue_by_name(shop) == {"Assam": 750, "Teapot": 2249}  # 2,999 of 4,000 are left
    refund_order(shop, STAFF, ref(order), order.refundable, "", new_part_id())
    count_all(shop)
    assert revenue_by_name(shop) == {"Assam": 0, "Teapot": 0}
    assert reconcile(shop, fix=True, pause=lambda _: None).drift == []


def revenue_by_name(shop: Shop) -> dict[str, int]:
    return {each.product.name: each.sold.revenue for each in figures.best_products(shop)}
