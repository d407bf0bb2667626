"""An event that cannot be applied goes to the dead letters by itself, and holds up no other."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.domain.delivery import Outcome
from backend.email.events.sources import Batch, QueueState
from backend.errors import ItemTooLargeError, StoreBusyError
from backend.services.context import Shop
from backend.services.events import drain, replay
from backend.services.events.consequences import EventPolicy
from backend.services.events.dead_letters import add_dead_letter, count_dead_letters
from backend.services.events.drain import take_in_safely
from backend.services.events.health import event_health
from backend.services.events.replay import Replay, replay_all
from backend.workers.duties import event_rounds
from tests.events.samples import document, event
from tests.events.test_applying import now, sent
from tests.support import ENGINEER

POLICY, GO_ON = EventPolicy(), threading.Event()
MOMENTS = ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "2027-11-29T00:00:00Z", ""]


def poisons() -> list[bytes]:
    found = []
    for moment in MOMENTS:
        found.append(event("Bounce", timestamp=moment))
        late = document("Delivery")
        late["mail"]["timestamp"] = moment
        found.append(json.dumps(late).encode())
    for tag in ("A" * 5000 + "-k", "\u00c4" * 900 + "-k", "AB-" + "k" * 5000):
        tagged: dict[str, Any] = document("Delivery")
        tagged["mail"]["tags"]["message"] = [tag]
        found.append(json.dumps(tagged).encode())
    plain = event("Bounce")
    return [
        *found,
        b"{",
        b"[" * 3000,
        b'{"mail":' * 3000 + b"{}" + b"}" * 3000,
        b"\xff\xfe",
        b"[" + plain + b"]",
        b'"text"',
        plain.replace(b'"mail"', b'"mail": 7, "mail"', 1),
        plain.replace(b'"mail"', b'"mail" : [], "post"', 1),
        plain.replace(b'messageId": "', b'messageId": "\\ud800', 1),
        plain.replace(b'messageId": "', b'messageId": "\\u0000', 1),
        event("Click", link="https://x\0/" + "a" * 200_000),
    ]


@pytest.mark.parametrize("poison", poisons())
def test_the_others_of_a_batch_are_applied_beside_a_poison(shop: Shop, poison: bytes) -> None:
    messages = [sent(shop, f"k{number}") for number in range(19)]
    bodies = [event("Delivery", message) for message in messages]
    intake = take_in_safely(shop, [*bodies[:9], poison, *bodies[9:]], "test", POLICY)
    assert intake.applied == 19
    assert intake.foreign + intake.dead == 1
    assert all(now(shop, message).outcome is Outcome.DELIVERED for message in messages)


@pytest.mark.parametrize("fault", [ItemTooLargeError("It is too large."), ZeroDivisionError()])
def test_what_the_store_refuses_of_one_event_is_dead_and_what_it_could_not_do_comes_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    messages = [sent(shop, f"k{number}") for number in range(4)]
    bodies = [event("Delivery", message) for message in messages]
    real = drain.take_in

    def failing(shop: Shop, bodies: Any, source: str, policy: EventPolicy) -> object:
        if any(messages[1].id.encode() in body for body in bodies):
            raise fault
        return real(shop, bodies, source, policy)

    monkeypatch.setattr(drain, "take_in", failing)
    intake = take_in_safely(shop, bodies, "test", POLICY)
    assert (intake.applied, intake.dead, count_dead_letters(shop)) == (3, 1, 1)
    fault = StoreBusyError("The store is busy.")
    with pytest.raises(StoreBusyError):
        take_in_safely(shop, bodies, "test", POLICY)
    assert count_dead_letters(shop) == 1


class RefusedError(Exception):
    """What a database says of a statement, which does not say whose fault it is."""


@pytest.mark.parametrize("failures", [1, 2])
def test_an_event_whose_statement_fails_at_first_is_tried_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    left, message, real = [failures + 1], sent(shop), drain.take_in

    def failing(*asked: Any) -> object:
        left[0] -= 1
        if left[0] >= 0:
            raise RefusedError
        return real(*asked)

    monkeypatch.setattr(drain, "take_in", failing)
    assert take_in_safely(shop, [event("Delivery", message)], "test", POLICY).applied == 1
    assert count_dead_letters(shop) == 0


@pytest.mark.parametrize("works", [True, False])
def test_a_failure_that_nothing_explains_is_the_events_only_while_the_store_works(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    message = sent(shop)

    def refusing(*_: object) -> None:
        raise RefusedError

    monkeypatch.setattr(drain, "take_in", refusing)
    if works:
        assert take_in_safely(shop, [event("Delivery", message)], "test", POLICY).dead == 1
    else:
        monkeypatch.setattr(shop.store, "transact", refusing)
        with pytest.raises(RefusedError):
            take_in_safely(shop, [event("Delivery", message)], "test", POLICY)
    assert count_dead_letters(shop) == int(works)


def test_a_replay_that_runs_out_of_time_goes_on_where_it_was(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "AT_ONCE", 2)
    messages = [sent(shop, f"k{number}") for number in range(5)]
    for body in (b"nonsense", *(event("Delivery", message) for message in messages)):
        add_dead_letter(shop, body, "It could not be applied.", "test")
    found, calls = replay_all(shop, ENGINEER, seconds=0), 1
    while found.cursor:
        found, calls = replay_all(shop, ENGINEER, after=found, seconds=0), calls + 1
    assert (found.done, found.dead) == (5, 1)
    assert calls >= 3


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.sampled_from(MOMENTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PLACES = ["eventType", "mail", "bounce", "mail.timestamp", "mail.messageId", "mail.tags", "mail.destination"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from([*PLACES, "mail.headers", "bounce.timestamp", "bounce.bouncedRecipients"]), value=JSON)
def test_whatever_an_event_holds_it_has_one_fate(shop: Shop, place: str, value: object) -> None:
    found: dict[str, Any] = document("Bounce")
    *above, name = place.split(".")
    (found[above[0]] if above else found)[name] = value
    intake = take_in_safely(shop, [json.dumps(found).encode()], "test", POLICY)
    assert intake.total == 1


def test_replay_goes_on_past_a_letter_that_breaks_and_past_a_page(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "AT_ONCE", 2)
    real = replay.take_in

    def failing(shop: Shop, bodies: list[bytes], *rest: Any, **options: Any) -> object:
        if bodies[0] == b"breaks":
            raise ItemTooLargeError("It is too large.")
        return real(shop, bodies, *rest, **options)

    monkeypatch.setattr(replay, "take_in", failing)
    add_dead_letter(shop, b"breaks", "It did before.", "test")
    messages = [sent(shop, f"k{number}") for number in range(7)]
    for message in messages:
        add_dead_letter(shop, event("Delivery", message), "It could not be applied.", "test")
    assert replay_all(shop, ENGINEER) == Replay(7, 1)
    assert all(now(shop, message).outcome is Outcome.DELIVERED for message in messages)


class Stuck:
    """A source whose events cannot be kept."""

    name = "sqs"

    def receive(self, stop: threading.Event) -> Batch:
        raise StoreBusyError("The store is busy.")

    def done(self, batch: Batch) -> None: ...

    def failed(self, batch: Batch) -> None: ...

    def state(self) -> QueueState:
        return QueueState(9, 3)


def test_health_says_the_depth_of_a_queue_that_cannot_be_drained(shop: Shop) -> None:
    with pytest.raises(StoreBusyError):
        event_rounds(shop, [Stuck()], POLICY, GO_ON)()
    assert event_health(shop).waiting == 12
