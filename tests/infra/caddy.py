"""Runs Caddy with the Caddyfile that is shipped, on loopback and without certificates."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engines import free_port
from tests.infra.files import INFRA, program

CADDYFILE = INFRA / "box" / "Caddyfile"
_SITE, _UPSTREAM = "shop.example.com {", "reverse_proxy 127.0.0.1:8501 {"
_SEVERAL = "\n\t\tlb_policy cookie\n\t\thealth_uri /api/ready\n\t\thealth_interval 1s\n"
_START_SECONDS = 20.0


@contextmanager
def caddy(folder: Path, *upstreams: int) -> Iterator[int]:
    """The port on which Caddy listens; it passes on to these ports, where nobody need listen yet.

    With several it has the lines that docs/hosting.md adds for several servers.
    """
    port, admin = free_port(), free_port()
    shipped = CADDYFILE.read_text()
    assert _SITE in shipped
    assert _UPSTREAM in shipped
    several = _SEVERAL if len(upstreams) > 1 else ""
    site = shipped.replace(_SITE, f"http://127.0.0.1:{port} {{").replace(
        _UPSTREAM, f"reverse_proxy {' '.join(f'127.0.0.1:{each}' for each in upstreams)} {{{several}"
    )
    file = folder / f"Caddyfile-{port}"
    file.write_text(f"{{\n\tauto_https off\n\tadmin 127.0.0.1:{admin}\n\tstorage file_system {folder}\n}}\n{site}")
    command = [program("caddy"), "run", "--config", str(file), "--adapter", "caddyfile"]
    with (folder / f"caddy-{port}.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env={"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        )
    try:
        _wait_until_it_runs(process, admin, folder / f"caddy-{port}.log")
        yield port
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_runs(process: subprocess.Popen[bytes], admin: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{admin}/config/", timeout=2).close()
        except (urllib.error.URLError, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"Caddy did not start:\n{log.read_text()[-2000:]}") from None
            time.sleep(0.05)
        else:
            return
