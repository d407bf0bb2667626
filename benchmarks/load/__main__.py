"""`python -m benchmarks.load`: orders, staff and webhooks against a new server on loopback, then orders alone on both.

`--seconds` says how long each part lasts; Locust and the servers are processes of their own. It prints each kind of
request with its rate, percentiles and errors, and the processor time of the server for a request.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from backend.bootstrap import keep_files_private, open_connection_key, open_store, shop_on
from backend.cli.output import write_table
from backend.config import Settings
from backend.domain.api_keys import Scope
from backend.domain.connections import ShopKind
from backend.domain.team import COMMAND_LINE
from backend.services.api_keys.keys import create_key
from backend.services.connections.connections import add_connection
from benchmarks import machine

ROOT = Path(__file__).parents[2]
_LOCUST = ROOT / ".venv-load" / "bin" / "locust"
_SECRET, _DOMAIN = "a secret of the benchmark", "load.myshopify.com"
_START_SECONDS = 90
_HEADER = ("server", "request", "asked", "failed", "a second", "p50 ms", "p95 ms", "p99 ms", "processor ms")


@dataclass(frozen=True, slots=True)
class _Server:
    name: str
    port: int
    pid: int
    given: dict[str, str]


def main(
    users: Annotated[int, typer.Option(min=3, max=200, help="Callers at once.")] = 12,
    seconds: Annotated[int, typer.Option(min=3, max=300, help="How long each part lasts.")] = 20,
) -> None:
    """Measure the whole server under load, beside a bare route in the same run."""
    keep_files_private()
    if not _LOCUST.exists():
        raise SystemExit("Locust is not installed: run `make load`.")
    with TemporaryDirectory() as folder:
        facts = machine.facts(Path(folder))
        rows = []
        with _bare(Path(folder)) as bare:
            rows += _part(bare, ["Storefront"], users, seconds)
        with _whole(Path(folder)) as ours:
            rows += _part(ours, ["Storefront"], users, seconds)
            rows += _part(ours, ["Provider"], users, seconds)
            rows += _part(ours, [], users, seconds)
        typer.echo(", ".join(f"{name} {value}" for name, value in facts.items()))
        write_table(_HEADER, rows, right=tuple(range(2, len(_HEADER))))


def _part(server: _Server, kinds: Sequence[str], users: int, seconds: int) -> list[tuple[str, ...]]:
    """The lines of the table for callers of these kinds, or of all."""
    command = [str(_LOCUST), "-f", str(Path(__file__).with_name("locustfile.py")), *kinds]
    command += ["--headless", "--json", "--users", str(users), "--spawn-rate", str(users), "--run-time", f"{seconds}s"]
    command += ["--host", f"http://127.0.0.1:{server.port}", "--exit-code-on-error", "0"]
    environment = {**os.environ, "LOAD": json.dumps(server.given)}
    before = _processor(server.pid)
    done = subprocess.run(  # noqa: S603 - our own command
        command, env=environment, capture_output=True, text=True, timeout=seconds + 60, check=True
    )
    found = json.loads(done.stdout)
    asked = sum(each["num_requests"] for each in found)
    used = f"{(_processor(server.pid) - before) * 1000 / max(asked, 1):.2f}"
    name = f"{server.name}, {' and '.join(kinds).lower() or 'all at once'}"
    lines = [_line(name, each) for each in found]
    return [*lines, (name, "all", f"{asked:,}", *[""] * 5, used)]


def _line(name: str, found: dict[str, Any]) -> tuple[str, ...]:
    took = sorted((float(ms), times) for ms, times in found["response_times"].items())
    seconds = max(found["last_request_timestamp"] - found["start_time"], 0.001)
    spread = [f"{_percentile(took, share):.0f}" for share in (0.5, 0.95, 0.99)]
    asked, failed = found["num_requests"], found["num_failures"]
    return (name, found["name"], f"{asked:,}", f"{failed:,}", f"{(asked - failed) / seconds:.0f}", *spread, "")


def _percentile(took: Sequence[tuple[float, int]], share: float) -> float:
    left = share * sum(times for _, times in took)
    for ms, times in took:
        left -= times
        if left <= 0:
            return ms
    return 0.0


def _processor(pid: int) -> float:
    """The seconds of processor time that a process has used; 0 where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _bare(folder: Path) -> Iterator[_Server]:
    command = [sys.executable, "-m", "benchmarks.http_servers", "bare", str(folder)]
    with _process(command, os.environ, subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        port = int(process.stdout.readline().split()[0])
        yield _Server("bare route", port, process.pid, {"key": "none", "hook": "", "secret": "", "domain": ""})


@contextmanager
def _whole(folder: Path) -> Iterator[_Server]:
    """`python server.py` on a new store, with its dashboard and workers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = Settings(_env_file=None, data_dir=folder / "data", store_url=f"sqlite:///{folder}/data/tillpost.db")
    store = open_store(settings.store_url)
    store.create_tables()
    shop = shop_on(store, settings)
    key = create_key(shop, COMMAND_LINE, "Load", tuple(Scope)).text
    sealing = open_connection_key(settings)
    connection = add_connection(shop, COMMAND_LINE, sealing, ShopKind.SHOPIFY, _DOMAIN, _SECRET)
    store.close()
    environment = {
        **os.environ,
        "STORE_URL": settings.store_url,
        "DATA_DIR": str(settings.data_dir),
        "PORT": str(port),
        "API_REQUESTS": "1000000",
        "TRUSTED_PROXIES": "127.0.0.1",
    }
    given = {"key": key, "hook": f"/api/hooks/shopify/{connection.id}", "secret": _SECRET, "domain": _DOMAIN}
    with _process([sys.executable, str(ROOT / "server.py")], environment, subprocess.DEVNULL) as process:
        _wait_for(port)
        yield _Server("Tillpost", port, process.pid, given)


@contextmanager
def _process(command: Sequence[str], environment: Any, output: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(  # noqa: S603 - our own program
        command, env=environment, cwd=ROOT, stdout=output, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/ready", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("The server did not start.")


if __name__ == "__main__":
    typer.run(main)
