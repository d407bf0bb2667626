"""A campaign in a real browser: planned in the form, approved by a second person, paused and let go on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.domain.team import Role
from backend.services.context import Shop
from tests.browser.people import Person
from tests.campaigns.support import prepare_shop
from tests.server.processes import Server, whole_server
from tests.support import add_customer

pytestmark = pytest.mark.browser

PEOPLE = 24
SLOWLY = {"MAIL_RATE": "2", "CAMPAIGN_APPROVAL_FROM": "10"}
"""So few emails a second that there is time to press a button, and approval from ten recipients on."""

_LONG = 90_000
"""Milliseconds: twelve seconds at this rate, on a machine that has other tests to do."""

Arrive = Callable[..., Person]


@pytest.fixture(scope="module")
def server(shop: Shop, folder: Path) -> Iterator[Server]:
    prepare_shop(shop)
    for _ in range(PEOPLE):
        add_customer(shop, consent=True)
    with whole_server(folder, SLOWLY) as running:
        yield running


def chooses(somebody: Person, label: str, option: str) -> None:
    """Writes into a list what it should show, and takes the entry that it then offers.

    A run of the page, or its scrolling, may close the list at that moment; people open it again then, and so does this.
    """
    box = somebody.page.get_by_role("combobox", name=label)
    for _ in range(5):
        box.evaluate("box => box.scrollIntoView({block: 'center'})")
        box.fill("")
        box.press_sequentially(option)
        somebody.page.wait_for_timeout(500)
        if somebody.page.get_by_role("option", name=re.compile(f"^{option}")).count():
            box.press("Enter")
            somebody.settled()
            if box.input_value().startswith(option):
                return
    raise AssertionError(f"{label} does not offer {option}.")


def planned(staff: Person) -> None:
    """From the menu to a plan that was taken, as the form and the page lead."""
    staff.goes_to("Campaigns").follows("Plan a campaign").sees_title("Plan a campaign")
    staff.types("Name of the campaign", "New mugs")
    chooses(staff, "Email", "Announcement")
    staff.types("Headline", "New mugs").types("Message", "They are blue.")
    chooses(staff, "Segment", "Everybody")
    staff.presses("Save and continue").sees_title("New mugs")
    staff.presses("Check all recipients")
    staff.sees(f"The emails of all {PEOPLE} recipients can be rendered.")
    staff.presses("Confirm plan").sees("so a second person must approve it first")


def test_a_campaign_is_planned_approved_by_a_second_person_paused_and_sent(person: Arrive) -> None:
    staff = person(Role.STAFF).sign_in()
    planned(staff)
    staff.presses("Ask for approval").sees("Someone who did not write or change it must approve it")

    manager = person(Role.MANAGER).sign_in().goes_to("Campaigns").sees("Needs your decision")
    manager.follows(re.compile("New mugs")).presses("Approve")
    dialog = manager.page.get_by_role("dialog")
    dialog.get_by_label("Type this number to confirm").fill(str(PEOPLE))
    dialog.get_by_label("Type this number to confirm").press("Tab")
    manager.settled()
    dialog.get_by_role("button", name="Approve").click()
    manager.settled().sees(re.compile(f"approved {PEOPLE} recipients"))

    staff.goes_to("Campaigns").follows(re.compile("New mugs")).presses("Start now")
    dialog = staff.page.get_by_role("dialog")
    dialog.get_by_label("Type this number to confirm").fill(str(PEOPLE))
    dialog.get_by_label("Type this number to confirm").press("Tab")
    staff.settled()
    dialog.get_by_role("button", name="Start", exact=True).click()
    staff.page.get_by_role("button", name="Pause", exact=True).click()
    staff.page.get_by_role("button", name="Resume", exact=True).wait_for()
    resting = staff.page.get_by_test_id("stMetricValue").first.inner_text()
    staff.page.wait_for_timeout(3000)
    staff.visit("/campaigns").settled().follows(re.compile("New mugs")).sees("Paused by")
    assert int(staff.page.get_by_test_id("stMetricValue").first.inner_text()) <= int(resting) + 4
    staff.presses("Resume").page.get_by_text("Finished").first.wait_for(timeout=_LONG)
    sent = staff.page.get_by_test_id("stMetricValue").first
    sent.filter(has_text=re.compile(f"^{PEOPLE}$")).wait_for()
