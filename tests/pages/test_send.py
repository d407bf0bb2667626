"""Sending one email, as staff see and do it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from backend.domain.messages import MessageStatus
from backend.domain.suppression import SuppressionReason
from backend.domain.team import Role
from backend.email.transports.recording import Refuse, always
from backend.services.customers import customers
from backend.services.sending.message_log import messages_of
from backend.services.shop_settings import get_shop_facts, save_shop_facts
from backend.services.suppression.entries import add_suppression
from tests.pages.dashboard import Dashboard
from tests.pages.mailing import deliver, deliver_waiting, request
from tests.pages.reading import MARKUP, buttons, field, links, press, said
from tests.support import ADMIN, STAFF, add_customer, add_order


def sending(dashboard: Dashboard, **query: str) -> AppTest:
    app = dashboard.open("send.py", Role.STAFF, **query)
    assert not app.exception
    return app


def test_a_customer_is_found_by_the_beginning_of_a_name(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop, "Maria Lopez", "maria@example.com")
    app = sending(dashboard)
    field(app, "Customer").set_value("mar").run()
    press(app, "Maria Lopez maria@example.com")
    assert app.query_params["customer"] in (customer.id, [customer.id])
    assert [text.value for text in app.text] == ["maria@example.com"]


def test_the_exact_email_is_shown_before_it_is_sent(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop, "Maria Lopez")
    order = add_order(dashboard.shop, customer, 5000)
    app = sending(dashboard, template="order-confirmation", customer=customer.id, order=order.id)
    assert "**Maria Lopez** can get this email." in said(app)
    assert f"Your order {order.number} at" in said(app)
    assert app.get("iframe")
    assert "Send" in buttons(app)


def test_a_click_sends_once_and_the_page_follows_until_it_is_sent(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop, "Maria Lopez")
    app = press(sending(dashboard, template="verify-address", customer=customer.id), "Send")
    (waiting,) = messages_of(dashboard.shop, customer.id)
    assert waiting.status is MessageStatus.WAITING
    assert "Sending…" in said(app)
    assert links(app)["Open this message"] == {"id": [waiting.id]}
    deliver_waiting(dashboard.shop)
    app.run()
    assert "Sent on" in said(app)


def test_a_double_click_sends_one_email(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop)
    first = sending(dashboard, template="verify-address", customer=customer.id)
    (send,) = [button for button in first.button if button.key == "send_now"]
    send.click()
    first.run()
    # The second click of a pair reaches the server with the same form, after the first has been answered.
    second = sending(dashboard, template="verify-address", customer=customer.id)
    second.session_state["tillpost.send.key"] = messages_of(dashboard.shop, customer.id)[0].key
    second.run()
    press(second, "Send again")
    assert len(messages_of(dashboard.shop, customer.id)) == 1
    assert "The button was clicked twice; the email is sent once." in said(second)


def test_the_next_email_gets_a_key_of_its_own(dashboard: Dashboard) -> None:
    maria, olga = add_customer(dashboard.shop), add_customer(dashboard.shop)
    app = press(sending(dashboard, template="verify-address", customer=maria.id), "Send")
    press(app, "Send another email")
    app.query_params["customer"] = olga.id
    app.query_params["template"] = "verify-address"
    press(app.run(), "Send")
    keys = {messages_of(dashboard.shop, each.id)[0].key for each in (maria, olga)}
    assert len(keys) == 2


def test_sending_again_asks_why_and_says_when_it_went(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop)
    last = deliver(dashboard.shop, request(dashboard.shop, customer))
    app = sending(dashboard, template="verify-address", customer=customer.id)
    assert "This email went to this customer before" in said(app)
    assert links(app)["Open that email"] == {"id": [last.id]}
    press(app, "Send again")
    assert "Say why it should go out again." in said(app)
    assert len(messages_of(dashboard.shop, customer.id)) == 1
    field(app, "Reason for sending again").set_value("Maria lost it")
    press(app, "Send again")
    newest = next(each for each in messages_of(dashboard.shop, customer.id) if each.id != last.id)
    assert newest.reason == "Sent again: Maria lost it"


def test_whoever_must_not_get_the_email_is_named_before_sending(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop, "Maria", "maria@example.com")
    add_suppression(dashboard.shop, "maria@example.com", SuppressionReason.HARD_BOUNCE, source="test")
    app = sending(dashboard, template="verify-address", customer=customer.id)
    assert "**Maria** cannot get this email now." in said(app)
    assert "Mail to this address bounced." in said(app)
    assert "Send" not in buttons(app)


def test_what_changes_between_the_page_and_the_click_skips_the_email_with_the_reason(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop, "Maria", "maria@example.com")
    app = sending(dashboard, template="verify-address", customer=customer.id)
    add_suppression(dashboard.shop, "maria@example.com", SuppressionReason.COMPLAINT, source="test")
    press(app, "Send")
    assert messages_of(dashboard.shop, customer.id)[0].status is MessageStatus.SKIPPED
    assert "Not sent. They marked our mail as spam." in said(app)


def test_marketing_needs_consent_and_the_postal_address(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    customer = add_customer(shop, "Maria")
    app = sending(dashboard, template="newsletter", customer=customer.id)
    assert "They have not agreed to marketing email." in said(app)
    customers.set_consent(shop, STAFF, customer.id, customer.version, given=True)
    app = sending(dashboard, template="newsletter", customer=customer.id)
    assert "postal address" in said(app)
    assert "The email cannot be sent as it is." in said(press(app, "Send"))
    save_shop_facts(shop, ADMIN, replace(get_shop_facts(shop), postal_address="1 Mill Lane\nBath"))
    app = sending(dashboard, template="newsletter", customer=customer.id)
    assert "Send" in buttons(app)


def test_what_the_template_asks_for_is_in_the_email(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop)
    order = add_order(dashboard.shop, customer)
    app = sending(dashboard, template="order-shipped", customer=customer.id, order=order.id)
    assert [each.label for each in app.text_input if "racking" in each.label]
    for each in app.text_input:
        each.set_value("https://post.example/track/4711" if "link" in each.label.lower() else "Parcel post")
    app.run()
    assert "https://post.example/track/4711" in str(app.get("iframe")[0].proto)


def test_what_was_typed_after_the_preview_is_not_sent_unseen(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop)
    order = add_order(dashboard.shop, customer)
    app = sending(dashboard, template="order-shipped", customer=customer.id, order=order.id)
    field(app, "Carrier (optional)").set_value("Parcel post")
    press(app, "Send")
    assert "Check it again, then send it." in said(app)
    assert messages_of(dashboard.shop, customer.id) == []
    press(app, "Send")
    assert len(messages_of(dashboard.shop, customer.id)) == 1


def test_an_order_email_needs_an_order(dashboard: Dashboard) -> None:
    customer = add_customer(dashboard.shop)
    app = sending(dashboard, template="order-confirmation", customer=customer.id)
    assert "This email is about an order, and this customer has none." in said(app)
    assert "Send" not in buttons(app)


@pytest.mark.parametrize("customer_id", ["NOBODY", "x" * 3000])
def test_an_unknown_customer_is_explained(dashboard: Dashboard, customer_id: str) -> None:
    app = sending(dashboard, template="verify-address", customer=customer_id)
    assert "This customer does not exist" in said(app)
    press(app, "Choose another customer")
    assert field(app, "Customer").value == ""


def test_an_unknown_template_leaves_the_choice_open(dashboard: Dashboard) -> None:
    app = sending(dashboard, template="no-such-template")
    assert app.selectbox[0].value is None
    assert not any(option.startswith("Team invitation") for option in app.selectbox[0].options)


@pytest.mark.parametrize("name", MARKUP)
def test_names_are_shown_as_they_are(dashboard: Dashboard, name: str) -> None:
    customer = add_customer(dashboard.shop, name)
    app = sending(dashboard, template="verify-address", customer=customer.id)
    assert f"{name} can get this email." in said(app).replace("**", "")


def test_what_waits_for_hours_says_until_when(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    message = request(shop, add_customer(shop, "Maria"))
    retried = deliver(shop, message, always(Refuse("The account is on hold.", retryable=True, account_wide=True)))
    app = sending(dashboard, sent=message.id)
    assert "Scheduled for" in said(app)
    assert "The account is on hold." in said(app)
    assert retried.status is MessageStatus.WAITING


def test_whoever_manages_the_team_sends_an_invitation_after_seeing_it(dashboard: Dashboard) -> None:
    dashboard.member(Role.STAFF)
    app = dashboard.open("send.py", Role.ADMIN, template="team-invitation", member="the-staff")
    assert not app.exception
    assert "the-admin invites you to the team" in said(app)
    assert "the-staff" in str(app.get("iframe")[0].proto)
    press(app, "Send")
    assert "to **the-staff**" in said(app)
    deliver_waiting(dashboard.shop)
    app.run()
    assert "Sent on" in said(app)
    again = dashboard.open("send.py", Role.ADMIN, template="team-invitation", member="the-staff")
    assert "This email went to this person before" in said(again)


def test_others_are_not_offered_the_invitation(dashboard: Dashboard) -> None:
    app = dashboard.open("send.py", Role.STAFF, template="team-invitation")
    (box,) = [each for each in app.selectbox if each.label == "Email"]
    assert box.value is None
    assert not [label for label in box.options if "invitation" in label.lower()]


def test_emails_that_the_program_sends_to_the_team_are_not_sent_by_hand(dashboard: Dashboard) -> None:
    app = dashboard.open("send.py", Role.ADMIN, template="alert")
    (box,) = [each for each in app.selectbox if each.label == "Email"]
    assert box.value is None
    assert [label for label in box.options if label.startswith("Alert")] == []
