"""Metrics as Prometheus gets them: from the server, and from a worker that runs beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from backend.domain.time import utc_now
from backend.services.system.heartbeats import read_beats
from backend.services.system.usage import durations_between
from tests.engines import ROOT, free_port
from tests.server.processes import environment_of, whole_server
from tests.support import opened_shop


def asked(url: str, token: str) -> tuple[int, str]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - our own address
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310 - the same
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""
    except OSError:
        return 0, ""


def test_the_server_gives_its_metrics_to_whoever_has_the_token(tmp_path: Path) -> None:
    with whole_server(tmp_path, {"METRICS_TOKEN": "secret"}) as server:
        status, text = asked(server.url("/metrics"), "secret")
        assert asked(server.url("/metrics"), "wrong")[0] == 403
    assert status == 200
    assert 'tillpost_action_seconds_count{kind="api",name="GET /health"}' in text
    assert 'tillpost_duty_rounds_total{duty="mail"}' in text
    assert "tillpost_store_up 1.0" in text
    with opened_shop(f"sqlite:///{tmp_path}/tillpost.db", clock=utc_now) as shop:
        assert read_beats(shop) == [], "a server that ends in order is not missed"
        today = utc_now().date()
        assert durations_between(shop, today, today)["api", "GET /health"].count >= 1


def test_a_worker_serves_its_metrics_on_a_port_of_its_own_and_beats_beside_the_server(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "backend", "worker", "--metrics-port", str(port)]
    worker = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment_of(tmp_path)})
    try:
        deadline, status, text = time.monotonic() + 60, 0, ""
        while status != 200 or "tillpost_processes_alive 1.0" not in text:
            assert time.monotonic() < deadline, text
            assert worker.poll() is None
            time.sleep(0.2)
            status, text = asked(f"http://127.0.0.1:{port}/metrics", "")
        assert 'kind="worker"' in text
    finally:
        worker.terminate()
        assert worker.wait(30) == 0
