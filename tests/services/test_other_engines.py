"""The services on PostgreSQL and DynamoDB: the same promises, also for several people at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import count

import pytest

from backend.bootstrap import open_store
from backend.domain.automations import TriggerKind
from backend.domain.orders import LineItem, OrderStatus
from backend.services.automations.duty import answer, due_triggers
from backend.services.automations.figures import figures_of
from backend.services.changes.reading import list_changes
from backend.services.context import Shop
from backend.services.customers import bulk, customers
from backend.services.customers.leaderboards import Measure, top_customers
from backend.services.customers.lists import CustomerFilter, Sort, list_customers
from backend.services.demo import shop
from backend.services.orders import orders
from backend.services.products import counting
from backend.services.reconcile import reconcile
from backend.services.reconcile.products import count_from_the_beginning
from backend.services.undo.undoing import Undo, undo_change
from backend.store import schema
from backend.store.port import Delete, Put
from backend.store.sql import SqlStore
from tests.automations.making import messages, running, step, waiting
from tests.recount import assert_totals_hold
from tests.services.signing import quick_hashes
from tests.services.test_mailing import mailer_on
from tests.services.test_product_figures import assert_products_hold, count_all
from tests.support import NOW, STAFF, TestClock, add_customer, add_order, draft, outcomes_of, ref, shop_on

__all__ = ["quick_hashes"]
_numbers = count(1)


@pytest.fixture(
    params=[
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("dynamodb-ministack", marks=pytest.mark.ministack),
    ]
)
def engine_shop(request: pytest.FixtureRequest, clock: TestClock) -> Iterator[Shop]:
    """An empty shop on the engine."""
    number = next(_numbers)
    if request.param == "postgres":
        store = SqlStore(request.getfixturevalue("postgres_url"), prefix=f"s{number}_")
    else:
        address = request.getfixturevalue("ministack_address")
        store = open_store(f"dynamodb://s{os.getpid()}-{number}?endpoint={address}")  # type: ignore[assignment]
    store.create_tables()
    try:
        yield shop_on(store, clock=clock)
    finally:
        store.close()


def test_a_change_is_undone_once_by_two_at_once(engine_shop: Shop) -> None:
    people = [add_customer(engine_shop, country="DE") for _ in range(6)]
    order = add_order(engine_shop, people[0], 1000)
    change = bulk.add_tag(engine_shop, STAFF, [each.id for each in people], "vip").change
    customers.set_tags(engine_shop, STAFF, people[1].id, 2, [])
    orders.edit_order(engine_shop, STAFF, ref(order), draft(people[0], 2500))
    (edit,) = {each.id for each in list_changes(engine_shop, STAFF).changes if "order" in each.summary}
    found = outcomes_of([partial(undo_change, engine_shop, STAFF, each) for each in (change, change, edit)])
    assert [len(each.left) for each in found if isinstance(each, Undo)] == [1, 1, 0]
    assert [customers.get_customer(engine_shop, each.id).tags for each in people] == 6 * [()]
    assert customers.get_customer(engine_shop, people[0].id).revenue == 1000
    assert_totals_hold(engine_shop)


def test_products_of_orders_that_come_and_go_at_once_are_counted_once_by_several(engine_shop: Shop) -> None:
    customer = add_customer(engine_shop)
    count_from_the_beginning(engine_shop)
    lines = [LineItem("Assam", 2, 990, "TEA-1"), LineItem("Teapot", 1, 4500), LineItem("Gift card", 1, 2500)]

    def sell(number: int) -> None:
        wanted = draft(customer, lines=lines[: number % 3 + 1], placed_at=NOW - timedelta(days=9 * number), discount=7)
        order = orders.place_order(engine_shop, STAFF, wanted, orders.new_idempotency_key(engine_shop)).order
        if number % 4 == 0:
            orders.change_status(engine_shop, STAFF, ref(order), OrderStatus.CANCELLED)

    for number in range(8):
        sell(number)
    outcomes_of([partial(counting.count_sold, engine_shop) for _ in range(4)])
    assert reconcile(engine_shop, pause=lambda _: None).drift == []
    count_all(engine_shop)
    assert_products_hold(engine_shop)
    assert reconcile(engine_shop, pause=lambda _: None).drift == []


def test_orders_that_come_and_go_at_once_leave_right_totals(engine_shop: Shop) -> None:
    customer = add_customer(engine_shop, country="DE", tags=["vip"])
    placed = [add_order(engine_shop, customer, 100) for _ in range(5)]
    key = orders.new_idempotency_key(engine_shop)
    calls: list[Callable[[], object]] = [
        *(partial(orders.change_status, engine_shop, STAFF, ref(o), OrderStatus.CANCELLED) for o in placed),
        *(partial(add_order, engine_shop, customer, 7) for _ in range(5)),
        *(partial(orders.place_order, engine_shop, STAFF, draft(customer, 50), key) for _ in range(5)),
    ]
    assert not [outcome for outcome in outcomes_of(calls) if isinstance(outcome, BaseException)]
    after = customers.get_customer(engine_shop, customer.id)
    assert (after.orders, after.revenue) == (6, 85)
    assert_totals_hold(engine_shop)


def test_an_order_confirms_itself_once_whoever_answers(engine_shop: Shop) -> None:
    made = running(engine_shop, TriggerKind.ORDER_PLACED, step(), step("verify-address"))
    running(engine_shop, TriggerKind.LAPSED, step("verify-address", timedelta(days=90)))
    customer = add_customer(engine_shop)
    for _ in range(5):
        add_order(engine_shop, customer)
    mailer = mailer_on(engine_shop)
    for _ in range(2):
        due, _ = due_triggers(engine_shop, 50)
        calls = [partial(answer, engine_shop, mailer, due.triggers) for _ in range(3)]
        assert sum(each for each in outcomes_of(calls) if isinstance(each, int)) == 5
    assert len(messages(engine_shop)) == 10
    (lapsed,) = waiting(engine_shop)
    assert lapsed.kind is TriggerKind.LAPSED
    found = figures_of(engine_shop, made.id)
    assert (found.answered, found.requested, found.repeated) == (5, 10, 0)


def test_the_demo_is_loaded_listed_reconciled_and_removed(engine_shop: Shop, quick_hashes: None) -> None:
    shop.seed_demo(engine_shop, customers=25)
    assert_totals_hold(engine_shop)
    pages, cursor = [], None
    for _ in range(4):
        page = list_customers(engine_shop, CustomerFilter(sort=Sort.NEWEST), limit=10, cursor=cursor)
        pages += [each.id for each in page.customers]
        cursor = page.cursor
        if cursor is None:
            break
    assert len(set(pages)) == len(pages) == 25
    best = top_customers(engine_shop, Measure.REVENUE)
    assert [each.revenue for each in best] == sorted((each.revenue for each in best), reverse=True)
    assert reconcile(engine_shop, pause=lambda _: None).drift == []
    shop.remove_demo(engine_shop)
    assert top_customers(engine_shop, Measure.REVENUE) == []
    assert list_customers(engine_shop, CustomerFilter(sort=Sort.NEWEST)).customers == []


def test_what_is_wrong_is_found_and_repaired(engine_shop: Shop) -> None:
    customer = add_customer(engine_shop, "Maria Lopez", country="ES")
    for _ in range(3):
        add_order(engine_shop, customer, 100)
    key, month = schema.customer_key(customer.id), schema.customer_month_key(customer.id, "2026-11")
    item = engine_shop.store.get(key) or {}
    engine_shop.store.write_batch(
        [
            Put(key, {name: value for name, value in item.items() if name != "board"}),
            Delete(month),
            Delete(schema.alias_key("lopez", customer.id)),
            Put(schema.day_key("2026-11-26", customer.id), {"orders": 9}),
        ]
    )
    found = reconcile(engine_shop, fix=True, pause=lambda _: None)
    assert found.drift
    assert all(drift.fixed for drift in found.drift)
    assert reconcile(engine_shop, pause=lambda _: None).drift == []
    assert_totals_hold(engine_shop)
