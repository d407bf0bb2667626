"""In real time: a provider that counts emails as they arrive, by its own clock, never sees more than the rate.

These hold the count, not the speed: on a busy machine fewer may go out, but never more.
`make bench` has more kinds of answers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.mail_rate import run_at
from benchmarks.mail_server import Manner
from tests.email.windows import most_in_a_second

SECONDS = 3
JITTER = 0.01


@contextmanager
def stalls() -> Iterator[None]:
    """Other threads of the process that keep it from its work, tens of milliseconds at a time."""
    over = threading.Event()

    def stall() -> None:
        while not over.wait(0.05):
            end = time.monotonic() + 0.04
            while time.monotonic() < end:
                pass

    threads = [threading.Thread(target=stall) for _ in range(3)]
    for thread in threads:
        thread.start()
    yield
    over.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    "manner",
    [
        Manner(0.02, rate=50),
        Manner(0.08, spread=0.6, rate=14),
        Manner(0.1, hangs=0.01, rate=50),
    ],
    ids=str,
)
def test_no_second_of_the_provider_sees_more_than_the_rate(tmp_path: Path, manner: Manner) -> None:
    seen = run_at(tmp_path, replace(manner, on_the_way=JITTER), SECONDS).seen
    assert most_in_a_second(seen.moments) <= manner.rate
    assert seen.refused == 0
    assert len(seen.moments) > manner.rate


def test_neither_where_the_process_is_kept_from_its_work(tmp_path: Path) -> None:
    rate = 50
    with stalls():
        seen = run_at(tmp_path, Manner(0.1, on_the_way=JITTER, rate=rate), SECONDS).seen
    assert most_in_a_second(seen.moments) <= rate
    assert seen.refused == 0
