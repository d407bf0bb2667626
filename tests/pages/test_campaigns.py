"""Campaigns as people plan, approve, start and watch them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backend.domain.campaigns import Campaign, CampaignState, SplitTest, Variant
from backend.domain.team import Role
from backend.email.transports.recording import LoseReply, RecordingTransport, always
from backend.services.campaigns.actions import request_approval, schedule
from backend.services.campaigns.drafts import create_campaign, update_draft
from backend.services.campaigns.orders_after import count_orders
from backend.services.campaigns.preflights import work_on_preflights
from backend.services.campaigns.saved import change, list_campaigns, read_campaign
from backend.store import schema
from backend.store.port import Plus, Update
from pages.components.campaigns.saving import NEW_ID
from tests.campaigns.support import NEWS, SEGMENT, Desk, draft, prepare_shop
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, buttons, field, figures, is_literal, links, press, said, tables
from tests.support import ADMIN, STAFF, add_order


@pytest.fixture
def desk(dashboard: Dashboard) -> Desk:
    prepare_shop(dashboard.shop)
    return Desk(dashboard.shop)


def opened(dashboard: Dashboard, campaign: Campaign, role: Role = Role.STAFF) -> AppTest:
    app = dashboard.open("campaign.py", role, id=campaign.id)
    assert not app.exception
    return app


def checked(desk: Desk) -> None:
    """The worker does what was asked for."""
    while work_on_preflights(desk.shop, desk.mailer, desk.stop):
        pass


def now(desk: Desk, campaign: Campaign) -> Campaign:
    return read_campaign(desk.shop, campaign.id)


def test_without_campaigns_people_are_told_what_to_do(dashboard: Dashboard) -> None:
    assert "Plan one: choose an email and a segment." in said(dashboard.open("campaigns.py", Role.STAFF))
    assert "Staff and managers can plan one." in said(dashboard.open("campaigns.py", Role.ENGINEER))


def test_the_list_shows_first_what_waits_for_somebody(dashboard: Dashboard, desk: Desk) -> None:
    desk.people(3)
    desk.finished(desk.started(draft(name="Old news")))
    asked = desk.planned(draft(name="Big news"))
    request_approval(desk.shop, STAFF, asked.id, seen_version=asked.version)
    app = dashboard.open("campaigns.py", Role.MANAGER)
    listed = [row["cells"][0]["text"] for table in tables(app) for row in table["rows"]]
    assert listed == ["Big news", "Old news"]
    assert "Needs your decision" in said(app)
    assert "3 of 3" in said(app)


@pytest.mark.parametrize("name", MARKUP)
def test_names_are_shown_as_they_are(dashboard: Dashboard, desk: Desk, name: str) -> None:
    campaign = create_campaign(desk.shop, STAFF, draft(name=name))
    app = opened(dashboard, campaign)
    assert is_literal(app.title[0].value)


def filled(dashboard: Dashboard, campaign_id: str = "") -> AppTest:
    """The form with everything that the email needs, in a browser that has drawn it with this id."""
    app = dashboard.open("new_campaign.py", Role.STAFF, segment=SEGMENT)
    assert "Choose an email to continue." in said(app)
    if campaign_id:
        app.session_state[NEW_ID.key] = campaign_id
        app.run()
    field(app, "Name of the campaign").set_value("Mugs").run()
    (email,) = [box for box in app.selectbox if box.label == "Email"]
    email.set_value("announcement").run()
    for box in (*app.text_input, *app.text_area):
        if box.key and "_field_announcement_" in box.key:
            box.set_value(NEWS.get(box.key.rsplit("announcement_", 1)[1], ""))
    app.run()
    assert not app.exception
    return app


def test_a_campaign_is_planned_from_a_form_and_saved_once(dashboard: Dashboard, desk: Desk) -> None:
    app = filled(dashboard)
    assert app.get("iframe"), "the email is shown while it is planned"
    press(app, "Save and continue")
    (campaign,) = list_campaigns(desk.shop, ADMIN).campaigns
    assert (campaign.name, campaign.draft.segment_id, campaign.state) == ("Mugs", SEGMENT, CampaignState.DRAFT)
    # The second click of a pair reaches the server with the same form, after the first has been answered.
    press(filled(dashboard, campaign.id), "Save and continue")
    assert list_campaigns(desk.shop, ADMIN).campaigns == [campaign]


def test_the_link_of_a_segment_changes_the_segment_of_a_draft_that_is_there_and_nothing_else(
    dashboard: Dashboard, desk: Desk
) -> None:
    app = filled(dashboard)
    app.query_params["segment"] = "ready-vips"
    app.run()
    assert _segment(app).value == "ready-vips"
    assert field(app, "Name of the campaign").value == "Mugs"
    _segment(app).set_value(SEGMENT).run()
    assert _segment(app).value == SEGMENT, "the address asks once"
    press(app, "Save and continue")
    (campaign,) = list_campaigns(desk.shop, ADMIN).campaigns
    assert (campaign.name, campaign.draft.segment_id) == ("Mugs", SEGMENT)


def _segment(app: AppTest) -> Any:
    (box,) = [box for box in app.selectbox if box.label == "Segment"]
    return box


def test_what_cannot_be_sent_is_reported_and_the_form_stays(dashboard: Dashboard, desk: Desk) -> None:
    app = dashboard.open("new_campaign.py", Role.STAFF, segment=SEGMENT)
    (email,) = [box for box in app.selectbox if box.label == "Email"]
    email.set_value("announcement").run()
    press(app, "Save and continue")
    assert app.error
    assert list_campaigns(desk.shop, ADMIN).campaigns == []


def test_somebody_elses_change_is_not_overwritten(dashboard: Dashboard, desk: Desk) -> None:
    campaign = create_campaign(desk.shop, STAFF, draft())
    first = dashboard.open("new_campaign.py", Role.STAFF, id=campaign.id)
    field(first, "Name of the campaign").set_value("Mine").run()
    update_draft(desk.shop, STAFF, campaign.id, draft(name="Theirs"), seen_version=campaign.version)
    press(first, "Save changes")
    assert now(desk, campaign).name == "Theirs"
    assert "Someone else has changed this campaign" in said(first)
    assert field(first, "Name of the campaign").value == "Mine"
    press(first, "Keep mine")
    press(first, "Save changes")
    assert now(desk, campaign).name == "Mine"


def test_the_check_the_plan_and_the_start_follow_each_other(dashboard: Dashboard, desk: Desk) -> None:
    desk.people(3)
    desk.people(1, consent=False)
    campaign = create_campaign(desk.shop, STAFF, draft())
    app = press(opened(dashboard, campaign), "Check all recipients")
    assert "Starting" in said(app) or app.get("progress")
    checked(desk)
    app = opened(dashboard, campaign)
    assert "The emails of all 3 recipients can be rendered." in said(app)
    assert figures(app)["Recipients"] == "3"
    assert "Has not agreed to marketing: **1**" in said(app)
    app = press(app, "Confirm plan")
    press(app, "Start now")
    assert "3** emails will be sent, starting now." in said(app)
    field(app, "Type this number to confirm").set_value("2")
    assert "Type 3 to confirm." in said(press(app, "Start"))
    assert now(desk, campaign).state is CampaignState.PLANNED
    field(app, "Type this number to confirm").set_value("3")
    press(app, "Start")
    assert now(desk, campaign).state is CampaignState.SCHEDULED


def test_a_plan_is_taken_again_after_a_check_that_found_other_numbers(dashboard: Dashboard, desk: Desk) -> None:
    """As after a segment that has grown so much that a campaign came back to its plan."""
    desk.people(3)
    campaign = desk.planned()
    app = opened(dashboard, campaign)
    assert "Confirm plan" not in buttons(app)
    desk.people(2)
    desk.make_snapshot()
    press(app, "Check again")
    checked(desk)
    app = opened(dashboard, campaign)
    assert "numbers have changed since the plan was confirmed" in said(app)
    app = press(app, "Confirm plan")
    planned = now(desk, campaign)
    assert (planned.state, planned.planned_recipients, planned.planned_segment) == (CampaignState.PLANNED, 5, 5)
    assert "Confirm plan" not in buttons(app)


def test_a_large_campaign_needs_a_second_person_who_types_the_count(dashboard: Dashboard, desk: Desk) -> None:
    desk.people(3)
    campaign = desk.planned()
    large = change(desk.shop, STAFF, campaign, replace(campaign, needs_approval=True))
    app = opened(dashboard, large)
    assert "Start now" not in buttons(app)
    press(app, "Ask for approval")
    assert now(desk, large).state is CampaignState.AWAITING_APPROVAL
    assert "Approve" not in buttons(opened(dashboard, large))
    manager = press(opened(dashboard, large, Role.MANAGER), "Approve")
    field(manager, "Type this number to confirm").set_value("3")
    approve = [button for button in manager.button if button.label == "Approve"]
    approve[-1].click().run()
    approved = now(desk, large)
    assert (approved.state, approved.approval and approved.approval.by) == (CampaignState.PLANNED, "the-manager")
    assert "Start now" in buttons(opened(dashboard, large))


def test_a_declined_campaign_says_why(dashboard: Dashboard, desk: Desk) -> None:
    desk.people(2)
    campaign = desk.planned()
    request_approval(desk.shop, STAFF, campaign.id, seen_version=campaign.version)
    manager = press(opened(dashboard, campaign, Role.MANAGER), "Decline")
    field(manager, "Reason").set_value("Wrong price")
    [button for button in manager.button if button.label == "Decline"][-1].click().run()
    assert "Not approved: Wrong price" in said(opened(dashboard, campaign))


def test_a_running_campaign_is_paused_goes_on_and_is_through(dashboard: Dashboard, desk: Desk) -> None:
    desk.people(4)
    campaign = desk.started()
    app = opened(dashboard, campaign)
    assert figures(app)["Remaining"] == "4"
    press(app, "Pause")
    assert now(desk, campaign).state is CampaignState.PAUSED
    desk.send()
    assert figures(opened(dashboard, campaign))["Sent"] == "0"
    press(opened(dashboard, campaign), "Resume")
    desk.finished(now(desk, campaign))
    app = opened(dashboard, campaign)
    assert (figures(app)["Sent"], figures(app)["Remaining"]) == ("4", "0")
    assert "Pause" not in buttons(app)


def test_what_was_in_doubt_and_went_out_after_all_is_reported(dashboard: Dashboard) -> None:
    prepare_shop(dashboard.shop)
    desk = Desk(dashboard.shop, RecordingTransport(always(LoseReply())))
    desk.people(3)
    campaign = desk.finished(desk.started())
    app = opened(dashboard, campaign)
    assert figures(app)["Unknown"] == "3"
    assert "never retried automatically" in said(app)
    assert "Results" not in [header.value for header in app.header]
    reported = {"resolved": Plus(2), "delivered": Plus(2)}
    desk.shop.store.update(Update(schema.campaign_stat_key(campaign.id, "x"), add=reported))
    app = opened(dashboard, campaign)
    assert figures(app)["Unknown"] == "3"
    assert "2 confirmed sent by later reports" in said(app)
    assert "Results" in [header.value for header in app.header]


def test_what_the_email_brought_is_claimed_only_where_chance_does_not_explain_it(
    dashboard: Dashboard, desk: Desk
) -> None:
    people = desk.people(60)
    campaign = desk.finished(desk.started(draft(holdout=50)))
    count_orders(desk.shop, campaign)
    assert "Too small to tell" in said(opened(dashboard, campaign))
    got_it = {message.recipient for message in desk.messages(campaign)}
    for person in people:
        add_order(desk.shop, person, 700 if person.id in got_it else 200)
    count_orders(desk.shop, campaign)
    assert "Recipients bought more than the control group" in said(opened(dashboard, campaign))


def test_whoever_may_only_look_has_no_buttons(dashboard: Dashboard, desk: Desk) -> None:
    desk.people(1)
    campaign = desk.started()
    app = opened(dashboard, campaign, Role.ENGINEER)
    assert not {"Pause", "Cancel permanently", "Duplicate"} & set(buttons(app))


def test_whoever_may_not_start_a_draft_is_told_who_can(dashboard: Dashboard, desk: Desk) -> None:
    desk.people(1)
    campaign = desk.planned()
    assert "Staff and managers can check and start it." in said(opened(dashboard, campaign, Role.ENGINEER))
    staff = opened(dashboard, campaign, Role.STAFF)
    assert "Staff and managers can check" not in said(staff)
    assert links(staff)["Edit campaign"] == {"id": [campaign.id]}


def test_why_somebody_does_not_get_it_is_answered(dashboard: Dashboard, desk: Desk) -> None:
    desk.people(1, name="Ada Short")
    desk.people(1, consent=False, name="Maria Lopez")
    campaign = desk.planned()
    app = opened(dashboard, campaign)
    field(app, "Which customer?").set_value("maria").run()
    (match,) = [button for button in app.button if "Maria Lopez" in button.label]
    match.click().run()
    assert "They have not agreed to marketing email." in said(app)


def test_the_results_distinguish_variants_and_call_opens_an_estimate(dashboard: Dashboard, desk: Desk) -> None:
    desk.people(12)
    test = SplitTest((Variant("A", "Mugs"), Variant("B", "New mugs")), share=100, wait=timedelta())
    campaign = desk.finished(desk.started(draft(test=test)))
    app = opened(dashboard, campaign)
    (variants, *_) = [frame.value for frame in app.dataframe]
    assert list(variants["Subject"]) == ["Mugs", "New mugs"]
    assert sum(int(number) for number in variants["Sent"]) == 12
    assert "No clicks to compare yet." in said(app)
    assert "Opens are an estimate" in said(app)
    assert "Without a control group" in said(app) or "Counted when the campaign" in said(app)


def test_variants_with_texts_and_an_email_of_their_own_are_planned_and_changed(
    dashboard: Dashboard, desk: Desk
) -> None:
    app = filled(dashboard)
    (toggle,) = [each for each in app.toggle if "A/B test" in each.label]
    toggle.set_value(True).run()
    assert [box.options for box in app.selectbox if box.label == "Email of variant B"] == [
        ["Announcement, as above", "Newsletter", "Welcome"]
    ], "only emails that the same customers get"
    field(app, "Subject of variant A").set_value("Mugs, mugs").run()
    (texts,) = [each for each in app.toggle if each.label == "Text changes in variant B"]
    texts.set_value(True).run()
    own = {box.label: box for box in app.text_input if box.key and "_variant_B_field_" in box.key}
    assert own["Headline"].value == NEWS["headline"], "it begins with the texts above"
    own["Headline"].set_value("Mugs for you").run()
    press(app, "Save and continue")
    assert not app.exception
    (campaign,) = list_campaigns(desk.shop, ADMIN).campaigns
    test = campaign.draft.test
    assert test is not None
    assert test.variants == (Variant("A", "Mugs, mugs"), Variant("B", fields={**NEWS, "headline": "Mugs for you"}))
    shown = opened(dashboard, campaign)
    assert "Variant A: the subject “Mugs, mugs”" in said(shown)
    assert "Variant B: its own texts" in said(shown)
    again = dashboard.open("new_campaign.py", Role.STAFF, id=campaign.id)
    press(again, "Save changes")
    assert now(desk, campaign).draft == campaign.draft, "the form shows all that it has saved"
    (email,) = [box for box in again.selectbox if box.label == "Email of variant B"]
    email.set_value("newsletter").run()
    press(again, "Save changes")
    assert "Variant B: First story: title is missing." in said(again)


def test_a_scheduled_campaign_can_be_taken_back(dashboard: Dashboard, desk: Desk) -> None:
    desk.people(2)
    campaign = desk.planned()
    schedule(desk.shop, STAFF, campaign.id, desk.shop.clock() + timedelta(days=1), seen_version=campaign.version)
    app = opened(dashboard, campaign)
    assert "Scheduled for" in said(app)
    press(app, "Unschedule")
    assert now(desk, campaign).state is CampaignState.PLANNED


def test_an_unknown_campaign_leads_back(dashboard: Dashboard, desk: Desk) -> None:
    app = dashboard.open("campaign.py", Role.STAFF, id="NOBODY")
    assert "This campaign does not exist" in said(app)
    assert "All campaigns" in links(app)


def test_a_finished_campaign_is_sent_again_to_those_who_did_not_open_it(dashboard: Dashboard, desk: Desk) -> None:
    desk.people(2)
    first = desk.finished(desk.started())
    app = opened(dashboard, first)
    press(app, "Send again to those who did not open it")
    again = read_campaign(dashboard.shop, f"{first.id}2")
    assert (again.draft.again, again.state) == (first.id, CampaignState.DRAFT)
    page = opened(dashboard, again)
    assert "Only to those who got" in said(page)
    assert "Duplicate" not in buttons(page)
