"""Words that the glossary replaces stay away: from code, documents and names of tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUAINT = re.compile(
    r"(?<![a-z])(whence|whither|hither|anew|deeds?|mend(?:s|ed|ing)?|bury|buried|lest|forthwith|thereof"
    r"|(?:tells?|told) of)(?![a-z])",
    re.IGNORECASE,
)
IN_NAMES_OF_TESTS = re.compile(
    r"def test_(?:\w+_)?(?:tells?|stands?(?!_in)|whence|anew|deeds?|mend(?:s|ed|ing)?)(?:_|\()"
)
EXCEPT = {"docs/glossary.md", "tests/docs/test_words.py", "backend/records/suppression.py"}
"""The list itself, and a name that stored items have."""


def files() -> list[Path]:
    folders = ("backend", "benchmarks", "docs", "front_door", "pages", "scripts", "tests")
    found = [path for folder in folders for ending in ("*.py", "*.md") for path in (ROOT / folder).rglob(ending)]
    return [*found, *ROOT.glob("*.py"), *ROOT.glob("*.md")]


def test_plain_words_are_used() -> None:
    found = [
        f"{name}: {word[0]}"
        for path in files()
        if (name := str(path.relative_to(ROOT))) not in EXCEPT
        for word in QUAINT.finditer(path.read_text().replace("_", " "))
    ]
    assert found == []


def test_tests_are_named_plainly() -> None:
    tests = (ROOT / "tests").rglob("test_*.py")
    assert [match[0] for path in tests for match in IN_NAMES_OF_TESTS.finditer(path.read_text())] == []


@pytest.mark.parametrize("text", ["what endpoints are told of", "Whence it came", "counted anew", "mended"])
def test_others_are_noticed(text: str) -> None:
    assert QUAINT.search(text)
