"""What has expired is removed in the background, batch by batch."""

from __future__ import annotations

import threading

import pytest

from backend.services.context import Shop
from backend.services.system import usage
from backend.services.team import sign_in_attempts
from backend.services.team.sign_in_attempts import Subject
from backend.store.port import EXPIRES, Key, Put
from backend.store.schema import MAIL, failures_key
from backend.workers import duties, loop
from tests.support import TestClock


def test_removing_goes_on_until_nothing_is_left(shop: Shop) -> None:
    now = int(shop.clock().timestamp())
    shop.store.write_batch([Put(Key(MAIL, f"P{n}", "s"), {EXPIRES: now - n}) for n in range(usage.AT_ONCE + 5)])
    assert usage.remove_expired(shop)
    assert len(shop.store.scan(MAIL).rows) == 5
    assert not usage.remove_expired(shop)
    assert not shop.store.scan(MAIL).rows


def test_failed_sign_ins_are_forgotten_when_none_of_them_counts_any_more(shop: Shop, clock: TestClock) -> None:
    key = failures_key("account", "somebody")
    sign_in_attempts.claim(shop, Subject.ACCOUNT, "somebody")
    sign_in_attempts.claim(shop, Subject.ACCOUNT, "somebody")
    clock.forward(minutes=29, seconds=58)
    usage.remove_expired(shop)
    assert shop.store.get(key)
    clock.forward(seconds=4)
    usage.remove_expired(shop)
    assert shop.store.get(key) is None


def test_the_duty_sweeps_and_then_rests(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = [True, True, False]
    monkeypatch.setattr(duties, "BETWEEN_SWEEPS", 0.0)
    monkeypatch.setattr(duties, "remove_expired", lambda shop: rounds.pop(0))
    work = duties._remove_expired(loop.Workplace(shop, None, None), threading.Event())
    assert work() == duties.REST_WHEN_SWEPT
    assert rounds == []
