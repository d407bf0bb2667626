"""Why won't Maria get this? One answer before, while and after a campaign, for each way in which it can end."""

from __future__ import annotations

from backend.domain.messages import MessageStatus, SkipReason
from backend.services.campaigns.actions import cancel
from backend.services.campaigns.drafts import create_campaign
from backend.services.campaigns.explanation import Explanation, explain
from tests.campaigns.support import Desk, draft
from tests.support import STAFF, add_customer


def asked(desk: Desk, campaign_id: str, customer_id: str) -> Explanation:
    return explain(desk.shop, desk.mailer, STAFF, campaign_id, customer_id)


def test_beforehand_it_says_what_would_happen(desk: Desk) -> None:
    (maria,) = desk.people(1)
    (refused,) = desk.people(1, consent=False)
    campaign = create_campaign(desk.shop, STAFF, draft())
    assert asked(desk, campaign.id, maria.id).sentence == "They would get it."
    assert asked(desk, campaign.id, refused.id).reasons == (SkipReason.NO_CONSENT,)


def test_of_a_campaign_that_was_cancelled_before_it_went_out_it_says_so(desk: Desk) -> None:
    (maria,) = desk.people(1)
    campaign = desk.planned()
    cancel(desk.shop, STAFF, campaign.id)
    answer = asked(desk, campaign.id, maria.id)
    assert answer.sentence == "The campaign was cancelled before anything went out."


def test_while_it_runs_it_says_whose_turn_has_not_come(desk: Desk) -> None:
    (maria,) = desk.people(1)
    campaign = desk.started()
    assert asked(desk, campaign.id, maria.id).sentence == "Not sent yet."


def test_afterwards_it_says_what_became_of_it(desk: Desk) -> None:
    people = desk.people(20)
    refused = desk.people(10, consent=False)
    campaign = desk.finished(desk.started())
    late = add_customer(desk.shop, consent=True)
    for person in people:
        answer = asked(desk, campaign.id, person.id)
        assert answer.message is not None
        assert answer.message.status is MessageStatus.SENT
    for person in refused:
        assert asked(desk, campaign.id, person.id).reasons == (SkipReason.NO_CONSENT,)
    assert not asked(desk, campaign.id, late.id).in_audience


def test_the_holdout_is_distinguished_from_who_was_not_there(desk: Desk) -> None:
    people = desk.people(30)
    campaign = desk.finished(desk.started(draft(holdout=50)))
    answers = [asked(desk, campaign.id, person.id) for person in people]
    held_back = [answer for answer in answers if "control group" in answer.sentence]
    assert len(held_back) == campaign.audience.holdout > 0
    assert all(answer.in_audience for answer in answers)
