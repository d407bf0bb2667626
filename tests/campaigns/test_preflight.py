"""A preflight renders everybody's email before the first is sent and tells who breaks on what; the plan follows."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from backend.domain.campaign_figures import Preflight, PreflightStatus
from backend.domain.campaign_timing import Pace, closes_at, opens_at, timing_of
from backend.domain.campaigns import Draft, Hours
from backend.domain.eligibility import MarketingLimits
from backend.domain.emails import Kind
from backend.email.rendering.renderer import compile_template
from backend.email.rendering.uses import fields_used
from backend.email.transports.recording import GENEROUS, RecordingTransport
from backend.errors import InvalidInputError
from backend.services.campaigns.drafts import create_campaign
from backend.services.campaigns.plan import get_plan
from backend.services.campaigns.preflights import LEASE, get_preflight, run_preflight, work_on_preflights
from backend.services.context import Shop
from backend.services.customers.customers import archive_customer
from backend.services.templates import catalogue
from backend.store import schema
from backend.store.port import Delete
from tests.campaigns.support import Desk, draft
from tests.services.emails import published
from tests.support import STAFF, TestClock


def checked(desk: Desk, wanted: Draft) -> Preflight:
    campaign = create_campaign(desk.shop, STAFF, wanted)
    run_preflight(desk.shop, STAFF, campaign.id, seen_version=campaign.version)
    assert work_on_preflights(desk.shop, desk.mailer, desk.stop)
    found = get_preflight(desk.shop, STAFF, campaign.id)
    assert found is not None
    return found


def test_it_counts_recipients_and_exclusions_by_reason(desk: Desk) -> None:
    desk.people(6)
    desk.people(3, consent=False)
    desk.people(2, email="", consent=None)
    found = checked(desk, draft())
    assert (found.status, found.checked, found.recipients, found.broken) == (PreflightStatus.DONE, 11, 6, 0)
    assert found.excluded == {"no_consent": 3, "no_address": 2}


def test_it_lists_whose_email_breaks_and_on_which_field(desk: Desk) -> None:
    body = "<mj-section><mj-column><mj-text>{% if customer.city == 'Nowhere' %}{{ customer.loyalty }}{% endif %}Hi"
    published(desk.shop, "announcement", body=f"{body}</mj-text></mj-column></mj-section>")
    (broken,) = desk.people(1, name="Ada Byron", city="Nowhere")
    desk.people(4, city="Berlin")
    found = checked(desk, draft())
    assert (found.recipients, found.broken) == (5, 1)
    (listed,) = found.listed
    assert (listed.customer_id, listed.name, listed.field) == (broken.id, "Ada Byron", "customer.loyalty")
    assert found.broken_fields == {"customer.loyalty": 1}


def test_it_counts_fields_that_are_used_and_empty(desk: Desk) -> None:
    source = catalogue.current_version(desk.shop, "announcement").source
    published(desk.shop, "announcement", body=source.body.replace("Hello", "{{ customer.city }}: hello"))
    desk.people(3, city="Berlin")
    desk.people(2)
    assert checked(desk, draft()).empty_fields == {"customer.city": 2}


def test_a_preflight_belongs_to_what_the_campaign_said_then(desk: Desk) -> None:
    desk.people(1)
    campaign = create_campaign(desk.shop, STAFF, draft())
    run_preflight(desk.shop, STAFF, campaign.id, seen_version=campaign.version)
    work_on_preflights(desk.shop, desk.mailer, desk.stop)
    published(desk.shop, "announcement", subject="Read this: {{ headline }}")
    run_preflight(desk.shop, STAFF, campaign.id, seen_version=campaign.version)
    waiting = get_preflight(desk.shop, STAFF, campaign.id)
    assert waiting is not None
    assert (waiting.status, waiting.is_current) == (PreflightStatus.WAITING, True)
    assert get_plan(desk.shop, desk.mailer, STAFF, campaign.id) is None


def test_a_preflight_that_its_worker_left_is_begun_again(desk: Desk, clock: TestClock) -> None:
    desk.people(2)
    campaign = create_campaign(desk.shop, STAFF, draft())
    run_preflight(desk.shop, STAFF, campaign.id, seen_version=campaign.version)
    desk.stop.set()
    assert work_on_preflights(desk.shop, desk.mailer, desk.stop)
    desk.stop.clear()
    assert work_on_preflights(desk.shop, desk.mailer, desk.stop)
    clock.forward(seconds=LEASE.total_seconds() + 1)
    assert not work_on_preflights(desk.shop, desk.mailer, desk.stop)
    found = get_preflight(desk.shop, STAFF, campaign.id)
    assert found is not None
    assert found.recipients == 2


class _Dying(threading.Event):
    """Ends whoever asks whether to stop, as `kill -9` does."""

    def is_set(self) -> bool:
        raise SystemExit


def test_a_worker_with_a_clock_ahead_that_died_holds_a_preflight_no_longer_than_others(
    desk: Desk, clock: TestClock
) -> None:
    desk.people(2)
    campaign = create_campaign(desk.shop, STAFF, draft())
    run_preflight(desk.shop, STAFF, campaign.id, seen_version=campaign.version)
    ahead = replace(desk.shop, clock=TestClock(clock() + timedelta(minutes=10)))
    with pytest.raises(SystemExit):
        work_on_preflights(ahead, desk.mailer, _Dying())
    assert not work_on_preflights(desk.shop, desk.mailer, desk.stop)
    clock.now += LEASE - timedelta(microseconds=1)
    assert not work_on_preflights(desk.shop, desk.mailer, desk.stop)
    clock.forward(microseconds=1)
    assert work_on_preflights(desk.shop, desk.mailer, desk.stop)
    found = get_preflight(desk.shop, STAFF, campaign.id)
    assert found is not None
    assert (found.status, found.recipients) == (PreflightStatus.DONE, 2)


def test_a_plan_without_a_known_rate_says_so_instead_of_an_end(shop: Shop) -> None:
    desk = Desk(shop, RecordingTransport(account=replace(GENEROUS, per_second=0.0)))
    desk.people(20)
    found = get_plan(shop, desk.mailer, STAFF, desk.planned().id)
    assert found is not None
    assert (found.finishes_at, found.duration) == (None, None)
    assert "rate is not known" in found.no_end


def test_the_plan_says_recipients_cost_and_quota(shop: Shop) -> None:
    desk = Desk(shop, RecordingTransport(account=replace(GENEROUS, per_second=10.0, daily_quota=40)))
    desk.people(20)
    archive_customer(shop, STAFF, desk.people(1)[0].id, 1)
    campaign = desk.planned()
    found = get_plan(shop, desk.mailer, STAFF, campaign.id)
    assert found is not None
    assert (found.audience, found.recipients, found.quota, found.quota_left) == (20, 20, 40, 40)
    assert found.quota_share == pytest.approx(0.5)
    assert found.duration == timedelta(seconds=2)
    assert found.mail_cost == pytest.approx(0.2)
    assert not found.needs_approval


def test_a_preflight_of_a_campaign_that_is_gone_keeps_no_other_waiting(desk: Desk, clock: TestClock) -> None:
    desk.people(2)
    gone, other = (create_campaign(desk.shop, STAFF, draft()) for _ in range(2))
    for campaign in (gone, other):
        run_preflight(desk.shop, STAFF, campaign.id, seen_version=campaign.version)
        clock.forward(seconds=1)
    desk.shop.store.write_batch([Delete(schema.campaign_key(gone.id))])
    assert work_on_preflights(desk.shop, desk.mailer, desk.stop)
    found = get_preflight(desk.shop, STAFF, other.id)
    assert found is not None
    assert found.status is PreflightStatus.DONE


NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_a_plan_goes_over_several_days_when_the_quota_asks_for_it() -> None:
    timing = timing_of(250, NOON, Pace(10.0, left=50, quota=100), lambda moment: moment, lambda moment: None)
    assert (timing.days, timing.finishes_at) == (3, NOON + timedelta(days=2, seconds=10))


@pytest.mark.parametrize(
    ("seconds", "zone", "days"),
    [
        (200_000, UTC, 3),
        (12 * 3600, UTC, 1),
        (12 * 3600 + 1, UTC, 2),
        (12 * 3600, ZoneInfo("America/New_York"), 1),
        (12 * 3600, ZoneInfo("Pacific/Auckland"), 1),
        (24 * 3600, ZoneInfo("Pacific/Auckland"), 2),
    ],
)
def test_a_plan_counts_all_days_of_the_shop_on_which_it_sends(seconds: int, zone: tzinfo, days: int) -> None:
    timing = timing_of(seconds, NOON, Pace(1.0), lambda moment: moment, lambda moment: None, zone)
    assert timing.days == days


def test_a_plan_keeps_to_the_hours(desk: Desk) -> None:
    hours, zone = Hours(), desk.shop.zone
    timing = timing_of(
        4 * 3600 * 10 + 9 * 3600 * 10,
        NOON + timedelta(hours=2),
        Pace(10.0),
        lambda moment: opens_at(hours, Kind.MARKETING, MarketingLimits(), moment, zone),
        lambda moment: closes_at(hours, moment, zone),
    )
    assert (timing.days, timing.finishes_at) == (2, NOON + timedelta(days=1, hours=6))


def test_hours_within_the_quiet_hours_are_refused_when_it_is_planned(desk: Desk) -> None:
    desk.mailer = replace(desk.mailer, limits=MarketingLimits(quiet_from=time(21), quiet_to=time(9)))
    desk.people(1)
    assert desk.planned(draft(hours=Hours(time(8), time(10)))).planned_recipients == 1
    with pytest.raises(InvalidInputError, match="within the quiet hours"):
        desk.planned(draft(hours=Hours(time(7), time(9))))


def test_the_hour_that_comes_twice_opens_no_sunday() -> None:
    """Quiet hours that end at half past two have ended in the first of the two hours, and it is Sunday all the same."""
    zone, limits = ZoneInfo("Europe/Berlin"), MarketingLimits(quiet_from=time(1, 30), quiet_to=time(2, 30))
    second = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    opens = opens_at(Hours(), Kind.MARKETING, limits, second, zone)
    assert opens == datetime(2026, 10, 26, 9, tzinfo=zone)


def test_a_quota_that_is_never_free_has_no_end() -> None:
    timing = timing_of(5, NOON, Pace(10.0, left=0, quota=0), lambda moment: moment, lambda moment: None)
    assert timing.finishes_at is None


@pytest.mark.parametrize(
    ("greeting", "used"),
    [
        ("{{ customer.first_name }}", {"first_name"}),
        ("{{ customer['city'] }}", {"first_name", "city"}),
        ("{% set me = customer %}{{ me.city }}", None),
    ],
)
def test_what_an_email_depends_on_is_read_from_its_template(desk: Desk, greeting: str, used: set[str] | None) -> None:
    version = catalogue.current_version(desk.shop, "announcement")
    source = replace(version.source, subject=greeting)
    compiled = compile_template(catalogue.layout(desk.shop), "announcement", Kind.MARKETING, source)
    found = fields_used(compiled)
    assert (found if used is None else found and found >= used) == (used if used is None else True)
