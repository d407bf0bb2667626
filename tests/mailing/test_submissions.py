"""Emails are handed over by several threads: each once, with its own answer, and a slow answer holds up no other."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from backend.domain.emails import Accepted, Account, Answer, Kind, OutgoingEmail, Unanswered
from backend.email.rate import Granted
from backend.email.rate_tokens import current_token
from backend.email.transports.outbox import FREE
from backend.services.sending.submissions import BROKEN, TOO_LATE, Submissions
from tests.email.transports.samples import email


class Provider:
    """Answers each email when it is let, at once by default; breaks at one of them if told to."""

    name = "test"

    def __init__(self, *, hangs_at: str = "", breaks_at: str = "") -> None:
        self.taken: list[str] = []
        self.answer = threading.Event()
        self._hangs_at, self._breaks_at = hangs_at, breaks_at

    def send(self, email: OutgoingEmail) -> Answer:
        if email.message_id == self._breaks_at:
            raise ZeroDivisionError
        self.taken.append(email.message_id)
        if email.message_id == self._hangs_at:
            self.answer.wait(20)
        return Accepted(f"id of {email.message_id}")

    def account(self) -> Account:
        return FREE


def tokens(count: int) -> Granted:
    return Granted(count, Kind.TRANSACTIONAL, at=0, ahead=0, clock=lambda: 0)


def emails(count: int) -> list[tuple[int, OutgoingEmail]]:
    return [(number, email(message_id=f"A-{number}")) for number in range(count)]


@pytest.fixture
def hanging() -> Iterator[Provider]:
    provider = Provider(hangs_at="A-0")
    yield provider
    provider.answer.set()


@pytest.mark.parametrize("at_once", [1, 4])
def test_each_email_is_handed_over_once_and_has_its_own_answer(at_once: int) -> None:
    provider = Provider()
    submissions = Submissions[int](provider, at_once)
    submissions.begin(emails(50), tokens(50))
    assert dict(submissions.collect(10)) == {number: Accepted(f"id of A-{number}") for number in range(50)}
    assert sorted(provider.taken) == sorted(f"A-{number}" for number in range(50))
    assert submissions.waiting == 0
    submissions.close()


def test_nothing_to_hand_over_is_nothing_to_wait_for() -> None:
    submissions = Submissions[int](Provider(), 4)
    submissions.begin([], tokens(0))
    assert submissions.collect(10) == []


def test_a_call_that_hangs_holds_up_itself_alone(hanging: Provider) -> None:
    submissions = Submissions[int](hanging, 2)
    submissions.begin(emails(20), tokens(20))
    assert {number for number, _ in submissions.collect(10, enough=19)} == set(range(1, 20))
    assert (submissions.waiting, submissions.room(1)) == (1, 1)
    hanging.answer.set()
    assert submissions.collect(10) == [(0, Accepted("id of A-0"))]
    submissions.close()


def test_without_a_token_nothing_is_handed_over() -> None:
    provider = Provider()
    submissions = Submissions[int](provider, 1)
    submissions.begin(emails(3), tokens(2))
    assert [answer for _, answer in submissions.collect()][2] is TOO_LATE
    assert provider.taken == ["A-0", "A-1"]


def test_after_a_failure_that_nobody_expected_no_further_email_of_the_batch_goes_out() -> None:
    provider = Provider(breaks_at="A-1")
    submissions = Submissions[int](provider, 1)
    submissions.begin(emails(4), tokens(4))
    assert [answer for _, answer in submissions.collect()][1:] == [BROKEN, TOO_LATE, TOO_LATE]
    with pytest.raises(ZeroDivisionError):
        submissions.check()
    assert provider.taken == ["A-0"]


class Stopped(Provider):
    """Is stopped for so many seconds before it writes, as a busy machine does it."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self._clock, self._seconds = clock, seconds

    def send(self, email: OutgoingEmail) -> Answer:
        self._clock.now += round(self._seconds * 1_000_000)
        token = current_token()
        assert token is not None
        return super().send(email) if token.may_leave() else Unanswered("It broke off.")


class Clock:
    """Microseconds that pass when somebody says so."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@pytest.mark.parametrize(("seconds", "taken"), [(4.0, ["A-0"]), (6.0, [])])
def test_an_email_whose_token_ran_out_before_its_bytes_left_is_certainly_not_sent(
    seconds: float, taken: list[str]
) -> None:
    clock = Clock()
    provider = Stopped(clock, seconds)
    submissions = Submissions[int](provider, 1)
    submissions.begin(emails(1), Granted(1, Kind.TRANSACTIONAL, at=0, ahead=0, clock=clock))
    assert provider.taken == taken
    assert submissions.collect() == [(0, Accepted("id of A-0") if taken else TOO_LATE)]
