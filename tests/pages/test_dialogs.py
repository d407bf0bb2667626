"""A dialog whose action is refused stays open and says why; what was typed there is still there."""

from __future__ import annotations

import pytest

from backend.domain.alerts import Adjusted
from backend.domain.orders import OrderStatus
from backend.domain.team import Role
from backend.email.transports.outbox_reader import Outbox
from backend.errors import BackendError
from backend.services.alerts.settings import adjust_rule, get_alert_settings
from backend.services.customers import customers
from backend.services.customers.customers import Profile, get_customer
from backend.services.orders.orders import OrderRef, change_status
from tests.pages.dashboard import Dashboard
from tests.pages.mailing import deliver_waiting, request
from tests.pages.reading import buttons, field, press, said
from tests.support import ADMIN, MANAGER, STAFF, add_customer, add_order


def test_archiving_somebody_who_was_changed_is_refused_in_the_dialog(dashboard: Dashboard) -> None:
    maria = add_customer(dashboard.shop, "Maria")
    app = press(dashboard.open("customer.py", Role.STAFF, id=maria.id), "Archive")
    customers.edit_customer(dashboard.shop, MANAGER, maria.id, maria.version, Profile("Maria Lopez"))
    [button for button in app.button if button.label == "Archive"][-1].click().run()
    assert "Someone else has changed this customer." in said(app)
    assert "is removed from lists" in said(app), "the dialog is still open"
    assert not get_customer(dashboard.shop, maria.id).archived


def test_cancelling_an_order_that_was_changed_is_refused_in_the_dialog(dashboard: Dashboard) -> None:
    maria = add_customer(dashboard.shop, "Maria")
    order = add_order(dashboard.shop, maria, 5000)
    app = dashboard.open("order.py", Role.STAFF, customer=maria.id, id=order.id)
    press(app, "Cancel order")
    change_status(dashboard.shop, STAFF, OrderRef(maria.id, order.id, order.version), OrderStatus.FULFILLED)
    press(app, "Cancel this order")
    assert len(app.error) == 1
    assert "Cancel this order" in buttons(app), "the dialog is still open"


def test_an_outbox_that_cannot_be_cleared_says_so_in_the_dialog(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(outbox: Outbox) -> int:
        raise BackendError("The disk is full.")

    request(dashboard.shop, add_customer(dashboard.shop))
    deliver_waiting(dashboard.shop)
    app = press(dashboard.open("outbox.py", Role.STAFF), "Clear the outbox")
    monkeypatch.setattr(Outbox, "clear", full)
    press(app, "Delete all")
    assert "The disk is full." in said(app)
    assert "Delete all" in buttons(app), "the dialog is still open"


def test_a_rule_that_somebody_else_adjusted_keeps_what_was_typed(dashboard: Dashboard) -> None:
    app = dashboard.open("alerts.py", Role.ENGINEER)
    app.button(key="adjust_bounces").click().run()
    field(app, "Threshold in %").set_value(2.5)
    adjust_rule(dashboard.shop, ADMIN, "bounces", Adjusted(7.0, on=False), version=0)
    press(app, "Save")
    assert "Someone else has changed the alerts." in said(app)
    press(app, "Keep my changes")
    assert field(app, "Threshold in %").value == 2.5
    assert app.toggle[0].value is False, "what was not changed here is as they left it"
    press(app, "Save")
    assert get_alert_settings(dashboard.shop).rules == {"bounces": Adjusted(2.5, on=False)}


def test_recipients_that_somebody_else_changed_keep_what_was_typed(dashboard: Dashboard) -> None:
    dashboard.member(Role.MANAGER)
    app = press(dashboard.open("alerts.py", Role.ENGINEER), "Change")
    app.multiselect[0].set_value(["the-manager"])
    adjust_rule(dashboard.shop, ADMIN, "queue", Adjusted(60), version=0)
    press(app, "Save")
    press(app, "Keep my changes")
    assert app.multiselect[0].value == ["the-manager"]
    press(app, "Save")
    saved = get_alert_settings(dashboard.shop)
    assert (saved.recipients, saved.rules) == (("the-manager",), {"queue": Adjusted(60)})


def test_what_was_typed_is_discarded_when_somebody_says_so(dashboard: Dashboard) -> None:
    app = press(dashboard.open("alerts.py", Role.ENGINEER), "Change")
    field(app, "Remind after hours").set_value(9)
    adjust_rule(dashboard.shop, ADMIN, "queue", Adjusted(60), version=0)
    press(app, "Save")
    press(app, "Reload and discard mine")
    assert field(press(app, "Change"), "Remind after hours").value != 9
