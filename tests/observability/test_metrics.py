"""Metrics say what the process did and what lies in the store, to whoever may read them, and nothing about people."""

from __future__ import annotations

import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from backend.domain.network import origin_of
from backend.errors import ConfigurationError, StoreUnreachableError
from backend.observability.measures import Measures
from backend.observability.metrics import STORED, Metrics, Sources, may_read
from backend.observability.metrics_server import serving
from backend.observability.rounds import Rounds
from backend.services.alerts.readings import gauges
from backend.store.meter import Meter, access_pattern
from tests.support import TestClock, opened_shop

DASHBOARD = Path(__file__).parents[2] / "infra" / "grafana" / "tillpost.json"


def everything(clock: TestClock | None = None) -> Sources:
    """A process that has done a little of everything."""
    clock = clock or TestClock()
    measures, rounds, meter = Measures(), Rounds(clock), Meter()
    measures.action("page overview", 0.03)
    measures.action("page overview", 0.3, failed=True)
    measures.count("messages", "sent", 7)
    measures.count("events", "delivery", 5)
    measures.count("errors", "page")
    measures.count("rate_wait_ms", "mail", 1500)
    rounds.announce("mail", 60)
    rounds.began("mail")
    with access_pattern("duty mail"):
        meter.add(read_units=0.5, write_units=6.0)
    meter.throttle()
    look = dict.fromkeys(STORED, 3.0)
    return Sources(measures, rounds, meter, lambda: look, "1.0", "worker", clock)


def samples(metrics: Metrics) -> dict[tuple[str, str], float]:
    """Values by name and labels."""
    found = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[sample.name, labels] = sample.value
    return found


def test_everything_that_was_counted_is_there() -> None:
    clock = TestClock()
    sources = everything(clock)
    clock.forward(seconds=9)
    found = samples(Metrics(sources))
    assert found["tillpost_action_seconds_bucket", "kind=page,le=0.04,name=overview"] == 1
    assert found["tillpost_action_seconds_count", "kind=page,name=overview"] == 2
    assert found["tillpost_action_seconds_sum", "kind=page,name=overview"] == pytest.approx(0.33)
    assert found["tillpost_action_failures_total", "kind=page,name=overview"] == 1
    assert found["tillpost_messages_total", "status=sent"] == 7
    assert found["tillpost_events_total", "type=delivery"] == 5
    assert found["tillpost_errors_total", "part=page"] == 1
    assert found["tillpost_rate_wait_seconds_total", ""] == 1.5
    assert found["tillpost_duty_round_seconds", "duty=mail"] == 9
    assert found["tillpost_store_write_units_total", "pattern=duty mail"] == 6
    assert found["tillpost_store_throttled_total", "pattern=other"] == 1
    assert found["tillpost_store_up", ""] == 1
    assert found["tillpost_queue_due", ""] == 3
    assert found["tillpost_info", "kind=worker,version=1.0"] == 1


def test_a_store_that_does_not_answer_is_a_figure_and_not_an_error() -> None:
    def silent() -> dict[str, float]:
        raise StoreUnreachableError("No answer.")

    sources = everything()
    found = samples(Metrics(Sources(sources.measures, sources.rounds, sources.meter, silent, "1.0", "worker")))
    assert found["tillpost_store_up", ""] == 0
    assert ("tillpost_queue_due", "") not in found
    assert found["tillpost_messages_total", "status=sent"] == 7


def test_the_store_is_looked_at_every_ten_seconds_at_most() -> None:
    looks: list[int] = []

    def look() -> dict[str, float]:
        looks.append(1)
        return {"queue_due": 1.0}

    sources = everything()
    metrics = Metrics(Sources(sources.measures, sources.rounds, sources.meter, look, "1.0", "worker"))
    for _ in range(5):
        metrics.text()
    assert len(looks) == 1


def test_the_store_gives_every_figure_that_is_listed() -> None:
    with opened_shop() as shop:
        assert set(gauges(shop)) == set(STORED)


def test_labels_hold_words_of_the_program_only() -> None:
    """Actions are named by the program; an id or an address in a name would make a series of its own for each."""
    text = Metrics(everything()).text().decode()
    values = set(re.findall(r'="([^"]*)"', text))
    assert not [value for value in values if "@" in value or re.search(r"[0-9A-F]{8}", value)]


@pytest.mark.parametrize(
    ("token", "authorization", "peer", "forwarded", "allowed"),
    [
        ("", "", "127.0.0.1", False, True),
        ("", "", "::1", False, True),
        ("", "", "127.0.0.1", True, False),
        ("", "", "10.0.0.7", False, False),
        ("", "", "", False, False),
        ("", "Bearer anything", "10.0.0.7", False, False),
        ("secret", "Bearer secret", "10.0.0.7", True, True),
        ("secret", "Bearer wrong", "10.0.0.7", False, False),
        ("secret", "secret", "10.0.0.7", False, False),
        ("secret", "", "127.0.0.1", False, False),
        ("secret", "Bearer sécret", "127.0.0.1", False, False),
    ],
)
def test_who_may_read(token: str, authorization: str, peer: str, forwarded: bool, allowed: bool) -> None:
    headers = [("Host", "127.0.0.1:9090"), *([("Via", "1.1 proxy")] if forwarded else [])]
    assert may_read(token, authorization, origin_of(peer, headers, "")) is allowed


@pytest.fixture
def worker() -> Iterator[str]:
    with serving(Metrics(everything()), "127.0.0.1", 0, "secret") as port:
        yield f"http://127.0.0.1:{port}"


def asked(url: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - our own loopback address
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:  # noqa: S310 - the same
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_worker_serves_its_metrics_to_whoever_has_the_token(worker: str) -> None:
    status, text = asked(f"{worker}/metrics", Authorization="Bearer secret")
    assert (status, "tillpost_messages_total" in text) == (200, True)
    assert asked(f"{worker}/metrics")[0] == 403
    assert asked(f"{worker}/", Authorization="Bearer secret")[0] == 404


def test_several_may_ask_at_the_same_time(worker: str) -> None:
    found: list[int] = []
    ask = lambda: found.append(asked(f"{worker}/metrics", Authorization="Bearer secret")[0])  # noqa: E731
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 8


def test_a_port_that_is_taken_is_reported(worker: str) -> None:
    port = int(worker.rpartition(":")[2])
    with pytest.raises(ConfigurationError, match=str(port)), serving(Metrics(everything()), "127.0.0.1", port, "x"):
        pass


def test_every_metric_of_the_dashboard_exists() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    asked_for = set(
        re.findall(r"\b(?:tillpost|process)_[a-z_]+", json.dumps([p["targets"] for p in panels(dashboard)]))
    )
    known = {name for name, _ in samples(Metrics(everything()))}
    assert asked_for - known == set()
    shown = {
        name for name in known if name.startswith("tillpost_") and not name.endswith(("_sum", "_count", "_created"))
    }
    assert shown - asked_for == set(), "and the dashboard shows all of them"


def panels(dashboard: dict[str, object]) -> list[dict[str, object]]:
    return [panel for panel in dashboard["panels"] if "targets" in panel]


def test_the_dashboard_is_one_that_grafana_can_import() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    assert {"title", "uid", "schemaVersion", "panels", "templating", "time"} <= set(dashboard)
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    assert all(panel["title"] and panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in dashboard["panels"])
