"""Automations as people look at them, make them and switch them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.domain.automations import Automation, Condition, Fact, TriggerKind
from backend.domain.team import Role
from backend.services.audit import log as audit_log
from backend.services.audit.log import AuditFilter
from backend.services.automations import backfill, saved
from backend.services.automations.defaults import add_defaults
from backend.services.automations.duty import answer_due
from backend.services.segments.ready import READY
from backend.services.triggers import active
from pages.components.ui import shell
from tests.automations.making import automation, messages, step, waiting
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, buttons, field, links, press, said
from tests.support import ADMIN, MANAGER, add_customer, add_order


def switches(app: Any) -> list[bool]:
    return [toggle.value for toggle in app.toggle]


def choose(app: Any, label: str, value: object) -> Any:
    return next(each for each in app.selectbox if each.label == label).select(value).run()


def the_one(dashboard: Dashboard) -> Automation:
    (found,) = active.all_automations(dashboard.shop)
    return found


def test_an_empty_list_offers_the_usual_four_and_adds_them_off(dashboard: Dashboard) -> None:
    app = dashboard.open("automations.py", Role.MANAGER)
    assert "No automations yet" in said(app)
    press(app, "Add the four standard automations")
    assert switches(app) == [False] * 4
    assert "When an order is placed, send “Order confirmation” at once." in said(app)
    assert "Add the four standard automations" not in buttons(app)


def test_staff_see_them_and_change_nothing(dashboard: Dashboard) -> None:
    add_defaults(dashboard.shop, ADMIN)
    app = dashboard.open("automations.py", Role.STAFF)
    assert not app.exception
    assert all(toggle.disabled for toggle in app.toggle)
    page = dashboard.open("automation.py", Role.STAFF, id="auto-confirmation")
    assert not page.exception
    assert "Save" not in buttons(page)
    assert "Choose an automation" in said(dashboard.open("automation.py", Role.STAFF))


def test_one_is_switched_on_and_off_and_the_audit_log_says_by_whom(dashboard: Dashboard) -> None:
    made = automation(dashboard.shop)
    app = dashboard.open("automations.py", Role.MANAGER)
    app.toggle[0].set_value(True).run()
    assert the_one(dashboard).on
    app.toggle[0].set_value(False).run()
    assert not the_one(dashboard).on
    month = f"{dashboard.shop.clock():%Y-%m}"
    wanted = AuditFilter(month, target=f"automation:{made.id}")
    actions = [(entry.actor, entry.action) for entry in audit_log.list_entries(dashboard.shop, ADMIN, wanted).entries]
    assert actions[:2] == [
        ("the-manager", "switched off an automation"),
        ("the-manager", "switched on an automation"),
    ]


def test_what_would_fail_for_everybody_is_not_switched_on(dashboard: Dashboard) -> None:
    automation(dashboard.shop, TriggerKind.ORDER_PLACED, step("review-request"))
    app = dashboard.open("automations.py", Role.MANAGER)
    app.toggle[0].set_value(True).run()
    assert "Link to the review form" in said(app)
    assert switches(app) == [False]


def test_a_new_one_says_plainly_that_its_email_is_not_chosen_yet(dashboard: Dashboard) -> None:
    shown = said(dashboard.open("automation.py", Role.MANAGER))
    assert "send an email (not chosen yet) at once" in shown


def test_a_new_one_is_made_step_by_step_and_once(dashboard: Dashboard) -> None:
    app = dashboard.open("automation.py", Role.MANAGER)
    field(app, "Name").set_value("Thanks").run()
    press(app, "Save")
    assert "choose the email that it sends" in said(app)
    choose(app, "Email", "order-confirmation")
    press(app, "Add a step")
    [each for each in app.selectbox if each.label == "Email"][1].select("verify-address").run()
    next(each for each in app.number_input if each.label == "Wait after the previous step").set_value(3).run()
    assert "send “Order confirmation” at once, then send “Verify address” 3 days later." in said(app)
    press(app, "Save")
    made = the_one(dashboard)
    assert [(each.template, each.delay.days) for each in made.steps] == [
        ("order-confirmation", 0),
        ("verify-address", 3),
    ]
    assert (made.name, made.on) == ("Thanks", False)


def test_a_condition_is_added_in_the_shop_s_money_and_taken_away(dashboard: Dashboard) -> None:
    made = automation(dashboard.shop)
    app = dashboard.open("automation.py", Role.MANAGER, id=made.id)
    choose(app, "Only if …", Fact.TOTAL)
    field(app, "Only if: order total at least").set_value("12.50").run()
    assert "Unsaved changes" in said(app)
    press(app, "Save")
    assert the_one(dashboard).steps[0].conditions == (Condition(Fact.TOTAL, "1250"),)
    press(app, "Remove condition")
    press(app, "Save")
    assert the_one(dashboard).steps[0].conditions == ()


def test_what_is_typed_stays_while_somebody_looks_at_the_dry_run(dashboard: Dashboard) -> None:
    made = automation(dashboard.shop)
    add_order(dashboard.shop, add_customer(dashboard.shop))
    app = dashboard.open("automation.py", Role.MANAGER, id=made.id)
    field(app, "Name").set_value("Another name").run()
    app.segmented_control[0].set_value("Dry run").run()
    press(app, "Run dry run")
    assert "1 email would have been sent." in said(app).replace("**", "")
    app.segmented_control[0].set_value("Steps").run()
    assert field(app, "Name").value == "Another name"
    assert the_one(dashboard).name == made.name


def test_the_second_of_two_people_is_warned(dashboard: Dashboard) -> None:
    made = automation(dashboard.shop)
    app = dashboard.open("automation.py", Role.MANAGER, id=made.id)
    field(app, "Name").set_value("Mine").run()
    saved.change_automation(dashboard.shop, ADMIN, replace(made, name="Theirs"))
    press(app, "Save")
    assert "Someone else has changed “" in said(app)
    assert the_one(dashboard).name == "Theirs"
    press(app, "Keep mine")
    assert field(app, "Name").value == "Mine"
    press(app, "Save")
    assert the_one(dashboard).name == "Mine"


def test_whoever_was_overtaken_may_go_on_with_theirs(dashboard: Dashboard) -> None:
    made = automation(dashboard.shop)
    app = dashboard.open("automation.py", Role.MANAGER, id=made.id)
    field(app, "Name").set_value("Mine").run()
    saved.change_automation(dashboard.shop, ADMIN, replace(made, name="Theirs"))
    press(app, "Save")
    press(app, "Reload and discard mine")
    assert field(app, "Name").value == "Theirs"


def test_the_drafts_of_two_automations_stay_beside_each_other(dashboard: Dashboard) -> None:
    first, second = automation(dashboard.shop, name="First"), automation(dashboard.shop, name="Second")
    app = dashboard.open("automation.py", Role.MANAGER, id=first.id)
    field(app, "Name").set_value("First, changed").run()
    app.query_params["id"] = second.id
    field(app.run(), "Name").set_value("Second, changed").run()
    app.query_params["id"] = first.id
    assert field(app.run(), "Name").value == "First, changed"
    press(app, "Save")
    app.query_params["id"] = second.id
    assert field(app.run(), "Name").value == "Second, changed"
    assert {each.name for each in active.all_automations(dashboard.shop)} == {"First, changed", "Second"}


def test_switching_it_on_leaves_what_is_typed(dashboard: Dashboard) -> None:
    made = automation(dashboard.shop)
    app = dashboard.open("automation.py", Role.MANAGER, id=made.id)
    field(app, "Name").set_value("Mine").run()
    app.toggle[0].set_value(True).run()
    press(app, "Save")
    assert (the_one(dashboard).name, the_one(dashboard).on) == ("Mine", True)


def test_what_waits_is_listed_and_can_be_called_off(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(active, "LEAD", active.LEAD * 0)
    made = automation(dashboard.shop, TriggerKind.ORDER_PLACED, step(delay=timedelta(hours=1)))
    saved.switch_on(dashboard.shop, MANAGER, made.id, made.version)
    add_order(dashboard.shop, add_customer(dashboard.shop, "Maria Lopez"))
    app = dashboard.open("automation.py", Role.MANAGER, id=made.id)
    app.segmented_control[0].set_value("Waiting").run()
    assert "Maria Lopez" in said(app)
    press(app, "Cancel email")
    assert waiting(dashboard.shop) == []
    assert "Nothing is waiting" in said(app)
    app.segmented_control[0].set_value("Figures").run()
    assert "cancelled by hand: 1" in said(app)


def test_one_that_is_off_is_deleted_by_typing_its_name(dashboard: Dashboard) -> None:
    made = automation(dashboard.shop)
    app = press(dashboard.open("automation.py", Role.MANAGER, id=made.id), "Delete")
    field(app, "Type the name to delete it").set_value("Something else")
    [button for button in app.button if button.label == "Delete"][-1].click().run()
    assert "The name does not match" in said(app)
    field(app, "Type the name to delete it").set_value(made.name)
    [button for button in app.button if button.label == "Delete"][-1].click().run()
    assert active.all_automations(dashboard.shop) == []


def test_a_name_is_shown_as_it_was_typed(dashboard: Dashboard) -> None:
    made = [automation(dashboard.shop, name=name) for name in MARKUP]
    assert set(MARKUP) <= set(links(dashboard.open("automations.py", Role.STAFF)))
    for each in made[:3]:
        assert each.name in said(dashboard.open("automation.py", Role.STAFF, id=each.id))


def test_one_that_does_not_exist_is_reported(dashboard: Dashboard) -> None:
    assert "does not exist" in said(dashboard.open("automation.py", Role.STAFF, id="auto-nothing"))


def test_customers_who_lapsed_before_are_written_to_when_their_number_is_typed(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    for days in (100, 95, 10):
        add_order(shop, add_customer(shop), placed_at=shop.clock() - timedelta(days=days))
    made = automation(shop, TriggerKind.LAPSED, step("verify-address", timedelta(days=90)))
    saved.switch_on(shop, MANAGER, made.id, made.version)
    app = dashboard.open("automation.py", Role.MANAGER, id=made.id)
    assert "2 customers had not ordered for 90 days or longer" in said(app).replace("**", "")
    field(app, "Type 2 to confirm").set_value("3")
    press(app, "Email these customers")
    assert "The number does not match" in said(app)
    field(app, "Type 2 to confirm").set_value("2")
    press(app, "Email these customers")
    assert "0 of about 2" in said(app)
    found = backfill.find_backfill(shop, made.id)
    assert found is not None
    assert found.asked_by == "the-manager"


def test_a_step_may_ask_for_a_segment(dashboard: Dashboard) -> None:
    made = automation(dashboard.shop)
    app = dashboard.open("automation.py", Role.MANAGER, id=made.id)
    choose(app, "Only if …", Fact.SEGMENT)
    label = "Only if: is in the segment"
    first = next(each for each in app.selectbox if each.label == label).options[0]
    next(each for each in app.selectbox if each.label == label).select_index(0).run()
    assert f"if the customer is in the segment “{first}”" in said(app)
    press(app, "Save")
    assert the_one(dashboard).steps[0].conditions[0].value == READY[0].id


def test_an_email_that_sent_itself_leads_to_its_automation(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(active, "LEAD", active.LEAD * 0)
    made = automation(dashboard.shop)
    saved.switch_on(dashboard.shop, MANAGER, made.id, made.version)
    add_order(dashboard.shop, add_customer(dashboard.shop))
    answer_due(dashboard.shop, shell.mailer())
    (message,) = messages(dashboard.shop)
    app = dashboard.open("message.py", Role.STAFF, id=message.id)
    assert links(app)["The automation that sent it"] == {"id": [made.id]}


def test_who_sends_by_hand_is_told_that_an_automation_sends_it(dashboard: Dashboard) -> None:
    made = automation(dashboard.shop, name="Thanks")
    customer = add_customer(dashboard.shop)
    add_order(dashboard.shop, customer)
    query = {"template": "order-confirmation", "customer": customer.id}
    assert "sends this by itself" not in said(dashboard.open("send.py", Role.STAFF, **query))
    saved.switch_on(dashboard.shop, MANAGER, made.id, made.version)
    app = dashboard.open("send.py", Role.STAFF, **query)
    assert "Sent automatically by “Thanks”. When an order is placed" in said(app)
    assert "Send" in buttons(app)
