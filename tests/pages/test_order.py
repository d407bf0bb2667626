"""One order's page as people see and work it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from backend.domain.orders import LineItem, Order, OrderStatus
from backend.domain.team import Role
from backend.services.automations import saved
from backend.services.automations.defaults import add_defaults
from backend.services.customers import customers
from backend.services.orders import orders
from backend.services.orders.orders import OrderDraft
from backend.services.triggers import active
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, buttons, field, links, press, said
from tests.support import MANAGER, STAFF, add_customer, add_order, draft, ref

CHANGES = {"Mark as fulfilled", "Mark as pending", "Cancel order", "Edit"}


def opened(dashboard: Dashboard, order: Order, role: Role = Role.STAFF) -> AppTest:
    return dashboard.open("order.py", role, customer=order.customer_id, id=order.id)


def now(dashboard: Dashboard, order: Order) -> Order:
    return orders.get_order(dashboard.shop, order.customer_id, order.id)


@pytest.fixture
def order(dashboard: Dashboard) -> Order:
    return add_order(dashboard.shop, add_customer(dashboard.shop, "Maria Lopez"), 5000)


@pytest.mark.parametrize("query", [{}, {"customer": "NOBODY", "id": "NOTHING"}, {"customer": "x" * 5000, "id": "y"}])
def test_an_unknown_order_is_told_kindly(dashboard: Dashboard, query: dict[str, str]) -> None:
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
    assert app.dataframe[0].value.to_dict("records") == [
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
    press(app, "Record payment of $4.00")
    assert now(dashboard, order).balance == 0


def test_each_role_sees_what_it_may_do(dashboard: Dashboard, order: Order) -> None:
    assert set(buttons(opened(dashboard, order))) >= CHANGES | {"Refund"}
    manager = set(buttons(opened(dashboard, order, Role.MANAGER)))
    assert "Refund" in manager
    assert not manager & CHANGES
    assert not set(buttons(opened(dashboard, order, Role.ENGINEER))) & (CHANGES | {"Refund"})


def test_the_status_moves_and_the_history_says_by_whom(dashboard: Dashboard, order: Order) -> None:
    app = press(opened(dashboard, order), "Mark as fulfilled")
    assert now(dashboard, order).status is OrderStatus.FULFILLED
    assert "paid → fulfilled" in said(app)
    assert "the-staff" in said(app)
    assert "Undo fulfilment" in buttons(app)


def test_cancelling_asks_first(dashboard: Dashboard, order: Order) -> None:
    app = press(opened(dashboard, order), "Cancel order")
    assert "will count neither as an order nor as revenue" in said(app)
    assert now(dashboard, order).status is OrderStatus.PAID
    press(app, "Cancel this order")
    assert now(dashboard, order).status is OrderStatus.CANCELLED
    assert "Cancel this order" not in buttons(app)


def test_a_button_of_an_older_version_tells_who_was_faster_and_overwrites_nothing(
    dashboard: Dashboard, order: Order
) -> None:
    app = opened(dashboard, order)
    orders.refund_order(dashboard.shop, MANAGER, ref(order), 1000, "", orders.new_refund_id())
    press(app, "Mark as fulfilled")
    assert "(mara: Refunded $10.00)" in said(app)
    assert now(dashboard, order).status is OrderStatus.PAID
    assert not set(buttons(app)) & CHANGES
    press(app, "Reload")
    press(app, "Mark as fulfilled")
    assert now(dashboard, order).status is OrderStatus.FULFILLED


def test_pressing_a_status_twice_is_no_conflict(dashboard: Dashboard, order: Order) -> None:
    app = opened(dashboard, order)
    orders.change_status(dashboard.shop, STAFF, ref(order), OrderStatus.FULFILLED)
    press(app, "Mark as fulfilled")
    assert not app.error
    assert len(now(dashboard, order).history) == 2


def test_a_refund_in_full_says_the_amount_and_to_whom(dashboard: Dashboard, order: Order) -> None:
    app = press(opened(dashboard, order, Role.MANAGER), "Refund")
    assert "Paid $50.00. Refundable: $50.00" in said(app).replace("**", "")
    field(app, "Reason").set_value("Arrived broken")
    press(app, "Refund $50.00 to Maria Lopez")
    assert now(dashboard, order).refunded == 5000
    assert "Refunded $50.00: Arrived broken" in said(app)
    assert "Refund" not in buttons(app)


def test_a_part_can_be_refunded_and_not_more_than_is_left(dashboard: Dashboard, order: Order) -> None:
    app = press(opened(dashboard, order), "Refund")
    app.segmented_control[0].set_value("Partial refund").run()
    refund = "Refund the amount above to Maria Lopez"
    assert "Enter the amount to refund." in said(press(app, refund))
    field(app, "Amount in USD").set_value("12,50 euros")
    assert "Amount is not an amount" in said(press(app, refund))
    field(app, "Amount in USD").set_value("12.50")
    press(app, refund)
    assert now(dashboard, order).refunded == 1250
    press(app, "Refund")
    app.segmented_control[0].set_value("Partial refund").run()
    field(app, "Amount in USD").set_value("40")
    assert "At most $37.50 can be refunded." in said(press(app, refund))
    assert now(dashboard, order).refunded == 1250


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
    orders.refund_order(shop, STAFF, ref(order), 100, name, orders.new_refund_id())
    app = opened(dashboard, order)
    assert name in links(app)
    assert list(app.dataframe[0].value["Product"]) == [name]
    assert f"Refunded $1.00: {name}" in said(app)


def test_a_button_that_makes_an_automation_email_the_customer_says_so(
    dashboard: Dashboard, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "“Mark as fulfilled” starts the automation “Shipping note”: the customer gets an email."
    assert told not in said(opened(dashboard, order))
    monkeypatch.setattr(active, "LEAD", active.LEAD * 0)
    add_defaults(dashboard.shop, MANAGER)
    (shipping,) = [each for each in active.all_automations(dashboard.shop) if each.name == "Shipping note"]
    saved.switch_on(dashboard.shop, MANAGER, shipping.id, shipping.version)
    assert told in said(opened(dashboard, order))
