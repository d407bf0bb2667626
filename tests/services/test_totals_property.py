"""After any mix of what people do, also at once, every leaderboard, day and counter equals a recount."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from backend.domain.customers import Customer
from backend.domain.fulfilments import Tracking
from backend.domain.order_states import left_to_fulfil, left_to_refund, left_to_return
from backend.domain.orders import NEXT_STATUSES, LineItem, Order, OrderStatus
from backend.domain.refunds import refund_lines, shipping_left, suggested_amount
from backend.errors import ConflictError, InvalidInputError
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.customers.customers import Profile
from backend.services.orders import orders
from backend.services.orders.fulfilments import fulfil_order, remove_fulfilment
from backend.services.orders.parts import new_part_id
from backend.services.orders.returns import note_return
from backend.store.sql import SqlStore
from tests.recount import assert_totals_hold
from tests.support import NOW, STAFF, TestClock, add_customer, add_order, draft, opened_shop, ref, shop_on

COUNTRIES = ("", "DE", "FR")
TAGS = ("vip", "tea", "wholesale")
NUMBERS = st.integers(0, 1_000_000)


class ShopMachine(RuleBasedStateMachine):
    """What people may do to customers and orders, in any order. All numbers are picked modulo what there is."""

    def __init__(self) -> None:
        super().__init__()
        self.store = SqlStore("sqlite://")
        self.store.create_tables()
        self.clock = TestClock()
        self.shop = shop_on(self.store, clock=self.clock, zone="Europe/Berlin")
        self.customers: list[str] = []
        self.orders: list[tuple[str, str]] = []

    def teardown(self) -> None:
        self.store.close()

    @initialize()
    def somebody_is_there(self) -> None:
        self.customers.append(add_customer(self.shop).id)

    @rule(country=st.sampled_from(COUNTRIES), tags=st.sets(st.sampled_from(TAGS)))
    def create(self, country: str, tags: set[str]) -> None:
        self.customers.append(add_customer(self.shop, country=country, tags=sorted(tags)).id)

    @rule(who=NUMBERS, amount=st.integers(0, 5000), days=st.integers(0, 70), status=st.sampled_from(OrderStatus))
    def place(self, who: int, amount: int, days: int, status: OrderStatus) -> None:
        customer = self._customer(who)
        if customer.archived or status is OrderStatus.CANCELLED:
            return
        moment = self.clock() - timedelta(days=days, hours=days % 7)
        order = add_order(self.shop, customer, amount, placed_at=moment, status=status)
        self.orders.append((customer.id, order.id))

    @precondition(lambda self: self.orders)
    @rule(which=NUMBERS, choice=NUMBERS)
    def change_status(self, which: int, choice: int) -> None:
        order = self._order(which)
        possible = NEXT_STATUSES[order.status]
        orders.change_status(self.shop, STAFF, ref(order), possible[choice % len(possible)])

    @precondition(lambda self: self.orders)
    @rule(which=NUMBERS, amount=st.integers(0, 5000))
    def edit(self, which: int, amount: int) -> None:
        order = self._order(which)
        wanted = draft(customers.get_customer(self.shop, order.customer_id), max(amount, order.refunded))
        orders.edit_order(self.shop, STAFF, ref(order), wanted)

    @precondition(lambda self: self.orders)
    @rule(which=NUMBERS, share=st.floats(0, 1), again=st.booleans())
    def refund(self, which: int, share: float, again: bool) -> None:
        order = self._order(which)
        amount = round(order.refundable * share)
        refund_id = new_part_id()
        if not amount:
            return
        orders.refund_order(self.shop, STAFF, ref(order), amount, "", refund_id)
        if again:
            orders.refund_order(self.shop, STAFF, ref(order), amount, "", refund_id)

    @rule(who=NUMBERS, name=st.sampled_from(("Ann", "Bob Lee")), country=st.sampled_from(COUNTRIES))
    def rename(self, who: int, name: str, country: str) -> None:
        customer = self._customer(who)
        profile = Profile(name, customer.email or "", country, tags=customer.tags)
        customers.edit_customer(self.shop, STAFF, customer.id, customer.version, profile)

    @rule(who=NUMBERS, tags=st.sets(st.sampled_from(TAGS)))
    def tag(self, who: int, tags: set[str]) -> None:
        customer = self._customer(who)
        customers.set_tags(self.shop, STAFF, customer.id, customer.version, sorted(tags))

    @rule(who=NUMBERS)
    def archive_or_restore(self, who: int) -> None:
        customer = self._customer(who)
        change = customers.restore_customer if customer.archived else customers.archive_customer
        change(self.shop, STAFF, customer.id, customer.version)

    @rule(who=NUMBERS, card=st.integers(0, 3000), goods=st.integers(0, 3000))
    def sell_a_gift_card(self, who: int, card: int, goods: int) -> None:
        customer = self._customer(who)
        if customer.archived:
            return
        wanted = draft(customer, lines=[LineItem("Gift card", 1, card), LineItem("Tea", 2, goods)], shipping=490)
        placed = orders.place_order(self.shop, STAFF, wanted, orders.new_idempotency_key(self.shop)).order
        self.orders.append((customer.id, placed.id))

    @precondition(lambda self: self.orders)
    @rule(which=NUMBERS, choice=NUMBERS, shipping=st.booleans())
    def refund_by_line(self, which: int, choice: int, shipping: bool) -> None:
        order = self._order(which)
        quantities = [choice % (left + 1) for left in left_to_refund(order)]
        given_back = shipping_left(order) if shipping else 0
        amount = suggested_amount(order, refund_lines(order, quantities), given_back)
        if amount:
            key = new_part_id()
            after = orders.refund_order(
                self.shop, STAFF, ref(order), amount, "", key, quantities=quantities, shipping=given_back
            )
            assert 0 <= after.refundable == order.refundable - amount

    @precondition(lambda self: self.orders)
    @rule(which=NUMBERS, choice=NUMBERS)
    def send_a_parcel(self, which: int, choice: int) -> None:
        order = self._order(which)
        quantities = [choice % (left + 1) for left in left_to_fulfil(order)]
        if order.status is not OrderStatus.CANCELLED and any(quantities):
            after = fulfil_order(self.shop, STAFF, ref(order), quantities, Tracking(), new_part_id())
            assert (after.total, after.received, after.refunded) == (order.total, order.received, order.refunded)

    @precondition(lambda self: self.orders)
    @rule(which=NUMBERS)
    def take_a_parcel_back(self, which: int) -> None:
        order = self._order(which)
        if order.fulfilments:
            after = remove_fulfilment(self.shop, STAFF, ref(order), order.fulfilments[0].id)
            assert (after.total, after.received, after.refunded) == (order.total, order.received, order.refunded)

    @precondition(lambda self: self.orders)
    @rule(which=NUMBERS, choice=NUMBERS)
    def record_payment(self, which: int, choice: int) -> None:
        order = self._order(which)
        if order.balance > 0:
            amount = 1 + choice % order.balance
            after = orders.record_payment(self.shop, STAFF, ref(order), amount)
            assert (after.total, after.received, after.balance) == (
                order.total,
                order.received + amount,
                order.balance - amount,
            )

    @precondition(lambda self: self.orders)
    @rule(which=NUMBERS, choice=NUMBERS)
    def note_a_return(self, which: int, choice: int) -> None:
        order = self._order(which)
        quantities = [choice % (left + 1) for left in left_to_return(order)]
        if any(quantities):
            after = note_return(self.shop, STAFF, ref(order), quantities, "", new_part_id())
            assert (after.total, after.received, after.refunded) == (order.total, order.received, order.refunded)

    @rule(hours=st.integers(1, 400))
    def time_passes(self, hours: int) -> None:
        self.clock.forward(hours=hours)

    @invariant()
    def totals_hold(self) -> None:
        assert_totals_hold(self.shop)

    def _customer(self, number: int) -> Customer:
        return customers.get_customer(self.shop, self.customers[number % len(self.customers)])

    def _order(self, number: int) -> Order:
        return orders.get_order(self.shop, *self.orders[number % len(self.orders)])


TestTotalsAfterAnything = ShopMachine.TestCase
TestTotalsAfterAnything.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("seed", range(3))
def test_totals_hold_after_two_people_work_at_once(tmp_path: Path, seed: int) -> None:
    with opened_shop(f"sqlite:///{tmp_path}/tillpost.db", clock=TestClock()) as shop:
        people = [add_customer(shop, country="DE").id for _ in range(4)]
        keys = [orders.new_idempotency_key(shop) for _ in range(40)]
        workers = [threading.Thread(target=_work, args=(shop, people, keys, seed * 2 + n)) for n in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert_totals_hold(shop)


def _work(shop: Shop, people: list[str], keys: list[str], seed: int) -> None:
    """Does things to the same few customers and orders as everybody else; being told "somebody was faster" is fine."""
    choose = random.Random(seed)
    for _ in range(60):
        customer_id, key = choose.choice(people), choose.choice(keys)
        try:
            _act(shop, choose, customer_id, key)
        except (ConflictError, InvalidInputError):
            continue


def _act(shop: Shop, choose: random.Random, customer_id: str, key: str) -> None:
    customer = customers.get_customer(shop, customer_id)
    moment = NOW - timedelta(days=choose.randrange(60))
    order = add_order(shop, customer, choose.randrange(1000), placed_at=moment, key=key)
    match choose.randrange(6):
        case 0:
            orders.change_status(shop, STAFF, ref(order), OrderStatus.CANCELLED)
        case 1:
            orders.change_status(shop, STAFF, ref(order), OrderStatus.FULFILLED)
        case 2:
            orders.refund_order(shop, STAFF, ref(order), order.refundable // 2, "", new_part_id())
        case 3:
            orders.edit_order(shop, STAFF, ref(order), draft(customer, choose.randrange(1000)))
        case 4:
            customers.set_tags(shop, STAFF, customer_id, customer.version, choose.sample(TAGS, 2))
        case 5:
            profile = Profile(choose.choice(("Ann", "Bob")), customer.email or "", choose.choice(COUNTRIES))
            customers.edit_customer(shop, STAFF, customer_id, customer.version, profile)
