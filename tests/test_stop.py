"""A signal may arrive at any moment, and a second one while the first is handled: the process ends all the same."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from types import FrameType

import pytest

from backend.workers.loop import Stop


@pytest.fixture
def signals() -> Iterator[Stop]:
    """A stop that SIGUSR1 sets, as SIGTERM does in a process of ours."""
    stop = Stop()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = signal.signal(signal.SIGUSR1, handle)
    yield stop
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.timeout(20)
def test_a_signal_while_the_main_thread_holds_the_lock_of_the_stop_is_no_deadlock(signals: Stop) -> None:
    with signals._cond:  # as within `wait`, and within `set` while waiters are woken
        signal.raise_signal(signal.SIGUSR1)
    assert signals.is_set()


@pytest.mark.timeout(20)
def test_a_second_signal_while_waiters_are_woken_lets_all_of_them_go_on(
    signals: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[bool] = []
    waiters = [threading.Thread(target=lambda: woken.append(signals.wait(15))) for _ in range(10)]
    for waiter in waiters:
        waiter.start()
    notify_all = signals._cond.notify_all

    def interrupted() -> None:
        monkeypatch.setattr(signals._cond, "notify_all", notify_all)
        signal.raise_signal(signal.SIGUSR1)
        notify_all()

    monkeypatch.setattr(signals._cond, "notify_all", interrupted)
    signal.raise_signal(signal.SIGUSR1)
    for waiter in waiters:
        waiter.join(15)
    assert woken == [True] * 10
