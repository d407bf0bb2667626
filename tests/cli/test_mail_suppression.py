"""The commands about the suppression list."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.services.context import Shop
from tests.cli.conftest import Run


def test_an_address_is_added_listed_and_removed(run: Run, shop: Shop) -> None:
    added = run("suppression", "add", "Maria@Example.com", "--note", "asked by phone", "--json").json
    assert added["changed"] is True
    (reason,) = added["reasons"]
    assert (reason["reason"], reason["by"], reason["note"]) == ("manual", "command-line", "asked by phone")
    assert run("suppression", "add", "maria@example.com").out == "The address was on the list already.\n"
    assert len(run("suppression", "list", "--json").json) == 1
    removed = run("suppression", "remove", "maria@example.com", "--why", "asked again", "--json").json
    assert removed == {"address": "maria@example.com", "reasons": []}
    assert run("suppression", "list", "--json").json == []


def test_one_reason_is_removed_and_the_others_stay(run: Run, shop: Shop) -> None:
    run("suppression", "add", "maria@example.com", "--reason", "hard_bounce")
    run("suppression", "add", "maria@example.com", "--reason", "unsubscribed")
    left = run("suppression", "remove", "maria@example.com", "--reason", "hard_bounce", "--why", "works again")
    assert left.out == "Still on the list: unsubscribed.\n"


def test_the_list_is_narrowed_and_cut(run: Run, shop: Shop) -> None:
    for number in range(5):
        run("suppression", "add", f"user{number}@example.com")
    run("suppression", "add", "angry@example.com", "--reason", "complaint")
    complaints = run("suppression", "list", "--reason", "complaint", "--json").json
    assert [entry["address"] for entry in complaints] == ["angry@example.com"]
    assert len(run("suppression", "list", "--limit", "3", "--json").json) == 3
    (found,) = run("suppression", "list", "--address", "USER3@example.com", "--json").json
    assert found["address"] == "user3@example.com"
    assert run("suppression", "list", "--address", "other@example.com", "--json").json == []
    assert "angry@example.com" in run("suppression", "list").out


def test_what_is_exported_can_be_imported_again(run: Run, shop: Shop, tmp_path: Path) -> None:
    run("suppression", "add", "maria@example.com", "--reason", "complaint")
    file = tmp_path / "list.csv"
    assert "1 rows are in" in run("suppression", "export", str(file)).err
    assert file.read_text(encoding="utf-8-sig") == run("suppression", "export").out.removeprefix("\ufeff")
    assert run("suppression", "import", str(file), "--json").json == {
        "added": 0,
        "unchanged": 1,
        "failed": 0,
        "errors": [],
        "doubtful": 0,
        "doubts": [],
    }


DOUBTFUL = "1 were taken over although their reason or date was not understood."


def test_bad_lines_of_an_import_are_named_without_addresses(run: Run, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("email,reason\nmaria@example.com,bounce\nnonsense,\nolga@example.com,luck\n", encoding="utf-8")
    imported = run("suppression", "import", str(file))
    assert imported.out == "2 added, 0 there already, 1 left out.\n"
    assert [line.split(":")[0] for line in imported.err.splitlines()] == ["Line 3", "Line 4", DOUBTFUL]
    assert "olga" not in imported.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("add", "not an address"), 1, "address"),
        (("remove", "maria@example.com", "--why", "x"), 1, "not on the suppression list"),
        (("remove", "maria@example.com", "--why", " "), 1, "Reason is missing"),
        (("remove", "maria@example.com"), 2, "--why"),
        (("import", "no-such-file.csv"), 2, "no-such-file.csv"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, shop: Shop, arguments: tuple[str, ...], code: int, said: str) -> None:
    refused = run("suppression", *arguments)
    assert refused.code == code
    assert said in refused.err
