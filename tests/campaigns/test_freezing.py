"""The audience is frozen once and whole, through a crash in the middle and beside another worker."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from backend.domain.campaigns import Campaign, CampaignState, Canary
from backend.errors import NotFoundError, StoreUnreachableError
from backend.records.campaign_chunks import chunk_from
from backend.services.campaigns import actions, audience
from backend.services.campaigns.audience import freeze_some
from backend.services.campaigns.content import CampaignEmail
from backend.services.campaigns.saved import change, read_campaign
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.store.port import Query, pages_of
from backend.store.schema import MAIL
from tests.campaigns.support import Desk, draft
from tests.support import STAFF, TestClock


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "BLOCK", 10)


def frozen_ids(shop: Shop, campaign: Campaign) -> Counter[str]:
    """How often each customer stands in the audience or the holdout."""
    ids: Counter[str] = Counter()
    for row in pages_of(shop.store, Query(MAIL, f"K#{campaign.id}", begins_with="CHUNK#")):
        ids.update(chunk_from(campaign.id, row.key.sk, row.item).ids)
    for row in pages_of(shop.store, Query(MAIL, f"K#{campaign.id}", begins_with="HOLD#")):
        ids.update(str(row.item["ids"]).split(" "))
    return ids


def preparing(desk: Desk) -> Campaign:
    """A campaign that has begun, and of whose audience nothing is written yet."""
    planned = desk.planned(draft(canary=Canary(20), holdout=10))
    started = actions.start(desk.shop, STAFF, planned.id, seen_version=planned.version)
    change(
        desk.shop,
        STAFF,
        started,
        replace(started, state=CampaignState.PREPARING, started_at=desk.shop.clock()),
    )
    return read_campaign(desk.shop, planned.id)


def test_a_crash_in_the_middle_leaves_whole_blocks_and_the_rest_follows(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = desk.people(45)
    campaign, write, calls = preparing(desk), audience._with_block, Counter[str]()

    def dies_at_the_third(shop: Shop, before: Campaign, block: list[str]) -> Campaign:
        calls["block"] += 1
        if calls["block"] == 3:
            raise StoreUnreachableError("The machine is gone.")
        return write(shop, before, block)

    monkeypatch.setattr(audience, "_with_block", dies_at_the_third)
    with pytest.raises(StoreUnreachableError):
        freeze_some(desk.shop, campaign, 60.0)
    assert sum(frozen_ids(desk.shop, campaign).values()) == 20
    campaign = freeze_some(desk.shop, read_campaign(desk.shop, campaign.id), 60.0)
    assert campaign.state is CampaignState.RUNNING
    assert frozen_ids(desk.shop, campaign) == Counter(person.id for person in people)
    assert campaign.audience.size + campaign.audience.holdout == 45


def test_of_two_workers_that_freeze_it_one_writes_each_block(desk: Desk) -> None:
    people = desk.people(25)
    seen = preparing(desk)
    campaign = freeze_some(desk.shop, seen, 60.0)
    with pytest.raises(StaleReadError):
        freeze_some(desk.shop, seen, 60.0)
    assert frozen_ids(desk.shop, campaign) == Counter(person.id for person in people)


def test_it_waits_for_a_snapshot_that_knows_everybody(desk: Desk, clock: TestClock) -> None:
    desk.people(3)
    planned = desk.planned()
    (late,) = desk.people(1)
    clock.forward(minutes=5)
    actions.start(desk.shop, STAFF, planned.id, seen_version=planned.version)
    assert desk.tended(planned).state is CampaignState.PREPARING
    desk.make_snapshot()
    campaign = desk.tended(planned)
    assert campaign.state is CampaignState.RUNNING
    assert frozen_ids(desk.shop, campaign)[late.id] == 1


def test_it_does_not_wait_for_ever_where_nobody_makes_snapshots(desk: Desk, clock: TestClock) -> None:
    desk.people(3)
    planned = desk.planned()
    clock.forward(minutes=5)
    actions.start(desk.shop, STAFF, planned.id, seen_version=planned.version)
    desk.tended(planned)
    clock.forward(minutes=3)
    assert desk.tended(planned).state is CampaignState.RUNNING


def test_nobody_in_the_segment_ends_it_at_once(desk: Desk) -> None:
    campaign = desk.started()
    assert campaign.state is CampaignState.FINISHED
    assert "segment was empty" in campaign.reason


def test_when_everybody_is_held_back_it_says_so(desk: Desk) -> None:
    desk.people(1)
    held_back = next(each for each in (desk.started(draft(holdout=50)) for _ in range(60)) if each.audience.holdout)
    assert (held_back.state, held_back.audience.size) == (CampaignState.FINISHED, 0)
    assert held_back.reason == "Everyone in the segment is in the control group, so nobody gets it."


def test_an_email_that_is_gone_when_it_begins_pauses_it_for_a_person_to_look(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(shop: Shop, campaign: Campaign) -> dict[str, CampaignEmail]:
        raise NotFoundError("There is no such email any more.")

    desk.people(3)
    campaign = preparing(desk)
    with monkeypatch.context() as patched:
        patched.setattr(audience, "emails_of", gone)
        paused = desk.tended(campaign)
    assert (paused.state, paused.reason) == (CampaignState.PAUSED, "There is no such email any more.")
    actions.resume(desk.shop, STAFF, campaign.id)
    assert desk.tended(campaign).state is CampaignState.RUNNING
