"""The fire drill mails the simulator's addresses, and tells which reports came back and when."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from backend.domain.delivery import Outcome
from backend.domain.events import EventType
from backend.domain.messages import MessageStatus
from backend.email.events.spool import EventSpool, SpoolSource
from backend.email.links import Links
from backend.email.rate import RatePolicy, RateWindow
from backend.email.transports.outbox import OutboxTransport
from backend.errors import ConflictError, PermissionDeniedError
from backend.services.audit.log import AuditFilter, list_entries
from backend.services.context import Shop
from backend.services.events import fire_drill
from backend.services.events.consequences import EventPolicy
from backend.services.events.drain import drain
from backend.services.events.fire_drill import Box, last_drill, start_drill
from backend.services.sending import ledger
from backend.services.sending.delivery import deliver_due
from backend.services.sending.mailer import Mailer
from backend.services.suppression.entries import find_suppression
from backend.store import schema
from backend.store.port import Delete
from tests.services.test_ledger import all_counts
from tests.support import ADMIN, ENGINEER, MANAGER, TestClock

GO_ON = threading.Event()


def mailer_to(shop: Shop, folder: Path) -> Mailer:
    transport = OutboxTransport(folder / "outbox", clock=shop.clock, events=EventSpool(folder / "events"))
    window = RateWindow(shop.store, transport.name, transport.account, RatePolicy(), clock=shop.clock)
    return Mailer(transport, window, Links(b"k" * 32, "https://shop.example", shop.clock), "shop@example.com")


def work(shop: Shop, folder: Path) -> None:
    """What the workers do."""
    deliver_due(shop, mailer_to(shop, folder))
    drain(shop, SpoolSource(folder / "events"), EventPolicy(), GO_ON)


def test_everything_comes_back_and_the_result_is_kept(shop: Shop, clock: TestClock, tmp_path: Path) -> None:
    started = start_drill(shop, ENGINEER, "drill-1")
    assert [leg.box for leg in started.legs] == list(Box)
    assert not started.passed
    assert not started.is_over(clock())
    clock.forward(seconds=3)
    work(shop, tmp_path)
    found = last_drill(shop)
    assert found is not None
    assert found.passed
    assert {leg.box: {report.type for report in leg.reports} for leg in found.legs} == {
        Box.SUCCESS: {EventType.SEND, EventType.DELIVERY},
        Box.BOUNCE: {EventType.SEND, EventType.BOUNCE},
        Box.COMPLAINT: {EventType.SEND, EventType.DELIVERY, EventType.COMPLAINT},
        Box.OUT_OF_OFFICE: {EventType.SEND, EventType.DELIVERY, EventType.BOUNCE},
        Box.SUPPRESSED: {EventType.SEND, EventType.BOUNCE},
    }
    assert all(leg.sent_at == clock() for leg in found.legs)
    for row in found.legs:
        shop.store.delete(Delete(schema.message_key(*row.message_id.split("-", 1))))
    kept = last_drill(shop)
    assert kept is not None
    assert (kept.kept, kept.legs) == (True, found.legs)


def test_a_drill_counts_in_no_rate_and_suppresses_nobody(shop: Shop, tmp_path: Path) -> None:
    started = start_drill(shop, ENGINEER, "drill-1")
    work(shop, tmp_path)
    assert {name: n for name, n in all_counts(shop).items() if ":" in name or name in ("bounced", "complained")} == {}
    messages = fire_drill.drill_messages(shop, started)
    outcomes = {each.outcome for each in messages}
    assert outcomes == {Outcome.DELIVERED, Outcome.BOUNCED, Outcome.COMPLAINED, Outcome.REJECTED}
    assert all(find_suppression(shop, each.to) is None for each in messages)


def test_it_can_be_done_again_but_one_at_a_time(shop: Shop, clock: TestClock, tmp_path: Path) -> None:
    start_drill(shop, ENGINEER, "drill-1")
    with pytest.raises(ConflictError):
        start_drill(shop, ADMIN, "drill-2")
    work(shop, tmp_path)
    second = start_drill(shop, ADMIN, "drill-2")
    assert (second.id, second.by) == ("drill-2", "ada")
    clock.forward(minutes=16)
    assert start_drill(shop, ENGINEER, "drill-3").id == "drill-3"


def test_the_same_click_starts_one_drill_and_finishes_what_a_crash_has_left(shop: Shop) -> None:
    first = start_drill(shop, ENGINEER, "drill-1")
    lost = first.legs[2].message_id
    shop.store.delete(Delete(schema.message_key(*lost.split("-", 1))))
    assert [leg.message_id for leg in start_drill(shop, ENGINEER, "drill-1").legs] == [
        leg.message_id for leg in first.legs
    ]
    entries = list_entries(shop, ADMIN, AuditFilter("2026-11")).entries
    assert [entry.action for entry in entries] == ["started a fire drill"]


def test_what_does_not_come_back_is_missing_when_it_is_over(shop: Shop, clock: TestClock, tmp_path: Path) -> None:
    start_drill(shop, ENGINEER, "drill-1")
    deliver_due(shop, mailer_to(shop, tmp_path))
    clock.forward(minutes=16)
    found = last_drill(shop)
    assert found is not None
    assert found.is_over(clock())
    assert not found.passed
    assert found.legs[0].missing == (EventType.SEND, EventType.DELIVERY)
    kept = last_drill(shop)
    assert kept is not None
    assert kept.kept


def test_a_drill_whose_emails_are_refused_is_over(shop: Shop, clock: TestClock) -> None:
    started = start_drill(shop, ENGINEER, "drill-1")
    mine = ledger.claim(shop, fire_drill.drill_messages(shop, started))
    failed = [ledger.skipped(each, next(iter(ledger.SkipReason))) for each in mine]
    ledger.record(shop, failed)
    found = last_drill(shop)
    assert found is not None
    assert found.is_over(clock())
    assert {leg.status for leg in found.legs} == {MessageStatus.SKIPPED}


def test_who_repairs_mail_may_start_one(shop: Shop) -> None:
    assert last_drill(shop) is None
    with pytest.raises(PermissionDeniedError):
        start_drill(shop, MANAGER, "drill-1")
