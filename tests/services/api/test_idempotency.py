"""A request with an idempotency key is carried out once, by one process, whatever happens meanwhile."""

from __future__ import annotations

import pytest

from backend.errors import InvalidInputError
from backend.services.api.idempotency import Answer, Begun, Refusal, begin, finish, give_up
from backend.services.context import Shop
from tests.support import TestClock, outcomes_of

ANSWER = Answer(201, {"ETag": '"1"'}, b'{"id": "1"}')


def begun(shop: Shop, key: str = "key-1", request: bytes = b"POST /orders {}", caller: str = "SHOP") -> Begun:
    found = begin(shop, caller, key, request)
    assert isinstance(found, Begun)
    return found


def test_the_answer_is_repeated_for_24_hours(shop: Shop, clock: TestClock) -> None:
    finish(shop, begun(shop), ANSWER)
    clock.forward(hours=23, minutes=59)
    assert begin(shop, "SHOP", "key-1", b"POST /orders {}") == ANSWER
    clock.forward(minutes=1)
    assert begun(shop).first_at == clock()


def test_another_request_with_the_same_key_is_refused(shop: Shop) -> None:
    first = begun(shop)
    assert begin(shop, "SHOP", "key-1", b"POST /orders {1}") is Refusal.OTHER_REQUEST
    finish(shop, first, ANSWER)
    assert begin(shop, "SHOP", "key-1", b"POST /orders {1}") is Refusal.OTHER_REQUEST


def test_callers_do_not_share_keys(shop: Shop) -> None:
    assert begun(shop).unique != begun(shop, caller="OTHER").unique


def test_a_request_in_progress_is_refused_until_its_process_must_be_dead(shop: Shop, clock: TestClock) -> None:
    first = begun(shop)
    clock.forward(seconds=59)
    assert begin(shop, "SHOP", "key-1", b"POST /orders {}") is Refusal.IN_PROGRESS
    clock.forward(seconds=1)
    second = begun(shop)
    assert (second.unique, second.first_at) == (first.unique, first.first_at)


def test_whoever_has_lost_the_request_keeps_no_answer(shop: Shop, clock: TestClock) -> None:
    first = begun(shop)
    clock.forward(minutes=2)
    second = begun(shop)
    finish(shop, first, Answer(500, {}, b"late"))
    assert begin(shop, "SHOP", "key-1", b"POST /orders {}") is Refusal.IN_PROGRESS
    finish(shop, second, ANSWER)
    assert begin(shop, "SHOP", "key-1", b"POST /orders {}") == ANSWER


def test_after_our_own_failure_the_request_is_tried_again_at_once(shop: Shop, clock: TestClock) -> None:
    first = begun(shop)
    give_up(shop, first)
    clock.forward(seconds=1)
    assert begun(shop).first_at == first.first_at


def test_of_many_at_once_one_carries_it_out(shared_shop: Shop) -> None:
    found = outcomes_of([lambda: begin(shared_shop, "SHOP", "key-1", b"x")] * 8)
    assert sum(isinstance(each, Begun) for each in found) == 1
    assert found.count(Refusal.IN_PROGRESS) == 7


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "ключ"])
def test_what_is_no_key_is_refused(shop: Shop, key: str) -> None:
    with pytest.raises(InvalidInputError, match="1 to 255"):
        begin(shop, "SHOP", key, b"")
