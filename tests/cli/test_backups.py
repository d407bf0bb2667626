"""The commands that make, verify and restore backups, and move a shop."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from backend.bootstrap import open_backup_schedule, open_store
from backend.config import load_settings
from backend.services.backup.schedule import work_on_backups
from backend.services.context import Shop
from tests.cli.conftest import Run
from tests.support import add_customer, add_order


def test_a_shop_is_backed_up_lost_and_restored(
    run: Run, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_order(shop, add_customer(shop))
    monkeypatch.setenv("BACKUP_PASSPHRASE", "seventeen linen napkins")
    made = run("backup", "make", str(tmp_path / "backups"), "--keep", "3", "--json").json
    assert (made["encrypted"], made["is_exact"]) == (True, True)
    assert f"Whole: {made['items']:,} items" in run("backup", "verify", made["folder"]).out
    assert "not empty" in run("backup", "restore", made["folder"]).err

    monkeypatch.setenv("STORE_URL", f"sqlite:///{tmp_path}/other.db")
    assert "All email waits" in run("backup", "restore", made["folder"]).out
    assert "restored from a backup" in run("mail", "status").out
    assert run("reconcile", "--json").json == {"customers": 1, "orders": 1, "drift": []}
    monkeypatch.setenv("BACKUP_PASSPHRASE", "")
    refused = run("backup", "verify", made["folder"])
    assert (refused.code, "BACKUP_PASSPHRASE" in refused.err) == (1, True)


def test_scheduled_backups_are_shown_and_fetched(
    run: Run, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No scheduled backup" in run("backup", "status").out
    assert "not set" in run("backup", "fetch", str(tmp_path / "copies")).err
    monkeypatch.setenv("BACKUP_TO", str(tmp_path / "kept"))
    schedule = open_backup_schedule(load_settings())
    assert schedule is not None
    while work_on_backups(shop, schedule, open_store, threading.Event()):
        pass
    assert "Restored as a drill" in run("backup", "status").out
    assert run("backup", "status", "--json").json["drill_items"] > 0
    assert "verified" in run("backup", "fetch", str(tmp_path / "copies")).out


def test_a_shop_is_moved(run: Run, shop: Shop, tmp_path: Path) -> None:
    add_order(shop, add_customer(shop))
    url = f"sqlite:///{tmp_path}/moved.db"
    moved = run("backup", "move", "--to", url, "--json").json
    assert moved["tables"]["shop"]["items"] > 0
    assert "not empty" in run("backup", "move", "--to", url).err
