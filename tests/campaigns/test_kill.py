"""Workers of a campaign are killed: nobody gets two emails, nobody is lost, and the counters add up to the audience."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from backend.domain.campaigns import CampaignState
from backend.domain.messages import MessageStatus
from tests.campaigns.chaos import Chaos, assert_adds_up, chaos
from tests.campaigns.support import Desk, messages_of
from tests.engines import ministack


def test_a_campaign_whose_workers_are_killed_reaches_everybody_at_most_once(tmp_path: Path) -> None:
    with chaos(tmp_path, f"sqlite:///{tmp_path}/tillpost.db", 600, seed=3) as found:
        run_with_kills(found, 600, kills=9)


def test_the_same_holds_when_many_answers_are_awaited_at_the_same_time(tmp_path: Path) -> None:
    with chaos(tmp_path, f"sqlite:///{tmp_path}/tillpost.db", 500, seed=7) as found:
        run_with_kills(found, 500, kills=7, seconds=0.05, concurrency=8)


@pytest.mark.ministack
def test_the_same_holds_on_dynamodb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with ministack() as address, chaos(tmp_path, dynamodb_url(address), 300, seed=5) as found:
        run_with_kills(found, 300, kills=5)


def test_a_worker_that_is_asked_to_stop_leaves_no_message_in_doubt(tmp_path: Path) -> None:
    with chaos(tmp_path, f"sqlite:///{tmp_path}/tillpost.db", 300, speed=1.0) as found:
        campaign = Desk(found.shop).started()
        found.start_workers(1, seconds=0.01, trouble=False)
        deadline = time.monotonic() + 30
        while not messages_of(found.shop, [campaign]) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert found.stop_workers(signal.SIGTERM) == [0]
        assert {message.status for message in messages_of(found.shop, [campaign])} == {MessageStatus.SENT}


def run_with_kills(found: Chaos, customers: int, kills: int, seconds: float = 0.004, concurrency: int = 1) -> None:
    """Three workers, one of them killed now and then, one with a clock that jumps, and a pause."""
    campaign = Desk(found.shop).started()
    found.start_workers(seconds=seconds, concurrency=concurrency)
    for number in range(kills):
        time.sleep(found.chance.uniform(0.1, 0.9))
        found.kill_one(seconds=seconds, concurrency=concurrency, ahead=600.0 if number == kills // 2 else 0.0)
        if number == 1:
            found.pause_and_resume(campaign, 0.3)
    found.stop_workers()
    campaign = found.finish(campaign)
    assert campaign.state is CampaignState.FINISHED
    assert_adds_up(found, campaign, customers)


def dynamodb_url(address: str) -> str:
    return f"dynamodb://campaigns?region=us-east-1&endpoint={address}"
