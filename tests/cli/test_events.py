"""The commands about events: drain, health, dead letters, replay and the fire drill."""

from __future__ import annotations

from pathlib import Path

from backend.email.events.spool import EventSpool
from backend.services.context import Shop
from backend.services.events.dead_letters import list_dead_letters
from backend.services.events.replay import replay_all
from backend.services.sending.ledger import get_message
from tests.cli.conftest import Run
from tests.support import ADMIN, add_customer


def test_a_sent_email_is_reported_when_the_events_are_drained(run: Run, shop: Shop) -> None:
    customer = add_customer(shop)
    sent = run("send", "verify-address", "--customer", customer.id, "--json").json
    drained = run("events", "drain", "--json")
    assert drained.code == 0
    assert drained.json == {"applied": 2, "seen": 0, "foreign": 0, "dead": 0, "notices": 0}
    message = get_message(shop, sent["message_id"])
    assert message.outcome == "delivered"
    assert run("events", "drain").out == "0 applied, 0 seen, 0 foreign, 0 dead, 0 notices.\n"
    health = run("events", "health", "--json").json
    assert (health["waiting"], health["applied_last_hour"], health["dead_letters"]) == (0, 2, 0)
    assert "dead_letters" in run("events", "health").out


def test_dead_letters_are_listed_and_replayed(run: Run, shop: Shop, tmp_path: Path) -> None:
    EventSpool(tmp_path / "var" / "events").write(b"nonsense\nmore nonsense\n")
    run("events", "drain")
    listed = run("events", "dead", "--json").json
    assert [(line["source"], line["reason"], line["tries"]) for line in listed] == [
        ("local", "This is not JSON.", 1)
    ] * 2
    assert "This is not JSON." in run("events", "dead").out
    again = run("events", "replay", listed[0]["id"])
    assert (again.code, again.out) == (1, "0 taken in, 1 still dead.\n")
    every = run("events", "replay", "--json")
    assert (every.code, every.json) == (1, {"done": 0, "dead": 2})
    assert run("events", "replay", "no-such-letter").code == 1
    assert {letter.tries for letter in list_dead_letters(shop, ADMIN).letters} == {2, 3}
    assert replay_all(shop, ADMIN).dead == 2


def test_a_fire_drill_passes_with_the_local_outbox(run: Run, shop: Shop) -> None:
    drill = run("events", "drill", "--seconds", "20", "--json")
    assert drill.code == 0
    assert drill.json["passed"]
    legs = {leg["address"]: set(leg["reports"]) for leg in drill.json["legs"]}
    assert legs["complaint"] == {"Send", "Delivery", "Complaint"}
    assert all(leg["missing"] == [] and leg["status"] == "sent" for leg in drill.json["legs"])
    again = run("events", "drill", "--seconds", "20")
    assert again.code == 0
    assert "suppressionlist" in again.out
