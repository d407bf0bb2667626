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
from backend.services.suppression.entries import add_suppression, find_suppression, list_suppressions, suppress
from backend.services.suppression.files import LineError, export_suppressions, import_suppressions
from tests.services.test_repairing import audit_entries
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
    (cause,) = entry.causes
    assert (cause.reason, cause.at, cause.source, cause.by) == (SuppressionReason.MANUAL, NOW, "import", "sam")


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
        "too,many,cells,here",
        "ann@example.com,complaint,2026-11-02T10:00:00+02:00",
    ]
    result = import_suppressions(shop, STAFF, file_with(tmp_path, "\n".join(lines)))
    assert (result.added, result.failed, result.doubtful) == (2, 3, 0)
    assert [error.line for error in result.errors] == [3, 4, 5]
    assert result.errors[0] == LineError(3, "This is not an email address.")
    since = {entry.address: entry.at for entry in list_suppressions(shop, STAFF).entries}
    assert since == {
        "ann@example.com": datetime(2026, 11, 2, 8, tzinfo=UTC),
        "maria@example.com": datetime(2026, 11, 1, tzinfo=UTC),
    }


def test_a_reason_or_date_that_nobody_knows_keeps_no_address_off_the_list(shop: Shop, tmp_path: Path) -> None:
    lines = [
        "E-mail address,Reason,Since",
        "bob@example.com,angry,",
        "eve@example.com,bounce,yesterday",
        "tom@example.com,bounce,2031-01-01",
        "old@example.com,bounce,0001-01-01",
        "big@example.com,bounce,99999999999999999999",
    ]
    result = import_suppressions(shop, STAFF, file_with(tmp_path, "\n".join(lines)))
    assert (result.added, result.failed, result.doubtful) == (5, 0, 5)
    assert [doubt.line for doubt in result.doubts] == [2, 3, 4, 5, 6]
    assert "angry" in result.doubts[0].sentence
    causes = {entry.address: entry.causes[0] for entry in list_suppressions(shop, STAFF).entries}
    assert {cause.at for cause in causes.values()} == {NOW}
    assert (causes["bob@example.com"].reason, causes["bob@example.com"].note) == (SuppressionReason.MANUAL, "angry")
    assert causes["eve@example.com"].reason is SuppressionReason.HARD_BOUNCE


def test_the_words_of_an_unknown_reason_are_kept_as_a_note(shop: Shop, tmp_path: Path) -> None:
    text = "email;reason\nmaria@example.com;she asked us on\x01 the phone, from maria@example.com, last week\n"
    assert import_suppressions(shop, STAFF, file_with(tmp_path, text)).doubtful == 1
    entry = find_suppression(shop, "maria@example.com")
    assert entry is not None
    assert entry.causes[0].note == "she asked us on the phone, from … last week"


COMPLAINT, BOUNCE = SuppressionReason.COMPLAINT, SuppressionReason.HARD_BOUNCE
MANUAL, UNSUBSCRIBED = SuppressionReason.MANUAL, SuppressionReason.UNSUBSCRIBED


@pytest.mark.parametrize(
    ("text", "reason", "day"),
    [
        ('status,reason,email,created\n5.1.1,"550 5.1.1 No such account, see our spam page",{},1664000000\n', BOUNCE,
         "2022-09-24"),
        ("status,reason,email,created\n4.2.2,mailbox full,{},1664000000\n", MANUAL, "2022-09-24"),
        ("EmailAddress,SuppressionReason,Origin,CreatedAt\n{},HardBounce,Recipient,2026-02-01T08:00:00-05:00\n", BOUNCE,
         "2026-02-01"),
        ("EmailAddress,SuppressionReason,Origin,CreatedAt\n{},SpamComplaint,Recipient,\n", COMPLAINT, "2026-11-26"),
        ("EmailAddress,SuppressionReason,Origin,CreatedAt\n{},ManualSuppression,Customer,\n", MANUAL, "2026-11-26"),
        ('address,code,error,created_at\n{},550,No such mailbox,"Thu, 13 Oct 2011 18:02:00 GMT"\n', BOUNCE,
         "2011-10-13"),
        ("Email Address,First Name,UNSUB_TIME,UNSUB_REASON\n{},Maria,2025-03-04 10:00:00,NORMAL\n", UNSUBSCRIBED,
         "2025-03-04"),
        ("Email Address,First Name,CLEAN_TIME\n{},Maria,2025-03-04 10:00:00\n", BOUNCE, "2025-03-04"),
        ("EMAIL;REASON;DATE\n{};unsubscribedViaMA;26-11-2025 10:00:00\n", UNSUBSCRIBED, "2025-11-26"),
        ("EMAIL;REASON;DATE\n{};contactFlaggedAsSpam;25/11/2025\n", COMPLAINT, "2025-11-25"),
        ("EMAIL;REASON\n{};adminBlocked\n", MANUAL, "2026-11-26"),
        ("Email,Reason,Timestamp\n{},USER_SUPPRESSED,1764000000000\n", MANUAL, "2025-11-24"),
        ("Email,Reason\n{},SPAM_COMPLAINT\n", COMPLAINT, "2026-11-26"),
        ("recipient,type,source,created\n{},bulk,List Unsubscribe,2026-01-05\n", UNSUBSCRIBED, "2026-01-05"),
        ("EmailAddress,Reason,LastUpdateTime\n{},COMPLAINT,1764000000.125\n", COMPLAINT, "2025-11-24"),
        ("email,reason\n{},hard-bounce\n", BOUNCE, "2026-11-26"),
        ("email,reason\n{},NEVER_SUBSCRIBED\n", UNSUBSCRIBED, "2026-11-26"),
        ("email,reason\n{},Abgemeldet\n", UNSUBSCRIBED, "2026-11-26"),
        ("email,since\n{},\"Nov 2, 2026 4:05 PM\"\n", MANUAL, "2026-11-02"),
        ("email,since\n{},2 November 2026\n", MANUAL, "2026-11-02"),
        ("email,since\n{},02.11.2026 16:05 CET\n", MANUAL, "2026-11-02"),
    ],
)  # fmt: skip
def test_the_lists_of_other_mail_programs_are_understood(
    shop: Shop, tmp_path: Path, text: str, reason: SuppressionReason, day: str
) -> None:
    result = import_suppressions(shop, STAFF, file_with(tmp_path, text.format("maria@example.com")))
    assert (result.added, result.failed) == (1, 0)
    entry = find_suppression(shop, "maria@example.com")
    assert entry is not None
    assert (entry.reason, f"{entry.at:%Y-%m-%d}") == (reason, day)


@pytest.mark.parametrize(
    ("written", "day", "doubtful"),
    [("02/03/2026", "2026-03-02", 1), ("2026/02/03", "2026-02-03", 0), ("02/02/2026", "2026-02-02", 0)],
)
def test_a_day_that_may_be_a_month_is_reported(
    shop: Shop, tmp_path: Path, written: str, day: str, doubtful: int
) -> None:
    result = import_suppressions(shop, STAFF, file_with(tmp_path, f"email,since\nmaria@example.com,{written}\n"))
    entry = find_suppression(shop, "maria@example.com")
    assert entry is not None
    assert (f"{entry.at:%Y-%m-%d}", result.doubtful) == (day, doubtful)


@pytest.mark.parametrize("word", ["subscribed", "Active", "DELIVERED"])
def test_whoever_gets_mail_by_the_file_is_not_put_on_the_list(shop: Shop, tmp_path: Path, word: str) -> None:
    result = import_suppressions(shop, STAFF, file_with(tmp_path, f"email,status\nmaria@example.com,{word}\n"))
    assert (result.added, result.failed) == (0, 1)


def test_a_list_without_titles_loses_no_address(shop: Shop, tmp_path: Path) -> None:
    result = import_suppressions(shop, STAFF, file_with(tmp_path, "maria@example.com\nbob@example.com\n"))
    assert (result.added, result.failed) == (2, 0)


def test_what_a_person_wrote_is_not_repeated_in_errors_if_it_may_be_an_address(shop: Shop, tmp_path: Path) -> None:
    result = import_suppressions(shop, STAFF, file_with(tmp_path, "email\nmaria@example\n"))
    assert "maria" not in result.errors[0].sentence


def test_importing_again_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    path = file_with(tmp_path, "email\n" + "".join(f"c{number}@example.com\n" for number in range(450)))
    first, second = import_suppressions(shop, STAFF, path), import_suppressions(shop, STAFF, path)
    assert (first.added, first.unchanged) == (450, 0)
    assert (second.added, second.unchanged) == (0, 450)


def test_an_address_that_is_there_twice_keeps_both_reasons(shop: Shop, tmp_path: Path) -> None:
    text = "email,reason\nmaria@example.com,unsubscribed\nMARIA@example.com,bounce\nmaria@example.com,bounce\n"
    result = import_suppressions(shop, STAFF, file_with(tmp_path, text))
    assert (result.added, result.unchanged) == (2, 1)
    entry = find_suppression(shop, "maria@example.com")
    assert entry is not None
    assert [cause.reason for cause in entry.causes] == [
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
    assert entry.causes[0].note == "Anrufe von Müller"


def test_what_was_given_out_comes_back_the_same(shop: Shop, clock: TestClock, tmp_path: Path) -> None:
    suppress(shop, STAFF, "=cmd@example.com", note="=1+1")
    for number in range(5):
        clock.forward(seconds=1.5)
        add_suppression(
            shop, f"c{number}@bücher.example", list(SuppressionReason)[number % 4], source="event", note="550 5.1.1"
        )
        add_suppression(shop, f"c{number}@bücher.example", SuppressionReason.UNSUBSCRIBED, source="link")
    before = [(e.address, [(g.reason, g.at, g.note) for g in e.causes]) for e in list_suppressions(shop, STAFF).entries]
    target = tmp_path / "out.csv"
    assert export_suppressions(shop, ADMIN, target) == 10
    with opened_shop(clock=clock) as other:
        assert import_suppressions(other, STAFF, target).failed == 0
        after = [
            (e.address, [(g.reason, g.at, g.note) for g in e.causes]) for e in list_suppressions(other, STAFF).entries
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
    found = {entry.action: (entry.actor, entry.detail) for entry in audit_entries(shop)}
    assert found["imported suppressions"] == ("sam", "2 new")
    assert found["exported suppressions"] == ("eli", "2 rows")
    assert "@" not in repr(audit_entries(shop))


SUMMARY = (
    '{"EmailAddress": "maria@example.com", "Reason": "BOUNCE", "LastUpdateTime": "2026-10-05T11:22:33.456000+02:00"}'
)


@pytest.mark.parametrize(
    ("text", "reason", "day"),
    [
        (f'{{"SuppressedDestinationSummaries": [{SUMMARY}], "NextToken": "abc"}}', BOUNCE, "2026-10-05"),
        (f'{{"SuppressedDestination": {SUMMARY}}}', BOUNCE, "2026-10-05"),
        (f"{SUMMARY}\n{SUMMARY}\n", BOUNCE, "2026-10-05"),
        ('{"emailAddress":"maria@example.com","reason":"COMPLAINT"}', COMPLAINT, "2026-11-26"),
        ('[{"created": 1664000000, "email": "maria@example.com", "reason": "550 no", "status": "5.1.1"}]', BOUNCE,
         "2022-09-24"),
        ('{"items": [{"address": "maria@example.com", "code": "550", "error": "No such mailbox", '
         '"created_at": "Fri, 21 Oct 2011 11:02:55 GMT"}], "paging": {"next": "https://a@example.com/"}}', BOUNCE,
         "2011-10-21"),
        ('{"Suppressions": [{"EmailAddress": "maria@example.com", "SuppressionReason": "SpamComplaint", '
         '"Origin": "Recipient", "CreatedAt": "2019-12-10T08:58:33-05:00"}]}', COMPLAINT, "2019-12-10"),
        ('{"count": 1, "contacts": [{"email": "maria@example.com", "senderEmail": "shop@example.com", '
         '"reason": {"message": "hard bounce", "code": "hardBounce"}, "blockedAt": "2017-05-01T12:30:00Z"}]}', BOUNCE,
         "2017-05-01"),
        ('{"unsubscribes": ["maria@example.com"]}', UNSUBSCRIBED, "2026-11-26"),
        ('["maria@example.com"]', MANUAL, "2026-11-26"),
        ("SUPPRESSEDDESTINATIONSUMMARIES\tmaria@example.com\t2026-10-05T11:22:33+02:00\tBOUNCE\n", BOUNCE,
         "2026-10-05"),
        ("maria@example.com,COMPLAINT\n", COMPLAINT, "2026-11-26"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_providers_give_out_is_read_as_it_is(
    shop: Shop, tmp_path: Path, text: str, reason: SuppressionReason, day: str, encoding: str
) -> None:
    result = import_suppressions(shop, STAFF, file_with(tmp_path, text.encode(encoding)))
    assert (result.added, result.failed, result.doubtful) == (1, 0, 0)
    entry = find_suppression(shop, "maria@example.com")
    assert entry is not None
    assert (entry.reason, f"{entry.at:%Y-%m-%d}") == (reason, day)


@pytest.mark.parametrize("text", ['{"EmailAddress": "maria@exa', "[]", '{"total": 3}', "[" * 100_000])
def test_json_that_holds_no_list_is_refused(shop: Shop, tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidInputError, match="JSON"):
        import_suppressions(shop, STAFF, file_with(tmp_path, text))


@pytest.mark.parametrize(
    ("dates", "other", "option", "day"),
    [
        ("05/06/2026", "25/06/2026", "", "2026-06-05"),
        ("05/06/2026", "06/25/2026", "", "2026-05-06"),
        ("05/06/2026 10:00", "25/06/2026 10:00", "", "2026-06-05"),
        ("05/06/2026", "05/07/2026", "month-first", "2026-05-06"),
        ("05/06/2026", "05/07/2026", "day-first", "2026-06-05"),
        ("05.06.2026", "05.07.2026", "", "2026-06-05"),
    ],
)
def test_the_file_or_a_person_distinguishes_day_and_month(
    shop: Shop, tmp_path: Path, dates: str, other: str, option: str, day: str
) -> None:
    file = file_with(
        tmp_path, f"email,reason,since\nmaria@example.com,bounce,{dates}\nbob@example.com,bounce,{other}\n"
    )
    assert import_suppressions(shop, STAFF, file, dates=option).doubtful == 0
    entry = find_suppression(shop, "maria@example.com")
    assert entry is not None
    assert f"{entry.at:%Y-%m-%d}" == day
