"""`make profile`: a page, a command and a duty of the worker give a file that SnakeViz reads."""

from __future__ import annotations

import os
import pstats
import subprocess
import sys
from pathlib import Path

import pytest

from backend.domain.team import Role
from backend.services.team import roster
from backend.services.team.members import new_member
from tests.engines import ROOT
from tests.support import opened_shop


def profiled(tmp_path: Path, target: str, *options: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"STORE_URL": f"sqlite:///{tmp_path}/shop.db", "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "scripts/profile_target.py", target, *options]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("target", "options", "function"),
    [
        ("page:orders", ("--runs", "1"), "require"),
        ("command:totals --json", (), "totals_by_day"),
        ("worker:mail", ("--seconds", "0.5"), "deliver_due"),
    ],
)
def test_a_profile_shows_where_the_time_goes(
    tmp_path: Path, target: str, options: tuple[str, ...], function: str
) -> None:
    with opened_shop(f"sqlite:///{tmp_path}/shop.db") as shop:
        ada = new_member(shop, username="ada", name="Ada", email="ada@example.com", role=Role.ADMIN)
        roster.add(shop, ada)
    done = profiled(tmp_path, target, *options)
    assert done.returncode == 0, done.stderr
    file = Path(done.stdout.splitlines()[-1])
    assert file.parent == tmp_path / "profiles"
    functions = {name for _, _, name in pstats.Stats(str(file)).stats}  # type: ignore[attr-defined]
    assert function in functions


def test_what_cannot_be_profiled_is_reported(tmp_path: Path) -> None:
    unknown = profiled(tmp_path, "worker:nothing")
    assert "There is no duty nothing: choose " in unknown.stderr
    assert unknown.returncode == 1
