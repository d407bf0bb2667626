"""What waits for an answer blocks no other mail of that worker, and an orderly end leaves nothing in doubt."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from backend.domain.campaigns import CampaignState
from backend.domain.emails import Answer, OutgoingEmail, Refused
from backend.domain.messages import Message, MessageStatus
from backend.domain.time import utc_now
from backend.email.transports.recording import RecordingTransport
from backend.errors import StoreUnreachableError
from backend.services.context import Shop
from backend.services.sending import ledger
from backend.services.sending.dispatch import Flight, Ready
from backend.services.sending.mailer import Mailer
from backend.services.sending.requests import SendRequest, request_message
from backend.services.sending.submissions import Worked
from backend.workers.mail import run_mail_worker
from tests.campaigns.support import Desk, prepare_shop
from tests.services.test_mailing import mailer_on
from tests.support import STAFF, add_customer, opened_shop


class Hanging(RecordingTransport):
    """Hangs at the first email that it takes, until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = threading.Event()

    def send(self, email: OutgoingEmail) -> Answer:
        answer = super().send(email)
        if self.submitted[0] is email:
            self.answer.wait(30)
        return answer


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(f"sqlite:///{tmp_path}/shop.db", clock=utc_now, data_dir=tmp_path) as shop:
        prepare_shop(shop)
        yield shop


@contextmanager
def working(shop: Shop, mailer: Mailer) -> Iterator[threading.Event]:
    """A worker in a thread. Who sets the event tells it to stop; it has ended afterwards."""
    stop = threading.Event()
    thread = threading.Thread(target=run_mail_worker, args=(shop, mailer, stop))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def comes(condition: Callable[[], bool]) -> bool:
    """Whether it comes true within 20 seconds."""
    end = time.monotonic() + 20
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def asked(shop: Shop, mailer: Mailer, key: str) -> Message:
    return request_message(shop, mailer, STAFF, SendRequest("verify-address", key, add_customer(shop).id)).message


def status_of(shop: Shop, message: Message) -> MessageStatus:
    return ledger.get_message(shop, message.id).status


def test_single_emails_and_a_campaign_go_on_while_one_call_hangs(shop: Shop) -> None:
    transport = Hanging()
    desk = Desk(shop, transport)
    mailer = replace(desk.mailer, concurrency=8)
    hung = asked(shop, mailer, "hung")
    with working(shop, mailer):
        assert comes(lambda: len(transport.submitted) == 1)
        desk.people(12)
        campaign = desk.started()
        others = [asked(shop, mailer, f"k{number}") for number in range(5)]
        assert comes(lambda: all(status_of(shop, each) is MessageStatus.SENT for each in others))
        assert comes(lambda: desk.tended(campaign).state is CampaignState.FINISHED)
        assert status_of(shop, hung) is MessageStatus.WAITING
        transport.answer.set()
        assert comes(lambda: status_of(shop, hung) is MessageStatus.SENT)
    assert set(transport.submissions().values()) == {1}


def test_a_campaign_counts_an_answer_that_comes_after_the_rest_of_it(shop: Shop) -> None:
    transport = Hanging()
    desk = Desk(shop, transport)
    desk.people(12)
    campaign = desk.started()
    with working(shop, replace(desk.mailer, concurrency=8)):
        assert comes(lambda: len(transport.submitted) == 12)
        assert desk.tended(campaign).state is CampaignState.RUNNING
        transport.answer.set()
        assert comes(lambda: desk.tended(campaign).state is CampaignState.FINISHED)
    assert {message.status for message in desk.messages(campaign)} == {MessageStatus.SENT}


@pytest.mark.parametrize("of_a_campaign", [False, True])
def test_a_worker_that_is_asked_to_stop_waits_for_its_answers_and_leaves_nothing_in_doubt(
    shop: Shop, of_a_campaign: bool
) -> None:
    transport = Hanging()
    desk = Desk(shop, transport)
    mailer = replace(desk.mailer, concurrency=8)
    desk.people(3)
    campaign = desk.started() if of_a_campaign else None
    message = None if campaign else asked(shop, mailer, "hung")
    with working(shop, mailer) as stop:
        assert comes(lambda: bool(transport.submitted))
        stop.set()
        time.sleep(0.3)
        transport.answer.set()
    if message is not None:
        assert status_of(shop, message) is MessageStatus.SENT
    if campaign is not None:
        assert {each.status for each in desk.messages(campaign)} == {MessageStatus.SENT}
        with working(shop, mailer):  # what was left is given back, so another worker need not wait for a lease
            assert comes(lambda: desk.tended(campaign).state is CampaignState.FINISHED)
    assert set(transport.submissions().values()) == {1}


def test_an_answer_that_the_store_did_not_take_is_recorded_later(shop: Shop) -> None:
    """Kept in memory: the email is out, and nobody else knows."""
    mailer = mailer_on(shop)
    message = asked(shop, mailer, "k")
    flight = Flight(mailer)

    class Books:
        refused: Refused | None = None
        is_away = True

        def claim(self, shop: Shop, batch: Sequence[Ready], free: Sequence[Message]) -> dict[str, Message]:
            return {each.id: each for each in ledger.claim(shop, [ready.message for ready in batch])}

        def record(self, shop: Shop, outcomes: Sequence[tuple[Ready, Message]], worked: Worked) -> None:
            if self.is_away:
                raise StoreUnreachableError("The store is away.")
            ledger.record(shop, [each for _, each in outcomes])

    email = OutgoingEmail("A-1", message.kind, "x", "shop@example.com", "a@example.com", "s", "", "t")
    books = Books()
    flight.begin(shop, mailer, books, [Ready(message, email, "d")], message.kind)
    with pytest.raises(StoreUnreachableError):
        flight.settle(shop, Worked())
    books.is_away = False
    flight.settle(shop, Worked())
    assert flight.is_empty
    assert status_of(shop, message) is MessageStatus.SENT
