"""Payments in parts, returns, and orders found by their parcels."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.fulfilments import Tracking
from backend.domain.order_states import PaymentState, left_to_return, payment_of
from backend.domain.orders import LineItem, Order, OrderStatus
from backend.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from backend.services.context import Shop
from backend.services.orders import orders
from backend.services.orders.fulfilments import change_tracking, fulfil_order, remove_fulfilment
from backend.services.orders.lists import find_order
from backend.services.orders.payments import record_payment
from backend.services.orders.returns import note_return, receive_return, remove_return
from tests.recount import assert_totals_hold
from tests.support import ENGINEER, NOW, STAFF, add_customer, add_order, draft, ref

LINES = (LineItem("Assam tea", 2, 1450, "TEA-1"), LineItem("Stoneware mug", 1, 2200))
DHL = Tracking("DHL", "0034 0434 x")


@pytest.fixture
def order(shop: Shop) -> Order:
    wanted = draft(add_customer(shop), lines=LINES)
    return orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop)).order


@pytest.fixture
def unpaid(shop: Shop) -> Order:
    return add_order(shop, add_customer(shop), 5000, status=OrderStatus.PENDING)


def test_an_order_is_paid_in_parts(shop: Shop, unpaid: Order) -> None:
    yesterday = NOW.date() - timedelta(days=1)
    part = record_payment(shop, STAFF, ref(unpaid), 1999, method="Cash", day=yesterday, payment_id="1")
    assert (payment_of(part), part.status, part.balance) == (PaymentState.PARTLY_PAID, OrderStatus.PENDING, 3001)
    assert record_payment(shop, STAFF, ref(unpaid), 1999, payment_id="1") == part
    whole = record_payment(shop, STAFF, ref(part), method="Card", payment_id="2")
    assert (payment_of(whole), whole.status, whole.balance) == (PaymentState.PAID, OrderStatus.PAID, 0)
    assert [(each.amount, each.method) for each in whole.payments] == [(1999, "Cash"), (3001, "Card")]
    assert [each.at.astimezone(shop.zone).date() for each in whole.payments] == [yesterday, NOW.date()]
    assert orders.get_order(shop, whole.customer_id, whole.id) == whole
    assert_totals_hold(shop)


def test_what_is_recorded_is_more_than_nothing_and_at_most_what_is_owed(shop: Shop, unpaid: Order) -> None:
    for amount in (0, -1, 5001):
        with pytest.raises(InvalidInputError, match=r"at most the \$50.00"):
            record_payment(shop, STAFF, ref(unpaid), amount)
    with pytest.raises(InvalidInputError, match="day to come"):
        record_payment(shop, STAFF, ref(unpaid), 1, day=NOW.date() + timedelta(days=1))
    with pytest.raises(PermissionDeniedError):
        record_payment(shop, ENGINEER, ref(unpaid), 1)


def test_a_part_that_is_all_after_an_edit_stays_received(shop: Shop, unpaid: Order) -> None:
    part = record_payment(shop, STAFF, ref(unpaid), 2000)
    edited = orders.edit_order(shop, STAFF, ref(part), draft(add_customer(shop), 2000))
    assert (edited.received, edited.balance) == (2000, 0)
    pending = orders.change_status(
        shop, STAFF, ref(orders.change_status(shop, STAFF, ref(edited), OrderStatus.PAID)), OrderStatus.PENDING
    )
    assert (pending.received, pending.payments) == (0, ())


def test_a_return_is_noted_received_and_changes_no_amount(shop: Shop, order: Order) -> None:
    noted = note_return(shop, STAFF, ref(order), (1, 0), "Too strong", "R1")
    assert note_return(shop, STAFF, ref(order), (1, 0), "Too strong", "R1") == noted
    assert left_to_return(noted) == [1, 1]
    with pytest.raises(InvalidInputError, match="Only 1 of"):
        note_return(shop, STAFF, ref(noted), (2, 0), "", "R2")
    received = receive_return(shop, STAFF, ref(noted), "R1", restocked=True)
    assert receive_return(shop, STAFF, ref(noted), "R1") == received
    (found,) = received.returns
    assert (found.received_at, found.received_by, found.restocked) == (NOW, STAFF.username, True)
    assert orders.get_order(shop, order.customer_id, order.id) == received
    assert (received.total, received.refunded, received.balance) == (order.total, 0, 0)
    assert [entry.text for entry in received.history[-2:]] == [
        "Return noted (1 item): Too strong",
        "Return received and restocked (1 item): Too strong",
    ]


def test_a_return_noted_by_mistake_is_removed(shop: Shop, order: Order) -> None:
    noted = note_return(shop, STAFF, ref(order), (1, 1), "", "R1")
    removed = remove_return(shop, STAFF, ref(noted), "R1")
    assert (removed.returns, left_to_return(removed)) == ((), [2, 1])
    with pytest.raises(NotFoundError):
        receive_return(shop, STAFF, ref(removed), "R1")


def test_a_refund_may_note_the_return_of_its_items(shop: Shop, order: Order) -> None:
    after = orders.refund_order(shop, STAFF, ref(order), 1450, "Too strong", "F1", quantities=(1, 0), returned=True)
    assert [(each.id, each.count, each.reason) for each in after.returns] == [("F1", 1, "Too strong")]
    assert after.history[-1].text == "Refunded $14.50 (1 item): Too strong; return noted"


def test_an_order_is_found_by_the_tracking_number_of_a_parcel(shop: Shop, order: Order) -> None:
    sent = fulfil_order(shop, STAFF, ref(order), (2, 1), DHL, "P1")
    for typed in ("00340434X", "0034 0434 x"):
        assert find_order(shop, typed) == sent
    moved = change_tracking(shop, STAFF, ref(sent), "P1", Tracking("DHL", "123456789"))
    assert (find_order(shop, "123456789"), find_order(shop, "00340434X")) == (moved, None)
    remove_fulfilment(shop, STAFF, ref(moved), "P1")
    assert find_order(shop, "123456789") is None
