"""A campaign reaches everybody of its audience once, and its counters add up to the audience."""

from __future__ import annotations

from collections import Counter

from backend.domain.campaigns import CampaignState
from backend.domain.messages import MessageStatus
from backend.services.campaigns.progress import progress_of
from tests.campaigns.support import Desk
from tests.support import STAFF


def test_everybody_who_may_gets_one_email(desk: Desk) -> None:
    people = desk.people(30)
    refused = desk.people(5, consent=False)
    campaign = desk.finished(desk.started())
    assert campaign.state is CampaignState.FINISHED
    assert desk.submitted == Counter(f"{person.id}-{campaign.key}" for person in people)
    progress = progress_of(desk.shop, STAFF, campaign.id)
    assert (progress.audience, progress.sent, progress.remaining) == (35, 30, 0)
    assert progress.skipped == {"no_consent": len(refused)}
    assert {message.status for message in desk.messages(campaign)} == {MessageStatus.SENT}
