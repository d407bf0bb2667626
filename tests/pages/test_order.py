"""One order's page as people see and work it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from backend.domain.automations import Automation, Step, TriggerKind
from backend.domain.fulfilments import Tracking
from backend.domain.orders import LineItem, Order, OrderStatus
from backend.domain.team import Role
from backend.services.automations import saved
from backend.services.automations.defaults import add_defaults
from backend.services.customers import customers
from backend.services.customers.addresses import addresses_of
from backend.services.orders import orders
from backend.services.orders.fulfilments import fulfil_order
from backend.services.orders.orders import OrderDraft
from backend.services.orders.parts import new_part_id
from backend.services.triggers import active
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, buttons, field, links, press, rows, said
from tests.support import MANAGER, NOW, STAFF, add_customer, add_order, draft, ref

CHANGES = {"Fulfil", "Mark as pending", "Cancel order", "Edit", "Edit shipping address"}


def opened(dashboard: Dashboard, order: Order, role: Role = Role.STAFF) -> AppTest:
    return dashboard.open("order.py", role, customer=order.customer_id, id=order.id)


def now(dashboard: Dashboard, order: Order) -> Order:
    return orders.get_order(dashboard.shop, order.customer_id, order.id)


@pytest.fixture
def order(dashboard: Dashboard) -> Order:
    return add_order(dashboard.shop, add_customer(dashboard.shop, "Maria Lopez"), 5000)


@pytest.mark.parametrize("query", [{}, {"customer": "NOBODY", "id": "NOTHING"}, {"customer": "x" * 5000, "id": "y"}])
def test_an_unknown_order_is_explained(dashboard: Dashboard, query: dict[str, str]) -> None:
    app = dashboard.open("order.py", Role.STAFF, **query)
    assert not app.exception
    assert "This order does not exist" in said(app)


def test_lines_amounts_and_history_are_on_one_page(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    maria = add_customer(shop, "Maria Lopez")
    lines = (LineItem("Mug", 2, 1250, "MG-1"), LineItem("Tea towel", 1, 900))
    wanted = draft(maria, lines=lines, discount=400, shipping=490, tax=10, note="Ring *twice*")
    order = orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop)).order
    app = opened(dashboard, order, Role.ENGINEER)
    assert not app.exception
    assert rows(app, "Line items") == [
        {"Product": "Mug", "SKU": "MG-1", "Quantity": "2", "Price": "$12.50", "Amount": "$25.00"},
        {"Product": "Tea towel", "SKU": "", "Quantity": "1", "Price": "$9.00", "Amount": "$9.00"},
    ]
    amounts = {name: value.replace("\\", "") for name, value in app.table[0].value["value"].items()}
    assert amounts == {
        "Discount": "-$4.00",
        "Subtotal": "$30.00",
        "Shipping": "$4.90",
        "Tax": "$0.10",
        "Total": "$35.00",
    }
    assert "Placed as paid" in said(app)
    assert "sam" in said(app)
    assert "Ring *twice*" in [text.value for text in app.text]
    assert links(app)["Maria Lopez"] == {"id": [maria.id]}


def test_a_paid_order_that_was_edited_shows_its_balance(dashboard: Dashboard, order: Order) -> None:
    customer = customers.get_customer(dashboard.shop, order.customer_id)
    edited = orders.edit_order(dashboard.shop, STAFF, ref(order), draft(customer, 5400))

    app = opened(dashboard, edited)

    assert "4.00 still to be paid" in said(app).replace("\\", "")
    amounts = {name: value.replace("\\", "") for name, value in app.table[0].value["value"].items()}
    assert (amounts["Total"], amounts["Paid"], amounts["Balance due"]) == ("$54.00", "$50.00", "$4.00")
    press(app, "Record payment")
    field(app, "Amount in USD").set_value("1.50").run()
    press(app, "Record payment of $1.50")
    assert now(dashboard, order).balance == 250
    assert "1.50" in said(app)


def test_a_return_is_noted_received_and_refunded(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    wanted = draft(add_customer(shop, "Maria Lopez"), lines=(LineItem("Mug", 2, 1250), LineItem("Tea", 1, 900)))
    order = orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop)).order
    order = fulfil_order(shop, STAFF, ref(order), (2, 1), Tracking(), "P1")
    app = press(opened(dashboard, order), "Note return")
    field(app, "Mug · 2 left").set_value(1).run()
    press(app, "Note return of 1 item")
    press(app, "Mark as received")
    app.checkbox[0].check().run()
    next(each for each in reversed(app.button) if each.label == "Mark as received").click().run()
    assert now(dashboard, order).returns[0].restocked
    press(app, "Refund these items")
    press(app, "Refund $12.50 to Maria Lopez")
    assert now(dashboard, order).refunds[0].lines[0].quantity == 1


def test_each_role_sees_what_it_may_do(dashboard: Dashboard, order: Order) -> None:
    assert set(buttons(opened(dashboard, order))) >= CHANGES | {"Refund"}
    manager = set(buttons(opened(dashboard, order, Role.MANAGER)))
    assert "Refund" in manager
    assert not manager & CHANGES
    assert not set(buttons(opened(dashboard, order, Role.ENGINEER))) & (CHANGES | {"Refund"})


def test_the_status_moves_and_the_history_says_by_whom(dashboard: Dashboard, order: Order) -> None:
    pending = add_order(dashboard.shop, add_customer(dashboard.shop), status=OrderStatus.PENDING)
    app = press(opened(dashboard, pending), "Mark as paid")
    assert now(dashboard, pending).status is OrderStatus.PAID
    assert "pending → paid" in said(app)
    assert "the-staff" in said(app)
    assert "Mark as pending" in buttons(app)


def test_a_parcel_with_tracking_fulfils_the_order(dashboard: Dashboard, order: Order) -> None:
    app = press(opened(dashboard, order), "Fulfil")
    assert field(app, "Assam tea · 1 left").value == 1
    app.selectbox[0].set_value("DHL").run()
    field(app, "Tracking number").set_value("0034").run()
    app = press(app, "Fulfil 1 item")
    (parcel,) = now(dashboard, order).fulfilments
    assert (parcel.carrier, parcel.tracking_number) == ("DHL", "0034")
    assert now(dashboard, order).status is OrderStatus.FULFILLED
    assert "Parcel 1 · DHL 0034" in said(app).replace("**", "")
    assert not {"Fulfil", "Mark as fulfilled"} & set(buttons(app))
    assert "Undo fulfilment" in buttons(app)
    press(app, "Edit tracking")
    field(app, "Tracking number").set_value("0035").run()
    app = press(app, "Save")
    assert now(dashboard, order).fulfilments[0].tracking_url.endswith("=0035")
    press(app, "Remove")
    press(app, "Remove parcel")
    assert (now(dashboard, order).fulfilments, now(dashboard, order).status) == ((), OrderStatus.PAID)


def test_part_of_an_order_goes_first(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    wanted = draft(add_customer(shop), lines=(LineItem("Mug", 2, 1250), LineItem("Tea towel", 1, 900)))
    order = orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop)).order
    app = press(opened(dashboard, order), "Fulfil")
    field(app, "Mug · 2 left").set_value(0).run()
    field(app, "Tea towel · 1 left").set_value(0).run()
    assert "Choose at least one item for the parcel." in said(press(app, "Fulfil 0 items"))
    field(app, "Mug · 2 left").set_value(1).run()
    app = press(app, "Fulfil 1 item")
    assert "Partly fulfilled" in said(app)
    assert [row["To send"] for row in rows(app, "Line items")] == ["1", "1"]
    press(app, "Fulfil")
    assert (field(app, "Mug · 1 left").value, field(app, "Tea towel · 1 left").value) == (1, 1)


def test_an_address_is_corrected_on_the_order(dashboard: Dashboard, order: Order) -> None:
    app = press(opened(dashboard, order), "Edit shipping address")
    assert field(app, "Name").value == "Maria Lopez"
    field(app, "Street and number").set_value("Lindenstr. 5").run()
    field(app, "Phone").set_value("call me").run()
    assert "“call me” is not a phone number" in said(press(app, "Save"))
    field(app, "Phone").set_value("").run()
    app.checkbox[0].check().run()
    app = press(app, "Save")
    address = now(dashboard, order).shipping_address
    assert address is not None
    assert (address.name, address.street) == ("Maria Lopez", "Lindenstr. 5")
    assert addresses_of(dashboard.shop, order.customer_id).default == address
    assert "Same as shipping" in said(app)
    assert "Shipping address changed" in said(app)
    press(app, "Edit billing address")
    app.checkbox[0].uncheck().run()
    field(app, "Street and number").set_value("Am Markt 1").run()
    press(app, "Save")
    billed = now(dashboard, order).billed_to
    assert billed is not None
    assert (billed.street, now(dashboard, order).shipping_address) == ("Am Markt 1", address)


def test_cancelling_asks_first(dashboard: Dashboard, order: Order) -> None:
    app = press(opened(dashboard, order), "Cancel order")
    assert "will count neither as an order nor as revenue" in said(app)
    assert now(dashboard, order).status is OrderStatus.PAID
    press(app, "Cancel this order")
    assert now(dashboard, order).status is OrderStatus.CANCELLED
    assert "Cancel this order" not in buttons(app)


def test_a_button_of_an_older_version_says_who_was_faster_and_overwrites_nothing(
    dashboard: Dashboard, order: Order
) -> None:
    app = opened(dashboard, order)
    orders.refund_order(dashboard.shop, MANAGER, ref(order), 1000, "", new_part_id())
    press(app, "Mark as pending")
    assert "(mara: Refunded $10.00)" in said(app)
    assert now(dashboard, order).status is OrderStatus.PAID
    assert not set(buttons(app)) & CHANGES
    press(app, "Reload")
    press(app, "Mark as pending")
    assert now(dashboard, order).status is OrderStatus.PENDING


def test_pressing_a_status_twice_is_no_conflict(dashboard: Dashboard, order: Order) -> None:
    app = opened(dashboard, order)
    orders.change_status(dashboard.shop, STAFF, ref(order), OrderStatus.PENDING)
    press(app, "Mark as pending")
    assert not app.error
    assert len(now(dashboard, order).history) == 2


def test_a_refund_in_full_says_the_amount_and_to_whom(dashboard: Dashboard, order: Order) -> None:
    app = press(opened(dashboard, order, Role.MANAGER), "Refund")
    assert "Paid $50.00. Refundable: $50.00" in said(app).replace("**", "")
    press(app, "Select all")
    field(app, "Reason").set_value("Arrived broken")
    press(app, "Refund $50.00 to Maria Lopez")
    assert now(dashboard, order).refunded == 5000
    assert "Refunded $50.00 (1 item): Arrived broken" in said(app)
    assert "Refund" not in buttons(app)


def test_a_part_can_be_refunded_and_not_more_than_is_left(dashboard: Dashboard, order: Order) -> None:
    app = press(opened(dashboard, order), "Refund")
    refund = "Refund the amount above to Maria Lopez"
    assert "Choose what to refund, or enter an amount." in said(press(app, refund))
    field(app, "Amount in USD").set_value("12,50 euros").run()
    assert "Amount is not an amount" in said(press(app, refund))
    field(app, "Amount in USD").set_value("12.50").run()
    press(app, "Refund $12.50 to Maria Lopez")
    assert now(dashboard, order).refunded == 1250
    press(app, "Refund")
    field(app, "Amount in USD").set_value("40").run()
    assert "At most $37.50 can be refunded." in said(press(app, refund))
    assert now(dashboard, order).refunded == 1250


def test_a_line_is_refunded_with_the_shipping_and_the_amount_follows(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    lines = (LineItem("Mug", 2, 1250), LineItem("Tea", 1, 900))
    wanted = draft(add_customer(shop, "Maria Lopez"), lines=lines, shipping=490)
    order = orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop)).order
    app = press(opened(dashboard, order), "Refund")
    field(app, "Mug · 2 left").set_value(1).run()
    assert field(app, "Amount in USD").value == "12.50"
    app.checkbox[0].check().run()
    assert field(app, "Amount in USD").value == "17.40"
    app.checkbox[1].check().run()
    press(app, "Refund $17.40 to Maria Lopez")
    assert [row["Refunded"] for row in rows(app, "Line items")] == ["1", "0"]
    (refund,) = now(dashboard, order).refunds
    assert (refund.amount, refund.shipping, refund.lines[0].quantity, refund.lines[0].restocked) == (1740, 490, 1, True)


def test_a_pending_order_has_nothing_to_refund(dashboard: Dashboard) -> None:
    pending = add_order(dashboard.shop, add_customer(dashboard.shop), status=OrderStatus.PENDING)
    assert "Refund" not in buttons(opened(dashboard, pending))


def test_editing_replaces_what_was_typed_over_and_shows_the_total_first(dashboard: Dashboard, order: Order) -> None:
    app = press(opened(dashboard, order), "Edit")
    field(app, "Shipping in USD").set_value("4.90").run()
    assert [metric.value.replace("\\", "") for metric in app.metric] == ["$54.90"]
    press(app, "Save")
    assert now(dashboard, order).total == 5490
    assert "Edited: $50.00 → $54.90" in said(app)


def test_editing_an_order_that_somebody_changed_overwrites_nothing(dashboard: Dashboard, order: Order) -> None:
    app = press(opened(dashboard, order), "Edit")
    orders.change_status(dashboard.shop, STAFF, ref(order), OrderStatus.FULFILLED)
    field(app, "Shipping in USD").set_value("4.90").run()
    press(app, "Save")
    assert "(sam: paid → fulfilled)" in said(app)
    assert now(dashboard, order).total == 5000
    press(app, "Reload and discard mine")
    assert "Save" not in buttons(app)


def test_whoever_was_overtaken_while_editing_keeps_what_they_changed(dashboard: Dashboard, order: Order) -> None:
    app = press(opened(dashboard, order), "Edit")
    theirs = OrderDraft(order.customer_id, order.lines, tax=100, note="Theirs")
    orders.edit_order(dashboard.shop, STAFF, ref(order), theirs)
    field(app, "Shipping in USD").set_value("4.90").run()
    press(app, "Save")
    press(app, "Keep my changes")
    typed = [field(app, label).value for label in ("Shipping in USD", "Tax in USD", "Note")]
    assert typed == ["4.90", "1.00", "Theirs"]
    press(app, "Save")
    after = now(dashboard, order)
    assert (after.shipping, after.tax, after.note, after.total) == (490, 100, "Theirs", 5590)


@pytest.mark.parametrize("name", MARKUP)
def test_markup_is_shown_as_text(dashboard: Dashboard, name: str) -> None:
    shop = dashboard.shop
    wanted = draft(add_customer(shop, name), lines=(LineItem(name, 1, 500),), note=name)
    order = orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop)).order
    orders.refund_order(shop, STAFF, ref(order), 100, name, new_part_id())
    app = opened(dashboard, order)
    assert name in links(app)
    assert [row["Product"] for row in rows(app, "Line items")] == [name]
    assert f"Refunded $1.00: {name}" in said(app)


def listening_to(dashboard: Dashboard, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Switches one of the standard automations on."""
    monkeypatch.setattr(active, "LEAD", active.LEAD * 0)
    add_defaults(dashboard.shop, MANAGER)
    (found,) = [each for each in active.all_automations(dashboard.shop) if each.name == name]
    saved.switch_on(dashboard.shop, MANAGER, found.id, found.version)


def test_what_emails_the_customer_says_so_shows_it_and_can_do_without(
    dashboard: Dashboard, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = press(opened(dashboard, order), "Fulfil")
    assert "the customer gets no email" in said(app)
    listening_to(dashboard, "Shipping note", monkeypatch)
    app = press(opened(dashboard, order), "Fulfil")
    assert "“Shipping note”: When an order is shipped, send “Order shipped” at once." in said(app)
    show = next(toggle for toggle in app.toggle if toggle.label == "Show the email")
    show.set_value(True).run()
    assert f"Your order {order.number} is on its way" in said(app).replace("**", "").replace("\\", "")
    next(toggle for toggle in app.toggle if toggle.label == "Email the customer").set_value(False).run()
    press(app, "Fulfil 1 item")
    assert now(dashboard, order).history[-1].text == "Sent 1 item; paid → fulfilled (without email)"


def test_a_status_that_emails_the_customer_asks_first(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(active, "LEAD", active.LEAD * 0)
    thanks = Automation(
        saved.new_automation_id(), "Thank you", TriggerKind.ORDER_PAID, (Step("order-confirmation"),), NOW
    )
    made = saved.create_automation(dashboard.shop, MANAGER, thanks)
    saved.switch_on(dashboard.shop, MANAGER, made.id, made.version)
    pending = add_order(dashboard.shop, add_customer(dashboard.shop), status=OrderStatus.PENDING)
    app = press(opened(dashboard, pending), "Mark as paid")
    assert now(dashboard, pending).status is OrderStatus.PENDING
    assert "“Thank you”: When an order is paid" in said(app)
    app.button(key="move_order_now").click().run()
    assert now(dashboard, pending).history[-1].text == "pending → paid"
