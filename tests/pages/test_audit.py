"""The audit log as people read it."""

from __future__ import annotations

import pytest

from backend.domain.team import Role
from backend.services.audit import log as audit_log
from backend.services.customers import bulk
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, field, links, press, said
from tests.support import MANAGER, STAFF, add_customer


def test_an_empty_log_says_so(dashboard: Dashboard) -> None:
    app = dashboard.open("audit.py", Role.ENGINEER)
    assert not app.exception
    assert "No entries" in said(app)


def test_entries_are_shown_and_narrowed(dashboard: Dashboard) -> None:
    audit_log.note(dashboard.shop, MANAGER, "started a campaign", "campaign:0A1B", "250 recipients")
    audit_log.note(dashboard.shop, STAFF, "published a template", "template:welcome")
    app = dashboard.open("audit.py", Role.MANAGER)
    assert all(part in said(app) for part in ("mara", "started a campaign", "250 recipients", "template:welcome"))
    field(app, "Who").set_value("sam")
    app.run()
    assert "template:welcome" in said(app)
    assert "started a campaign" not in said(app)


def test_an_entry_leads_to_what_was_changed(dashboard: Dashboard) -> None:
    audit_log.note(dashboard.shop, STAFF, "refunded an order", "order:C1-20261125A")
    app = dashboard.open("audit.py", Role.MANAGER)
    assert links(app)["refunded an order"] == {"customer": ["C1"], "id": ["20261125A"]}


def test_an_entry_leads_to_its_recorded_change(dashboard: Dashboard) -> None:
    change = bulk.archive(dashboard.shop, STAFF, [add_customer(dashboard.shop).id]).change
    app = dashboard.open("audit.py", Role.MANAGER)
    assert links(app)["archived customers"] == {"id": [change]}


def test_an_entry_of_what_has_no_page_leads_nowhere(dashboard: Dashboard) -> None:
    audit_log.note(dashboard.shop, MANAGER, "invited a member of the team", "member:sam")
    audit_log.note(dashboard.shop, STAFF, "deleted a segment", "segment:S1", "Regulars")
    assert not links(dashboard.open("audit.py", Role.MANAGER))


def test_older_entries_are_on_the_next_page(dashboard: Dashboard) -> None:
    for number in range(23):
        audit_log.note(dashboard.shop, MANAGER, f"action {number:02}")
    app = dashboard.open("audit.py", Role.ENGINEER)
    assert "action 22" in said(app)
    assert "action 00" not in said(app)
    assert "action 00" in said(press(app, "Next"))


@pytest.mark.parametrize("typed", MARKUP)
def test_texts_are_shown_as_they_are(dashboard: Dashboard, typed: str) -> None:
    audit_log.note(dashboard.shop, MANAGER, "did", typed, typed)
    app = dashboard.open("audit.py", Role.ENGINEER)
    assert said(app).count(typed) >= 2
