"""Sending an order in parcels, with their tracking and the emails about them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.domain.fulfilments import Tracking
from backend.domain.order_states import FulfilmentState, PaymentState, fulfilment_of, left_to_fulfil, payment_of
from backend.domain.orders import LineItem, Order, OrderStatus
from backend.errors import ConflictError, InvalidInputError, PermissionDeniedError
from backend.services.context import Shop
from backend.services.orders import orders
from backend.services.orders.fulfilments import change_tracking, fulfil_order, remove_fulfilment
from tests.recount import assert_totals_hold
from tests.support import ENGINEER, STAFF, add_customer, draft, ref

LINES = (LineItem("Assam tea", 2, 1450, "TEA-1"), LineItem("Stoneware mug", 1, 2200))
DHL = Tracking("DHL", "0034 0434")


@pytest.fixture
def order(shop: Shop) -> Order:
    wanted = draft(add_customer(shop), lines=LINES, shipping=490)
    return orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop)).order


def test_an_order_goes_out_in_several_parcels(shop: Shop, order: Order) -> None:
    first = fulfil_order(shop, STAFF, ref(order), (1, 1), DHL, "P1")
    assert (first.status, fulfilment_of(first), left_to_fulfil(first)) == (
        OrderStatus.PAID,
        FulfilmentState.PARTLY,
        [1, 0],
    )
    last = fulfil_order(shop, STAFF, ref(first), (1, 0), Tracking(), "P2")
    assert (last.status, fulfilment_of(last)) == (OrderStatus.FULFILLED, FulfilmentState.FULFILLED)
    assert orders.get_order(shop, order.customer_id, order.id) == last
    assert [entry.text for entry in last.history[-2:]] == [
        "Sent 2 items: DHL 0034 0434",
        "Sent 1 item; paid → fulfilled",
    ]
    assert_totals_hold(shop)


def test_a_known_carrier_gives_the_link(shop: Shop, order: Order) -> None:
    (parcel,) = fulfil_order(shop, STAFF, ref(order), (2, 1), DHL, "P1").fulfilments
    assert parcel.tracking_url.endswith("piececode=0034%200434")
    other = Tracking("Bike courier", "7", "https://bikes.example/7")
    changed = change_tracking(shop, STAFF, ref(orders.get_order(shop, order.customer_id, order.id)), "P1", other)
    assert (changed.fulfilments[0].carrier, changed.fulfilments[0].tracking_url) == ("Bike courier", other.url)


def test_a_second_click_sends_nothing_again(shop: Shop, order: Order) -> None:
    once = fulfil_order(shop, STAFF, ref(order), (1, 0), DHL, "P1")
    assert fulfil_order(shop, STAFF, ref(order), (1, 0), DHL, "P1") == once
    with pytest.raises(ConflictError):
        fulfil_order(shop, STAFF, ref(order), (1, 0), DHL, "P2")


@pytest.mark.parametrize(
    ("quantities", "tracking"),
    [
        ((0, 0), DHL),
        ((3, 0), DHL),
        ((-1, 1), DHL),
        ((1,), DHL),
        ((1, 0), Tracking("DHL", "1", "http://dhl.example")),
        ((1, 0), Tracking("DHL", "1", "javascript:alert(1)")),
        ((1, 0), Tracking("D" * 101)),
    ],
)
def test_what_cannot_be_sent_is_refused(
    shop: Shop, order: Order, quantities: tuple[int, ...], tracking: Tracking
) -> None:
    with pytest.raises(InvalidInputError):
        fulfil_order(shop, STAFF, ref(order), quantities, tracking, "P1")
    with pytest.raises(PermissionDeniedError):
        fulfil_order(shop, ENGINEER, ref(order), (1, 0), DHL, "P1")
    assert orders.get_order(shop, order.customer_id, order.id) == order


def test_an_unpaid_order_is_sent_and_stays_unpaid(shop: Shop) -> None:
    wanted = draft(add_customer(shop), lines=LINES, status=OrderStatus.PENDING)
    placed = orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop)).order
    sent = fulfil_order(shop, STAFF, ref(placed), (2, 1), Tracking(), "P1")
    assert (sent.status, payment_of(sent), sent.balance) == (OrderStatus.FULFILLED, PaymentState.PENDING, sent.total)
    assert payment_of(orders.record_payment(shop, STAFF, ref(sent))) is PaymentState.PAID


def test_a_parcel_that_was_noted_by_mistake_is_removed(shop: Shop, order: Order) -> None:
    sent = fulfil_order(shop, STAFF, ref(order), (2, 1), DHL, "P1")
    back = remove_fulfilment(shop, STAFF, ref(sent), "P1")
    assert (back.status, back.fulfilments, back.balance) == (OrderStatus.PAID, (), 0)
    again = fulfil_order(shop, STAFF, ref(back), (2, 1), DHL, "P2")
    undone = orders.change_status(shop, STAFF, ref(again), OrderStatus.PAID)
    assert (undone.fulfilments, fulfilment_of(undone)) == ((), FulfilmentState.UNFULFILLED)


def test_an_edit_of_a_title_does_not_lose_what_was_sent(shop: Shop, order: Order) -> None:
    sent = fulfil_order(shop, STAFF, ref(order), (2, 0), DHL, "P1")
    lines = (replace(LINES[0], title="Assam, loose"), LINES[1])
    edited = orders.edit_order(shop, STAFF, ref(sent), draft(add_customer(shop), lines=lines, shipping=490))
    assert left_to_fulfil(edited) == [0, 1]
