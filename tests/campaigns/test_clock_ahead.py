"""A worker whose clock is ten minutes ahead does not keep others from its part of a campaign for ten minutes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.campaigns import Campaign
from backend.domain.time import from_text
from backend.services.concurrency.leases import LeaseLostError
from backend.services.sending import chunks
from backend.services.sending.chunks import Held
from backend.services.sending.ledger import LEASE
from tests.campaigns.support import Desk
from tests.support import TestClock

AHEAD = timedelta(minutes=10)


def taken_by_a_clock_ahead(desk: Desk, campaign: Campaign) -> Held:
    clock = TestClock(desk.shop.clock() + AHEAD)
    held = chunks.take(replace(desk.shop, clock=clock), campaign, campaign.wave)
    assert held is not None
    return held


def lease_in_the_store(desk: Desk, held: Held) -> timedelta:
    item = desk.shop.store.get(held.step.key)
    assert item is not None
    return from_text(str(item["lease_until"])) - desk.shop.clock()


def test_its_lease_is_bounded_and_not_taken_over_at_once(desk: Desk, clock: TestClock) -> None:
    desk.people(3)
    campaign = desk.started()
    left = taken_by_a_clock_ahead(desk, campaign)
    assert lease_in_the_store(desk, left) == AHEAD + LEASE
    assert chunks.take(desk.shop, campaign, campaign.wave) is None
    assert lease_in_the_store(desk, left) == LEASE
    clock.now += LEASE - timedelta(seconds=1)
    assert chunks.take(desk.shop, campaign, campaign.wave) is None
    clock.now += timedelta(seconds=2)
    assert chunks.take(desk.shop, campaign, campaign.wave) is not None
    with pytest.raises(LeaseLostError):
        chunks.renew(desk.shop, left)


def test_a_holder_that_lives_keeps_it(desk: Desk) -> None:
    desk.people(3)
    campaign = desk.started()
    held = taken_by_a_clock_ahead(desk, campaign)
    assert chunks.take(desk.shop, campaign, campaign.wave) is None
    ahead = replace(desk.shop, clock=TestClock(desk.shop.clock() + AHEAD))
    chunks.renew(ahead, held)
    assert lease_in_the_store(desk, held) == AHEAD + LEASE


def test_a_lease_of_a_clock_that_differs_a_little_is_left_alone(desk: Desk) -> None:
    desk.people(3)
    campaign = desk.started()
    clock = TestClock(desk.shop.clock() + timedelta(seconds=8))
    held = chunks.take(replace(desk.shop, clock=clock), campaign, campaign.wave)
    assert held is not None
    assert chunks.take(desk.shop, campaign, campaign.wave) is None
    assert lease_in_the_store(desk, held) == LEASE + timedelta(seconds=8)


def test_the_campaign_reaches_everybody_once_when_such_a_worker_died(desk: Desk, clock: TestClock) -> None:
    desk.people(3)
    campaign = desk.started()
    taken_by_a_clock_ahead(desk, campaign)
    assert desk.send() == 0
    clock.now += LEASE + timedelta(seconds=2)
    desk.finished(campaign)
    assert sorted(desk.submitted.values()) == [1, 1, 1]
