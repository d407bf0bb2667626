"""Failed sign-ins: counted exactly, answered alike, and made to wait."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial

import pytest

from backend.domain.team import Role
from backend.services.context import Shop
from backend.services.team import members, sign_in, sign_in_attempts
from backend.services.team.sessions import Session
from backend.services.team.sign_in_attempts import Refused, Subject
from backend.store import schema
from tests.services.signing import CLIENT, OTHER_PASSWORD, PASSWORD, POLICY, add, quick_hashes
from tests.support import ADMIN, STAFF, TestClock, outcomes_of

__all__ = ["quick_hashes"]
WRONG_PASSWORD = "not this one"
WRONG = "The username or the password is wrong."


def try_it(
    shop: Shop, password: str = WRONG_PASSWORD, username: str = "sam", client: str = CLIENT
) -> Session | sign_in.SecondStep | Refused:
    return sign_in.sign_in(shop, POLICY, username, password, client)


def sentence(outcome: Session | sign_in.SecondStep | Refused) -> str:
    assert isinstance(outcome, Refused)
    return outcome.sentence


@pytest.fixture
def sam(shop: Shop, quick_hashes: None) -> None:
    add(shop)


@pytest.mark.usefixtures("sam")
def test_whoever_knows_the_password_is_let_in_whatever_the_case_of_the_username(shop: Shop) -> None:
    outcome = try_it(shop, PASSWORD, " SAM ")
    assert outcome == Session("sam", shop.clock())


@pytest.mark.usefixtures("sam")
def test_five_failures_are_free_and_then_the_waits_double(shop: Shop, clock: TestClock) -> None:
    assert [sentence(try_it(shop)) for _ in range(5)] == [WRONG] * 5
    for seconds in (2, 4, 8, 16, 32, 64, 128, 256, 512):
        assert sentence(try_it(shop)).startswith("Too many failed attempts. Wait ")
        clock.forward(seconds=seconds - 0.001)
        assert sentence(try_it(shop)) == "Too many failed attempts. Wait 1 second, then try again."
        clock.forward(seconds=0.001)
        assert sentence(try_it(shop)) == WRONG


@pytest.mark.usefixtures("sam")
def test_the_right_password_waits_too(shop: Shop, clock: TestClock) -> None:
    for _ in range(5):
        try_it(shop)
    refused = try_it(shop, PASSWORD)
    assert isinstance(refused, Refused)
    assert refused.wait == timedelta(seconds=2)
    clock.forward(seconds=2)
    assert isinstance(try_it(shop, PASSWORD), Session)


@pytest.mark.usefixtures("sam")
def test_the_right_password_wipes_the_slate_of_the_account(shop: Shop, clock: TestClock) -> None:
    for _ in range(4):
        try_it(shop)
    assert isinstance(try_it(shop, PASSWORD), Session)
    assert [sentence(try_it(shop)) for _ in range(5)] == [WRONG] * 5


def test_no_wait_is_longer_than_a_quarter_of_an_hour() -> None:
    failures = sign_in_attempts.Failures(10_000, "2026-11-26T12:00:00.000000Z")
    now = TestClock().now
    assert failures.wait(now, free=5) == timedelta(minutes=15)


@pytest.mark.usefixtures("sam")
def test_failures_are_forgiven_with_time(shop: Shop, clock: TestClock) -> None:
    for _ in range(5):
        try_it(shop)
    clock.forward(minutes=15 * 5)
    assert [sentence(try_it(shop)) for _ in range(5)] == [WRONG] * 5
    assert "Wait" in sentence(try_it(shop))


@pytest.mark.usefixtures("sam")
def test_a_patient_guesser_gets_about_a_hundred_attempts_a_day(shop: Shop, clock: TestClock) -> None:
    account = sign_in_attempts.digest(POLICY.key, Subject.ACCOUNT, "sam")
    taken = 0
    end = clock.now + timedelta(days=1)
    while clock.now < end:
        wait = sign_in_attempts.claim(shop, Subject.ACCOUNT, account)
        taken += not wait
        clock.now += max(wait, timedelta(milliseconds=1))
    assert 90 <= taken <= 115


@pytest.mark.usefixtures("sam")
def test_an_address_that_tries_many_accounts_waits_and_others_do_not(shop: Shop) -> None:
    for _ in range(19):
        sign_in_attempts.claim(shop, Subject.ADDRESS, sign_in_attempts.digest(POLICY.key, Subject.ADDRESS, CLIENT))
    assert sentence(try_it(shop)) == WRONG
    assert "Wait" in sentence(try_it(shop, PASSWORD))
    assert isinstance(try_it(shop, PASSWORD, client="192.0.2.8"), Session)


@pytest.mark.usefixtures("sam")
def test_right_passwords_do_not_fill_the_account_of_an_address(shop: Shop) -> None:
    for _ in range(40):
        assert isinstance(try_it(shop, PASSWORD), Session)


def test_attempts_at_the_same_moment_are_counted_exactly_and_none_slips_past(
    shared_shop: Shop, quick_hashes: None
) -> None:
    add(shared_shop)
    outcomes = outcomes_of([partial(try_it, shared_shop) for _ in range(24)])
    assert sorted(sentence(outcome) == WRONG for outcome in outcomes if isinstance(outcome, Refused)).count(True) == 5
    key = schema.failures_key("account", sign_in_attempts.digest(POLICY.key, Subject.ACCOUNT, "sam"))
    item = shared_shop.store.get(key)
    assert item is not None
    assert item["count"] == 5


@pytest.mark.usefixtures("sam")
def test_neither_usernames_nor_addresses_are_in_keys(shop: Shop) -> None:
    try_it(shop, username="maria.secret")
    rows = [row for row in shop.store.scan(schema.SHOP).rows if row.key.pk.startswith("F#")]
    assert len(rows) == 2
    assert not any("maria" in str(row) or CLIENT in str(row) for row in rows)


def test_an_unknown_username_takes_as_long_as_a_wrong_password(shop: Shop) -> None:
    add(shop)

    def fastest(username: str) -> float:
        times = []
        for number in range(3):
            began = time.thread_time()
            assert sentence(try_it(shop, username=username, client=f"198.51.100.{number}")) == WRONG
            times.append(time.thread_time() - began)
        return min(times)

    assert 0.5 < fastest("nobody") / fastest("sam") < 2


@pytest.mark.usefixtures("sam")
@pytest.mark.parametrize(("username", "password"), [("", PASSWORD), ("sam", ""), ("   ", "x")])
def test_an_empty_form_is_no_attempt(shop: Shop, username: str, password: str) -> None:
    for _ in range(8):
        assert sentence(try_it(shop, password, username)) == "Enter your username and your password."


@pytest.mark.usefixtures("sam")
@pytest.mark.parametrize("text", ["x" * 100_000, "\x00", "\ud800", "🔑" * 50, "' OR 1=1 --"])
def test_odd_input_is_just_wrong(shop: Shop, text: str) -> None:
    assert sentence(try_it(shop, text)) == WRONG
    assert sentence(try_it(shop, "x", text)) == WRONG


def test_a_disabled_member_is_told_so_only_with_the_right_password(shop: Shop, quick_hashes: None) -> None:
    add(shop)
    members.disable(shop, ADMIN, "sam")
    assert sentence(try_it(shop)) == WRONG
    assert "disabled" in sentence(try_it(shop, PASSWORD))


@pytest.mark.usefixtures("sam")
def test_changing_ones_password_needs_the_present_one_and_is_counted(shop: Shop) -> None:
    def change(current: str) -> Session | Refused:
        return sign_in.change_own_password(shop, POLICY, STAFF, current, OTHER_PASSWORD, CLIENT)

    for _ in range(5):
        assert sentence(change("wrong")) == "The current password is wrong."
    assert "Wait" in sentence(change(PASSWORD))


def test_a_member_without_a_password_cannot_sign_in_with_one(shop: Shop, quick_hashes: None) -> None:
    add(shop, "olga", Role.MANAGER, password=None)
    assert sentence(try_it(shop, "", "olga")) == "Enter your username and your password."
    assert sentence(try_it(shop, "anything", "olga")) == WRONG
