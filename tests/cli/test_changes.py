"""The commands about recorded changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from backend.services.context import Shop
from backend.services.customers import bulk
from backend.services.customers.customers import get_customer
from tests.cli.conftest import Run
from tests.support import STAFF, add_customer, opened_shop


@pytest.fixture
def today(store_url: str) -> Iterator[Shop]:
    """The shop at the present moment: changes end after 30 days."""
    with opened_shop(store_url, clock=lambda: datetime.now(UTC)) as shop:
        yield shop


def test_a_change_is_listed_shown_and_undone(run: Run, today: Shop) -> None:
    assert run("changes", "list").out == "There are no changes.\n"
    maria, jonas = add_customer(today, "Maria", ""), add_customer(today, "Jonas", "")
    change = bulk.add_tag(today, STAFF, [maria.id, jonas.id], "vip").change
    bulk.remove_tag(today, STAFF, [jonas.id], "vip")
    listed = {each["id"]: each for each in run("changes", "list", "--who", "sam", "--json").json}
    assert (listed[change]["change"], listed[change]["count"]) == ("added the tag vip", 2)
    shown = {each["name"]: (each["before"], each["after"]) for each in run("changes", "show", change, "--json").json}
    assert shown["Maria"] == ({"tags": []}, {"tags": ["vip"]})
    assert '{"tags":["vip"]}' in run("changes", "show", change).out
    assert "1 would be taken back" in run("changes", "undo", change, "--dry-run").out
    assert get_customer(today, maria.id).tags == ("vip",)
    undone = run("changes", "undo", change, "--json").json
    assert undone == {"taken_back": 1, "left": [{"name": "Jonas", "why": "Changed since: tags."}], "before": 0}
    assert get_customer(today, maria.id).tags == ()
    assert "Left: Jonas: Changed since: tags." in run("changes", "undo", change).out


def test_an_unknown_change_is_refused(run: Run, today: Shop) -> None:
    for command in ("show", "undo"):
        found = run("changes", command, "GONE")
        assert (found.code, "does not exist" in found.err) == (1, True)
