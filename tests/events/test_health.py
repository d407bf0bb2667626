"""Backlog and lag of events are measured, and unknown messages that were likely never taken are told apart."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.email.events.sources import QueueState
from backend.services.context import Shop
from backend.services.events.health import backlogs, counts_by_minute, event_health, link_clicks, note_backlog
from backend.services.sending.repair import never_accepted
from tests.events.samples import event
from tests.events.test_applying import now, sent, took, unknown
from tests.support import NOW, TestClock


def test_a_shop_without_events_is_healthy(shop: Shop) -> None:
    health = event_health(shop)
    assert (health.applied, health.waiting, health.last_at, health.lag_p95, health.dead_letters) == (
        0,
        0,
        None,
        None,
        0,
    )


def test_the_last_hour_is_summed_up(shop: Shop, clock: TestClock) -> None:
    for number in range(6):
        clock.forward(minutes=20)
        message = sent(shop, f"k{number}", requested_at=clock(), due_at=clock())
        clock.forward(seconds=40)
        took(shop, event("Delivery", message, seconds=0), event("Open", message, seconds=35), b"nonsense")
        took(shop, event("Open", message, seconds=35))
    health = event_health(shop)
    assert (health.applied, health.seen, health.dead, health.dead_letters) == (6, 3, 3, 6)
    assert health.by_type == {"Delivery": 3, "Open": 3}
    assert health.per_minute == pytest.approx(0.1)
    assert health.lag_p50 == pytest.approx(5)
    assert 30 < (health.lag_p95 or 0) <= 60
    assert health.last_at == clock()
    clock.forward(hours=3)
    later = event_health(shop)
    assert (later.applied, later.last_at) == (0, health.last_at)


def test_an_hour_that_spans_midnight_is_whole(shop: Shop, clock: TestClock) -> None:
    clock.forward(hours=11, minutes=50)
    message = sent(shop)
    took(shop, event("Send", message))
    clock.forward(minutes=20)
    took(shop, event("Delivery", message))
    assert event_health(shop).applied == 2
    minutes = counts_by_minute(shop, clock() - timedelta(hours=1), clock())
    assert list(minutes) == ["2026-11-26T23:50", "2026-11-27T00:10"]


def test_the_backlog_is_that_which_the_drainer_saw_last(shop: Shop, clock: TestClock) -> None:
    note_backlog(shop, "sqs", QueueState(7, 3))
    note_backlog(shop, "local", QueueState(5, 0, NOW - timedelta(minutes=4)))
    clock.forward(seconds=10)
    note_backlog(shop, "local", QueueState(0))
    health = event_health(shop)
    assert health.waiting == 10
    assert health.oldest_at is None
    assert {each.source: each.seen_at for each in backlogs(shop)} == {"local": clock(), "sqs": NOW}


def test_links_are_listed_by_clicks(shop: Shop) -> None:
    for number in range(3):
        message = sent(shop, f"k{number}", campaign="CAMPAIGN1")
        links = ["https://shop.example/a", "https://shop.example/b"][: 1 + number % 2]
        took(shop, *(event("Click", message, seconds=60, link=link) for link in links))
    found = [(each.link, each.clicks, each.programs) for each in link_clicks(shop, "CAMPAIGN1")]
    assert found == [("https://shop.example/a", 3, 0), ("https://shop.example/b", 1, 0)]


def test_an_unknown_message_was_likely_never_taken_when_others_were_reported_for_a_day(
    shop: Shop, clock: TestClock
) -> None:
    message, other = unknown(shop, "k1"), sent(shop, "k2")
    clock.forward(hours=25)
    assert never_accepted(shop, [message]) == set()  # nothing was reported at all: the queue may stand still
    took(shop, event("Delivery", other))
    assert never_accepted(shop, [message, other]) == {message.id}
    fresh = unknown(shop, "k3", requested_at=clock(), due_at=clock())
    assert never_accepted(shop, [fresh]) == set()
    took(shop, event("Send", message))
    assert never_accepted(shop, [now(shop, message)]) == set()
