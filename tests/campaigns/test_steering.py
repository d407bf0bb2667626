"""People plan, approve, start, pause and cancel campaigns; each state is entered once, by who has seen the last one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.campaigns import LATE, TRANSITIONS, Campaign, CampaignState, WrongStateError, check_transition
from backend.errors import InvalidInputError, PermissionDeniedError
from backend.services.audit.log import AuditFilter, all_entries
from backend.services.campaigns import actions
from backend.services.campaigns.actions import NotApprovedError
from backend.services.campaigns.drafts import create_campaign, duplicate_campaign, update_draft
from backend.services.campaigns.plan import plan
from backend.services.campaigns.preflights import run_preflight, work_on_preflights
from backend.services.campaigns.progress import progress_of
from backend.services.campaigns.saved import read_campaign
from backend.services.concurrency.retries import StaleReadError
from backend.services.shop_settings import get_shop_facts, save_shop_facts
from tests.campaigns.support import Desk, draft
from tests.support import ADMIN, ENGINEER, MANAGER, STAFF, TestClock


@pytest.fixture
def large(desk: Desk) -> Campaign:
    """A campaign that needs a second person."""
    desk.mailer = replace(desk.mailer, approval_from=5)
    desk.people(6)
    return desk.planned()


def test_a_form_that_is_sent_off_twice_creates_one_draft(desk: Desk) -> None:
    first = create_campaign(desk.shop, STAFF, draft(), campaign_id="FORM1")
    assert create_campaign(desk.shop, STAFF, draft(name="Other"), campaign_id="FORM1") == first


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"holdout": 80}, "holdout"),
        ({"fields": {"headline": "New mugs"}}, "message"),
        ({"template": "order-shipped"}, "template"),
        ({"result_days": 0}, "result_days"),
    ],
)
def test_a_draft_that_cannot_be_sent_is_refused_with_its_field(
    desk: Desk, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        create_campaign(desk.shop, STAFF, draft(**changes))
    assert refused.value.field == field


def test_a_campaign_cannot_be_planned_before_its_preflight(desk: Desk) -> None:
    campaign = create_campaign(desk.shop, STAFF, draft())
    with pytest.raises(WrongStateError, match="Check all recipients"):
        plan(desk.shop, desk.mailer, STAFF, campaign.id, seen_version=campaign.version)


def test_a_change_voids_plan_and_approval(desk: Desk, large: Campaign) -> None:
    approved = desk.approved(large)
    assert approved.may_start
    changed = update_draft(desk.shop, STAFF, large.id, draft(name="Cups"), seen_version=approved.version)
    assert (changed.state, changed.approval, changed.planned_recipients) == (CampaignState.DRAFT, None, None)


def test_a_large_campaign_does_not_start_unapproved(desk: Desk, large: Campaign) -> None:
    with pytest.raises(NotApprovedError, match="goes to 6 customers; a second person has to approve"):
        actions.start(desk.shop, STAFF, large.id, seen_version=large.version)
    assert read_campaign(desk.shop, large.id).state is CampaignState.PLANNED


def test_who_made_or_asked_for_a_campaign_cannot_approve_it(desk: Desk, large: Campaign) -> None:
    asked = actions.request_approval(desk.shop, ADMIN, large.id, seen_version=large.version)
    with pytest.raises(PermissionDeniedError, match="second person"):
        actions.approve(desk.shop, ADMIN, large.id, typed_count=6, seen_version=asked.version)
    with pytest.raises(PermissionDeniedError):
        actions.approve(desk.shop, STAFF, large.id, typed_count=6, seen_version=asked.version)
    with pytest.raises(InvalidInputError, match="does not match"):
        actions.approve(desk.shop, MANAGER, large.id, typed_count=5, seen_version=asked.version)
    approved = actions.approve(desk.shop, MANAGER, large.id, typed_count=6, seen_version=asked.version)
    assert approved.approval is not None
    assert (approved.approval.by, approved.may_start) == ("mara", True)


def test_whoever_changed_a_campaign_cannot_approve_it(desk: Desk, large: Campaign) -> None:
    changed = update_draft(desk.shop, MANAGER, large.id, draft(name="Cups"), seen_version=large.version)
    changed = update_draft(desk.shop, STAFF, large.id, draft(name="Jars"), seen_version=changed.version)
    planned = planned_again(desk, changed)
    asked = actions.request_approval(desk.shop, STAFF, large.id, seen_version=planned.version)
    assert read_campaign(desk.shop, large.id).authors == {STAFF.username, MANAGER.username}
    with pytest.raises(PermissionDeniedError, match="second person"):
        actions.approve(desk.shop, MANAGER, large.id, typed_count=6, seen_version=asked.version)
    assert actions.approve(desk.shop, ADMIN, large.id, typed_count=6, seen_version=asked.version).may_start


def test_a_campaign_of_which_every_email_is_broken_does_not_start(desk: Desk) -> None:
    save_shop_facts(desk.shop, ADMIN, replace(get_shop_facts(desk.shop), postal_address=""))
    desk.people(2)
    campaign = desk.planned()
    with pytest.raises(WrongStateError, match=r"None of the 2 emails of “Mugs” can be made.*postal address"):
        actions.start(desk.shop, STAFF, campaign.id, seen_version=campaign.version)
    save_shop_facts(desk.shop, ADMIN, replace(get_shop_facts(desk.shop), postal_address="1 Mill Lane"))
    again = planned_again(desk, campaign)
    assert actions.start(desk.shop, STAFF, campaign.id, seen_version=again.version).state is CampaignState.SCHEDULED


def test_a_campaign_that_outgrew_its_approval_goes_back_to_its_plan(
    desk: Desk, large: Campaign, clock: TestClock
) -> None:
    approved = desk.approved(large)
    desk.people(80)
    clock.forward(minutes=1)
    actions.start(desk.shop, STAFF, large.id, seen_version=approved.version)
    desk.make_snapshot()
    back = desk.tended(large)
    assert (back.state, back.approval) == (CampaignState.PLANNED, None)
    assert "grown from 6 customers to 86" in back.reason
    assert not desk.submitted


def test_a_small_campaign_that_has_become_a_large_one_goes_back_to_its_plan(desk: Desk, clock: TestClock) -> None:
    desk.mailer = replace(desk.mailer, approval_from=50)
    desk.people(5)
    campaign = desk.planned()
    assert not campaign.needs_approval
    desk.people(90)
    clock.forward(minutes=1)
    actions.start(desk.shop, STAFF, campaign.id, seen_version=campaign.version)
    desk.make_snapshot()
    back = desk.tended(campaign)
    assert back.state is CampaignState.PLANNED
    assert "grown from 5 customers to 95 since this was planned" in back.reason
    assert planned_again(desk, back).needs_approval


def test_a_small_campaign_may_grow_and_stay_small(desk: Desk, clock: TestClock) -> None:
    desk.people(5)
    campaign = desk.planned()
    desk.people(90)
    clock.forward(minutes=1)
    actions.start(desk.shop, STAFF, campaign.id, seen_version=campaign.version)
    desk.make_snapshot()
    assert desk.tended(campaign).state is CampaignState.RUNNING


def test_after_the_segment_has_grown_by_others_than_recipients_a_new_plan_can_be_approved(
    desk: Desk, large: Campaign, clock: TestClock
) -> None:
    approved = desk.approved(large)
    desk.people(80, consent=False)
    clock.forward(minutes=1)
    actions.start(desk.shop, STAFF, large.id, seen_version=approved.version)
    desk.make_snapshot()
    back = desk.tended(large)
    assert back.state is CampaignState.PLANNED
    again = planned_again(desk, back)
    assert (again.planned_recipients, again.planned_segment) == (6, 86)
    approved = desk.approved(again)
    actions.start(desk.shop, STAFF, large.id, seen_version=approved.version)
    assert desk.tended(large).state is CampaignState.RUNNING


def planned_again(desk: Desk, campaign: Campaign) -> Campaign:
    run_preflight(desk.shop, STAFF, campaign.id, seen_version=campaign.version)
    while work_on_preflights(desk.shop, desk.mailer, desk.stop):
        pass
    return plan(desk.shop, desk.mailer, STAFF, campaign.id, seen_version=desk.version(campaign))[0]


def test_the_second_of_two_people_is_warned_that_it_has_changed(desk: Desk) -> None:
    desk.people(1)
    campaign = desk.planned()
    actions.start(desk.shop, STAFF, campaign.id, seen_version=campaign.version)
    with pytest.raises(StaleReadError):
        actions.start(desk.shop, MANAGER, campaign.id, seen_version=campaign.version)


def test_only_roles_that_may_plan_do(desk: Desk) -> None:
    with pytest.raises(PermissionDeniedError):
        create_campaign(desk.shop, ENGINEER, draft())


def test_a_campaign_that_no_worker_began_in_time_asks_instead_of_going_out(desk: Desk, clock: TestClock) -> None:
    desk.people(1)
    campaign = desk.planned()
    at = clock() + timedelta(hours=1)
    actions.schedule(desk.shop, STAFF, campaign.id, at, seen_version=campaign.version)
    assert desk.tended(campaign).state is CampaignState.SCHEDULED
    clock.forward(hours=1, seconds=LATE.total_seconds() + 1)
    overdue = desk.tended(campaign)
    assert overdue.state is CampaignState.OVERDUE
    assert "30 minutes ago" in overdue.reason
    actions.start(desk.shop, STAFF, campaign.id, seen_version=overdue.version)
    desk.make_snapshot()
    assert desk.finished(desk.tended(campaign)).state is CampaignState.FINISHED


def test_a_pause_stops_it_at_once_and_it_goes_on_where_it_was(desk: Desk) -> None:
    desk.people(30)
    campaign = desk.started()
    actions.pause(desk.shop, STAFF, campaign.id)
    assert desk.send() == 0
    actions.resume(desk.shop, STAFF, campaign.id)
    assert desk.finished(campaign).state is CampaignState.FINISHED
    assert len(desk.submitted) == 30


def test_a_cancelled_campaign_sends_nothing_more(desk: Desk) -> None:
    desk.people(5)
    campaign = desk.started()
    actions.cancel(desk.shop, STAFF, campaign.id)
    assert desk.send() == 0
    progress = progress_of(desk.shop, STAFF, campaign.id)
    assert (progress.state, progress.remaining) == (CampaignState.CANCELLED, 5)
    with pytest.raises(WrongStateError):
        actions.resume(desk.shop, STAFF, campaign.id)


def test_a_copy_is_a_draft_of_its_own(desk: Desk) -> None:
    campaign = create_campaign(desk.shop, STAFF, draft())
    copy = duplicate_campaign(desk.shop, MANAGER, campaign.id)
    assert (copy.name, copy.state, copy.created_by) == ("Mugs (copy)", CampaignState.DRAFT, "mara")


def test_every_action_is_in_the_audit_log(desk: Desk) -> None:
    desk.people(2)
    campaign = desk.finished(desk.started())
    entries = all_entries(desk.shop, ADMIN, AuditFilter(f"{desk.shop.clock():%Y-%m}"))
    actions = [each.action for each in entries if each.target == f"campaign:{campaign.id}"]
    assert sorted(actions) == [
        "began a campaign",
        "began to send a campaign",
        "created a campaign",
        "finished a campaign",
        "planned a campaign",
        "started a campaign",
    ]


@pytest.mark.parametrize("state", list(CampaignState))
def test_no_state_leads_to_one_that_is_not_in_the_table(desk: Desk, state: CampaignState) -> None:
    campaign = replace(create_campaign(desk.shop, STAFF, draft()), state=state)
    for other in set(CampaignState) - TRANSITIONS[state]:
        with pytest.raises(WrongStateError):
            check_transition(campaign, other)
