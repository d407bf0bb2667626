"""Lists of orders: complete, newest first, page by page without gaps, on the shop's own days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from backend.domain.customers import Customer
from backend.domain.orders import Order, OrderStatus, OrderSummary
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.orders import lists, orders
from backend.services.orders.lists import OrderFilter, OrderSort
from backend.store import schema
from backend.store.limits import encode_cursor
from backend.store.meter import Meter, access_pattern
from backend.store.port import Put
from tests.support import NOW, STAFF, TestClock, add_customer, add_order, opened_shop, ref

TODAY = NOW.date()
YEAR = OrderFilter(TODAY - timedelta(days=365), TODAY)


def _all_pages(shop: Shop, wanted: OrderFilter, limit: int) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = lists.list_orders(shop, wanted, limit=limit, cursor=cursor)
        assert len(page.orders) <= limit
        found += [each.id for each in page.orders]
        cursor = page.cursor
        if cursor is None:
            return found


@pytest.fixture
def many(shop: Shop) -> list[Order]:
    """Forty orders over five months in all statuses, some at the same moment; newest first, as lists have them."""
    customer = add_customer(shop)
    placed = []
    for number in range(40):
        status = (OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.FULFILLED)[number % 3]
        moment = NOW - timedelta(days=4 * (number // 2))
        order = add_order(shop, customer, number, placed_at=moment, status=status)
        if number % 10 == 5:
            order = orders.change_status(shop, STAFF, ref(order), OrderStatus.CANCELLED)
        placed.append(order)
    return sorted(placed, key=lambda order: (order.placed_at, order.id), reverse=True)


@pytest.mark.parametrize("limit", [1, 3, 7, 20, 40, 100])
@pytest.mark.parametrize("sort", list(OrderSort))
def test_pages_together_hold_every_order_once_in_their_order(
    shop: Shop, many: list[Order], limit: int, sort: OrderSort
) -> None:
    found = _all_pages(shop, replace(YEAR, sort=sort), limit)
    assert found == [order.id for order in (many if sort is OrderSort.NEWEST else reversed(many))]


@pytest.mark.parametrize(
    "statuses",
    [
        (OrderStatus.CANCELLED,),
        (OrderStatus.PAID, OrderStatus.PENDING),
        tuple(OrderStatus),
    ],
)
def test_a_list_by_status_holds_those_alone(shop: Shop, many: list[Order], statuses: tuple[OrderStatus, ...]) -> None:
    wanted = OrderFilter(YEAR.first, YEAR.last, statuses)
    assert _all_pages(shop, wanted, 4) == [order.id for order in many if order.status in statuses]


def test_a_range_includes_both_of_its_days(shop: Shop) -> None:
    customer = add_customer(shop)
    for hours in (-36, -12, -11, 0, 11, 12):
        add_order(shop, customer, 100 + hours, placed_at=NOW + timedelta(hours=hours))
    found = lists.list_orders(shop, OrderFilter(TODAY, TODAY)).orders
    assert [each.total for each in found] == [111, 100, 89, 88]


def test_a_list_shows_what_the_order_says(shop: Shop) -> None:
    order = add_order(shop, add_customer(shop, "Maria Lopez"), 900)
    refunded = orders.refund_order(shop, STAFF, ref(order), 200, "", "refund-1")
    (found,) = lists.list_orders(shop, YEAR).orders
    assert (found.id, found.number, found.customer_id) == (order.id, order.number, order.customer_id)
    assert (found.customer_name, found.status, found.placed_at) == ("Maria Lopez", OrderStatus.PAID, NOW)
    assert (found.total, found.refunded) == (900, refunded.refunded)


def test_an_order_moves_between_lists_with_its_status(shop: Shop) -> None:
    order = add_order(shop, add_customer(shop))
    orders.change_status(shop, STAFF, ref(order), OrderStatus.FULFILLED)
    assert lists.list_orders(shop, OrderFilter(TODAY, TODAY, (OrderStatus.PAID,))).orders == []
    assert len(lists.list_orders(shop, OrderFilter(TODAY, TODAY, (OrderStatus.FULFILLED,))).orders) == 1


def test_days_and_months_are_those_of_the_shops_zone() -> None:
    clock = TestClock(datetime(2026, 4, 10, tzinfo=UTC))
    with opened_shop(zone="Pacific/Auckland", clock=clock) as shop:
        customer = add_customer(shop)
        moments = [
            datetime(2026, 3, 31, 10, 59, tzinfo=UTC),  # 31 March, 23:59
            datetime(2026, 3, 31, 11, 0, tzinfo=UTC),  # 1 April, midnight
            datetime(2026, 4, 4, 13, 30, tzinfo=UTC),  # 5 April, 02:30 in summer
            datetime(2026, 4, 4, 14, 30, tzinfo=UTC),  # 5 April, 02:30 again, in winter
            datetime(2026, 4, 5, 11, 59, tzinfo=UTC),  # 5 April, 23:59: the day had 25 hours
            datetime(2026, 4, 5, 12, 0, tzinfo=UTC),  # 6 April, midnight
        ]
        for moment in moments:
            add_order(shop, customer, placed_at=moment)

        def on(first: date, last: date) -> list[datetime]:
            return [each.placed_at for each in lists.list_orders(shop, OrderFilter(first, last)).orders]

        assert on(date(2026, 3, 31), date(2026, 3, 31)) == [moments[0]]
        assert on(date(2026, 4, 5), date(2026, 4, 5)) == moments[4:1:-1]
        assert on(date(2026, 3, 31), date(2026, 4, 6)) == moments[::-1]


def test_a_range_upside_down_or_without_end_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidInputError, match="after the last day"):
        lists.list_orders(shop, OrderFilter(TODAY, TODAY - timedelta(days=1)))
    with pytest.raises(InvalidInputError, match="ten years"):
        lists.list_orders(shop, OrderFilter(date.min, date.max))


def test_a_range_in_the_far_future_or_past_is_empty(shop: Shop) -> None:
    add_order(shop, add_customer(shop))
    assert lists.list_orders(shop, OrderFilter(date(9995, 1, 1), date.max)).orders == []
    assert lists.list_orders(shop, OrderFilter(date.min, date(5, 1, 1))).orders == []


@pytest.mark.parametrize("cursor", ["nonsense", "ä", encode_cursor({"rank": 5}), encode_cursor({"line": 5})])
def test_a_page_link_of_another_list_is_refused(shop: Shop, cursor: str) -> None:
    with pytest.raises(InvalidInputError, match="first page"):
        lists.list_orders(shop, YEAR, cursor=cursor)


@pytest.mark.parametrize("line", ["~", "0", "2026-11", "2026-13-99T99:99:99.000000Z#x"])
def test_a_page_link_with_a_place_that_cannot_be_is_harmless(shop: Shop, line: str) -> None:
    add_order(shop, add_customer(shop))
    for wanted in (YEAR, replace(YEAR, sort=OrderSort.OLDEST)):
        assert len(lists.list_orders(shop, wanted, cursor=encode_cursor({"line": line})).orders) <= 1


def test_later_pages_cost_no_more_than_the_first() -> None:
    meter = Meter()
    with opened_shop(meter=meter) as shop:
        customer = add_customer(shop)
        for days in range(0, 360, 6):
            add_order(shop, customer, placed_at=NOW - timedelta(days=days))
        used, cursor = [], None
        for number in range(6):
            with access_pattern(f"page {number}"):
                cursor = lists.list_orders(shop, YEAR, limit=10, cursor=cursor).cursor
            used.append(meter.usage()[f"page {number}"].requests)
    assert max(used[1:]) <= used[0] + 8


def test_the_orders_of_a_customer_come_newest_first_in_pages(shop: Shop, clock: TestClock) -> None:
    customer, other = add_customer(shop), add_customer(shop)
    placed = []
    for _ in range(7):
        placed.append(add_order(shop, customer))
        add_order(shop, other)
        clock.forward(hours=1)
    first = lists.orders_of(shop, customer.id, limit=4)
    second = lists.orders_of(shop, customer.id, limit=4, cursor=first.cursor)
    assert [each.id for each in (*first.orders, *second.orders)] == [order.id for order in reversed(placed)]
    assert second.cursor is None


# --- finding one -------------------------------------------------------------------------------------------------


def test_an_order_is_found_by_its_own_number_in_any_spelling(shop: Shop) -> None:
    order = add_order(shop, add_customer(shop), placed_at=NOW - timedelta(days=100))
    add_order(shop, add_customer(shop), placed_at=NOW - timedelta(days=100))
    for number in (order.number, order.number.lower(), f" {order.number} ", order.number.removeprefix("T")):
        assert lists.find_order(shop, number) == order


def test_an_own_number_is_found_across_the_months_of_the_zone() -> None:
    with opened_shop(zone="Pacific/Auckland") as shop:
        order = add_order(shop, add_customer(shop), placed_at=datetime(2026, 10, 31, 11, 30, tzinfo=UTC))
        assert lists.find_order(shop, order.number) == order


def test_an_order_is_found_after_its_status_changed(shop: Shop) -> None:
    order = add_order(shop, add_customer(shop))
    cancelled = orders.change_status(shop, STAFF, ref(order), OrderStatus.CANCELLED)
    assert lists.find_order(shop, order.number) == cancelled


@pytest.mark.parametrize("number", ["#1001", "1001", " #1001 ", "##1001"])
def test_an_imported_order_is_found_by_the_number_of_its_source(shop: Shop, number: str) -> None:
    order = add_order(shop, add_customer(shop))
    reference = schema.reference_key("shopify", "#1001")
    shop.store.put(Put(reference, {"customer": order.customer_id, "order": order.id}))
    assert lists.find_order(shop, number) == order


@pytest.mark.parametrize(
    "number",
    ["", "   ", "#", "T261126-1200-AAA", "T269999-9999-AAA", "#1001", "x" * 1_000_000, "\x00", "ä", "💥" * 300],
)
def test_a_number_that_nobody_has_finds_nothing(shop: Shop, number: str) -> None:
    assert lists.find_order(shop, number) is None


def _all_of(shop: Shop, customer: Customer, limit: int) -> list[OrderSummary]:
    found: list[OrderSummary] = []
    cursor = None
    for _ in range(100):
        page = lists.orders_of(shop, customer.id, limit=limit, cursor=cursor)
        found += page.orders
        cursor = page.cursor
        if cursor is None:
            return found
        assert len(page.orders) == limit
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_back_dated_orders_of_a_customer_are_where_they_were_placed_on_whichever_page(
    shop: Shop, clock: TestClock, limit: int
) -> None:
    customer, chance = add_customer(shop), Random(limit)
    for number in range(40):
        back = timedelta(days=chance.choice((0, 0, 0, 1, 3, 30, 400)), minutes=number)
        add_order(shop, customer, placed_at=clock.now - back)
        clock.forward(hours=chance.choice((0, 1, 30, 200)))
    found = _all_of(shop, customer, limit)
    assert len({order.id for order in found}) == 40
    moments = [order.placed_at for order in found]
    assert moments == sorted(moments, reverse=True)


def test_the_last_order_of_a_customer_is_the_one_placed_last(shop: Shop, clock: TestClock) -> None:
    customer = add_customer(shop)
    last = add_order(shop, customer)
    clock.forward(days=5)
    add_order(shop, customer, placed_at=clock.now - timedelta(days=20))
    assert [order.id for order in lists.orders_of(shop, customer.id, limit=1).orders] == [last.id]


def test_an_order_of_a_form_that_was_open_for_hours_comes_first(shop: Shop, clock: TestClock) -> None:
    customer, key = add_customer(shop), orders.new_idempotency_key(shop)
    clock.forward(hours=20)
    add_order(shop, customer)
    clock.forward(hours=1)
    late = add_order(shop, customer, key=key)
    assert lists.orders_of(shop, customer.id, limit=1).orders[0].id == late.id


def test_orders_with_ids_of_other_makes_are_in_order_too(shop: Shop, clock: TestClock) -> None:
    customer = add_customer(shop)
    for key in ("ZZZZZZZZZZZZZZZZZ", "20269999999999XXXX", "AAAAAAAAAAAAAAAAA"):
        add_order(shop, customer, key=key, placed_at=clock.now - timedelta(days=len(key)))
        add_order(shop, customer)
        clock.forward(days=3)
    moments = [order.placed_at for order in _all_of(shop, customer, 2)]
    assert moments == sorted(moments, reverse=True)
    assert len(moments) == 6


def test_pages_of_a_customer_with_many_orders_cost_the_same_first_and_last() -> None:
    meter = Meter()
    clock = TestClock()
    with opened_shop(meter=meter, clock=clock) as shop:
        customer = add_customer(shop)
        for number in range(120):
            add_order(shop, customer, placed_at=clock.now - timedelta(days=90 if number % 30 == 0 else 0))
            clock.forward(days=3)
        costs, cursor = [], None
        for number in range(12):
            with access_pattern(f"page {number}"):
                cursor = lists.orders_of(shop, customer.id, limit=10, cursor=cursor).cursor
            costs.append(meter.usage()[f"page {number}"].read_units)
        assert cursor is None
        assert max(costs) <= 3 * min(costs)
