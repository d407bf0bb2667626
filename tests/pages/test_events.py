"""The page of events, and what a message's page shows of its reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.messages import Message, MessageStatus
from backend.domain.team import Role
from backend.services.context import Shop
from backend.services.events.consequences import EventPolicy
from backend.services.events.dead_letters import add_dead_letter, count_dead_letters
from backend.services.events.fire_drill import drill_messages, last_drill
from backend.services.events.intake import take_in
from backend.services.sending import ledger
from backend.store import schema
from backend.store.port import Delete
from tests.events import samples
from tests.pages.dashboard import Dashboard
from tests.pages.mailing import deliver, request
from tests.pages.reading import buttons, links, press, said
from tests.recount import everything
from tests.support import add_customer


def reported(shop: Shop, message: Message, *kinds: str, seconds: float = 5) -> None:
    take_in(shop, [samples.event(kind, message, seconds=seconds) for kind in kinds], "sqs", EventPolicy())


def delivered(shop: Shop, *kinds: str) -> Message:
    message = deliver(shop, request(shop, add_customer(shop)))
    reported(shop, message, *kinds)
    return message


def test_a_shop_without_events_says_how_to_begin(dashboard: Dashboard) -> None:
    app = dashboard.open("events.py", Role.ENGINEER)
    assert not app.exception
    shown = said(app)
    assert "No reports yet" in shown
    assert "Start a fire drill below" in shown
    assert "No dead letters" in shown


def test_why_a_message_bounced_outlasts_the_report(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    message = delivered(shop, "Bounce")
    for row in everything(shop, schema.MAIL):
        if row.key.sk.startswith("V#"):
            shop.store.transact([Delete(row.key)])
    shown = said(dashboard.open("message.py", Role.STAFF, id=message.id))
    assert "Bounced. Reason given: smtp; 550 5.1.1 nobody here" in shown
    timeline = links(dashboard.open("customer.py", Role.STAFF, id=message.customer_id))
    assert any("smtp; 550 5.1.1 nobody here" in label for label in timeline)


def test_the_last_hour_is_shown_in_figures(dashboard: Dashboard) -> None:
    delivered(dashboard.shop, "Send", "Delivery", "Open")
    app = dashboard.open("events.py", Role.ENGINEER)
    assert not app.exception
    values = {metric.label: metric.value for metric in app.metric}
    assert values["Applied in the last hour"] == "3"
    assert values["Waiting"] == "0"
    assert "Reports of the last hour" in said(app)


def test_a_fire_drill_is_started_by_a_click_and_its_way_is_shown(dashboard: Dashboard) -> None:
    app = press(dashboard.open("events.py", Role.ENGINEER), "Start a fire drill")
    assert not app.exception
    assert "In progress" in said(app)
    assert "waiting to be sent" in said(app)
    shop = dashboard.shop
    drill = last_drill(shop)
    assert drill is not None
    mine = ledger.claim(shop, drill_messages(shop, drill))
    done = [replace(each, status=MessageStatus.SENT, sent_at=shop.clock(), provider_id="p") for each in mine]
    ledger.record(shop, done)
    again = dashboard.open("events.py", Role.ENGINEER)
    assert "missing: accepted by the provider, delivered" in said(again)
    for message in done:
        reported(shop, message, "Send", "Delivery", "Bounce", "Complaint")
    last = dashboard.open("events.py", Role.ENGINEER)
    assert not last.exception
    assert "All reports received" in said(last)


def test_a_dead_letter_is_replayed_by_a_click(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    message = deliver(shop, request(shop, add_customer(shop)))
    add_dead_letter(shop, samples.event("Delivery", message), "The program did not know it.", "sqs")
    app = dashboard.open("events.py", Role.ENGINEER)
    assert "The program did not know it" in " ".join(expander.label for expander in app.expander).replace("\\", "")
    press(app, "Replay")
    assert count_dead_letters(shop) == 0


def test_all_dead_letters_are_replayed_when_their_number_is_typed(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    for number in range(3):
        add_dead_letter(shop, b"nonsense %d" % number, "This is not JSON.", "sqs")
    app = press(dashboard.open("events.py", Role.ENGINEER), "Replay all")
    app.text_input[0].set_value("2")
    form = next(button for button in app.button if button.label == "Replay all" and button.form_id)
    form.click().run()
    assert "to confirm" in said(app)
    app.text_input[0].set_value("3")
    next(button for button in app.button if button.label == "Replay all" and button.form_id).click().run()
    assert not app.exception
    assert count_dead_letters(shop) == 3


def test_managers_do_not_see_the_page(dashboard: Dashboard) -> None:
    app = dashboard.open("events.py", Role.MANAGER)
    assert "Start a fire drill" not in buttons(app)


@pytest.mark.parametrize("kind", samples.DETAILS)
def test_a_message_shows_each_kind_of_report(dashboard: Dashboard, kind: str) -> None:
    message = delivered(dashboard.shop, kind)
    app = dashboard.open("message.py", Role.STAFF, id=message.id)
    assert not app.exception
    assert "Delivery reports" in said(app)
    assert any(f'"eventType": "{kind}"' in code.value for code in app.code)


def test_a_clicked_link_of_the_customer_does_not_work_from_the_page(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    message = deliver(shop, request(shop, add_customer(shop)))
    link = "http://localhost:8501/api/mail/preferences/WyJBQUFBQUFBQUFBIiwiQUFBQUFBQUFBQS1rIiwiIl0.Z1.secret"
    take_in(shop, [samples.event("Click", message, seconds=60, link=link)], "sqs", EventPolicy())
    app = dashboard.open("message.py", Role.STAFF, id=message.id)
    shown = said(app) + "".join(code.value for code in app.code)
    assert "api/mail/preferences" in shown
    assert "secret" not in shown


def test_a_message_without_reports_says_what_that_means(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    message = deliver(shop, request(shop, add_customer(shop)))
    assert "Nothing yet" in said(dashboard.open("message.py", Role.STAFF, id=message.id))
    waiting = request(shop, add_customer(shop))
    assert "it has not accepted this one" in said(dashboard.open("message.py", Role.STAFF, id=waiting.id))


def test_an_unknown_message_that_was_likely_never_taken_says_so(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    before = shop.clock() - timedelta(hours=30)
    message = request(shop, add_customer(shop))
    old = replace(message, key="old", requested_at=before, due_at=before)
    (mine,) = ledger.claim(shop, [ledger.request(shop, old).message])
    ledger.record(shop, [replace(mine, status=MessageStatus.UNKNOWN, reason="No answer.")])
    other = replace(old, key="other")
    (sent,) = ledger.claim(shop, [ledger.request(shop, other).message])
    ledger.record(shop, [replace(sent, status=MessageStatus.SENT, sent_at=before, provider_id="p")])
    assert "Nothing yet" in said(dashboard.open("message.py", Role.STAFF, id=mine.id))
    reported(shop, sent, "Delivery")
    assert "never accepted this one" in said(dashboard.open("message.py", Role.STAFF, id=mine.id))
