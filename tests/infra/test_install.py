"""The install script for one machine, run for real into a folder. Stand-ins replace only what would change this machine
or take long: they write down how they were called. Whether a version becomes ready, a small server of the test decides.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.engines import ROOT, free_port

_STANDS_IN = ("apt-get", "systemctl", "useradd", "caddy", "getent")
_PYTHON = f"""#!/bin/sh
# Makes environments that hold this very file, and installs whatever is not in /nowhere.
for last in "$@"; do :; done
case "$1 $2" in
    "-m venv") mkdir -p "$last/bin" && cp "$0" "$last/bin/python" ;;
    "-m pip") ! grep -q /nowhere "$last" ;;
    *) exec "{sys.executable}" "$@" ;;
esac
"""
_SHIPPED = ("infra/box", "infra/litestream.yml", "scripts/install.sh", "locks")


@dataclass
class Machine:
    """A checkout, and the folder into which it is installed."""

    folder: Path
    port: int

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def opt(self) -> Path:
        return self.root / "opt/tillpost"

    @property
    def settings(self) -> Path:
        return self.root / "etc/tillpost/tillpost.env"

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        command = ["git", *identity, "-C", str(self.checkout), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, text: str) -> str:
        """A further version of the program."""
        (self.checkout / "server.py").write_text(f"# {text}\n")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", text)
        return self.git("rev-parse", "--short=12", "HEAD")

    def install(self, *options: str, ready_seconds: int = 20) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "DESTDIR": str(self.root),
            "PATH": f"{self.folder / 'stand-ins'}:{os.environ['PATH']}",
            "PYTHON": str(self.folder / "stand-ins/python"),
            "CALLS": str(self.folder / "calls"),
            "READY_SECONDS": str(ready_seconds),
        }
        script = self.checkout / "infra/box/install.sh"
        (self.folder / "calls").write_text("")
        command = ["sh", str(script), "--host", "shop.test", *options]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    def mode(self, path: str) -> int:
        return stat.S_IMODE((self.root / path).stat().st_mode)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One on which nothing is installed. The checkout needs no packages, so that each version takes seconds."""
    made = Machine(tmp_path, free_port())
    for name in _SHIPPED:
        target = made.checkout / name
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", str(ROOT / name), str(target)], check=True)
    (made.checkout / "requirements.txt").write_text("")
    env = made.checkout / "infra/box/tillpost.env"
    env.write_text(env.read_text().replace("PORT=8501", f"PORT={made.port}"))
    stand_ins = tmp_path / "stand-ins"
    stand_ins.mkdir()
    for name in _STANDS_IN:
        (stand_ins / name).write_text(f'#!/bin/sh\necho "{name} $*" >>"$CALLS"\n')
    (stand_ins / "python").write_text(_PYTHON)
    for stand_in in stand_ins.iterdir():
        stand_in.chmod(0o755)
    subprocess.run(["git", "init", "--quiet", str(made.checkout)], check=True)
    made.commit("first")
    return made


@contextmanager
def readiness(port: int, status: int = 200) -> Iterator[None]:
    """Answers as `/api/ready` does."""

    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/api/ready" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Ready)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def test_an_empty_machine_gets_program_settings_units_and_proxy_with_private_modes(machine: Machine) -> None:
    with readiness(machine.port):
        done = machine.install()
    assert done.returncode == 0, done.stderr
    commit = machine.git("rev-parse", "--short=12", "HEAD")
    current = machine.opt / "current"
    assert current.resolve() == (machine.opt / "releases" / commit).resolve()
    assert (current / "COMMIT").read_text().strip() == commit
    assert (current / ".venv/bin/python").exists()
    modes = {name: machine.mode(name) for name in ("etc/tillpost", "var/lib/tillpost", "etc/tillpost/tillpost.env")}
    assert modes == {"etc/tillpost": 0o700, "var/lib/tillpost": 0o700, "etc/tillpost/tillpost.env": 0o600}
    assert machine.mode("opt/tillpost/current/server.py") == 0o644
    assert "PUBLIC_URL=https://shop.test\n" in machine.settings.read_text()
    assert "\nshop.test {" in (machine.root / "etc/caddy/tillpost.caddy").read_text()
    units = sorted(path.name for path in (machine.root / "etc/systemd/system").iterdir())
    assert units == ["tillpost-web.service", "tillpost-worker.service"]
    assert "systemctl restart tillpost-web tillpost-worker" in machine.calls


def test_a_second_run_changes_nothing_and_restarts_nothing(machine: Machine) -> None:
    with readiness(machine.port):
        machine.install()
        machine.settings.write_text(machine.settings.read_text() + "SHOP_NAME=Ours\n")
        before = contents(machine.root)
        done = machine.install()
    assert done.returncode == 0, done.stderr
    assert contents(machine.root) == before
    assert "systemctl start tillpost-web tillpost-worker" in machine.calls
    assert not [call for call in machine.calls if "restart tillpost" in call]
    caddyfile = (machine.root / "etc/caddy/Caddyfile").read_text()
    assert caddyfile.count("import /etc/caddy/tillpost.caddy") == 1


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and content of each file."""
    return {
        str(path): (path.lstat().st_mode, b"" if path.is_symlink() else path.read_bytes())
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def test_a_new_version_goes_beside_the_old_one_and_the_one_before_that_goes(machine: Machine) -> None:
    with readiness(machine.port):
        commits = [machine.git("rev-parse", "--short=12", "HEAD")]
        assert machine.install().returncode == 0
        for text in ("second", "third"):
            commits.append(machine.commit(text))
            assert machine.install().returncode == 0
            assert "systemctl restart tillpost-web tillpost-worker" in machine.calls
    assert sorted(path.name for path in (machine.opt / "releases").iterdir()) == sorted(commits[1:])
    assert (machine.opt / "current").resolve().name == commits[2]
    assert (machine.opt / "previous").resolve().name == commits[1]


def test_a_version_that_does_not_become_ready_is_taken_back(machine: Machine) -> None:
    first = machine.git("rev-parse", "--short=12", "HEAD")
    with readiness(machine.port):
        assert machine.install().returncode == 0
    machine.commit("a broken one")
    with readiness(machine.port, 503):
        done = machine.install(ready_seconds=2)
    assert done.returncode == 1
    assert "the one before runs again" in done.stderr
    assert (machine.opt / "current").resolve().name == first
    assert [call for call in machine.calls if "restart tillpost" in call] == [
        "systemctl restart tillpost-web tillpost-worker"
    ] * 2


def test_packages_that_cannot_be_installed_leave_the_version_that_runs_alone(machine: Machine) -> None:
    first = machine.git("rev-parse", "--short=12", "HEAD")
    with readiness(machine.port):
        assert machine.install().returncode == 0
        (machine.checkout / "locks/requirements.lock").write_text("/nowhere/a-package\n")
        broken = machine.commit("with a package that is not there")
        done = machine.install()
    assert done.returncode == 1
    assert "was not touched" in done.stderr
    assert (machine.opt / "current").resolve().name == first
    assert not (machine.opt / "releases" / broken).exists()
    assert not [call for call in machine.calls if "restart" in call and "tillpost" in call]


def test_a_dry_run_shows_each_step_and_does_none(machine: Machine) -> None:
    done = machine.install("--litestream", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert not machine.root.exists()
    assert machine.calls == ["getent passwd tillpost"]
    for step in (
        "releases/",
        "tillpost.env (600)",
        "tillpost-litestream.service",
        "systemctl restart",
        "caddy validate",
    ):
        assert step in done.stdout


@pytest.mark.parametrize("host", ["", "-x", "shop.test/x", "a b", "$(id)", "shop.test."])
def test_what_is_no_host_name_is_refused(machine: Machine, host: str) -> None:
    done = machine.install("--host", host)
    assert done.returncode == 1
    assert not machine.root.exists()
