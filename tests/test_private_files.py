"""What any entry point writes is for its user alone."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.bootstrap import open_store
from backend.store.port import Key, Put
from tests.engines import ROOT


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}


def test_the_store_and_all_that_is_written_after_it_was_opened_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    store = open_store(f"sqlite:///{folder}/tillpost.db")
    store.create_tables()
    store.put(Put(Key("shop", "C#A", "A"), {"name": "Maria"}))
    (folder / "reports").mkdir()
    (folder / "reports" / "rejected.csv").write_text("Maria")
    found = modes(folder)
    store.close()
    assert len(found) >= 4
    assert {name: mode for name, mode in found.items() if mode & 0o077} == {}


def test_commands_write_private_files(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    environment = {**os.environ, "STORE_URL": f"sqlite:///{folder}/tillpost.db", "DATA_DIR": str(folder)}
    subprocess.run(
        [sys.executable, "-m", "backend", "totals"], check=True, capture_output=True, cwd=ROOT, env=environment
    )
    assert {name: mode for name, mode in modes(folder).items() if mode & 0o077} == {}
