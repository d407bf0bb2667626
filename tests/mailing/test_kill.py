"""Workers are killed at every step of a send: nobody gets an email twice, none is lost, all are accounted for."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.domain.messages import MessageStatus
from tests.mailing.processes import Scene, end, run, scene, start

KILLS = 20
WORKERS = 3
SETTLED = {MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.UNKNOWN, MessageStatus.SKIPPED}
STEPS = [
    f"{place}:{moment}:{number}"
    for place, numbers in (("transact_each", (1, 2)), ("send", (1, 3)), ("put", (1,)))
    for moment in ("before", "after")
    for number in numbers
]
"""The first `transact_each` is the claim and the second the record; `put` reserves tokens of the rate window."""


@pytest.fixture
def few(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path, 12) as found:
        yield found


def assert_accounted_for(scene: Scene, requested: int) -> None:
    """The promises of the ledger, held against the provider's journal."""
    messages, submissions = scene.messages(), scene.submissions()
    assert len(messages) == requested, "A message is lost."
    assert max(submissions.values(), default=0) <= 1, "Somebody got an email twice."
    assert {message.status for message in messages} <= SETTLED
    taken = {message.id for message in messages if submissions[message.id]}
    assert set(submissions) == taken
    for message in messages:
        if message.status is MessageStatus.SENT:
            assert message.id in taken, "It is called sent, and was never submitted."
        if message.status in (MessageStatus.FAILED, MessageStatus.SKIPPED):
            assert message.id not in taken, "It is called not sent, and was submitted."
            assert message.reason
    assert scene.counted() == dict(Counter(message.status.value for message in messages))


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_that_dies_at_a_step_leaves_every_message_to_be_accounted_for(few: Scene, step: str) -> None:
    few.request("news")
    assert end(start(few.orders(step=step, until_idle=True))) == -signal.SIGKILL
    few.finish()
    assert_accounted_for(few, 12)


def test_workers_killed_at_random_moments_send_each_email_at_most_once(tmp_path: Path) -> None:
    chance, rounds = random.Random(11), 0
    with scene(tmp_path, 40) as found:
        workers = [start(found.orders()) for _ in range(WORKERS)]
        for kills in range(KILLS):
            if kills < 12:
                found.request(f"round-{rounds}")
                rounds += 1
            time.sleep(chance.uniform(0.0, 0.4))
            place = chance.randrange(WORKERS)
            workers[place].kill()
            end(workers[place])
            workers[place] = start(found.orders())
        for worker in workers:
            worker.kill()
            end(worker)
        found.finish()
        assert_accounted_for(found, 40 * rounds)
        statuses = Counter(message.status for message in found.messages())
        assert statuses[MessageStatus.SENT] > statuses[MessageStatus.UNKNOWN] > 0


@pytest.mark.parametrize("step", ["transact:before:1", "transact:after:1", "put:before:1", "put:after:1"])
def test_a_page_that_dies_while_it_asks_leaves_a_message_or_nothing(few: Scene, step: str) -> None:
    asked = few.orders(step=step, request=few.customers[0].id, key="click-1")
    assert run(asked) == -signal.SIGKILL
    left = few.messages()
    assert len(left) == (1 if step == "transact:after:1" else 0)
    assert run(few.orders(request=few.customers[0].id, key="click-1")) == 0
    few.finish()
    assert_accounted_for(few, 1)


def test_a_worker_that_is_asked_to_stop_finishes_what_is_in_flight(few: Scene) -> None:
    few.request("news")
    worker = start(few.orders(seconds=0.1))
    deadline = time.monotonic() + 30
    while not few.submissions() and time.monotonic() < deadline:
        time.sleep(0.01)
    worker.terminate()
    assert end(worker) == 0
    assert all(message.lease_until is None for message in few.messages())
