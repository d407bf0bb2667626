"""The recording transport fails as it is told, and its record says what a provider would have taken."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from backend.domain.emails import Accepted, Refused, Unanswered
from backend.email.transports.recording import (
    Accept,
    Behaviour,
    Fail,
    LoseReply,
    NeverArrive,
    RecordingTransport,
    Refuse,
    always,
    at_random,
    in_turn,
    read_journal,
)
from tests.email.transports.samples import email
from tests.support import outcomes_of

ID = email().message_id


@pytest.mark.parametrize(
    ("behaviour", "answer", "taken"),
    [
        (Accept(), Accepted(f"recorded-{ID}"), 1),
        (Refuse("No.", retryable=True), Refused("No.", retryable=True), 0),
        (Refuse("No.", account_wide=True), Refused("No.", retryable=False, account_wide=True), 0),
        (LoseReply(), Unanswered("The reply was lost."), 1),
        (NeverArrive(), Unanswered("The reply was lost."), 0),
    ],
)
def test_each_behaviour_gives_its_answer_and_its_record(behaviour: Behaviour, answer: object, taken: int) -> None:
    transport = RecordingTransport(always(behaviour))
    assert transport.send(email()) == answer
    assert transport.submissions()[ID] == taken
    assert transport.attempts(ID) == 1


def test_it_can_raise() -> None:
    with pytest.raises(ZeroDivisionError):
        RecordingTransport(always(Fail(ZeroDivisionError()))).send(email())


def test_behaviours_take_turns_for_each_email() -> None:
    transport = RecordingTransport(in_turn(Refuse(retryable=True), Accept()))
    for message_id in ("A-1", "B-1"):
        answers = [transport.send(email(message_id=message_id)) for _ in range(3)]
        assert [type(answer) for answer in answers] == [Refused, Accepted, Accepted]


def test_chance_is_the_same_for_the_same_seed_and_keeps_the_shares() -> None:
    plan = at_random({LoseReply(): 0.25, Refuse(): 0.25}, seed="1")
    emails = [email(message_id=f"A-{number}") for number in range(2000)]
    drawn = [plan(each, 1) for each in emails]
    assert drawn == [at_random({LoseReply(): 0.25, Refuse(): 0.25}, seed="1")(each, 1) for each in emails]
    counts = Counter(type(behaviour).__name__ for behaviour in drawn)
    assert {name: round(count / 2000, 1) for name, count in counts.items()} == pytest.approx(
        {"Accept": 0.5, "LoseReply": 0.25, "Refuse": 0.25}, abs=0.06
    )


def test_it_waits_after_the_email_was_taken() -> None:
    order: list[str] = []
    transport = RecordingTransport(seconds=2.5, sleep=lambda seconds: order.append(f"{seconds}"), now=lambda: 7.0)
    transport.send(email())
    assert (order, transport.times) == (["2.5"], [7.0])


def test_threads_lose_no_record() -> None:
    transport = RecordingTransport()
    ids = [f"{name}-{number}" for name in "ABCD" for number in range(50)]
    outcomes_of([partial(transport.send, email(message_id=message_id)) for message_id in ids])
    assert sorted(transport.submissions().values()) == [1] * 200


def _send(journal: Path, name: str) -> None:
    transport = RecordingTransport(journal=journal)
    for number in range(200):
        transport.send(email(message_id=f"{name}-{number}"))


def test_processes_share_a_journal(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    assert read_journal(journal) == Counter()
    spawn = multiprocessing.get_context("spawn")
    senders = [spawn.Process(target=_send, args=(journal, name)) for name in ("A", "B")]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)
    assert read_journal(journal) == {f"{name}-{number}": 1 for name in "AB" for number in range(200)}
