"""Texts that a spreadsheet would calculate: defused in what we write, and read back as they were."""

# ruff: noqa: RUF001 - the signs that look alike are what this is about

from __future__ import annotations

import csv
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.services.exports import writers
from backend.services.imports.fields import defused, shown

FORMULAS = [
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\tx", "\rx"),
    *("＝1+1", "＋1", "－1", "＠SUM(A1)", "﹦1", "﹢1", "﹣1", "﹫x", "⁼1", "₊1"),
    *(" =1", "\u00a0=1", "\u3000＝1", "\u200b=1", "\ufeff=1", "\u202e=1", "\u2060 \t＠x", "\x00=1"),
]
TEXTS = [
    "",
    "Maria",
    "1+1",
    "a=b",
    "maria@example.com",
    "'quoted'",
    "日本＝",
    "5 - 3",
    "…",
    "–dash",
    " plain",
    "#1",
    "''=x",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_begins_like_a_formula_in_any_width_is_defused_and_read_back(text: str) -> None:
    assert defused(text) == f"'{text}"
    assert shown(defused(text)) == text


@pytest.mark.parametrize("text", TEXTS)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert defused(text) == text
    assert shown(text) == text


def test_a_csv_file_holds_them_with_an_apostrophe(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    writers.write_table(path, writers.Format.CSV, "Out", ["Text"], [[text] for text in [*FORMULAS, *TEXTS]], "USD")
    with path.open(newline="", encoding="utf-8-sig") as file:
        read = [row[0] for row in list(csv.reader(file))[1:]]
    assert read == [*(f"'{text}" for text in FORMULAS), *TEXTS]


def test_a_sheet_holds_them_as_texts_that_stay_texts_when_they_are_edited(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    rows: list[list[writers.Cell]] = [
        ["Maria", "＝1+1", "=1+1", datetime(2026, 11, 26, tzinfo=UTC).replace(tzinfo=None)]
    ]
    writers.write_table(path, writers.Format.XLSX, "Out", ["A", "B", "C", "D"], rows, "USD")
    with zipfile.ZipFile(path) as book:
        sheet, styles = book.read("xl/worksheets/sheet1.xml").decode(), book.read("xl/styles.xml").decode()
    assert "<f>" not in sheet
    (prefixed,) = [number for number, style in enumerate(_styles(styles)) if 'quotePrefix="1"' in style]
    assert [f's="{prefixed}"' in cell for cell in sheet.split("<c r=")[5:9]] == [False, True, True, False]


def _styles(styles: str) -> list[str]:
    return styles.partition("<cellXfs")[2].partition("</cellXfs>")[0].split("<xf ")[1:]
