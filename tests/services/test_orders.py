"""Orders: placed once, changed by one person at a time, refunded never beyond what was paid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.domain.money import LARGEST_AMOUNT
from backend.domain.orders import LARGEST_QUANTITY, MOST_HISTORY, MOST_LINES, LineItem, Order, OrderStatus
from backend.errors import (
    ConflictError,
    InvalidInputError,
    ItemTooLargeError,
    NotFoundError,
    PermissionDeniedError,
)
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.orders import orders
from backend.services.orders.orders import OrderDraft, OrderRef
from backend.store import schema
from backend.store.port import Put, Value
from tests.recount import assert_totals_hold
from tests.support import (
    ADMIN,
    ENGINEER,
    MANAGER,
    NOW,
    STAFF,
    TestClock,
    add_customer,
    add_order,
    draft,
    ref,
)

TEA = LineItem("Assam tea", 2, 450, "TEA-1")
PEN = LineItem("Fountain pen", 1, 2500, "PEN-1")


def test_a_placed_order_is_read_back_as_entered(shop: Shop) -> None:
    customer = add_customer(shop, "Maria Lopez", "maria@example.com", country="ES")
    wanted = draft(customer, lines=[TEA, PEN], discount=400, shipping=590, tax=646, note="Gift\nwrap")
    placed = orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop))
    order = placed.order
    assert not placed.duplicate
    assert orders.get_order(shop, customer.id, order.id) == order
    assert (order.subtotal, order.total) == (3000, 4236)
    assert (order.customer_name, order.customer_email, order.country) == ("Maria Lopez", "maria@example.com", "ES")
    assert (order.placed_at, order.currency, order.note) == (NOW, "USD", "Gift\nwrap")
    assert [(entry.at, entry.by, entry.text) for entry in order.history] == [(NOW, "sam", "Placed as paid")]


def test_a_double_click_places_one_order(shop: Shop) -> None:
    customer, key = add_customer(shop), orders.new_idempotency_key(shop)
    first = orders.place_order(shop, STAFF, draft(customer, 700), key)
    second = orders.place_order(shop, STAFF, draft(customer, 700), key)
    assert second.duplicate
    assert second.order == first.order
    after = customers.get_customer(shop, customer.id)
    assert (after.orders, after.revenue) == (1, 700)


def test_a_double_click_that_comes_after_a_change_shows_the_order_as_it_is(shop: Shop) -> None:
    customer, key = add_customer(shop), orders.new_idempotency_key(shop)
    order = orders.place_order(shop, STAFF, draft(customer), key).order
    changed = orders.change_status(shop, STAFF, ref(order), OrderStatus.FULFILLED)
    assert orders.place_order(shop, STAFF, draft(customer), key).order == changed


def test_two_forms_place_two_orders(shop: Shop) -> None:
    customer = add_customer(shop)
    assert add_order(shop, customer).id != add_order(shop, customer).id
    assert customers.get_customer(shop, customer.id).orders == 2


@pytest.mark.parametrize("key", ["", "short", "x" * 41, "2026112612000#ABCDEFG", "2026112612000äABCDEFG"])
def test_a_key_that_no_form_made_is_refused(shop: Shop, key: str) -> None:
    with pytest.raises(InvalidInputError, match="open the form again"):
        orders.place_order(shop, STAFF, draft(add_customer(shop)), key)


def test_nobody_cannot_order(shop: Shop) -> None:
    wanted = OrderDraft("NOBODY0000", (TEA,))
    with pytest.raises(NotFoundError):
        orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop))


def test_an_archived_customer_cannot_order_until_restored(shop: Shop) -> None:
    customer = add_customer(shop)
    archived = customers.archive_customer(shop, STAFF, customer.id, 1)
    with pytest.raises(ConflictError, match="archived"):
        add_order(shop, customer)
    customers.restore_customer(shop, STAFF, customer.id, archived.version)
    assert add_order(shop, customer).customer_id == customer.id


def test_the_second_click_is_answered_also_when_the_customer_was_archived_meanwhile(shop: Shop) -> None:
    customer, key = add_customer(shop), orders.new_idempotency_key(shop)
    order = orders.place_order(shop, STAFF, draft(customer), key).order
    customers.archive_customer(shop, STAFF, customer.id, 1)
    assert orders.place_order(shop, STAFF, draft(customer), key).order == order


# --- bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lines": ()}, "at least one line item"),
        ({"lines": (TEA,) * (MOST_LINES + 1)}, "501 line items"),
        ({"lines": (LineItem("", 1, 100),)}, "Product is missing"),
        ({"lines": (LineItem("x" * 301, 1, 100),)}, "too long"),
        ({"lines": (LineItem("Tea\x07", 1, 100),)}, "control character"),
        ({"lines": (LineItem("Tea\u202e", 1, 100),)}, "reverses the direction"),
        ({"lines": (LineItem("Tea", 1, 100, "x" * 101),)}, "SKU is too long"),
        ({"lines": (LineItem("Tea", 0, 100),)}, "quantity"),
        ({"lines": (LineItem("Tea", -1, 100),)}, "quantity"),
        ({"lines": (LineItem("Tea", LARGEST_QUANTITY + 1, 100),)}, "quantity"),
        ({"lines": (LineItem("Tea", 1, -1),)}, "must not be negative"),
        ({"lines": (LineItem("Tea", 1, LARGEST_AMOUNT + 1),)}, "larger than any amount"),
        ({"lines": (LineItem("Tea", 2, LARGEST_AMOUNT),)}, "larger than any amount"),
        ({"discount": -1}, "must not be negative"),
        ({"discount": 1001}, "larger than the sum"),
        ({"shipping": -1}, "must not be negative"),
        ({"tax": -1}, "must not be negative"),
        ({"shipping": LARGEST_AMOUNT}, "larger than any amount"),
        ({"currency": "EUR"}, "sells in USD"),
        ({"status": OrderStatus.CANCELLED}, "cannot be cancelled already"),
        ({"placed_at": NOW + timedelta(days=2)}, "in the future"),
        ({"placed_at": datetime(9999, 12, 31, tzinfo=UTC)}, "in the future"),
        ({"placed_at": datetime(1989, 12, 31, tzinfo=UTC)}, "before the year 1990"),
        ({"note": "x" * 5001}, "too long"),
        ({"note": "x" * 1_000_000}, "too long"),
    ],
)
def test_what_cannot_be_an_order_is_refused_and_counts_nowhere(
    shop: Shop, changes: dict[str, object], said: str
) -> None:
    customer = add_customer(shop)
    with pytest.raises(InvalidInputError, match=said):
        orders.place_order(shop, STAFF, draft(customer, **changes), orders.new_idempotency_key(shop))  # type: ignore[arg-type]
    assert customers.get_customer(shop, customer.id) == customer


def test_a_bit_of_clock_skew_is_no_future(shop: Shop) -> None:
    assert add_order(shop, add_customer(shop), placed_at=NOW + timedelta(hours=23)).total == 1000


def test_an_order_for_nothing_is_an_order(shop: Shop) -> None:
    assert add_order(shop, add_customer(shop), 0).total == 0


def test_the_largest_possible_order_is_refused_with_a_sentence_when_it_cannot_be_stored(shop: Shop) -> None:
    lines = [LineItem("漢" * 300, 1, 100, "漢" * 100)] * MOST_LINES
    with pytest.raises(ItemTooLargeError, match="too large"):
        orders.place_order(shop, STAFF, draft(add_customer(shop), lines=lines), orders.new_idempotency_key(shop))


def test_five_hundred_usual_line_items_are_possible(shop: Shop) -> None:
    wanted = draft(add_customer(shop), lines=[TEA] * MOST_LINES)
    order = orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop)).order
    assert order.total == MOST_LINES * 900


def test_html_in_an_order_is_kept_as_text(shop: Shop) -> None:
    wanted = draft(add_customer(shop), lines=[LineItem("<img onerror=x>", 1, 1, "<b>")], note="<script>")
    order = orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop)).order
    assert (order.lines[0].title, order.lines[0].sku, order.note) == ("<img onerror=x>", "<b>", "<script>")


# --- status ------------------------------------------------------------------------------------------------------


def test_each_change_of_status_is_recorded_with_who_and_when(shop: Shop, clock: TestClock) -> None:
    order = add_order(shop, add_customer(shop), status=OrderStatus.PENDING)
    clock.forward(hours=1)
    paid = orders.change_status(shop, STAFF, ref(order), OrderStatus.PAID)
    clock.forward(hours=1)
    sent = orders.change_status(shop, ADMIN, ref(paid), OrderStatus.FULFILLED)
    assert [(entry.at, entry.by, entry.text) for entry in sent.history[1:]] == [
        (NOW + timedelta(hours=1), "sam", "pending → paid"),
        (NOW + timedelta(hours=2), "ada", "paid → fulfilled"),
    ]
    assert orders.get_order(shop, order.customer_id, order.id) == sent


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (OrderStatus.PENDING, OrderStatus.FULFILLED),
        (OrderStatus.FULFILLED, OrderStatus.PENDING),
    ],
)
def test_a_step_that_makes_no_sense_is_refused(shop: Shop, before: OrderStatus, after: OrderStatus) -> None:
    order = add_order(shop, add_customer(shop), status=before)
    with pytest.raises(InvalidInputError, match=f"{before} cannot become {after}"):
        orders.change_status(shop, STAFF, ref(order), after)


def test_the_same_status_again_changes_nothing(shop: Shop) -> None:
    order = add_order(shop, add_customer(shop))
    assert orders.change_status(shop, STAFF, ref(order), OrderStatus.PAID) == order


def test_of_two_people_changing_one_order_the_second_is_warned_by_whom(shop: Shop) -> None:
    order = add_order(shop, add_customer(shop))
    sent = orders.change_status(shop, STAFF, ref(order), OrderStatus.FULFILLED)
    with pytest.raises(ConflictError, match=r"Someone else has changed order .* \(sam: paid → fulfilled\)"):
        orders.change_status(shop, ADMIN, ref(order), OrderStatus.CANCELLED)
    assert orders.get_order(shop, order.customer_id, order.id) == sent


def test_an_order_that_is_not_there_cannot_be_changed(shop: Shop) -> None:
    missing = OrderRef(add_customer(shop).id, "20261126120000AAAAAAAA", 1)
    with pytest.raises(NotFoundError):
        orders.change_status(shop, STAFF, missing, OrderStatus.PAID)
    with pytest.raises(NotFoundError):
        orders.refund_order(shop, STAFF, missing, 1, "", "refund-1")
    with pytest.raises(NotFoundError):
        orders.get_order(shop, "", "")


# --- edits -------------------------------------------------------------------------------------------------------


def test_an_edit_replaces_line_items_and_amounts_and_keeps_the_rest(shop: Shop) -> None:
    customer = add_customer(shop)
    order = add_order(shop, customer, 1000, placed_at=NOW - timedelta(days=3))
    edited = orders.edit_order(shop, STAFF, ref(order), draft(customer, lines=[PEN], shipping=500, note="Fragile"))
    assert (edited.lines, edited.total, edited.note) == ((PEN,), 3000, "Fragile")
    assert (edited.placed_at, edited.status, edited.id) == (order.placed_at, order.status, order.id)
    assert edited.history[-1].text == "Edited: $10.00 → $30.00"
    assert orders.get_order(shop, customer.id, order.id) == edited


@pytest.mark.parametrize(
    ("status", "received"), [(OrderStatus.PENDING, 0), (OrderStatus.PAID, 1000), (OrderStatus.FULFILLED, 1000)]
)
@pytest.mark.parametrize("amount", [600, 1000, 1400])
def test_an_edit_leaves_what_was_paid_and_shows_the_balance(
    shop: Shop, status: OrderStatus, received: int, amount: int
) -> None:
    customer = add_customer(shop)
    order = add_order(shop, customer, 1000, status=status)

    edited = orders.edit_order(shop, STAFF, ref(order), draft(customer, amount))

    assert (edited.received, edited.balance, edited.refundable) == (received, amount - received, received)
    assert orders.get_order(shop, customer.id, order.id) == edited
    assert_totals_hold(shop)


def test_recording_the_payment_settles_the_balance_once(shop: Shop) -> None:
    customer = add_customer(shop)
    order = add_order(shop, customer, 1000)
    edited = orders.edit_order(shop, STAFF, ref(order), draft(customer, 1400))

    paid = orders.record_payment(shop, STAFF, ref(edited))

    assert (paid.received, paid.balance, paid.history[-1].text) == (1400, 0, "Payment of $4.00 recorded")
    assert orders.record_payment(shop, STAFF, ref(paid)) == paid


def test_giving_back_what_was_paid_too_much_is_no_lost_revenue(shop: Shop) -> None:
    customer = add_customer(shop)
    order = add_order(shop, customer, 1000)
    edited = orders.edit_order(shop, STAFF, ref(order), draft(customer, 600))

    settled = orders.refund_order(shop, STAFF, ref(edited), 400, "", "refund-1")

    assert (settled.balance, settled.refundable) == (0, 600)
    assert customers.get_customer(shop, customer.id).revenue == 600
    assert_totals_hold(shop)


def test_only_what_was_paid_can_be_given_back(shop: Shop) -> None:
    customer = add_customer(shop)
    edited = orders.edit_order(shop, STAFF, ref(add_order(shop, customer, 1000)), draft(customer, 1400))
    with pytest.raises(InvalidInputError, match=r"Only \$10.00"):
        orders.refund_order(shop, STAFF, ref(edited), 1001, "", "refund-1")


def test_a_gift_card_sold_here_is_no_revenue(shop: Shop) -> None:
    customer = add_customer(shop)
    card = LineItem("Gift card", 1, 5000)
    orders.place_order(shop, STAFF, draft(customer, lines=[card, PEN]), orders.new_idempotency_key(shop))
    assert customers.get_customer(shop, customer.id).revenue == PEN.amount
    assert_totals_hold(shop)


def test_an_edit_that_changes_nothing_leaves_no_trace(shop: Shop) -> None:
    customer = add_customer(shop)
    order = add_order(shop, customer)
    assert orders.edit_order(shop, STAFF, ref(order), draft(customer)) == order
    assert orders.get_order(shop, customer.id, order.id).version == 1


def test_an_edit_cannot_go_below_what_was_refunded(shop: Shop) -> None:
    customer = add_customer(shop)
    order = add_order(shop, customer, 1000)
    refunded = orders.refund_order(shop, STAFF, ref(order), 600, "", "refund-1")
    with pytest.raises(InvalidInputError, match=r"less than the \$6.00 refunded"):
        orders.edit_order(shop, STAFF, ref(refunded), draft(customer, 599))
    assert orders.edit_order(shop, STAFF, ref(refunded), draft(customer, 600)).balance == 0


def test_an_edit_to_something_that_is_no_order_is_refused(shop: Shop) -> None:
    customer = add_customer(shop)
    order = add_order(shop, customer)
    with pytest.raises(InvalidInputError, match="at least one"):
        orders.edit_order(shop, STAFF, ref(order), draft(customer, lines=[]))


def test_an_order_cannot_grow_a_history_without_end(shop: Shop) -> None:
    customer = add_customer(shop)
    order = add_order(shop, customer)
    key = schema.order_key(customer.id, order.id)
    item = shop.store.get(key)
    assert item is not None
    entry: list[Value] = [["2026-11-26T12:00:00.000000Z", "sam", "Changed"]]
    shop.store.write_batch([Put(key, item | {"history": entry * MOST_HISTORY})])
    with pytest.raises(InvalidInputError, match="too often"):
        orders.change_status(shop, STAFF, ref(order), OrderStatus.FULFILLED)


# --- refunds -----------------------------------------------------------------------------------------------------


@pytest.fixture
def paid(shop: Shop) -> Order:
    return add_order(shop, add_customer(shop), 1000)


def test_refunds_add_up_to_the_total_at_most(shop: Shop, paid: Order) -> None:
    first = orders.refund_order(shop, STAFF, ref(paid), 300, "Broken cup", "refund-1")
    assert (first.refunded, first.refundable) == (300, 700)
    assert first.history[-1].text == "Refunded $3.00: Broken cup"
    with pytest.raises(InvalidInputError, match=r"Only \$7.00"):
        orders.refund_order(shop, STAFF, ref(first), 701, "", "refund-2")
    rest = orders.refund_order(shop, STAFF, ref(first), 700, "", "refund-2")
    assert rest.refundable == 0
    with pytest.raises(InvalidInputError, match="left to refund"):
        orders.refund_order(shop, STAFF, ref(rest), 1, "", "refund-3")


def test_the_same_refund_happens_once(shop: Shop, paid: Order) -> None:
    once = orders.refund_order(shop, STAFF, ref(paid), 300, "", "refund-1")
    assert orders.refund_order(shop, STAFF, ref(paid), 300, "", "refund-1") == once
    assert orders.refund_order(shop, STAFF, ref(once), 300, "", "refund-1") == once
    assert customers.get_customer(shop, paid.customer_id).revenue == 700


@pytest.mark.parametrize("amount", [0, -1, LARGEST_AMOUNT + 1])
def test_amounts_that_are_no_refund_are_refused(shop: Shop, paid: Order, amount: int) -> None:
    with pytest.raises(InvalidInputError):
        orders.refund_order(shop, STAFF, ref(paid), amount, "", "refund-1")


def test_what_was_never_paid_cannot_be_refunded(shop: Shop) -> None:
    order = add_order(shop, add_customer(shop), status=OrderStatus.PENDING)
    with pytest.raises(InvalidInputError, match="has not been paid"):
        orders.refund_order(shop, STAFF, ref(order), 100, "", "refund-1")


def test_a_cancelled_order_can_be_refunded(shop: Shop, paid: Order) -> None:
    cancelled = orders.change_status(shop, STAFF, ref(paid), OrderStatus.CANCELLED)
    assert orders.refund_order(shop, STAFF, ref(cancelled), 1000, "", "refund-1").refundable == 0


def test_two_people_refunding_one_order_do_not_give_back_twice(shop: Shop, paid: Order) -> None:
    orders.refund_order(shop, STAFF, ref(paid), 600, "", "refund-1")
    with pytest.raises(ConflictError):
        orders.refund_order(shop, MANAGER, ref(paid), 600, "", "refund-2")


# --- permissions -------------------------------------------------------------------------------------------------


def test_each_role_may_do_with_orders_what_the_design_says(shop: Shop, paid: Order) -> None:
    customer = customers.get_customer(shop, paid.customer_id)
    key = orders.new_idempotency_key(shop)
    for actor in (MANAGER, ENGINEER):
        with pytest.raises(PermissionDeniedError, match="place orders"):
            orders.place_order(shop, actor, draft(customer), key)
        with pytest.raises(PermissionDeniedError, match="change orders"):
            orders.change_status(shop, actor, ref(paid), OrderStatus.FULFILLED)
        with pytest.raises(PermissionDeniedError, match="change orders"):
            orders.edit_order(shop, actor, ref(paid), draft(customer, 5))
    with pytest.raises(PermissionDeniedError, match="refund orders"):
        orders.refund_order(shop, ENGINEER, ref(paid), 1, "", "refund-1")
    assert orders.get_order(shop, paid.customer_id, paid.id) == paid
    assert orders.refund_order(shop, MANAGER, ref(paid), 1, "", "refund-1").refunded == 1
    assert not orders.place_order(shop, ADMIN, draft(customer), key).duplicate
