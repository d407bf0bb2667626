"""The frequency cap: nobody gets more marketing mail than it allows, whatever their history and whoever sends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from backend.domain.eligibility import MarketingLimits
from backend.domain.emails import Kind
from backend.domain.messages import Message, MessageStatus
from backend.domain.time import to_text
from backend.records.messages import key_of, message_item
from backend.services.context import Shop
from backend.services.sending import ledger
from backend.services.sending.frequency_cap import marketing_sent, reserve
from backend.store import schema
from backend.store.meter import Meter
from backend.store.port import Item, Put, Row
from tests.support import NOW, TestClock, opened_shop, outcomes_of
from tests.unreadable.damages import do_damage

LIMITS = MarketingLimits(cap=2)
MARKER = schema.meta_key("marketing-cap")


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


def news(customer_id: str, key: str, **changes: object) -> Message:
    message = Message(
        recipient=customer_id,
        key=key,
        template="newsletter",
        version=1,
        kind=Kind.MARKETING,
        status=MessageStatus.WAITING,
        to="maria@example.com",
        name="Maria",
        requested_at=NOW,
        requested_by="sam",
        due_at=NOW,
        customer_id=customer_id,
    )
    return replace(message, **changes)  # type: ignore[arg-type]


def keep(shop: Shop, *messages: Message) -> None:
    """Puts messages into the ledger as they are, without a slot: as an older version of the program did."""
    hour = ledger.hour_of(shop, NOW)
    shop.store.write_batch([Put(key_of(message), message_item(message, hour)) for message in messages])


def sent(customer_id: str, key: str, days_ago: float) -> Message:
    at = NOW - timedelta(days=days_ago)
    return news(customer_id, key, status=MessageStatus.SENT, requested_at=at, sent_at=at)


def slots_since_long(shop: Shop) -> None:
    shop.store.put(Put(MARKER, {"since": to_text(NOW - timedelta(days=30))}))


def test_the_newest_of_two_thousand_messages_count_wherever_their_keys_are(clock: TestClock) -> None:
    with opened_shop(clock=clock) as shop:
        keep(shop, *(sent("MARIA", f"click-{number:05}", 30) for number in range(2_000)))
        keep(shop, sent("MARIA", "click-00777x", 1), sent("MARIA", "zz-last", 2))
        assert marketing_sent(shop, ["MARIA"], LIMITS) == {"MARIA": frozenset({"click-00777x", "zz-last"})}
        assert reserve(shop, [news("MARIA", "next")], LIMITS) == []


def test_a_batch_of_customers_is_one_read_however_many_messages_they_have(clock: TestClock) -> None:
    meter = Meter()
    with opened_shop(clock=clock, meter=meter) as shop:
        slots_since_long(shop)
        people = [f"CUSTOMER{number}" for number in range(50)]
        keep(shop, *(sent(people[0], f"click-{number:05}", 30) for number in range(2_000)))
        for person in people:
            reserve(shop, [news(person, "first")], LIMITS)
        meter.reset()
        found = marketing_sent(shop, people, LIMITS)
        used = meter.usage()["recent marketing mail"]
    assert found == dict.fromkeys(people, frozenset({"first"}))
    assert used.requests == 1
    assert used.read_units <= 26


def test_a_slot_costs_one_write_unit(clock: TestClock) -> None:
    meter = Meter()
    with opened_shop(clock=clock, meter=meter) as shop:
        slots_since_long(shop)
        meter.reset()
        people = [f"CUSTOMER{number}" for number in range(50)]
        reserve(shop, [news(person, "campaign-1") for person in people], LIMITS)
        assert meter.usage()["reserve a slot of the frequency cap"].write_units == 50


def test_of_two_that_decide_at_the_same_moment_one_gets_the_last_slot(tmp_path: Path) -> None:
    people = [f"CUSTOMER{number}" for number in range(40)]
    with opened_shop(f"sqlite:///{tmp_path}/tillpost.db") as shop:
        slots_since_long(shop)
        campaigns = [[news(person, f"campaign-{number}") for person in people] for number in range(4)]
        asked = [partial(reserve, shop, each, MarketingLimits(cap=1)) for each in campaigns]
        given = outcomes_of(asked)
    winners = [message.recipient for each in given if isinstance(each, list) for message in each]
    assert sorted(winners) == sorted(set(winners))
    assert winners


def test_two_messages_to_one_customer_in_a_batch_do_not_share_a_slot(clock: TestClock) -> None:
    with opened_shop(clock=clock) as shop:
        messages = [news("MARIA", "one"), news("MARIA", "two")]
        assert [each.key for each in reserve(shop, messages, MarketingLimits(cap=1))] == ["one"]


def test_a_message_that_is_tried_again_needs_no_second_slot(clock: TestClock) -> None:
    one = MarketingLimits(cap=1)
    with opened_shop(clock=clock) as shop:
        for _ in range(3):
            assert reserve(shop, [news("MARIA", "one")], one)
        assert not reserve(shop, [news("MARIA", "two")], one)


@pytest.mark.parametrize("status", [MessageStatus.FAILED, MessageStatus.SKIPPED])
def test_a_message_that_did_not_go_out_frees_its_slot(clock: TestClock, status: MessageStatus) -> None:
    one = MarketingLimits(cap=1)
    with opened_shop(clock=clock) as shop:
        assert reserve(shop, [news("MARIA", "one")], one)
        keep(shop, news("MARIA", "one", status=status))
        assert reserve(shop, [news("MARIA", "two")], one)


@pytest.mark.parametrize("status", [MessageStatus.SENT, MessageStatus.UNKNOWN, MessageStatus.WAITING])
def test_a_message_that_may_go_out_keeps_its_slot(clock: TestClock, status: MessageStatus) -> None:
    one = MarketingLimits(cap=1)
    with opened_shop(clock=clock) as shop:
        assert reserve(shop, [news("MARIA", "one")], one)
        keep(shop, news("MARIA", "one", status=status))
        clock.forward(days=2)
        assert not reserve(shop, [news("MARIA", "two")], one)


def test_a_slot_of_a_process_that_died_before_its_claim_is_free_after_the_lease(clock: TestClock) -> None:
    one = MarketingLimits(cap=1)
    with opened_shop(clock=clock) as shop:
        assert reserve(shop, [news("MARIA", "one")], one)
        assert not reserve(shop, [news("MARIA", "two")], one)
        clock.forward(seconds=91)
        assert reserve(shop, [news("MARIA", "two")], one)


def test_a_slot_is_free_after_the_window(clock: TestClock) -> None:
    one = MarketingLimits(cap=1)
    with opened_shop(clock=clock) as shop:
        assert reserve(shop, [news("MARIA", "one")], one)
        keep(shop, news("MARIA", "one", status=MessageStatus.SENT))
        clock.forward(days=7, seconds=1)
        assert reserve(shop, [news("MARIA", "two")], one)


def test_what_was_sent_before_there_were_slots_counts(clock: TestClock) -> None:
    with opened_shop(clock=clock) as shop:
        keep(shop, sent("MARIA", "old", 1))
        assert reserve(shop, [news("MARIA", "first")], LIMITS)
        assert not reserve(shop, [news("MARIA", "second")], LIMITS)


def test_what_was_sent_while_there_was_no_cap_counts(clock: TestClock) -> None:
    with opened_shop(clock=clock) as shop:
        slots_since_long(shop)
        assert reserve(shop, [news("MARIA", "first")], LIMITS)
        keep(shop, sent("MARIA", "first", 0))
        assert reserve(shop, [news("MARIA", "uncapped")], MarketingLimits())
        keep(shop, sent("MARIA", "uncapped", 0))
        assert not reserve(shop, [news("MARIA", "third")], LIMITS)


@pytest.mark.parametrize("damaged", [{"taken": 5}, {"taken": ["x"], "seen": 7}, {"seen": "a"}])
def test_a_damaged_item_is_replaced_by_what_the_ledger_has(clock: TestClock, damaged: Item) -> None:
    with opened_shop(clock=clock) as shop:
        slots_since_long(shop)
        keep(shop, sent("MARIA", "first", 1))
        shop.store.put(Put(schema.slots_key("MARIA"), damaged))
        assert reserve(shop, [news("MARIA", "second")], LIMITS)
        assert marketing_sent(shop, ["MARIA"], LIMITS) == {"MARIA": frozenset({"first", "second"})}


BAD: list[Item | str] = [
    {"kind": "marketing", "status": 3},
    {"kind": "marketing", "status": ["sent"]},
    {"kind": "nonsense", "status": "sent", "sent_at": "nonsense"},
    {"status": "nonsense", "sent_at": "9999-12-31T23:59:59.999999Z"},
    "{not JSON",
]


@pytest.mark.parametrize("bad", BAD)
def test_a_damaged_marker_or_message_holds_nothing_up_and_counts_as_one_that_may_have_gone_out(
    clock: TestClock, tmp_path: Path, bad: Item | str
) -> None:
    with opened_shop(clock=clock, data_dir=tmp_path) as shop:
        shop.store.put(Put(MARKER, {"since": 5}))
        row = Row(schema.message_key("MARIA", "bad"), {"kind": "marketing"})
        shop.store.put(Put(row.key, row.item))
        do_damage(shop.store, row, bad if isinstance(bad, str) else lambda _: bad)
        both = [news("MARIA", "first"), news("NOOR", "first")]
        assert reserve(shop, both, LIMITS) == both
        assert reserve(shop, [news("MARIA", "second"), news("NOOR", "second")], LIMITS) == [news("NOOR", "second")]


def test_a_slot_whose_message_became_unreadable_stays_taken(clock: TestClock, tmp_path: Path) -> None:
    with opened_shop(clock=clock, data_dir=tmp_path) as shop:
        slots_since_long(shop)
        for key in ("one", "two"):
            assert reserve(shop, [news("MARIA", key)], LIMITS)
            keep(shop, sent("MARIA", key, 0))
        row = Row(schema.message_key("MARIA", "one"), {})
        do_damage(shop.store, row, "{not JSON")
        assert not reserve(shop, [news("MARIA", "three")], LIMITS)


def test_orders_and_tests_need_no_slot(clock: TestClock) -> None:
    messages = [
        news("MARIA", "order", kind=Kind.TRANSACTIONAL),
        news("MARIA", "trial", test=True),
        replace(news("TEAM1", "invitation"), customer_id=""),
    ]
    with opened_shop(clock=clock) as shop:
        keep(shop, sent("MARIA", "one", 1), sent("MARIA", "two", 1))
        assert reserve(shop, messages, LIMITS) == messages
