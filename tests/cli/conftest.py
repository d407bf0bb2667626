"""`run` runs one command of the command line in this process, on a store of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from backend import logs
from backend.cli import app
from backend.services.context import Shop
from tests.support import TestClock, opened_shop

THEN = datetime(2025, 11, 26, 12, tzinfo=UTC)
"""When the shop of these tests sells. The commands themselves live today."""

Run = Callable[..., "Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command wrote, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which is one JSON document and nothing else."""
        return json.loads(self.out)


@pytest.fixture
def store_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path}/tillpost.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORE_URL", url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("LOG_FORMAT", "json")
    return url


@pytest.fixture
def run(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command. The log of the whole test run is left as it is."""
    monkeypatch.setattr(logs, "configure", lambda *_, **__: None)

    def run(*arguments: str, input: str | None = None) -> Outcome:
        result: Result = CliRunner().invoke(app, arguments, input=input, catch_exceptions=False)
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def shop(store_url: str) -> Iterator[Shop]:
    """The shop that the commands work on."""
    with opened_shop(store_url, clock=TestClock(THEN)) as shop:
        yield shop
