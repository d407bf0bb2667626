"""From the local outbox through the queue into the ledger, whatever dies on the way."""

from __future__ import annotations

import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from backend.domain.delivery import Outcome
from backend.domain.emails import Accepted
from backend.domain.messages import Message, MessageStatus
from backend.domain.suppression import SuppressionReason
from backend.domain.time import utc_now
from backend.email.events import spool
from backend.email.events.sources import Batch
from backend.email.events.spool import EventSpool, SpoolSource
from backend.email.transports.outbox import OutboxTransport
from backend.records.messages import key_of, message_item
from backend.services.context import Shop
from backend.services.events import drain as draining
from backend.services.events import intake
from backend.services.events.consequences import EventPolicy
from backend.services.events.dead_letters import count_dead_letters
from backend.services.events.drain import drain
from backend.services.events.health import event_health
from backend.services.sending import ledger
from backend.services.sending.delivery import deliver_due
from backend.services.suppression.entries import find_suppression
from backend.store import schema
from backend.store.port import Put
from backend.workers.duties import REST, event_rounds
from tests.email.transports.samples import email
from tests.events.drain_script import main
from tests.events.samples import event
from tests.events.test_applying import drift, now, sent
from tests.forked import PROCESSES
from tests.mailing.worker_script import mailer_on
from tests.recount import everything
from tests.services.test_ledger import a_message, all_counts
from tests.support import opened_shop

GO_ON, POLICY = threading.Event(), EventPolicy()

FATES = {
    "maria@example.com": {Outcome.DELIVERED},
    "success@simulator.amazonses.com": {Outcome.DELIVERED},
    "bounce+7@simulator.amazonses.com": {Outcome.BOUNCED},
    "complaint@simulator.amazonses.com": {Outcome.DELIVERED, Outcome.COMPLAINED},
    "ooto@simulator.amazonses.com": {Outcome.DELIVERED, Outcome.SOFT_BOUNCED},
    "suppressionlist@simulator.amazonses.com": {Outcome.REJECTED},
}


@pytest.mark.parametrize("address", FATES)
def test_an_email_in_the_outbox_is_reported_on_as_at_ses(shop: Shop, tmp_path: Path, address: str) -> None:
    folder = tmp_path / "events"
    message = ledger.request(shop, a_message(to=address)).message
    transport = OutboxTransport(tmp_path / "outbox", clock=shop.clock, events=EventSpool(folder))
    (mine,) = ledger.claim(shop, [message])
    answer = transport.send(email(to=address, message_id=mine.id))
    assert isinstance(answer, Accepted)
    drain(shop, SpoolSource(folder), POLICY, GO_ON)
    assert set(now(shop, message).outcomes) == FATES[address]
    suppressed = find_suppression(shop, address)
    expected = {
        Outcome.BOUNCED: SuppressionReason.HARD_BOUNCE,
        Outcome.REJECTED: SuppressionReason.HARD_BOUNCE,
        Outcome.COMPLAINED: SuppressionReason.COMPLAINT,
    }
    reasons = {expected[outcome] for outcome in FATES[address] if outcome in expected}
    assert {cause.reason for cause in suppressed.causes} == reasons if suppressed else not reasons


def test_a_queue_that_cannot_be_written_does_not_change_the_answer(tmp_path: Path) -> None:
    (tmp_path / "events").write_text("not a folder")
    transport = OutboxTransport(tmp_path / "outbox", events=EventSpool(tmp_path / "events"))
    assert isinstance(transport.send(email()), Accepted)


def test_a_whole_send_is_sent_and_delivered(shared_shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "events"
    transport = OutboxTransport(tmp_path / "outbox", clock=shared_shop.clock, events=EventSpool(folder))
    messages = [sent(shared_shop, f"k{number}") for number in range(3)]
    rounds = event_rounds(shared_shop, [SpoolSource(folder)], POLICY, GO_ON)
    for message in messages:
        transport.send(email(to=message.to, message_id=message.id))
    deliver_due(shared_shop, mailer_on(shared_shop, transport))
    assert rounds() == 0.0
    assert rounds() == REST
    assert all_counts(shared_shop)["delivered"] == 3
    health = event_health(shared_shop)
    assert (health.applied, health.waiting, health.by_type) == (6, 0, {"Delivery": 3, "Send": 3})


def sent_together(shop: Shop, count: int) -> list[Message]:
    """Messages that went out, in three commits."""
    at = utc_now()
    waiting = [a_message(f"k{n}", requested_at=at, due_at=at, hour=ledger.hour_of(shop, at)) for n in range(count)]
    shop.store.write_batch([Put(key_of(each), message_item(each, each.hour)) for each in waiting])
    mine = ledger.claim(shop, waiting)
    ledger.record(shop, [replace(each, status=MessageStatus.SENT, sent_at=at, provider_id="p") for each in mine])
    return mine


STEPS = ["transact_each:before:1", "transact_each:after:1", "transact_each:after:2", "update:before:2", "done:before:2"]


@pytest.mark.parametrize("step", STEPS)
def test_a_drainer_that_is_killed_loses_nothing_and_counts_nothing_twice(tmp_path: Path, step: str) -> None:
    url, folder = f"sqlite:///{tmp_path}/tillpost.db", tmp_path / "events"
    with opened_shop(url, clock=utc_now, data_dir=tmp_path) as shop:
        writer = EventSpool(folder)
        messages = sent_together(shop, 70)
        for message in messages:
            lines = (event(kind, message, seconds=30 + n) for n, kind in enumerate(("Send", "Delivery", "Open")))
            writer.write(b"\n".join(lines) + b"\n")
        drainer = PROCESSES.Process(target=main, args=(url, str(folder), step))
        drainer.start()
        drainer.join(60)
        assert drainer.exitcode == -signal.SIGKILL
        drain(shop, SpoolSource(folder), POLICY, GO_ON)
        assert all(set(now(shop, each).outcomes) == {Outcome.DELIVERED, Outcome.OPENED} for each in messages)
        kept = [row for row in everything(shop, schema.MAIL) if row.key.sk.startswith("V#")]
        assert len(kept) == 210
        assert drift(shop) == []
        assert list(folder.rglob("*.jsonl")) == []


class OneBatch:
    """A source with one batch."""

    name = "test"

    def __init__(self, *bodies: bytes) -> None:
        self.batches = [Batch(bodies)]
        self.failures = 0

    def receive(self, stop: threading.Event) -> Batch:
        return self.batches[0] if self.batches else Batch(())

    def done(self, batch: Batch) -> None:
        self.batches.remove(batch)

    def failed(self, batch: Batch) -> None:
        self.failures += 1


def test_an_event_that_breaks_the_program_does_not_hold_up_the_others(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = sent(shop, "k1"), sent(shop, "k2")
    real = intake.read_event

    def breaking(body: bytes, at: object) -> object:
        if bad.id.encode() in body:
            raise ZeroDivisionError
        return real(body, at)

    monkeypatch.setattr(intake, "read_event", breaking)
    source = OneBatch(event("Delivery", good), event("Delivery", bad))
    assert draining.drain_batch(shop, source, POLICY, GO_ON).dead == 1
    assert source.batches == []
    assert now(shop, good).outcome is Outcome.DELIVERED
    assert now(shop, bad).status is MessageStatus.SENT
    assert count_dead_letters(shop) == 1


def test_a_hundred_lines_of_nonsense_are_dead_letters_and_memory_of_a_batch_is_bounded(
    shop: Shop, tmp_path: Path
) -> None:
    EventSpool(tmp_path / "events").write(b"".join(b"nonsense %d\n" % number for number in range(300)))
    source = SpoolSource(tmp_path / "events")
    assert len(source.receive(GO_ON).bodies) == spool.MOST_LINES
    assert drain(shop, source, POLICY, GO_ON).dead == 300
    assert count_dead_letters(shop) == 300
