"""Whoever wants a campaign to stop is not sent away because a worker has just changed it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backend.domain.campaigns import Campaign, CampaignState
from backend.domain.team import Actor
from backend.services.campaigns import actions
from backend.services.campaigns.saved import change, read_campaign
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from tests.campaigns.support import Desk
from tests.support import STAFF


class Worker:
    """Changes the campaign between its reading and its change, three times."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.left = shop, 3

    def read(self, shop: Shop, campaign_id: str) -> Campaign:
        seen = read_campaign(shop, campaign_id)
        if self.left:
            self.left -= 1
            change(shop, STAFF, seen, seen)
        return seen


@pytest.mark.parametrize(
    ("step", "state"),
    [(actions.pause, CampaignState.PAUSED), (actions.cancel, CampaignState.CANCELLED)],
    ids=["pause", "cancel"],
)
def test_a_moving_campaign_is_stopped_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: Callable[[Shop, Actor, str], Campaign], state: CampaignState
) -> None:
    desk.people(2)
    campaign = desk.started()
    monkeypatch.setattr(actions, "read_campaign", Worker(desk.shop).read)
    assert step(desk.shop, STAFF, campaign.id).state is state


def test_who_names_the_version_that_they_saw_is_told_that_it_moved(desk: Desk) -> None:
    desk.people(2)
    campaign = desk.started()
    change(desk.shop, STAFF, campaign, campaign)
    with pytest.raises(StaleReadError):
        actions.pause(desk.shop, STAFF, campaign.id, seen_version=campaign.version)
