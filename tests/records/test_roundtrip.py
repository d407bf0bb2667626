"""What is written down as an item is read back as it was."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.customers import (
    Activity,
    ActivityKind,
    Consent,
    ConsentMethod,
    ConsentProof,
    ConsentSource,
    Customer,
)
from backend.domain.orders import HistoryEntry, LineItem, Order, OrderStatus, Refund
from backend.domain.totals import Totals
from backend.records import customers, orders, totals, values
from backend.records.values import MalformedItemError
from backend.store import schema
from backend.store.limits import check_item, item_bytes
from backend.store.port import Item, Row

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
IDS = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=10, max_size=10)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds are naive
AMOUNTS = st.integers(0, 10**11)
CONSENTS = st.none() | st.builds(Consent, st.booleans(), MOMENTS, st.sampled_from(ConsentSource), TEXTS)
CUSTOMERS = st.builds(
    Customer,
    id=IDS,
    name=TEXTS,
    email=st.none() | st.just("maria@example.com"),
    created_at=MOMENTS,
    country=st.sampled_from(("", "DE")),
    city=TEXTS,
    phone=TEXTS,
    tags=st.lists(TEXTS.filter(bool), unique=True, max_size=3).map(tuple),
    consent=CONSENTS,
    archived=st.booleans(),
    source=TEXTS,
    orders=st.integers(0, 10**6),
    revenue=st.integers(-(10**9), 10**14),
    first_day=st.sampled_from(("", "2026-11-26")),
    version=st.integers(1, 10**6),
)
LINES = st.builds(LineItem, TEXTS, st.integers(1, 1000), AMOUNTS, TEXTS)
REFUNDS = st.builds(Refund, IDS, AMOUNTS, MOMENTS, TEXTS, TEXTS)
ORDERS = st.builds(
    Order,
    id=IDS,
    number=TEXTS.filter(bool),
    customer_id=IDS,
    customer_name=TEXTS,
    customer_email=st.none() | st.just("maria@example.com"),
    status=st.sampled_from(OrderStatus),
    placed_at=MOMENTS,
    lines=st.lists(LINES, min_size=1, max_size=3).map(tuple),
    subtotal=AMOUNTS,
    total=AMOUNTS,
    currency=st.just("USD"),
    discount=AMOUNTS,
    shipping=AMOUNTS,
    tax=AMOUNTS,
    refunds=st.lists(REFUNDS, max_size=2).map(tuple),
    history=st.lists(st.builds(HistoryEntry, MOMENTS, TEXTS, TEXTS), max_size=3).map(tuple),
    source=TEXTS,
    country=st.sampled_from(("", "DE")),
    discount_code=TEXTS,
    note=TEXTS,
    version=st.integers(1, 1000),
)


@given(CUSTOMERS)
def test_a_customer_is_read_back_whole(customer: Customer) -> None:
    item = customers.customer_item(customer)
    check_item(schema.customer_key(customer.id), item)
    assert customers.customer_from(customer.id, item) == customer


@given(CUSTOMERS)
def test_a_customer_is_on_a_leaderboard_exactly_with_orders(customer: Customer) -> None:
    assert ("board" in customers.customer_item(customer)) == (customer.orders > 0)


@given(CUSTOMERS)
def test_a_summary_says_what_the_profile_says(customer: Customer) -> None:
    summary = customers.summary_from(Row(schema.customer_key(customer.id), customers.customer_item(customer)))
    for name in ("id", "name", "email", "country", "tags", "archived", "orders", "revenue", "created_at"):
        assert getattr(summary, name) == getattr(customer, name)


@given(ORDERS, st.sampled_from(("UTC", "Pacific/Auckland")))
def test_an_order_is_read_back_whole(order: Order, zone: str) -> None:
    item = orders.order_item(order, ZoneInfo(zone))
    key = schema.order_key(order.customer_id, order.id)
    check_item(key, item)
    assert orders.order_from(key, item) == order


@given(ORDERS)
def test_an_order_keeps_the_day_on_which_it_counts(order: Order) -> None:
    item = orders.order_item(order, ZoneInfo("UTC"), "2020-02-29")
    assert orders.order_day(item) == "2020-02-29"
    assert item["line"] == f"ORDERS#2020-02#{order.status}"


def test_a_usual_order_costs_one_write_unit() -> None:
    order = Order(
        id="20261126143205ABCDEK7Q",
        number="T261126-1432-K7Q",
        customer_id="ABCDEFGHJK",
        customer_name="Maria Lopez de la Vega",
        customer_email="maria.lopez.delavega@example.com",
        status=OrderStatus.PAID,
        placed_at=datetime(2026, 11, 26, 14, 32, 5, tzinfo=UTC),
        lines=tuple(LineItem(f"Assam tea, loose leaf, {n} g", 2, 1290, f"TEA-AS-{n}") for n in (100, 250, 500)),
        subtotal=7740,
        total=8330,
        shipping=590,
        currency="USD",
        history=(HistoryEntry(datetime(2026, 11, 26, 14, 32, 5, tzinfo=UTC), "sam", "Placed as paid"),),
        country="ES",
    )
    key = schema.order_key(order.customer_id, order.id)
    assert item_bytes(key, orders.order_item(order, ZoneInfo("UTC"))) <= 1024


PROOFS = st.builds(ConsentProof, st.booleans(), MOMENTS, st.sampled_from(ConsentMethod), TEXTS, TEXTS, TEXTS)


@given(st.builds(Activity, IDS, MOMENTS, TEXTS, st.sampled_from(ActivityKind), TEXTS, st.none() | PROOFS))
def test_an_activity_is_read_back_whole(activity: Activity) -> None:
    key = customers.activity_key("ABCDEFGHJK", activity)
    assert customers.activity_from(Row(key, customers.activity_item(activity))) == activity


@given(st.builds(Totals, *[st.integers(-5, 10**12)] * 5))
def test_totals_of_a_day_are_read_back(day: Totals) -> None:
    assert totals.totals_from(totals.totals_item(day)) == day


def test_the_day_of_a_totals_item_is_in_its_key() -> None:
    assert schema.day_in(schema.day_key("2026-11-26", "ABCDEFGHJK")) == "2026-11-26"


@pytest.mark.parametrize(
    ("read", "item"),
    [
        (lambda item: values.text(item, "a"), {}),
        (lambda item: values.text(item, "a"), {"a": 1}),
        (lambda item: values.number(item, "a"), {"a": "1"}),
        (lambda item: values.number(item, "a"), {"a": True}),
        (lambda item: values.texts(item, "a"), {"a": "x"}),
        (lambda item: values.items(item, "a"), {"a": {}}),
        (lambda item: values.rows(item, "a"), {"a": 5}),
    ],
)
def test_an_item_of_the_wrong_shape_says_so(read: object, item: Item) -> None:
    with pytest.raises(MalformedItemError, match="a is not"):
        read(item)  # type: ignore[operator]


def test_what_says_nothing_is_not_stored() -> None:
    item: Item = {"a": "", "b": None, "c": [], "d": False, "e": 0, "f": "x"}
    assert values.without_empty(item) == {"e": 0, "f": "x"}
