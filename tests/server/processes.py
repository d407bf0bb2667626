"""Starts servers as people do: in processes of their own, on a free port of loopback, with an empty store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.engines import ROOT, free_port

_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers. `log` is all that it has written so far."""

    port: int
    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def dashboard_alone(folder: Path, *, script: Path = ROOT / "streamlit_app.py") -> Iterator[Server]:
    """`streamlit run`, the dashboard without the server around it."""
    command = ["-m", "streamlit", "run", str(script), "--server.headless=true", "--server.address=127.0.0.1"]
    with _running(folder, command, "/_stcore/health", port_option="--server.port") as server:
        yield server


@contextmanager
def whole_server(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """`python server.py`."""
    with _running(folder, [str(ROOT / "server.py")], "/api/health", settings=settings) as server:
        yield server


@contextmanager
def _running(
    folder: Path,
    command: Sequence[str],
    health: str,
    *,
    port_option: str = "",
    settings: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    port = int((settings or {}).get("PORT") or free_port())
    arguments = [*command, f"{port_option}={port}"] if port_option else list(command)
    environment = {**os.environ, **environment_of(folder), "PORT": str(port), **(settings or {})}
    log_file = folder / f"log-{port}"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments], env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT
        )
        server = Server(port, process, log_file)
        try:
            _wait_until_it_answers(server, health)
            yield server
        finally:
            _end(process)


def environment_of(folder: Path) -> dict[str, str]:
    """The settings of a server whose store is a file in the folder."""
    return {"STORE_URL": f"sqlite:///{folder}/tillpost.db", "DATA_DIR": str(folder), "LOG_FORMAT": "json"}


def _wait_until_it_answers(server: Server, path: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(server.url(path)):
        if server.process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"The server did not start:\n{server.log[-3000:]}")
        time.sleep(0.05)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as reply:  # noqa: S310 - our own loopback address
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
