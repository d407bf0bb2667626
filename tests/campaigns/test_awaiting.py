"""While the outcome of a share is awaited, people are told for what, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backend.domain.campaigns import Campaign, CampaignState, Canary, Draft, Wave
from backend.domain.emails import Kind
from backend.services.campaigns.progress import awaited

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


def running(**changes: object) -> Campaign:
    draft = Draft("News", "newsletter", "ready-vips", canary=Canary(5, timedelta(minutes=30)))
    campaign = Campaign("A1", draft, Kind.MARKETING, 0, "VIPs", "{}", CampaignState.RUNNING, NOW, "sam", NOW)
    return replace(campaign, **changes)  # type: ignore[arg-type]


def test_a_first_share_that_is_through_is_awaited_until_its_time_is_over() -> None:
    hold = awaited(running(wave_done_at=NOW))
    assert hold is not None
    assert hold.until == NOW + timedelta(minutes=30)
    assert "test group" in hold.reason


@pytest.mark.parametrize(
    "campaign",
    [running(), running(wave_done_at=NOW, state=CampaignState.PAUSED)],
    ids=["a wave that is being sent", "a campaign that rests"],
)
def test_nothing_else_is_awaited(campaign: Campaign) -> None:
    assert awaited(campaign) is None


def test_the_last_wave_waits_for_nothing() -> None:
    hold = awaited(running(wave=Wave.REST, wave_done_at=NOW))
    assert hold is not None
    assert hold.until == NOW
