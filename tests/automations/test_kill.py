"""Processes are killed at every step: an event gives exactly one message for each step of each automation."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from backend.domain.automations import Automation, TriggerKind
from backend.domain.time import utc_now
from backend.records.automations import automation_item
from backend.services.automations.figures import figures_of
from backend.services.context import Shop
from backend.services.orders import orders
from backend.services.sending.mailer import Mailer
from backend.services.triggers import active
from backend.store import schema
from backend.store.port import Put
from tests.automations.making import AT_ONCE, automation, messages, step, waiting, work
from tests.engines import ROOT
from tests.support import STAFF, add_customer, add_order, draft, opened_shop

SECONDS = 4.0
KILLS = 3
STEPS = ["transact_each:before:1", "transact_each:after:1", "transact_each:before:2"]
"""Each round of answers is one call; the second is that of the second step of the sequence."""


def start(*arguments: str) -> subprocess.Popen[str]:
    """A process that has opened the store."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.automations.worker_script", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: subprocess.Popen[str]) -> int:
    with process:
        return process.wait(60)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/tillpost.db"


@pytest.fixture
def shop(url: str, tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(url, clock=utc_now, data_dir=tmp_path) as shop:
        yield shop


def listening_now(shop: Shop, kind: TriggerKind = TriggerKind.ORDER_PLACED) -> Automation:
    """A sequence of two steps that has been on for a minute."""
    made = automation(shop, kind, step(), step("verify-address", AT_ONCE))
    on = replace(made, on=True, active_from=utc_now() - timedelta(minutes=1))
    shop.store.put(Put(schema.automation_key(on.id), automation_item(on)))
    active.forget(shop)
    return on


def assert_each_step_once(shop: Shop, made: Automation, events: int) -> None:
    """Every event has a message of each step, and the figures say the same."""
    assert waiting(shop) == []
    found = Counter((message.order_id, message.variant) for message in messages(shop))
    assert set(found.values()) == {1}
    assert len(found) == 2 * events
    figures = figures_of(shop, made.id)
    assert (figures.answered, figures.requested) == (events, 2 * events)
    assert (figures.ended, figures.repeated, figures.broken) == ({}, 0, 0)


@pytest.mark.parametrize("dies_at", STEPS)
def test_a_worker_that_dies_at_a_step_leaves_one_message_for_each_step(
    shop: Shop, mailer: Mailer, url: str, dies_at: str
) -> None:
    made = listening_now(shop)
    for _ in range(3):
        add_order(shop, add_customer(shop))
    assert end(start("until idle", dies_at, url)) == -signal.SIGKILL
    work(shop, mailer)
    assert_each_step_once(shop, made, 3)


@pytest.mark.parametrize("dies_at", ["transact:before:1", "transact:after:1"])
def test_whoever_dies_while_placing_an_order_leaves_both_the_order_and_its_trigger_or_neither(
    shop: Shop, mailer: Mailer, url: str, dies_at: str
) -> None:
    made = listening_now(shop)
    customer, key = add_customer(shop), orders.new_idempotency_key(shop)
    assert end(start("order", dies_at, url, customer.id, key)) == -signal.SIGKILL
    assert len(waiting(shop)) == (1 if dies_at == "transact:after:1" else 0)
    orders.place_order(shop, STAFF, draft(customer), key)
    work(shop, mailer)
    assert_each_step_once(shop, made, 1)


def test_workers_killed_at_random_moments_lose_nothing_and_double_nothing(shop: Shop, mailer: Mailer, url: str) -> None:
    made = listening_now(shop)
    chance, deadline, placed, kills = random.Random(5), time.monotonic() + SECONDS, 0, 0
    customers = [add_customer(shop) for _ in range(20)]
    workers = [start("for ever", "", url) for _ in range(2)]
    while time.monotonic() < deadline or kills < KILLS:
        for _ in range(chance.randint(1, 10)):
            add_order(shop, chance.choice(customers))
            placed += 1
        time.sleep(chance.uniform(0.0, 0.1))
        place = chance.randrange(len(workers))
        workers[place].kill()
        end(workers[place])
        kills += 1
        workers[place] = start("for ever", "", url)
    for worker in workers:
        worker.kill()
        end(worker)
    work(shop, mailer)
    assert_each_step_once(shop, made, placed)
