"""The suppression list as people look at it and change it."""

from __future__ import annotations

import threading

import pytest

from backend.domain.suppression import SuppressionReason
from backend.domain.team import Role
from backend.email.transports.account_list import FileAccountList
from backend.services.audit import log as audit_log
from backend.services.audit.log import AuditFilter
from backend.services.suppression.account_sync import work_on_sync
from backend.services.suppression.entries import add_suppression, find_suppression, suppression_history
from backend.workers.jobs import work_once
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, buttons, field, figures, pick, press, rows, said
from tests.support import ADMIN, STAFF

ADDRESS = "maria@example.com"


def listed(dashboard: Dashboard, address: str = ADDRESS, note: str = "") -> None:
    add_suppression(dashboard.shop, address, SuppressionReason.HARD_BOUNCE, source="test", note=note)


def test_an_empty_list_says_what_will_be_there(dashboard: Dashboard) -> None:
    app = dashboard.open("suppression.py", Role.STAFF)
    assert not app.exception
    assert "No addresses" in said(app)


def test_each_role_sees_what_it_may_do(dashboard: Dashboard) -> None:
    listed(dashboard)
    staff, manager = (dashboard.open("suppression.py", role) for role in (Role.STAFF, Role.MANAGER))
    assert "Add an address" in buttons(staff)
    assert "Add an address" not in buttons(manager)
    providers = "The mail provider's own list"
    assert [each.label for each in staff.expander] == [providers, "Import a file"]
    assert [each.label for each in manager.expander] == [providers]
    assert "Remove" in buttons(pick(staff, ADDRESS))
    assert "Remove" not in buttons(pick(manager, ADDRESS))


def test_an_address_is_added_with_reason_and_note(dashboard: Dashboard) -> None:
    app = press(dashboard.open("suppression.py", Role.STAFF), "Add an address")
    [each for each in app.text_input if each.label == "Email address"][-1].set_value("Maria@Example.com")
    field(app, "Note").set_value("asked by phone")
    press(app, "Add")
    entry = find_suppression(dashboard.shop, ADDRESS)
    assert entry is not None
    assert (entry.reason, entry.causes[0].note) == (SuppressionReason.MANUAL, "asked by phone")
    assert "asked by phone" in said(app)


def test_what_is_no_address_is_refused_and_stays_typed(dashboard: Dashboard) -> None:
    app = press(dashboard.open("suppression.py", Role.STAFF), "Add an address")
    [each for each in app.text_input if each.label == "Email address"][-1].set_value("not an address")
    press(app, "Add")
    assert len(app.error) == 1
    assert [each.value for each in app.text_input if each.label == "Email address"][-1] == "not an address"


def test_looking_up_shows_entry_and_history_in_any_spelling(dashboard: Dashboard) -> None:
    listed(dashboard, note="550 no such user")
    app = dashboard.open("suppression.py", Role.MANAGER)
    field(app, "Email address").set_value(" MARIA@example.com ")
    press(app, "Look up")
    assert "550 no such user" in said(app)
    assert "Added: mail bounced" in said(app)
    field(app, "Email address").set_value("other@example.com")
    press(app, "Look up")
    assert "This address is not on the list." in said(app)
    field(app, "Email address").set_value("nonsense")
    press(app, "Look up")
    assert len(app.warning) == 1


def test_removing_asks_why_and_leaves_the_other_reasons(dashboard: Dashboard) -> None:
    listed(dashboard)
    add_suppression(dashboard.shop, ADDRESS, SuppressionReason.UNSUBSCRIBED, source="test")
    app = pick(dashboard.open("suppression.py", Role.STAFF), ADDRESS)
    dialog_button = [each for each in app.button if each.label == "Remove"][-1]
    dialog_button.click().run()
    assert "Reason is missing." in said(app)
    field(app, "Reason").set_value("The mailbox works again")
    [each for each in app.button if each.label == "Remove"][-1].click().run()
    entry = find_suppression(dashboard.shop, ADDRESS)
    assert entry is not None
    assert [cause.reason for cause in entry.causes] == [SuppressionReason.UNSUBSCRIBED]
    assert suppression_history(dashboard.shop, ADDRESS)[0].by == "the-staff"


def test_a_list_of_many_comes_in_pages(dashboard: Dashboard) -> None:
    for number in range(21):
        listed(dashboard, f"user{number}@example.com")
    app = dashboard.open("suppression.py", Role.STAFF)
    first = {row["Address"] for row in rows(app)}
    press(app, "Next")
    assert len(first) == 20
    assert len({row["Address"] for row in rows(app)} - first) == 1


def test_a_file_is_taken_in_by_a_worker_and_the_page_says_what_became_of_it(dashboard: Dashboard) -> None:
    app = dashboard.open("suppression.py", Role.STAFF)
    app.file_uploader[0].set_value(("list.csv", b"email,reason\nmaria@example.com,bounce\nnonsense,\n", "text/csv"))
    app.run()
    press(app, "Import")
    assert "Waiting" in said(app)
    assert find_suppression(dashboard.shop, ADDRESS) is None
    assert work_once(dashboard.shop, "one", threading.Event())
    app.run()
    assert "1 new address, 1 skipped" in said(app)
    assert find_suppression(dashboard.shop, ADDRESS) is not None
    (audit_entry,) = audit_log.list_entries(
        dashboard.shop, ADMIN, AuditFilter(f"{dashboard.shop.clock():%Y-%m}", action="imported")
    ).entries
    assert (audit_entry.actor, audit_entry.detail) == ("the-staff", "list.csv")


def test_a_file_without_addresses_is_refused_at_once(dashboard: Dashboard) -> None:
    app = dashboard.open("suppression.py", Role.STAFF)
    app.file_uploader[0].set_value(("list.csv", b"name\nMaria\n", "text/csv"))
    app.run()
    press(app, "Import")
    assert "The file has no column “E-mail address”." in said(app)


@pytest.mark.parametrize("note", MARKUP)
def test_notes_are_shown_as_they_are(dashboard: Dashboard, note: str) -> None:
    listed(dashboard, note=note)
    assert note in said(dashboard.open("suppression.py", STAFF.role))


def test_the_providers_list_is_compared_and_taken_over_once_the_count_is_typed(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    account = FileAccountList(shop.data_dir / "account.json", shop.clock)
    account.add(ADDRESS, SuppressionReason.COMPLAINT)
    app = press(dashboard.open("suppression.py", Role.STAFF), "Compare now")
    assert "Comparing the two lists: 0 addresses so far." in said(app)
    work_on_sync(shop, account, threading.Event())
    app.run()
    shown = figures(app)
    assert (shown["On the provider's list"], shown["Missing here"]) == ("1", "1")
    press(app, "Import missing addresses")
    assert "Type 1 to confirm." in said(app)
    app.number_input[0].set_value(1)
    press(app, "Import missing addresses")
    work_on_sync(shop, account, threading.Event())
    app.run()
    assert "1 address imported by the-staff" in said(app)
    assert find_suppression(shop, ADDRESS) is not None
    manager = dashboard.open("suppression.py", Role.MANAGER)
    assert "Compare now" not in buttons(manager)
    assert not manager.exception
