"""What docs/hosting.md tells people to type is run here as far as one machine without rights can."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Run, run, store_url  # noqa: F401 - fixtures
from tests.engines import ROOT

TEXT = (ROOT / "docs/hosting.md").read_text()
LINES = [
    line[2:]
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("$ ")
]
COMMANDS = sorted({line.removeprefix("sudo tillpost ") for line in LINES if line.startswith("sudo tillpost ")})
UNITS = {path.stem for path in (ROOT / "infra/box").glob("*.service")}


def test_there_is_something_to_run() -> None:
    assert {"doctor", "reconcile", "mail resume"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_on_the_box_runs_on_an_empty_store(run: Run, command: str) -> None:  # noqa: F811 - the fixture
    words = shlex.split(command)
    if words[0] == "doctor":
        words += ["--time-server", "127.0.0.1", "--json"]
        assert run(*words).json["checks"]  # nothing runs here, so something fails
        return
    assert run(*words).code == 0


@pytest.mark.parametrize("line", sorted({line for line in LINES if "install.sh" in line}))
def test_the_install_script_takes_these_options(line: str, tmp_path: Path) -> None:
    words = line.removeprefix("sudo ").split()
    stand_in = tmp_path / "getent"
    stand_in.write_text("#!/bin/sh\n")
    stand_in.chmod(0o755)
    environment = {**os.environ, "DESTDIR": str(tmp_path / "root"), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([*words, "--dry-run"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize("line", sorted({line for line in LINES if line.startswith("sudo tillpost-restore")}))
def test_the_restore_command_takes_these_options(line: str, tmp_path: Path) -> None:
    words = ["sh", str(ROOT / "infra/box/tillpost-restore"), *line.split()[2:]]
    environment = {**os.environ, "DESTDIR": str(tmp_path)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "Litestream is not installed" in done.stderr) == (1, True)
    unknown = subprocess.run([*words, "--unknown"], env=environment, capture_output=True, text=True, check=False)
    assert unknown.returncode == 2


def test_each_unit_that_is_named_exists() -> None:
    named = set(re.findall(r"\b(tillpost-(?:web|worker|litestream))\b", TEXT))
    assert named == UNITS
    for line in LINES:
        if "systemctl" in line:
            assert {word for word in line.split() if word.startswith("tillpost-")} <= UNITS


def test_each_folder_that_is_named_is_the_one_that_the_files_use() -> None:
    used = "".join(path.read_text() for path in (ROOT / "infra/box").iterdir())
    for folder in ("/opt/tillpost", "/etc/tillpost/tillpost.env", "/var/lib/tillpost", "/etc/caddy/tillpost.caddy"):
        assert folder in TEXT
        assert folder.removeprefix("/opt") in used


def test_each_setting_that_is_named_is_known() -> None:
    from backend.config import Settings

    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)(?:=[^`]*)?`", TEXT))
    ours = {name.upper() for name in Settings.model_fields}
    assert {name for name in named - ours if not name.startswith("LITESTREAM_")} == {"WEB_CONCURRENCY"}
