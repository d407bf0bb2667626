"""What only one part of the program may spell: keys, and the actor of the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_KEY = re.compile(r"""["'][A-Z]{1,12}#|(?:split|partition)\("#"|removeprefix\(["'][A-Z]+#""")
_HIDES = "backend/errors.py"
"""It hides the parts of keys that hold addresses, and imports nothing of ours."""


def spells_a_key(source: str) -> bool:
    return _KEY.search(source) is not None


def test_only_the_schema_spells_keys_and_takes_them_apart() -> None:
    spelling = {
        str(path.relative_to(ROOT))
        for folder in ("backend", "benchmarks", "front_door", "pages")
        for path in (ROOT / folder).rglob("*.py")
        if spells_a_key(path.read_text())
    }
    assert {each for each in spelling if not each.startswith("backend/store/schema/")} == {_HIDES}


@pytest.mark.parametrize(
    "source", ['f"C#{customer_id}"', "key.pk.removeprefix('DAYS#')", 'sk.split("#")', 'text(item, "at").partition("#")']
)
def test_a_key_that_is_spelled_elsewhere_is_noticed(source: str) -> None:
    assert spells_a_key(source)


def test_pages_ask_for_nothing_in_the_name_of_the_command_line() -> None:
    paths = [ROOT / "streamlit_app.py", *(ROOT / "pages").rglob("*.py")]
    assert [path.name for path in paths if "COMMAND_LINE" in path.read_text()] == []
