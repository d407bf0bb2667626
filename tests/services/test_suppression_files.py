"""Suppressions as a file: good lines are taken over, bad ones named, and what was given out can come back."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.domain.suppression import SuppressionReason
from backend.errors import InvalidInputError, PermissionDeniedError
from backend.services.context import Shop
from backend.services.suppression import add_suppression, find_suppression, list_suppressions, suppress
from backend.services.suppression_files import LineError, export_suppressions, import_suppressions
from tests.services.test_repairing import deeds
from tests.support import ADMIN, ENGINEER, MANAGER, NOW, STAFF, TestClock, opened_shop


def file_with(folder: Path, text: str | bytes) -> Path:
    path = folder / "list.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_list_of_addresses_is_taken_over(shop: Shop, tmp_path: Path) -> None:
    result = import_suppressions(shop, STAFF, file_with(tmp_path, "email\nMaria@example.com\nbob@example.com\n"))
    assert (result.added, result.unchanged, result.failed) == (2, 0, 0)
    entry = find_suppression(shop, "maria@example.com")
    assert entry is not None
    (ground,) = entry.grounds
    assert (ground.reason, ground.at, ground.source, ground.by) == (SuppressionReason.MANUAL, NOW, "import", "sam")


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("COMPLAINT", SuppressionReason.COMPLAINT),
        ("BOUNCE", SuppressionReason.HARD_BOUNCE),
        ("Hard bounce", SuppressionReason.HARD_BOUNCE),
        ("hard_bounce", SuppressionReason.HARD_BOUNCE),
        ("Unsubscribed", SuppressionReason.UNSUBSCRIBED),
        ("", SuppressionReason.MANUAL),
    ],
)
def test_reasons_are_understood_as_others_write_them(
    shop: Shop, tmp_path: Path, word: str, reason: SuppressionReason
) -> None:
    import_suppressions(shop, STAFF, file_with(tmp_path, f"EmailAddress;Reason\nmaria@example.com;{word}\n"))
    entry = find_suppression(shop, "maria@example.com")
    assert entry is not None
    assert entry.reason is reason


def test_bad_lines_are_named_and_the_others_taken_over(shop: Shop, tmp_path: Path) -> None:
    lines = [
        "E-mail address,Reason,Since",
        "maria@example.com,bounce,2026-11-01",
        "no address,bounce,",
        ",bounce,",
        "bob@example.com,angry,",
        "eve@example.com,bounce,yesterday",
        "tom@example.com,bounce,2031-01-01",
        "old@example.com,bounce,0001-01-01",
        "too,many,cells,here",
        "ann@example.com,complaint,2026-11-02T10:00:00+02:00",
    ]
    result = import_suppressions(shop, STAFF, file_with(tmp_path, "\n".join(lines)))
    assert (result.added, result.failed) == (2, 7)
    assert [error.line for error in result.errors] == [3, 4, 5, 6, 7, 8, 9]
    assert result.errors[0] == LineError(3, "This is not an e-mail address.")
    assert "angry" in result.errors[2].sentence
    since = {entry.address: entry.at for entry in list_suppressions(shop, STAFF).entries}
    assert since == {
        "ann@example.com": datetime(2026, 11, 2, 8, tzinfo=UTC),
        "maria@example.com": datetime(2026, 11, 1, tzinfo=UTC),
    }


def test_what_a_person_wrote_is_not_repeated_in_errors_if_it_may_be_an_address(shop: Shop, tmp_path: Path) -> None:
    result = import_suppressions(shop, STAFF, file_with(tmp_path, "email\nmaria@example\n"))
    assert "maria" not in result.errors[0].sentence


def test_importing_again_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    path = file_with(tmp_path, "email\n" + "".join(f"c{number}@example.com\n" for number in range(450)))
    first, second = import_suppressions(shop, STAFF, path), import_suppressions(shop, STAFF, path)
    assert (first.added, first.unchanged) == (450, 0)
    assert (second.added, second.unchanged) == (0, 450)


def test_an_address_that_stands_twice_keeps_both_reasons(shop: Shop, tmp_path: Path) -> None:
    text = "email,reason\nmaria@example.com,unsubscribed\nMARIA@example.com,bounce\nmaria@example.com,bounce\n"
    result = import_suppressions(shop, STAFF, file_with(tmp_path, text))
    assert (result.added, result.unchanged) == (2, 1)
    entry = find_suppression(shop, "maria@example.com")
    assert entry is not None
    assert [ground.reason for ground in entry.grounds] == [
        SuppressionReason.HARD_BOUNCE,
        SuppressionReason.UNSUBSCRIBED,
    ]


@pytest.mark.parametrize(
    "text", ["name\nMaria\n", "", b"PK\x03\x04 workbook", "email,E-Mail\na@b.example,c@d.example\n"]
)
def test_what_is_no_such_table_is_refused_as_a_whole(shop: Shop, tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(InvalidInputError):
        import_suppressions(shop, STAFF, file_with(tmp_path, text))
    assert list_suppressions(shop, STAFF).entries == []


def test_a_spreadsheet_in_another_encoding_is_read(shop: Shop, tmp_path: Path) -> None:
    text = "email;note\nmaria@example.com;Anrufe von Müller\n".encode("cp1252")
    import_suppressions(shop, STAFF, file_with(tmp_path, text))
    entry = find_suppression(shop, "maria@example.com")
    assert entry is not None
    assert entry.grounds[0].note == "Anrufe von Müller"


def test_what_was_given_out_comes_back_the_same(shop: Shop, clock: TestClock, tmp_path: Path) -> None:
    suppress(shop, STAFF, "=cmd@example.com", note="=1+1")
    for number in range(5):
        clock.forward(seconds=1.5)
        add_suppression(
            shop, f"c{number}@bücher.example", list(SuppressionReason)[number % 4], source="event", note="550 5.1.1"
        )
        add_suppression(shop, f"c{number}@bücher.example", SuppressionReason.UNSUBSCRIBED, source="link")
    before = [
        (e.address, [(g.reason, g.at, g.note) for g in e.grounds]) for e in list_suppressions(shop, STAFF).entries
    ]
    target = tmp_path / "out.csv"
    assert export_suppressions(shop, ADMIN, target) == 10
    with opened_shop(clock=clock) as other:
        assert import_suppressions(other, STAFF, target).failed == 0
        after = [
            (e.address, [(g.reason, g.at, g.note) for g in e.grounds]) for e in list_suppressions(other, STAFF).entries
        ]
    assert after == before


def test_an_exported_file_is_harmless_in_a_spreadsheet(shop: Shop) -> None:
    suppress(shop, STAFF, "=cmd@example.com", note="@SUM(1)")
    target = io.BytesIO()
    export_suppressions(shop, ADMIN, target)
    (_, row) = csv.reader(io.StringIO(target.getvalue().decode("utf-8-sig")))
    assert (row[0], row[5]) == ("'=cmd@example.com", "'@SUM(1)")


def test_more_than_a_page_is_given_out(shop: Shop, tmp_path: Path) -> None:
    path = file_with(tmp_path, "email\n" + "".join(f"c{number}@example.com\n" for number in range(450)))
    import_suppressions(shop, STAFF, path)
    assert export_suppressions(shop, ENGINEER, io.BytesIO(), "xlsx") == 450


def test_permissions_are_asked_for(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(PermissionDeniedError):
        import_suppressions(shop, MANAGER, file_with(tmp_path, "email\n"))
    with pytest.raises(PermissionDeniedError):
        export_suppressions(shop, STAFF, io.BytesIO())


def test_taking_the_list_in_and_out_is_in_the_audit_log_without_addresses(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("email\nmaria@example.com\nolga@example.com\n")
    import_suppressions(shop, STAFF, path)
    export_suppressions(shop, ENGINEER, tmp_path / "out.csv")
    found = {deed.action: (deed.actor, deed.detail) for deed in deeds(shop)}
    assert found["imported suppressions"] == ("sam", "2 new")
    assert found["exported suppressions"] == ("eli", "2 rows")
    assert "@" not in repr(deeds(shop))
