"""The whole server, and commands, while the database hangs: each answers in ten seconds, and ends when told."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import make_url

from backend.deadlines import LONGEST_WAIT
from tests.engines import ROOT
from tests.server.client import tab
from tests.server.processes import environment_of, whole_server
from tests.store.test_postgresql_deadlines import Relay


@contextmanager
def hangable(database_url: str) -> Iterator[tuple[str, Relay]]:
    """The URL of a way to the database that can be made to hang, and what makes it so."""
    url = make_url(database_url)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        relay = Relay((url.host or "127.0.0.1", url.port or 5432), listener.getsockname()[1])
        relay.passing.set()
        thread = threading.Thread(target=relay.run, args=(listener,))
        thread.start()
        yield url.set(host="127.0.0.1", port=relay.port).render_as_string(hide_password=False), relay
        relay.over.set()
        relay.passing.set()
        thread.join()


def seconds_of(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own server
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_nothing_takes_longer_than_ten_seconds_because_the_database_hangs(tmp_path: Path, postgres_url: str) -> None:
    with hangable(postgres_url) as (url, relay):
        environment = {**os.environ, **environment_of(tmp_path), "STORE_URL": url}

        def command(*words: str) -> subprocess.CompletedProcess[bytes]:
            return subprocess.run(
                [sys.executable, "-m", "backend", *words], env=environment, cwd=ROOT, capture_output=True, check=False
            )

        with whole_server(tmp_path, {"STORE_URL": url}) as server:
            assert status_of(server.url("/api/ready")) == 200
            loading = seconds_of(partial(command, "--help"))
            relay.passing.clear()
            took: dict[str, float] = {}
            for path in ("/api/ready", "/metrics", "/api/health", "/"):
                took[path] = seconds_of(partial(status_of, server.url(path)))
            with tab(server.port) as visitor:
                took["a page"] = seconds_of(visitor.open)
            for words in (("check",), ("health",), ("doctor",), ("messages",), ("campaign", "list")):
                took[" ".join(words)] = seconds_of(partial(command, *words)) - loading
            server.process.terminate()
            took["the end"] = seconds_of(lambda: server.process.wait(30))
    assert {what: seconds for what, seconds in took.items() if seconds >= LONGEST_WAIT} == {}
