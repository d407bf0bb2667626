"""An engineer tries the way of events in a real browser: the fire drill, a message's reports, and a dead letter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backend.domain.team import Role
from backend.email.events.spool import EventSpool
from backend.services.context import Shop
from backend.services.events.dead_letters import count_dead_letters
from tests.browser.people import Person

pytestmark = pytest.mark.browser

Arrive = Callable[..., Person]


def test_an_engineer_starts_a_fire_drill_and_sees_everything_come_back(person: Arrive) -> None:
    engineer = person(Role.ENGINEER).sign_in("/events").sees_title("Events")
    engineer.presses("Start a fire drill").sees("All reports received.")
    engineer.sees("Reports of the last hour")
    engineer.follows("Marked as spam").sees("Delivery reports").sees("Simulated feedback loop")
    assert engineer.console_errors == []


def test_an_engineer_replays_a_dead_letter_and_throws_it_away(person: Arrive, shop: Shop, folder: Path) -> None:
    engineer = person(Role.ENGINEER).sign_in("/events").sees("No dead letters")
    EventSpool(folder / "events").write(b"nonsense\n")
    engineer.page.wait_for_timeout(2500)
    engineer.visit("/events").sees("This is not JSON.")
    engineer.page.get_by_text("This is not JSON.").first.click()
    engineer.settled().sees("nonsense").presses("Replay").sees("Failed again: This is not JSON.")
    engineer.presses("Delete").sees("will be deleted").presses("Delete").sees("No dead letters")
    assert count_dead_letters(shop) == 0


def test_the_page_of_events_fits_a_phone(person: Arrive) -> None:
    engineer = person(Role.ENGINEER, width=390, height=844).sign_in("/events").settled()
    wider = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not engineer.page.evaluate(wider)
