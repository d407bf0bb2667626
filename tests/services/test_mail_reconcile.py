"""The send statistics equal a recount of the ledger, whatever happened; and what does not is found and repaired."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from backend.domain.messages import Message, MessageStatus, SkipReason
from backend.services.context import Shop
from backend.services.reconcile import Drift, Reconciliation
from backend.services.reconcile.messages import reconcile_mail
from backend.services.sending import ledger
from backend.store import schema
from backend.store.port import Delete, Key, Plus, Put, Update
from tests.recount import everything
from tests.services.test_ledger import a_message, claimed, counts
from tests.support import TestClock


def reconciled(shop: Shop, *, fix: bool = False) -> Reconciliation:
    found = Reconciliation()
    reconcile_mail(shop, found, fix=fix, pause=lambda _: None)
    return found


def settle(shop: Shop, message: Message, status: MessageStatus, **more: object) -> None:
    ended = replace(claimed(shop, message), status=status, **more)
    assert ledger.record(shop, [ended]) == 1


def sent(shop: Shop, key: str, **more: object) -> Message:
    message = ledger.request(shop, a_message(key, **more)).message
    settle(shop, message, MessageStatus.SENT, sent_at=shop.clock())
    return message


def counters(shop: Shop) -> list[Key]:
    return [row.key for row in everything(shop, schema.MAIL) if row.key.pk.startswith("HOURS#")]


@pytest.mark.parametrize("seed", range(6))
def test_counters_equal_a_recount_after_any_mix_of_outcomes(shop: Shop, clock: TestClock, seed: int) -> None:
    chance = Random(seed)
    waiting: list[Message] = []
    for number in range(120):
        clock.forward(minutes=chance.uniform(0, 40))
        message = a_message(f"k{number}", requested_at=clock(), due_at=clock(), template=chance.choice("ab"))
        message = replace(message, test=chance.random() < 0.3)
        if chance.random() < 0.2:
            message = ledger.skipped(message, SkipReason.NO_CONSENT)
        waiting.append(ledger.request(shop, message).message)
        _something_happens(shop, clock, waiting, chance)
    assert reconciled(shop).drift == []
    statuses = {name for name in counts(shop) if not name.startswith("took")}
    assert {"sent", "failed", "unknown", "skipped", "tests"} <= statuses


def _something_happens(shop: Shop, clock: TestClock, waiting: list[Message], chance: Random) -> None:
    message = ledger.get_message(shop, waiting.pop(chance.randrange(len(waiting))).id)
    mine = ledger.claim(shop, [message])
    if not mine:
        return
    statuses = (MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.UNKNOWN, MessageStatus.WAITING)
    ended = replace(mine[0], status=chance.choice(statuses), reason="So it was.")
    if ended.status is MessageStatus.SENT:
        ended = replace(ended, sent_at=clock.forward(seconds=chance.uniform(0, 5000)))
    if chance.random() < 0.3:
        clock.forward(minutes=5)
        ledger.expire(shop, mine)
    ledger.record(shop, [ended])
    if ended.status is MessageStatus.WAITING:
        waiting.append(message)


def test_it_counts_the_messages(shop: Shop) -> None:
    for number in range(7):
        sent(shop, f"k{number}")
    assert reconcile_mail(shop, Reconciliation()) == 7


def test_a_wrong_counter_is_reported_and_repaired(shop: Shop) -> None:
    sent(shop, "k1")
    (key,) = counters(shop)
    shop.store.update(Update(key, add={"sent": Plus(4)}))
    part = key.sk.rpartition("#")[2]
    drift = Drift(f"emails 2026-11-26 12:00 welcome, part {part}: sent", 1, 5)
    assert reconciled(shop).drift == [drift]
    assert counts(shop)["sent"] == 5
    assert reconciled(shop, fix=True).drift == [replace(drift, fixed=True)]
    assert reconciled(shop).drift == []
    assert counts(shop)["sent"] == 1


def test_a_missing_counter_is_written_again(shop: Shop) -> None:
    sent(shop, "k1")
    before = counts(shop)
    (key,) = counters(shop)
    shop.store.delete(Delete(key))
    assert reconciled(shop, fix=True).fixed_count == 3
    assert counts(shop) == before


def test_a_counter_of_nothing_is_taken_out(shop: Shop) -> None:
    key = schema.hours_key("2026-11-20T08", "welcome", "X-1")
    shop.store.put(Put(key, {"kind": "transactional", "failed": 3}))
    assert reconciled(shop, fix=True).fixed_count == 1
    assert counters(shop) == []


def test_errors_that_cancel_out_within_a_day_are_found(shop: Shop, clock: TestClock) -> None:
    sent(shop, "k1")
    clock.forward(hours=2)
    sent(shop, "k2", requested_at=clock())
    first, second = counters(shop)
    shop.store.update(Update(first, add={"sent": Plus(1)}))
    shop.store.update(Update(second, add={"sent": Plus(-1)}))
    assert reconciled(shop).drift_count == 2


def test_what_moves_while_it_is_repaired_is_left_alone(shop: Shop) -> None:
    sent(shop, "k1")
    (key,) = counters(shop)
    shop.store.update(Update(key, add={"sent": Plus(4)}))
    found = Reconciliation()

    def somebody_sends(_: float) -> None:
        sent(shop, "k2")

    reconcile_mail(shop, found, fix=True, pause=somebody_sends)
    assert reconciled(shop).drift == []


def test_an_unreadable_message_is_reported(shop: Shop) -> None:
    message = sent(shop, "k1")
    key = schema.message_key(message.recipient, message.key)
    shop.store.update(Update(key, set={"status": "lost"}))
    (drift,) = [each for each in reconciled(shop).drift if each.expected == "readable"]
    assert not drift.fixed
