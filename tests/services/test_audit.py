"""The audit log: what was noted is found by month, person, action and target, and stays as it is."""

from __future__ import annotations

import ast
import io
from pathlib import Path

import pytest

from backend.domain.audit import AuditEntry
from backend.errors import ConditionFailedError, InvalidInputError, PermissionDeniedError
from backend.services.audit import log as audit_log
from backend.services.audit.log import AuditFilter
from backend.services.context import Shop
from backend.services.list_exports import export_audit_log
from backend.store import schema
from backend.store.port import Absent, Check
from tests.support import ENGINEER, MANAGER, STAFF, TestClock

ROOT = Path(__file__).parents[2]
NOVEMBER = "2026-11"


def actions(found: list[AuditEntry]) -> list[str]:
    return [entry.action for entry in found]


def test_entries_are_listed_newest_first_with_all_that_was_noted(shop: Shop, clock: TestClock) -> None:
    audit_log.note(shop, MANAGER, "started a campaign", "campaign:0A1B", "250 recipients")
    clock.forward(seconds=1)
    audit_log.note(shop, ENGINEER, "removed a suppression", "suppression:9f")
    newest, first = audit_log.list_entries(shop, ENGINEER, AuditFilter(NOVEMBER)).entries
    assert (newest.actor, newest.target, newest.detail) == ("eli", "suppression:9f", "")
    assert (first.actor, first.role, first.action) == ("mara", "manager", "started a campaign")
    assert (first.target, first.detail) == ("campaign:0A1B", "250 recipients")


def test_a_month_holds_its_own_entries_only(shop: Shop, clock: TestClock) -> None:
    audit_log.note(shop, MANAGER, "paused a campaign")
    clock.forward(days=10)
    audit_log.note(shop, MANAGER, "resumed a campaign")
    assert actions(audit_log.list_entries(shop, MANAGER, AuditFilter(NOVEMBER)).entries) == ["paused a campaign"]
    assert actions(audit_log.list_entries(shop, MANAGER, AuditFilter("2026-12")).entries) == ["resumed a campaign"]
    assert audit_log.months_until_now(shop, 3) == ["2026-12", "2026-11", "2026-10"]


def test_filters_match_parts_whatever_the_case(shop: Shop) -> None:
    audit_log.note(shop, MANAGER, "published a template", "template:welcome")
    audit_log.note(shop, STAFF, "published a template", "template:newsletter")
    audit_log.note(shop, STAFF, "placed an order", "order:1")

    def found(**wanted: str) -> int:
        return len(audit_log.list_entries(shop, MANAGER, AuditFilter(NOVEMBER, **wanted)).entries)

    assert (found(who="SAM"), found(action="Template"), found(target="welcome")) == (2, 2, 1)
    assert found(who="sam", action="published") == 1
    assert found(target="nothing of this kind") == 0


def test_pages_lead_through_everything_once(shop: Shop, clock: TestClock) -> None:
    for number in range(25):
        clock.forward(seconds=1)
        audit_log.note(shop, MANAGER, f"action {number}")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = audit_log.list_entries(shop, MANAGER, AuditFilter(NOVEMBER), limit=10, cursor=cursor)
        seen += actions(page.entries)
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == [f"action {number}" for number in reversed(range(25))]


def test_a_filtered_list_goes_on_where_it_stopped_looking(
    shop: Shop, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "_SCAN", 5)
    for number in range(12):
        clock.forward(seconds=1)
        audit_log.note(shop, STAFF if number else MANAGER, "an action")
    wanted = AuditFilter(NOVEMBER, who="mara")
    first = audit_log.list_entries(shop, MANAGER, wanted)
    assert first.entries == []
    assert "go on" in first.note
    cursor = first.cursor
    while cursor:
        page = audit_log.list_entries(shop, MANAGER, wanted, cursor=cursor)
        cursor = page.cursor
    assert [entry.actor for entry in page.entries] == ["mara"]


def test_only_who_may_see_it_reads_or_exports(shop: Shop) -> None:
    for read in (audit_log.list_entries, audit_log.all_entries):
        with pytest.raises(PermissionDeniedError):
            read(shop, STAFF, AuditFilter(NOVEMBER))
    with pytest.raises(PermissionDeniedError):
        export_audit_log(shop, STAFF, io.BytesIO(), "csv", AuditFilter(NOVEMBER))


@pytest.mark.parametrize("month", ["", "2026", "2026-13", "2026-11#x", "../..", "1999-01"])
def test_what_is_no_month_is_refused(shop: Shop, month: str) -> None:
    with pytest.raises(InvalidInputError):
        audit_log.list_entries(shop, MANAGER, AuditFilter(month))


def test_the_file_holds_what_is_listed_and_no_formulas(shop: Shop) -> None:
    audit_log.note(shop, MANAGER, "changed a rule", "alert:queue", '=HYPERLINK("https://example.com")')
    target = io.BytesIO()
    assert export_audit_log(shop, MANAGER, target, "csv", AuditFilter(NOVEMBER)) == 1
    text = target.getvalue().decode("utf-8-sig")
    header, line = text.splitlines()
    assert header == "At,Who,Role,Action,Target,Detail"
    assert "mara" in line
    assert ",=HYPERLINK" not in line
    assert ',"=HYPERLINK' not in line


def test_an_entry_of_an_action_that_did_not_happen_is_not_written(shop: Shop) -> None:
    missing = Check(schema.meta_key("nothing"), Absent())
    audit_entry = audit_log.entry(shop, MANAGER, "did something")
    shop.store.transact([audit_entry, missing])
    with pytest.raises(ConditionFailedError):
        shop.store.transact([audit_log.entry(shop, MANAGER, "did more"), Check(audit_entry.key, Absent())])
    assert actions(audit_log.list_entries(shop, MANAGER, AuditFilter(NOVEMBER)).entries) == ["did something"]


def test_nothing_in_the_program_changes_or_removes_an_entry() -> None:
    """Its key is made in one place, which only puts; the partition is known to the schema and to readers of damage."""
    makers, spellers = set(), set()
    for path in [*(ROOT / "backend").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]:
        text = path.read_text()
        makers |= {path.name} if "audit_key(" in text else set()
        spellers |= {str(path.relative_to(ROOT))} if "AUDIT#" in text else set()
    assert makers == {"system.py", "log.py"}
    assert spellers == {
        "backend/store/schema/__init__.py",
        "backend/store/schema/system.py",
        "backend/services/unreadable/readers.py",
    }
    tree = ast.parse((ROOT / "backend/services/audit/log.py").read_text())
    assert not {"Update", "Delete"} & {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
