"""A store that was frozen in the middle of a campaign opens, agrees with a recount, and goes on where it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.domain.campaigns import Campaign, CampaignState
from backend.domain.messages import MessageStatus
from backend.services.campaigns.progress import progress_of
from backend.services.campaigns.saved import list_campaigns
from backend.services.context import Shop
from backend.services.reconcile import reconcile
from backend.services.reconcile.findings import Reconciliation
from backend.services.reconcile.messages import reconcile_mail
from tests.campaigns.support import Desk
from tests.records.golden_store import BEGUN, HANDED_OVER, load
from tests.recount import assert_totals_hold
from tests.support import STAFF, TestClock, opened_shop


@pytest.fixture
def clock() -> TestClock:
    return TestClock(BEGUN)


@pytest.fixture
def shop(clock: TestClock, tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(clock=clock, data_dir=tmp_path) as shop:
        load(shop)
        yield shop


def drift_of(shop: Shop) -> list[str]:
    found = reconcile(shop, pause=lambda _: None)
    mail = Reconciliation()
    reconcile_mail(shop, mail, pause=lambda _: None)
    return [drift.what for drift in (*found.drift, *mail.drift)]


def the_campaign(shop: Shop) -> Campaign:
    (campaign,) = list_campaigns(shop, STAFF).campaigns
    return campaign


def test_the_frozen_store_agrees_with_a_recount(shop: Shop) -> None:
    assert_totals_hold(shop)
    assert drift_of(shop) == []


def test_the_campaign_goes_on_and_nobody_gets_a_second_email(shop: Shop, clock: TestClock) -> None:
    campaign, desk = the_campaign(shop), Desk(shop)
    before = {message.id: message.status for message in desk.messages(campaign)}
    under_way = {id_ for id_, status in before.items() if status is MessageStatus.WAITING}
    clock.forward(minutes=30)
    campaign = desk.finished(campaign)
    assert campaign.state is CampaignState.FINISHED
    assert len(under_way) > HANDED_OVER
    assert not desk.submitted.keys() & before.keys()
    after = Counter(message.status for message in desk.messages(campaign))
    assert after[MessageStatus.UNKNOWN] == len(under_way)
    progress = progress_of(shop, STAFF, campaign.id)
    assert (progress.remaining, sum(after.values())) == (0, progress.audience - sum(progress.skipped.values()))
    assert drift_of(shop) == []
