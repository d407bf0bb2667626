"""Starts servers as people do: in processes of their own, on a free port of loopback, with an empty store."""

from __future__ import annotations

import multiprocessing
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
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

from tests.engines import ROOT, free_port

_START_SECONDS = 60.0
_LIBRARIES = ["backend.bootstrap", "pandas", "plotly.express", "streamlit.web.cli", "streamlit_authenticator"]
"""They take seconds to import; none of them knows the pages."""


class Process(Protocol):
    """What the tests ask of a server's process."""

    def poll(self) -> int | None: ...
    def send_signal(self, number: int, /) -> None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def kill(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers. `log` is all that it has written so far."""

    port: int
    process: Process
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
def dashboard_forked(folder: Path, *, script: Path = ROOT / "streamlit_app.py") -> Iterator[Server]:
    """As `dashboard_alone`, in a copy of a process that has imported libraries and nothing else: much sooner."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_LIBRARIES)
    port = free_port()
    log_file = folder / f"log-{port}"
    child = context.Process(target=_streamlit, args=(str(script), port, environment_of(folder), str(log_file)))
    child.start()
    process = _Forked(child)
    server = Server(port, process, log_file)
    try:
        _wait_until_it_answers(server, "/_stcore/health")
        yield server
    finally:
        _end(process)


def _streamlit(script: str, port: int, environment: Mapping[str, str], log_file: str) -> None:
    from streamlit.web import cli

    os.environ.update(environment)
    os.chdir(ROOT)
    log = os.open(log_file, os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    options = ["--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}"]
    cli.main(["run", script, *options])


@dataclass(frozen=True, slots=True)
class _Forked:
    child: BaseProcess

    def poll(self) -> int | None:
        return self.child.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.child.pid or 0, number)

    def wait(self, timeout: float | None = None) -> int:
        self.child.join(timeout)
        if self.child.exitcode is None:
            raise subprocess.TimeoutExpired("streamlit", timeout or 0.0)
        return self.child.exitcode

    def kill(self) -> None:
        self.child.kill()


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


def _end(process: Process) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
