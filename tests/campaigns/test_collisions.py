"""Campaigns of the same day that go to the same customers."""

from __future__ import annotations

from datetime import timedelta

from backend.domain.segments import Group, Rule, WordField, Words
from backend.services.campaigns.actions import schedule
from backend.services.campaigns.collisions import collisions_of
from backend.services.segments.library import create_segment
from tests.campaigns.support import Desk, draft
from tests.support import STAFF, TestClock


def test_a_campaign_of_the_same_day_is_reported_with_the_customers_in_both(desk: Desk, clock: TestClock) -> None:
    desk.people(3, city="Oslo")
    desk.people(1, city="Bath")
    for name, city in (("OSLO", "Oslo"), ("NOBODY", "Rome")):
        rule = Rule(Group(parts=(Words(WordField.CITY, (city,)),)))
        create_segment(desk.shop, STAFF, name, name.capitalize(), rule)
    desk.make_snapshot()
    soon = clock() + timedelta(hours=1)
    for name, segment in (("Skis", "OSLO"), ("Sun", "NOBODY")):
        other = desk.planned(draft(name=name, segment_id=segment))
        if other.planned_recipients:
            schedule(desk.shop, STAFF, other.id, start_at=soon, seen_version=other.version)
    mine = desk.planned()
    day = soon.astimezone(desk.shop.zone).date()
    found = collisions_of(desk.shop, STAFF, mine, day)
    assert [(each.campaign.name, each.at, each.shared, each.size) for each in found] == [("Skis", soon, 3, 4)]
    assert collisions_of(desk.shop, STAFF, mine, day + timedelta(days=1)) == []


def test_it_does_not_collide_with_itself(desk: Desk, clock: TestClock) -> None:
    desk.people(1)
    mine = desk.started()
    assert collisions_of(desk.shop, STAFF, mine, clock().astimezone(desk.shop.zone).date()) == []
    (found,) = collisions_of(desk.shop, STAFF, desk.planned(), clock().astimezone(desk.shop.zone).date())
    assert found.campaign.id == mine.id
