"""The commands for engineers."""

from __future__ import annotations

import pytest

from backend.domain.alerts import Reading, RuleName
from backend.domain.team import Role
from backend.domain.time import utc_now
from backend.observability.measures import Measures
from backend.observability.ring import Ring
from backend.observability.rounds import Rounds
from backend.services.alerts import states
from backend.services.audit import log as audit_log
from backend.services.system import heartbeats
from backend.services.team import roster
from backend.services.team.members import new_member
from tests.cli.conftest import Run
from tests.support import MANAGER, STAFF, opened_shop


def test_the_audit_log_is_listed_and_narrowed(run: Run, store_url: str) -> None:
    with opened_shop(store_url, clock=utc_now) as shop:
        audit_log.note(shop, MANAGER, "started a campaign", "campaign:0A1B", "250 recipients")
        audit_log.note(shop, STAFF, "published a template", "template:welcome")
    entries = run("audit", "--json").json
    assert [entry["who"] for entry in entries] == ["sam", "mara"]
    assert entries[1]["target"] == "campaign:0A1B"
    assert [entry["who"] for entry in run("audit", "--who", "mara", "--json").json] == ["mara"]
    assert "started a campaign" in run("audit", "--target", "campaign").out
    assert run("audit", "--month", "2020-01").out == "The audit log has no entries.\n"
    refused = run("audit", "--month", "november")
    assert (refused.code, refused.out) == (1, "")


def test_health_is_reported_and_is_the_exit_code(run: Run, store_url: str) -> None:
    alone = run("health", "--json")
    assert (alone.code, alone.json["ok"]) == (1, False)
    workers = next(part for part in alone.json["parts"] if part["part"] == "Workers")
    assert (workers["state"], workers["found"]) == ("down", "Nobody does mail and imports.")
    with opened_shop(store_url, clock=utc_now) as shop:
        rounds = Rounds()
        for name in ("mail", "imports"):
            rounds.announce(name, 60)
        heartbeats.beat(shop, heartbeats.BeatingProcess("server", "1.0", utc_now(), Measures(), rounds, Ring()))
    running = run("health")
    assert running.code == 0
    assert "1 process works." in running.out


def test_alerts_are_listed(run: Run, store_url: str) -> None:
    assert run("alerts", "list").out == "No alerts.\n"
    with opened_shop(store_url, clock=utc_now) as shop:
        states.open_alert(shop, Reading(RuleName.QUEUE, "messages", 400.0, "The first of 3 messages waits."))
    (alert,) = run("alerts", "list", "--json").json
    assert (alert["rule"], alert["stage"], alert["sentence"]) == ("queue", "open", "The first of 3 messages waits.")
    assert "The first of 3 messages waits." in run("alerts", "list").out
    assert len(run("alerts", "list", "--month", f"{utc_now():%Y-%m}", "--json").json) == 1
    assert run("alerts", "list", "--month", "2020-01", "--json").json == []


def test_a_test_says_who_is_notified(run: Run, store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("alerts", "test").out == "Notified: nobody: no recipients and no webhook.\n"
    with opened_shop(store_url, clock=utc_now) as shop:
        eli = new_member(shop, username="eli", name="Eli", email="eli@example.com", role=Role.ENGINEER)
        roster.add(shop, eli)
    assert run("alerts", "test", "--json").json["told"] == "1 email"
    monkeypatch.setenv("ALERT_WEBHOOK_URL", "http://hooks.example.com/secret")
    refused = run("alerts", "test")
    assert "has to begin with https://" in refused.out
    assert "secret" not in refused.out + refused.err
