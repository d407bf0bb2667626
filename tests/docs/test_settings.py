"""`.env.example` and the settings say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backend.config import Settings

ROOT = Path(__file__).parents[2]
_SETTING = re.compile(r"^# ([A-Z][A-Z0-9_]*)=(.*)$")


def documented() -> dict[str, str]:
    """The settings of `.env.example` with the values shown, in order."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    return {found[1]: found[2] for found in map(_SETTING.match, lines) if found}


def test_every_setting_is_documented_in_the_order_of_the_code() -> None:
    assert list(documented()) == [name.upper() for name in Settings.model_fields]


def test_the_values_shown_are_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in documented():
        monkeypatch.delenv(name, raising=False)
    env = tmp_path / ".env"
    env.write_text("".join(f"{name}={value}\n" for name, value in documented().items()))
    assert Settings(_env_file=env) == Settings(_env_file=None)


def test_nothing_is_set_in_the_example_itself() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
