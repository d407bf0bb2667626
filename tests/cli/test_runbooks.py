"""Each step of the runbooks that can be run is run here, in the order of its page, on a shop with a backup."""

from __future__ import annotations

import re
import shlex
import threading
from pathlib import Path

import pytest

from backend.bootstrap import open_backup_schedule, open_store
from backend.config import load_settings
from backend.services.backup.schedule import work_on_backups
from backend.services.context import Shop
from tests.cli.conftest import Run
from tests.support import add_customer, add_order

_TEXT = (Path(__file__).parents[2] / "docs" / "runbooks.md").read_text()
_MAY_FIND_FAULT = frozenset({"doctor", "health"})
"""Their exit code says whether something is wrong with the installation, and the shop of this test is no real one."""


def steps() -> dict[str, list[str]]:
    """The commands of each runbook."""
    sections = re.split(r"^## (.+)$", _TEXT, flags=re.MULTILINE)[1:]
    return {
        title: re.findall(r"^ *\$ (.+)$", body, flags=re.MULTILINE)
        for title, body in zip(sections[::2], sections[1::2], strict=True)
    }


@pytest.mark.parametrize("runbook", steps())
def test_the_steps_of_a_runbook_work(
    run: Run, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runbook: str
) -> None:
    add_order(shop, add_customer(shop))
    monkeypatch.setenv("BACKUP_TO", str(tmp_path / "kept"))
    schedule = open_backup_schedule(load_settings())
    assert schedule is not None
    assert work_on_backups(shop, schedule, open_store, threading.Event())
    found = steps()[runbook]
    assert found
    for step in found:
        setting, command = re.fullmatch(r"(?:STORE_URL=(\S+) )?\.venv/bin/python -m backend (.+)", step).groups()  # type: ignore[union-attr]
        if setting:
            monkeypatch.setenv("STORE_URL", setting)
        words = shlex.split(command)
        if "tillpost-20261126T120000Z" in words[-1]:
            words[-1] = str(next((tmp_path / "restore").iterdir()))
        done = run(*words)
        assert done.code == 0 or (words[0] in _MAY_FIND_FAULT and done.code == 1), (step, done)
