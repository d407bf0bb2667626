"""What the dry run says of a month is what really went out in it, whatever people did to their orders.

Whether a customer has ordered again is seen from the orders that stand today, so there nothing is cancelled here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest

from backend.domain.automations import Automation, Exit, TriggerKind
from backend.domain.orders import NEXT_STATUSES, Order, OrderStatus
from backend.services.automations.dry_run import dry_run
from backend.services.context import Shop
from backend.services.orders import orders
from backend.services.orders.parts import new_part_id
from backend.services.sending.mailer import Mailer
from tests.automations.making import messages, running, step, work
from tests.support import MANAGER, STAFF, TestClock, add_customer, add_order, ref

HALF = timedelta(minutes=30)
DAY = timedelta(days=1)


def busy_days(shop: Shop, clock: TestClock, mailer: Mailer, chance: Random, days: int, *, cancel: bool) -> None:
    """Things happen at full hours and emails come due half an hour after one, so a worker is there when they are."""
    people = [add_customer(shop) for _ in range(6)]
    placed: list[Order] = []
    for _ in range(days * 4):
        for _ in range(chance.randint(0, 2)):
            status = chance.choice([OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.FULFILLED])
            placed.append(add_order(shop, chance.choice(people), status=status))
        if placed:
            place = chance.randrange(len(placed))
            order = placed[place]
            if chance.random() < 0.2 and order.status in (OrderStatus.PAID, OrderStatus.FULFILLED):
                placed[place] = orders.refund_order(shop, MANAGER, ref(order), 1, "", new_part_id())
            elif chance.random() < 0.8:
                possible = [each for each in NEXT_STATUSES[order.status] if cancel or each is not OrderStatus.CANCELLED]
                placed[place] = orders.change_status(shop, STAFF, ref(order), chance.choice(possible))
        for _ in range(6):
            clock.now += HALF
            work(shop, mailer)
            clock.now += HALF


def automation_for(shop: Shop, kind: TriggerKind, exits: Sequence[Exit] = ()) -> Automation:
    first = step("order-confirmation", (DAY if kind.counts_from_order else 6 * HALF) + HALF)
    return running(shop, kind, first, step("order-confirmation", DAY), exits=exits, name=kind.value)


def assert_the_dry_run_is_true(shop: Shop, made: Sequence[Automation]) -> None:
    sent = Counter(message.campaign for message in messages(shop))
    found = {automation.name: dry_run(shop, STAFF, automation).total for automation in made}
    assert found == {automation.name: sent[automation.id] for automation in made}
    assert all(found.values())


@pytest.mark.parametrize("seed", range(3))
def test_the_dry_run_counts_what_was_sent(shop: Shop, clock: TestClock, mailer: Mailer, seed: int) -> None:
    made = [automation_for(shop, kind) for kind in TriggerKind if kind.about_order and kind is not TriggerKind.LAPSED]
    clock.now = clock.now.replace(minute=0, second=0) + timedelta(hours=1)
    busy_days(shop, clock, mailer, Random(seed), 10, cancel=True)
    assert_the_dry_run_is_true(shop, made)


@pytest.mark.parametrize("seed", range(2))
def test_the_dry_run_sees_who_ordered_again(shop: Shop, clock: TestClock, mailer: Mailer, seed: int) -> None:
    made = [automation_for(shop, kind, [Exit.ORDERED_AGAIN]) for kind in (TriggerKind.AFTER_ORDER, TriggerKind.LAPSED)]
    clock.now = clock.now.replace(minute=0, second=0) + timedelta(hours=1)
    busy_days(shop, clock, mailer, Random(seed), 10, cancel=False)
    assert_the_dry_run_is_true(shop, made)
