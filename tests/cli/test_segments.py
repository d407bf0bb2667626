"""The commands about segments."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from backend.domain.segments import Group, Number, NumberField, NumberTest, Rule
from backend.services.context import Shop
from backend.services.segments.library import create_segment
from tests.cli.conftest import THEN, Run
from tests.support import ADMIN, add_customer, add_order

REGULARS = Rule(Group(parts=(Number(NumberField.ORDERS, NumberTest.AT_LEAST, 2),)))


def test_segments_are_listed_with_their_number_of_customers(run: Run, shop: Shop) -> None:
    maria = add_customer(shop)
    add_order(shop, maria, placed_at=THEN)
    create_segment(shop, ADMIN, "SEG1", "Regulars", REGULARS)
    found = {each["name"]: each["count"] for each in run("segment", "list", "--json").json["segments"]}
    assert found["Regulars"] == 0
    assert found["One-time buyers"] == 1
    table = run("segment", "list").out
    assert "Customers who have ordered at least 2 times." in table


def test_counts_are_of_the_shop_as_it_is_now(run: Run, shop: Shop) -> None:
    for number in range(3):
        add_customer(shop)
        counted = run("segment", "count", "ready-never-bought", "--json").json
        assert set(counted) == {"count", "as_of"}
        assert counted["count"] == number + 1


def test_with_as_is_the_snapshot_that_is_there_is_asked(run: Run, shop: Shop) -> None:
    add_customer(shop)
    before = run("segment", "count", "ready-never-bought", "--json").json
    add_customer(shop)
    assert run("segment", "count", "ready-never-bought", "--as-is", "--json").json == before
    assert run("segment", "count", "ready-never-bought").out == "2\n"
    assert run("segment", "count", "Never bought").out == "2\n"


def test_a_rule_in_a_file_is_counted(run: Run, shop: Shop, tmp_path: Path) -> None:
    add_customer(shop, country="DE")
    add_customer(shop, country="AT")
    file = tmp_path / "rule.json"
    file.write_text(json.dumps({"parts": [{"kind": "words", "field": "country", "words": ["DE"]}]}))
    assert run("segment", "count", "--rule", str(file), "--json").json["count"] == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("count",), "either the id of a segment or a rule"),
        (("count", "ready-vips", "--rule", "rule.json"), "either the id of a segment or a rule"),
        (("count", "nothing"), "There is no segment “nothing”"),
        (("count", "--rule", "missing.json"), "cannot be read"),
        (("count", "--rule", "wrong.json"), "“sql” does not belong here"),
        (("export", "ready-vips"), "--out"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_sentence(
    run: Run, shop: Shop, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "wrong.json").write_text('{"sql": "x"}')
    refused = run("segment", *arguments)
    assert refused.code == 1
    assert sentence in refused.err


def test_the_customers_of_a_segment_are_written_to_a_file(run: Run, shop: Shop, tmp_path: Path) -> None:
    maria = add_customer(shop, "Maria Lopez")
    add_order(shop, add_customer(shop, "Ana"), placed_at=THEN)
    file = tmp_path / "never.csv"
    assert run("segment", "export", "ready-never-bought", "--out", str(file), "--json").json == {
        "customers": 1,
        "file": str(file),
    }
    with file.open(encoding="utf-8-sig", newline="") as lines:
        assert [row["Customer id"] for row in csv.DictReader(lines)] == [maria.id]
