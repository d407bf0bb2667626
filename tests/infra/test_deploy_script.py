"""The script that deploys: a version that does not work is taken back, and somebody is called when neither works."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.engines import ROOT

OLD, NEW = "a" * 40, "b" * 40
_AWS = """#!/bin/sh
# A box that knows which commit it has. It remembers the last command, as Systems Manager does.
case "$2 $*" in
    send-command*) printf '%s\\n' "$*" >>"$BOX/sent"
        printf '%s' "$*" | grep -oE '[0-9a-f]{40}' | tail -1 >"$BOX/wanted"
        case "$*" in *rev-parse*) echo read ;; *) cp "$BOX/wanted" "$BOX/commit"; echo install ;; esac ;;
    *StandardOutputContent*) cat "$BOX/commit" ;;
    *) if [ "$(cat "$BOX/commit")" = "$(cat "$BOX/fails")" ]; then echo Failed; else echo Success; fi ;;
esac
"""
_CURL = """#!/bin/sh
commit=$(cat "$BOX/commit")
grep -q "$commit" "$BOX/broken" && exit 22
case "$*" in *http_code*) printf 401 ;; */api/ready*) ;; *) echo '<title>Tillpost</title>' ;; esac
"""


@pytest.fixture
def box(tmp_path: Path) -> Path:
    for name, text in (("aws", _AWS), ("curl", _CURL)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    for name, text in (("commit", OLD), ("broken", ""), ("fails", ""), ("sent", "")):
        (tmp_path / name).write_text(text)
    return tmp_path


def deploy(box: Path, commit: str = NEW, **settings: str) -> subprocess.CompletedProcess[str]:
    usual = {"INSTANCE": "i-0123456789abcdef0", "HOST": "shop.example.com", "TRIES": "1", "POLL_SECONDS": "0"}
    environment = {"PATH": f"{box}:{os.environ['PATH']}", "BOX": str(box), **usual, **settings}
    command = ["sh", str(ROOT / "scripts/deploy.sh"), commit]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def runs(box: Path) -> str:
    return (box / "commit").read_text().strip()


def test_a_version_that_works_stays(box: Path) -> None:
    done = deploy(box)
    assert (done.returncode, runs(box)) == (0, NEW), done.stderr
    assert "install.sh --host shop.example.com" in (box / "sent").read_text()


@pytest.mark.parametrize("trouble", ["broken", "fails"])
def test_a_version_that_does_not_work_is_taken_back(box: Path, trouble: str) -> None:
    (box / trouble).write_text(NEW)
    done = deploy(box)
    assert (done.returncode, runs(box)) == (1, OLD), done.stderr
    assert f"Back to {OLD}" in done.stderr


def test_somebody_is_called_when_neither_works(box: Path) -> None:
    (box / "broken").write_text(f"{OLD}\n{NEW}")
    done = deploy(box)
    assert done.returncode == 2
    assert "journalctl" in done.stderr


@pytest.mark.parametrize(
    "settings", [{"commit": "main; reboot"}, {"HOST": "x; reboot"}, {"INSTANCE": ""}, {"CHECKOUT": "/a b"}]
)
def test_what_is_no_commit_host_or_instance_never_reaches_the_box(box: Path, settings: dict[str, str]) -> None:
    assert deploy(box, **settings).returncode == 2
    assert (box / "sent").read_text() == ""
