"""What a shop does with an order every day takes three clicks from the order at most."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backend.domain.order_states import FulfilmentState, fulfilment_of
from backend.domain.orders import LineItem, Order
from backend.domain.team import Role
from backend.services.context import Shop
from backend.services.orders import orders
from tests.browser.people import Person
from tests.support import STAFF, add_customer, draft

_COUNT = "window.clicks = 0; document.addEventListener('click', e => { window.clicks += e.isTrusted ? 1 : 0 }, true)"


@pytest.fixture
def order(shop: Shop) -> Order:
    lines = (LineItem("Mug", 2, 1250), LineItem("Tea towel", 1, 900))
    wanted = draft(add_customer(shop, "Maria Lopez"), lines=lines, shipping=490)
    return orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop)).order


@pytest.fixture(params=["desk", "phone"])
def staff(person: Callable[..., Person], order: Order, request: pytest.FixtureRequest) -> Person:
    """Somebody who has the order open; clicks are counted from here on."""
    width, height = (1280, 800) if request.param == "desk" else (390, 844)
    there = person(Role.STAFF, width=width, height=height)
    there.sign_in(f"/order?customer={order.customer_id}&id={order.id}").sees_title(f"Order {order.number}").settled()
    there.page.evaluate(_COUNT)
    return there


def clicks(staff: Person) -> int:
    return int(staff.page.evaluate("window.clicks"))


def now(shop: Shop, order: Order) -> Order:
    return orders.get_order(shop, order.customer_id, order.id)


def test_an_address_is_corrected(staff: Person, shop: Shop, order: Order) -> None:
    staff.presses("Edit shipping address").types("Street and number", "Lindenstr. 5").types("City", "Berlin")
    staff.presses("Save").sees("Lindenstr. 5")
    assert clicks(staff) <= 3
    address = now(shop, order).shipping_address
    assert address is not None
    assert (address.name, address.street, address.city) == ("Maria Lopez", "Lindenstr. 5", "Berlin")


def test_an_order_is_fulfilled_with_tracking(staff: Person, shop: Shop, order: Order) -> None:
    staff.presses("Fulfil")
    carrier = staff.page.get_by_role("combobox", name="Carrier")
    carrier.press_sequentially("DHL")
    carrier.press("Enter")
    staff.settled().types("Tracking number", "00340434").presses("Fulfil 3 items").sees("DHL 00340434")
    assert clicks(staff) <= 3
    (parcel,) = now(shop, order).fulfilments
    assert (parcel.carrier, parcel.tracking_url[-8:]) == ("DHL", "00340434")
    assert fulfilment_of(now(shop, order)) is FulfilmentState.FULFILLED


def test_a_line_is_refunded(staff: Person, shop: Shop, order: Order) -> None:
    staff.presses("Refund").types("Tea towel · 1 left", "1").presses("Refund $9.00 to Maria Lopez")
    staff.sees("Refunded $9.00 (1 item)")
    assert clicks(staff) <= 3
    assert [line.title for line in now(shop, order).refunds[0].lines] == ["Tea towel"]
