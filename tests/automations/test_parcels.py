"""Each parcel of an order has an email of its own, which tells how that parcel is followed."""

from __future__ import annotations

from backend.domain.automations import TriggerKind
from backend.domain.fulfilments import Tracking
from backend.domain.orders import LineItem, OrderStatus
from backend.services.context import Shop
from backend.services.orders import orders
from backend.services.orders.fulfilments import fulfil_order, remove_fulfilment
from backend.services.sending.composition import email_of
from backend.services.sending.mailer import Mailer
from tests.automations.making import messages, running, step, waiting, work
from tests.support import STAFF, add_customer, draft, ref

LINES = (LineItem("Assam tea", 2, 1450, "TEA-1"), LineItem("Stoneware mug", 1, 2200))


def test_each_parcel_has_its_email_unless_somebody_decides_otherwise(shop: Shop, mailer: Mailer) -> None:
    running(shop, TriggerKind.ORDER_SHIPPED, step("order-shipped"))
    maria = add_customer(shop)
    order = orders.place_order(shop, STAFF, draft(maria, lines=LINES), orders.new_idempotency_key(shop)).order
    first = fulfil_order(shop, STAFF, ref(order), (1, 0), Tracking("DHL", "1111"), "P1")
    second = fulfil_order(shop, STAFF, ref(first), (1, 0), Tracking("UPS", "2222"), "P2", notify=False)
    last = fulfil_order(shop, STAFF, ref(second), (0, 1), Tracking("GLS", "3333"), "P3")
    assert (last.status, len(waiting(shop))) == (OrderStatus.FULFILLED, 2)
    assert second.history[-1].text == "Sent 1 item: UPS 2222 (without email)"
    work(shop, mailer)
    sent = [email_of(shop, message).text for message in messages(shop)]
    assert sorted("1111" in text for text in sent) == [False, True]
    assert sorted("3333" in text and "Stoneware mug" in text for text in sent) == [False, True]
    assert not any("2222" in text for text in sent)


def test_a_parcel_that_was_removed_is_not_written_about(shop: Shop, mailer: Mailer) -> None:
    running(shop, TriggerKind.ORDER_SHIPPED, step("order-shipped"))
    maria = add_customer(shop)
    order = orders.place_order(shop, STAFF, draft(maria, lines=LINES), orders.new_idempotency_key(shop)).order
    sent = fulfil_order(shop, STAFF, ref(order), (1, 0), Tracking(), "P1")
    remove_fulfilment(shop, STAFF, ref(sent), "P1")
    work(shop, mailer)
    assert messages(shop) == []


def test_an_order_that_is_marked_as_fulfilled_has_one_email_without_tracking(shop: Shop, mailer: Mailer) -> None:
    running(shop, TriggerKind.ORDER_SHIPPED, step("order-shipped"))
    maria = add_customer(shop)
    order = orders.place_order(shop, STAFF, draft(maria, lines=LINES), orders.new_idempotency_key(shop)).order
    part = fulfil_order(shop, STAFF, ref(order), (1, 0), Tracking("UPS", "2222"), "P1", notify=False)
    orders.change_status(shop, STAFF, ref(part), OrderStatus.FULFILLED)
    work(shop, mailer)
    (message,) = messages(shop)
    assert "2222" not in email_of(shop, message).text
