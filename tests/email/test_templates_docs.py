"""`docs/templates.md` says what is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backend.domain.fulfilments import Fulfilment, PackedItem
from backend.domain.orders import Refund
from backend.domain.templates import MOST_BYTES
from backend.domain.time import utc_now
from backend.email.rendering import limits
from backend.email.rendering.filters import FILTERS
from backend.email.rendering.renderer import render
from backend.services.templates.checklist import PREHEADER_LENGTH, SUBJECT_LENGTH, Level, check_email
from tests.email.support import ORDER, SHOP, data, files, from_sample, shipped, version

DOCUMENT = (Path(__file__).parents[2] / "docs" / "templates.md").read_text()


def table(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    section = DOCUMENT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [
        [cell.strip().replace("\0", "|") for cell in row.replace("\\|", "\0").strip("|").split("|")] for row in rows[2:]
    ]


def names(cell: str) -> list[str]:
    """What stands in back quotes."""
    return cell.split("`")[1::2]


def test_it_lists_the_templates() -> None:
    facts = [version.facts for version in files().versions.values()]
    assert table("What is there") == [[f.name, f.kind.value, f.topic, f.purpose] for f in facts]


def test_it_lists_what_templates_can_show() -> None:
    parcel = Fulfilment("P1", (PackedItem("Assam tea", 1),), utc_now(), "sam")
    order = replace(ORDER, refunds=(Refund("1", 1, utc_now(), "sam"),), fulfilments=(parcel,))
    shown = {**data(order=order), "member": from_sample("team-invitation")["member"]}
    listed = {row[0].strip("`"): names(row[1]) for row in table("What a template can show")}
    for name in ("shop", "customer", "order", "member"):
        assert listed[name] == list(shown[name])
    assert listed["a line of `order.lines"] == list(shown["order"]["lines"][0])
    assert listed["order.refund"] == list(shown["order"]["refund"])
    assert set(listed["order.parcel"]) == set(shown["order"]["parcel"])
    assert set(listed["links"]) == set(files().samples["newsletter"].links)


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [(0.5, 0, 1), (2.5, 0, 3), (-2.5, 0, -3), (12.345, 2, 12.35), (1250, -2, 1300), (5, 2, 5)],
)
def test_round_takes_halves_up(value: float, digits: int, shown: float) -> None:
    assert FILTERS["round"](value, digits) == shown


def test_it_lists_the_filters() -> None:
    assert [row[0].strip("`") for row in table("Filters")] == list(FILTERS)


@pytest.mark.parametrize(("example", "shows"), [(row[1].strip("`"), row[2]) for row in table("Filters")])
def test_an_example_of_a_filter_shows_what_it_says(example: str, shows: str) -> None:
    shop = replace(SHOP, zone="UTC")
    text = render(shipped()[0], version(text=example), data(shop=shop)).text
    assert text.partition("\n--\n")[0].strip().replace("\xa0", " ") == shows


def test_it_lists_the_macros() -> None:
    layout, _ = shipped()
    listed = [row[0].strip("`") for row in table("Macros")]
    assert all(f"macro {macro} -%}}" in layout.macros for macro in listed)


def test_it_gives_the_limits() -> None:
    assert [int(row[1].replace(",", "")) for row in table("What templates cannot do")] == [
        limits.LONGEST_SOURCE,
        MOST_BYTES,
        limits.LONGEST_OUTPUT,
        limits.LONGEST_SUBJECT,
        limits.LONGEST_VALUE,
        limits.LONGEST_RANGE,
        limits.MOST_STEPS,
        limits.DEEPEST,
    ]


def test_it_lists_the_checks() -> None:
    layout, welcome = shipped("welcome")
    given = from_sample("welcome")
    checks = check_email(welcome, given, SHOP, render(layout, welcome, given))
    rows = table("The checklist")
    assert [row[0] for row in rows] == [check.name for check in checks]
    assert {check.level for check in checks} == {Level.OK}
    assert f"more than {SUBJECT_LENGTH} characters" in rows[1][2]
    assert f"longer than {PREHEADER_LENGTH} characters" in rows[2][2]
