"""A call that hangs holds up whoever waits for it until the deadline, and no longer."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Iterator

import pytest

from backend.deadlines import MOST_OVERDUE, DeadlineError, within


@pytest.fixture
def hang() -> Iterator[threading.Event]:
    """Something to wait for, that comes at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def test_the_result_or_the_failure_of_a_call_is_its_own() -> None:
    assert within(5, "a", lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(5, "a", lambda: 1 // 0)


def test_the_timeout_that_a_call_raises_itself_is_not_taken_for_the_deadline() -> None:
    def fails() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        within(5, "a", fails)


def test_a_call_that_hangs_is_left_alone_when_its_time_is_over(hang: threading.Event) -> None:
    began = time.monotonic()
    with pytest.raises(DeadlineError, match="SQS did not answer in time"):
        within(0.05, "SQS", hang.wait)
    assert time.monotonic() - began < 5


def test_hanging_calls_do_not_pile_up_and_are_forgiven_when_they_end(hang: threading.Event) -> None:
    for _ in range(MOST_OVERDUE):
        with pytest.raises(DeadlineError, match="in time"):
            within(0, "DNS", hang.wait)
    with pytest.raises(DeadlineError, match="earlier calls"):
        within(5, "DNS", lambda: 7)
    assert within(5, "something else", lambda: 7) == 7
    hang.set()
    for thread in [each for each in threading.enumerate() if each.name == "call DNS"]:
        thread.join(5)
    assert within(5, "DNS", lambda: 7) == 7


def test_a_call_has_the_context_of_its_caller() -> None:
    word: contextvars.ContextVar[str] = contextvars.ContextVar("word")
    word.set("here")
    assert within(5, "a", word.get) == "here"
