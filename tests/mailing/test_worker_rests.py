"""The worker goes on at once while there is work that it can do, and rests when it can do nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from backend.services.campaigns.rounds import CampaignWork
from backend.services.context import Shop
from backend.services.sending import account
from backend.services.sending.mailer import LARGEST, SMALLEST, Mailer, Pace
from backend.services.sending.requests import SendRequest, request_message
from backend.workers import mail
from tests.services.test_mailing import mailer_on
from tests.support import STAFF, TestClock, add_customer, opened_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(clock=TestClock(), data_dir=tmp_path) as shop:
        yield shop


def waiting(shop: Shop, count: int) -> Mailer:
    mailer = mailer_on(shop, pace=Pace(SMALLEST))
    for number in range(count):
        wanted = SendRequest("verify-address", f"k{number}", add_customer(shop).id)
        request_message(shop, mailer, STAFF, wanted)
    return mailer


def round_of(shop: Shop, mailer: Mailer, pause: float) -> float:
    """How long the worker rests after one round."""
    work = mail.MailWork(shop, mailer, threading.Event())
    work._campaigns, work._pause = CampaignWork(), pause
    return work.round()


def test_it_goes_on_at_once_while_messages_are_left(shop: Shop) -> None:
    assert round_of(shop, waiting(shop, 40), 1.0) == 0.0


def test_it_rests_while_sending_is_paused_although_messages_are_left(shop: Shop) -> None:
    mailer = waiting(shop, 40)
    account.pause(shop, "SES says no.", shop.clock() + timedelta(minutes=5))
    assert round_of(shop, mailer, 1.0) > 1.0


def test_a_round_takes_up_about_a_second_of_sending() -> None:
    pace = Pace(50)
    pace.learn(50, 0.05, held_back=False)
    assert pace.size == 100
    for _ in range(5):
        pace.learn(pace.size, 0.05, held_back=False)
    assert pace.size == LARGEST
    pace.learn(200, 4.0, held_back=False)
    assert pace.size == 50


def test_a_round_takes_up_little_when_the_rate_holds_it_back() -> None:
    pace = Pace(200)
    pace.learn(6, 0.01, held_back=True)
    assert pace.size == 12
    pace.learn(0, 0.0, held_back=True)
    assert pace.size == SMALLEST
