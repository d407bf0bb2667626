"""Campaigns from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from backend.domain.campaigns import CampaignState, Measure, SplitTest, Variant
from backend.domain.time import utc_now
from backend.email.transports.recording import RecordingTransport, Refuse, always
from backend.services.campaigns import progress
from backend.services.campaigns.saved import read_campaign
from tests.campaigns.support import NEWS, Desk, prepare_shop
from tests.cli.conftest import Run, run, store_url
from tests.support import opened_shop

__all__ = ["run", "store_url"]
PHOENIX = ZoneInfo("America/Phoenix")


@pytest.fixture
def desk(store_url: str, tmp_path: Path) -> Iterator[Desk]:
    with opened_shop(store_url, clock=utc_now, data_dir=tmp_path / "var") as shop:
        prepare_shop(shop)
        found = Desk(shop)
        found.people(3)
        found.people(1, consent=False)
        yield found


def create(run: Run) -> str:
    fields = [part for name, value in NEWS.items() for part in ("--field", f"{name}={value}")]
    made = run("campaign", "create", "--template", "announcement", "--segment", "Everybody", *fields, "--json")
    assert made.json["state"] == "draft"
    return str(made.json["id"])


def test_a_campaign_goes_from_a_draft_to_its_end(run: Run, desk: Desk) -> None:
    campaign_id = create(run)
    assert run("campaign", "preflight", campaign_id, "--json").json["recipients"] == 3
    plan = run("campaign", "plan", campaign_id, "--json").json
    assert (plan["recipients"], plan["excluded"], plan["needs_approval"]) == (3, {"no_consent": 1}, False)
    assert run("campaign", "start", campaign_id, "--json").json["state"] == "scheduled"
    campaign = desk.tended(read_campaign(desk.shop, campaign_id))
    if campaign.state is CampaignState.PREPARING:
        desk.make_snapshot()
        campaign = desk.tended(campaign)
    assert desk.finished(campaign).state is CampaignState.FINISHED
    status = run("campaign", "status", campaign_id, "--json").json
    assert list(status)[:7] == ["state", "audience", "sent", "failed", "skipped", "unknown", "rate"]
    assert [status[name] for name in ("state", "audience", "sent", "failed", "unknown")] == ["finished", 4, 3, 0, 0]
    assert status["skipped"] == {"no_consent": 1}
    assert campaign_id in run("campaign", "list").out


def test_a_large_campaign_is_refused_until_somebody_else_approves(
    run: Run, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_APPROVAL_FROM", "2")
    refused = run("campaign", "start", create(run))
    assert refused.code == 1
    assert "a second person has to approve it first" in refused.err


def test_it_is_paused_resumed_and_cancelled(run: Run, desk: Desk) -> None:
    campaign = desk.started()
    states = [run("campaign", verb, campaign.id, "--json").json["state"] for verb in ("pause", "resume", "cancel")]
    assert states == ["paused", "running", "cancelled"]
    assert run("campaign", "resume", campaign.id).code == 1


def test_a_time_is_the_shops_or_that_of_its_own_offset(run: Run, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TIMEZONE", "America/Phoenix")
    wanted = utc_now().replace(microsecond=0) + timedelta(days=1)
    for zone, text in ((timezone(timedelta(hours=5)), "%Y-%m-%dT%H:%M:%S%z"), (PHOENIX, "%Y-%m-%dT%H:%M:%S")):
        campaign_id = create(run)
        assert run("campaign", "start", campaign_id, "--at", f"{wanted.astimezone(zone):{text}}").code == 0
        assert read_campaign(desk.shop, campaign_id).start_at == wanted


def test_an_unknown_segment_is_reported(run: Run, desk: Desk) -> None:
    failed = run("campaign", "create", "--template", "announcement", "--segment", "Nobody")
    assert (failed.code, failed.err) == (1, "There is no segment “Nobody”.\n")


def test_variants_are_compared(run: Run, desk: Desk) -> None:
    made = run(
        *("campaign", "create", "--template", "announcement", "--segment", "Everybody", "--json"),
        *("--field", "headline=New mugs", "--field", "message=They are here.", "--measure", "orders"),
        *("--variant", "B.subject=Mugs!", "--variant", "C.field.message=Only today = cheap."),
        *("--test-share", "50", "--test-minutes", "90"),
    )
    test = read_campaign(desk.shop, str(made.json["id"])).draft.test
    texts = {"headline": "New mugs", "message": "Only today = cheap."}
    expected = (Variant("A"), Variant("B", "Mugs!"), Variant("C", fields=texts))
    assert test == SplitTest(expected, 50, timedelta(minutes=90), Measure.ORDERS)
    other = run(
        *("campaign", "create", "--template", "welcome", "--segment", "Everybody", "--json"),
        *("--variant", "B.template=announcement", "--variant", "B.field.headline=Hello"),
        *("--variant", "B.field.message=We are here."),
    )
    assert other.json["variants"] == {"A": "welcome", "B": "announcement"}


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ("B", "says nothing of a variant"),
        ("E.subject=x", "says nothing of a variant"),
        ("B.colour=red", "no “colour”. Write B.field.colour=…"),
        ("B.field.headlin=x", "no field “headlin”. The email has: button_label, button_url, headline, message."),
        ("B.template=letter", "letter"),
        ("B.template=win-back", "go to different people"),
    ],
)
def test_a_variant_that_cannot_be_is_reported(run: Run, desk: Desk, part: str, sentence: str) -> None:
    fields = [word for name, value in NEWS.items() for word in ("--field", f"{name}={value}")]
    arguments = ("--template", "announcement", "--segment", "Everybody", *fields, "--variant", part)
    refused = run("campaign", "create", *arguments)
    assert (refused.code, sentence in refused.err) == (1, True), refused.err


def test_a_campaign_that_failed_is_retried(run: Run, desk: Desk) -> None:
    refusing = Desk(desk.shop, RecordingTransport(always(Refuse("Not possible."))))
    campaign_id = refusing.finished(refusing.started()).id
    assert run("campaign", "status", campaign_id, "--json").json["failed"] == 3
    refused = run("campaign", "retry", campaign_id, "--count", "2")
    assert (refused.code, "does not match" in refused.err) == (1, True)
    assert run("campaign", "retry", campaign_id, "--json").json["state"] == "running"
    desk.finished(read_campaign(desk.shop, campaign_id))
    status = run("campaign", "status", campaign_id, "--json").json
    assert (status["sent"], status["failed"]) == (3, 0)
    assert run("campaign", "retry", campaign_id).code == 1


def test_status_says_what_a_campaign_waits_for(run: Run, desk: Desk) -> None:
    campaign = desk.started()
    assert run("campaign", "status", campaign.id, "--json").json["held_until"] is None
    until = desk.shop.clock() + timedelta(hours=1)
    progress.hold(desk.shop, campaign.id, until, progress.QUOTA)
    status = run("campaign", "status", campaign.id, "--json").json
    assert (status["held_for"], status["held_until"]) == (progress.QUOTA, until.isoformat())
    assert (
        f"It waits until {until:%Y-%m-%d %H:%M}: the daily quota is used up."
        in run("campaign", "status", campaign.id).out
    )
