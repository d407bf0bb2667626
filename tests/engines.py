"""Starts the databases behind the storage port's engines, each on loopback and in a temporary directory.

An engine whose database is not installed is skipped by name; with `REQUIRE_ENGINES=all` it is an error instead.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest

from backend.store.port import Store

ROOT = Path(__file__).parent.parent
_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine with empty tables of its own. `open` gives a further store on the same tables."""

    name: str
    open: Callable[[], Store]


def unavailable(engine: str, reason: str) -> NoReturn:
    """Ends the test: skipped by name, or failed where every engine is required."""
    sentence = f"{engine} is not tested: {reason}"
    if os.environ.get("REQUIRE_ENGINES") == "all":
        pytest.fail(sentence)
    pytest.skip(sentence)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def ministack(services: str = "dynamodb,dynamodbstreams") -> Iterator[str]:
    """The address of a running ministack with these services (names with commas between them)."""
    python = ROOT / ".venv-ministack" / "bin" / "python"
    if not python.exists():
        unavailable("dynamodb-ministack", "there is no .venv-ministack (see requirements-ministack.txt)")
    port = free_port()
    with tempfile.TemporaryDirectory() as directory, Path(directory, "log").open("wb") as log:
        settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "SERVICES": services, "TMPDIR": directory}
        server = subprocess.Popen(
            [python, "-m", "ministack"],
            env={**os.environ, **settings, "LOG_LEVEL": "WARNING"},
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=directory,
        )
        with _ended_afterwards(server, signal.SIGTERM):
            address = f"http://127.0.0.1:{port}"
            _wait_until(lambda: _answers(f"{address}/_ministack/health"), server, Path(directory, "log"))
            yield address


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server: `POSTGRES_URL`, or one started here that trusts this machine."""
    given = os.environ.get("POSTGRES_URL")
    if given:
        yield given
        return
    programs = _programs_of_postgres()
    if programs is None:
        unavailable("postgres", "PostgreSQL is not installed, and POSTGRES_URL names no server")
    if os.geteuid() == 0 and not _has_user("postgres"):
        unavailable("postgres", "it does not run as root, and there is no user postgres")
    with _directory_of_postgres() as directory:
        yield from _run_postgres(programs, directory)


def _programs_of_postgres() -> Path | None:
    """The folder of the newest initdb and postgres: Debian keeps them apart by version, others on the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parts[-2]))
    on_path = shutil.which("initdb")
    if on_path:
        folders.insert(0, Path(on_path).resolve().parent)
    return next((folder for folder in reversed(folders) if (folder / "initdb").exists()), None)


def _run_postgres(programs: Path, directory: Path) -> Iterator[str]:
    data, port = directory / "data", free_port()
    create = [programs / "initdb", "-D", data, "-U", "tillpost", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
    subprocess.run(create, check=True, capture_output=True, cwd=directory, **_as_postgres())  # type: ignore[call-overload]
    options = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": directory, "fsync": "off"}
    flags = [flag for name, value in options.items() for flag in ("-c", f"{name}={value}")]
    with Path(directory, "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *flags],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=directory,
            **_as_postgres(),
        )  # type: ignore[call-overload]
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients.
        with _ended_afterwards(server, signal.SIGINT):
            url = f"postgresql+psycopg://tillpost@127.0.0.1:{port}/postgres"
            _wait_until(lambda: _accepts(url), server, Path(directory, "log"))
            yield url


@contextmanager
def database(server_url: str) -> Iterator[str]:
    """The URL of an empty database on the server, dropped afterwards."""
    name = f"tillpost_test_{os.getpid()}_{time.time_ns()}"
    with psycopg.connect(_plain(server_url), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        yield f"{server_url.rsplit('/', 1)[0]}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _directory_of_postgres() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="tillpost-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        yield directory
    finally:
        shutil.rmtree(directory)


def _as_postgres() -> dict[str, object]:
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def _has_user(name: str) -> bool:
    return any(line.startswith(f"{name}:") for line in Path("/etc/passwd").read_text().splitlines())


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def _accepts(url: str) -> bool:
    try:
        psycopg.connect(_plain(url), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as reply:  # noqa: S310 - our own loopback address
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _wait_until(ready: Callable[[], bool], server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not ready():
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"{server.args!r} did not start: {log.read_text()[-2000:]}")
        time.sleep(0.05)


@contextmanager
def _ended_afterwards(server: subprocess.Popen[bytes], gently: signal.Signals) -> Iterator[None]:
    try:
        yield
    finally:
        server.send_signal(gently)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
