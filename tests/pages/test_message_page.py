"""One message's page: status, timeline, the exact email, and the way to send it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.suppression import SuppressionReason
from backend.domain.team import Role
from backend.email.transports.recording import LoseReply, Refuse, always
from backend.services.shop_settings import get_shop_facts, save_shop_facts
from backend.services.suppression.entries import add_suppression
from tests.pages.dashboard import Dashboard
from tests.pages.mailing import deliver, request
from tests.pages.reading import MARKUP, buttons, field, links, press, said
from tests.services.test_repairing import reported, settled
from tests.support import ADMIN, add_customer, add_order


@pytest.mark.parametrize("message_id", ["", "NOBODY-click-1", "nonsense", "a-" + "x" * 3000])
def test_an_unknown_message_is_explained(dashboard: Dashboard, message_id: str) -> None:
    app = dashboard.open("message.py", Role.STAFF, id=message_id)
    assert not app.exception
    assert "This message does not exist" in said(app)


def test_a_sent_message_shows_exactly_what_was_sent_although_the_shop_changed(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    customer = add_customer(shop, "Maria Lopez", "maria@example.com")
    order = add_order(shop, customer)
    message = deliver(shop, request(shop, customer, "order-confirmation", order_id=order.id))
    save_shop_facts(shop, ADMIN, replace(get_shop_facts(shop), name="Another name"))
    app = dashboard.open("message.py", Role.MANAGER, id=message.id)
    assert not app.exception
    assert "Exactly what was sent" in said(app)
    assert "Another name" not in str(app.get("iframe")[0].proto)
    codes = "\n".join(code.value for code in app.code)
    assert "To: maria@example.com" in codes
    assert f"Message id: {message.id}" in codes
    assert links(app)["The order"] == {"customer": [customer.id], "id": [order.id]}


def test_the_timeline_says_who_asked_and_what_happened(dashboard: Dashboard) -> None:
    message = deliver(dashboard.shop, request(dashboard.shop, add_customer(dashboard.shop)))
    app = dashboard.open("message.py", Role.ENGINEER, id=message.id)
    shown = said(app)
    assert "Requested by sam" in shown
    assert "Accepted by the provider" in shown
    assert message.provider_id
    assert f"Provider's id: {message.provider_id}" in "\n".join(code.value for code in app.code)
    assert "1 attempt" in shown


def test_an_unknown_message_says_what_is_not_known_and_leads_to_sending_it_again(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    customer = add_customer(shop)
    order = add_order(shop, customer)
    message = request(shop, customer, "order-confirmation", order_id=order.id)
    deliver(shop, message, always(LoseReply()))
    app = dashboard.open("message.py", Role.STAFF, id=message.id)
    assert "We don't know whether this email was sent" in said(app)
    wanted = {"template": ["order-confirmation"], "customer": [customer.id], "order": [order.id]}
    assert links(app)["Send again"] == wanted
    assert "Send again" not in links(dashboard.open("message.py", Role.ENGINEER, id=message.id))


def test_a_failed_message_shows_its_reason(dashboard: Dashboard) -> None:
    message = request(dashboard.shop, add_customer(dashboard.shop))
    deliver(dashboard.shop, message, always(Refuse("The address is wrong.")))
    shown = said(dashboard.open("message.py", Role.STAFF, id=message.id))
    assert "The address is wrong." in shown
    assert "This email was not sent." in shown


def test_a_skipped_message_says_why_in_a_sentence(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop, "Maria", "maria@example.com")
    add_suppression(dashboard.shop, "maria@example.com", SuppressionReason.HARD_BOUNCE, source="test")
    message = request(dashboard.shop, customer)
    app = dashboard.open("message.py", Role.STAFF, id=message.id)
    assert "Not sent. Mail to this address bounced." in said(app)


@pytest.mark.parametrize("name", MARKUP)
def test_names_are_shown_as_they_are(dashboard: Dashboard, name: str) -> None:
    message = request(dashboard.shop, add_customer(dashboard.shop, name))
    assert name in links(dashboard.open("message.py", Role.STAFF, id=message.id))


def test_a_message_is_handled_on_its_page_and_shows_by_whom_and_why(dashboard: Dashboard) -> None:
    message = request(dashboard.shop, add_customer(dashboard.shop))
    deliver(
        dashboard.shop, message, always(Refuse("The address is wrong.", detail="MessageRejected: 550 no such user"))
    )
    app = dashboard.open("message.py", Role.ENGINEER, id=message.id)
    assert "The provider said: MessageRejected: 550 no such user" in said(app)
    press(app, "Mark as handled")
    field(app, "What was done").set_value("The customer will call.")
    app.button(key="handle_messages_now").click().run()
    shown = said(app)
    assert "Handled by the-engineer" in shown.replace("**", "")
    assert "The customer will call." in shown
    assert "This email was not sent." in shown
    assert "Mark as handled" not in buttons(app)


def test_an_unknown_message_of_which_nothing_was_heard_for_a_day_says_what_that_means(dashboard: Dashboard) -> None:
    yesterday = dashboard.shop.clock() - timedelta(days=1)
    reported(dashboard.shop, yesterday)
    old = settled(dashboard.shop, "click-1", requested_at=yesterday, due_at=yesterday)
    fresh = settled(dashboard.shop, "click-2", due_at=dashboard.shop.clock())
    told = "never accepted this one"
    assert told in said(dashboard.open("message.py", Role.STAFF, id=old.id))
    assert told not in said(dashboard.open("message.py", Role.STAFF, id=fresh.id))
