"""Customers who had lapsed before are written to only when somebody asks, once each, if they still stay away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.automations import TriggerKind
from backend.errors import InvalidInputError, PermissionDeniedError
from backend.services.automations import backfill, figures, saved
from backend.services.automations.duty import answer_due
from backend.services.automations.waiting_triggers import count_waiting, stalled
from backend.services.context import Shop
from backend.services.sending.mailer import Mailer
from tests.automations.making import automation, messages, running, step, waiting
from tests.support import MANAGER, STAFF, TestClock, add_customer, add_order

DAY = timedelta(days=1)


def win_back(shop: Shop) -> str:
    return running(shop, TriggerKind.LAPSED, step("verify-address", 90 * DAY)).id


def go_on(shop: Shop, mailer: Mailer, clock: TestClock) -> None:
    """Works until the backfill has ended and what it left is answered."""
    for _ in range(50):
        answer_due(shop, mailer)
        clock.forward(seconds=1)


def test_only_those_who_stay_away_are_counted_and_written_to_once(
    shop: Shop, mailer: Mailer, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "CHUNK", 2)
    away = [add_customer(shop) for _ in range(5)]
    for customer in away:
        add_order(shop, customer, placed_at=clock() - 100 * DAY)
    add_order(shop, add_customer(shop), placed_at=clock() - 10 * DAY)
    add_customer(shop)
    made = win_back(shop)
    assert waiting(shop) == []
    count = backfill.lapsed_before(shop, saved.get_automation(shop, made))
    assert count == 5
    for _ in range(2):
        backfill.ask_backfill(shop, MANAGER, made, count)
    answer_due(shop, mailer)
    found = backfill.find_backfill(shop, made)
    assert found is not None
    assert (found.expected, found.written, found.asked_by, found.ended) == (5, 2, "mara", False)
    go_on(shop, mailer, clock)
    found = backfill.find_backfill(shop, made)
    assert found is not None
    assert (found.written, found.ended) == (5, True)
    assert {message.customer_id for message in messages(shop)} == {customer.id for customer in away}
    backfill.ask_backfill(shop, MANAGER, made, count)
    go_on(shop, mailer, clock)
    assert len(messages(shop)) == 5
    assert figures.figures_of(shop, made).repeated == 5


def test_who_has_ordered_since_the_snapshot_is_left_alone(shop: Shop, mailer: Mailer, clock: TestClock) -> None:
    customer = add_customer(shop)
    add_order(shop, customer, placed_at=clock() - 100 * DAY)
    made = automation(shop, TriggerKind.LAPSED, step("verify-address", 90 * DAY))
    assert backfill.lapsed_before(shop, made) == 1
    add_order(shop, customer)
    saved.switch_on(shop, MANAGER, made.id, made.version)
    backfill.ask_backfill(shop, MANAGER, made.id, 1)
    go_on(shop, mailer, clock)
    assert messages(shop) == []
    assert [trigger.due_at.date() for trigger in waiting(shop)] == [(clock() + 90 * DAY).date()]


def test_a_part_that_is_done_twice_after_a_crash_writes_nobody_twice(
    shop: Shop, mailer: Mailer, clock: TestClock
) -> None:
    customer = add_customer(shop)
    add_order(shop, customer, placed_at=clock() - 100 * DAY)
    made = saved.get_automation(shop, win_back(shop))
    backfill.ask_backfill(shop, MANAGER, made.id, 1)
    assert backfill._leave_triggers(shop, made, [customer.id]) == 1
    assert backfill._leave_triggers(shop, made, [customer.id]) == 0
    go_on(shop, mailer, clock)
    assert len(messages(shop)) == 1


def test_switching_off_ends_it(shop: Shop, mailer: Mailer, clock: TestClock) -> None:
    add_order(shop, add_customer(shop), placed_at=clock() - 100 * DAY)
    made = saved.get_automation(shop, win_back(shop))
    backfill.ask_backfill(shop, MANAGER, made.id, 1)
    saved.switch_off(shop, MANAGER, made.id, made.version)
    go_on(shop, mailer, clock)
    found = backfill.find_backfill(shop, made.id)
    assert found is not None
    assert found.ended
    assert messages(shop) == []


def test_it_waits_in_the_list_of_work_and_is_no_trigger(shop: Shop, clock: TestClock) -> None:
    made = win_back(shop)
    backfill.ask_backfill(shop, MANAGER, made, 1)
    assert count_waiting(shop).by_automation == {}
    clock.forward(minutes=6)
    assert [each.automation for each in stalled(shop)] == [made]


def test_not_everybody_may_ask_and_not_of_every_automation(shop: Shop) -> None:
    made = win_back(shop)
    with pytest.raises(PermissionDeniedError):
        backfill.ask_backfill(shop, STAFF, made, 1)
    with pytest.raises(InvalidInputError):
        backfill.ask_backfill(shop, MANAGER, running(shop).id, 1)
    off = automation(shop, TriggerKind.LAPSED, step("verify-address", 90 * DAY))
    with pytest.raises(InvalidInputError):
        backfill.ask_backfill(shop, MANAGER, off.id, 1)
