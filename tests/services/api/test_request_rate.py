"""The request limit of an API key holds across processes, and costs few writes."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from backend.errors import StoreUnreachableError
from backend.services.api.request_rate import RatePolicy, SharedRate
from backend.services.context import Shop
from backend.store.meter import Meter
from tests.support import NOW, TestClock, opened_shop, shop_on

POLICY = RatePolicy(most=100, seconds=10)


def allowed(shop: Shop, rate: SharedRate, caller: str = "SHOP", asked: int = 200) -> int:
    return Counter(rate.take(shop, caller).allowed for _ in range(asked))[True]


def test_a_caller_gets_what_the_policy_says_and_again_in_the_next_window(shop: Shop, clock: TestClock) -> None:
    rate = SharedRate(POLICY)
    assert allowed(shop, rate) == 100
    assert allowed(shop, rate, "OTHER") == 100
    refused = rate.take(shop, "SHOP")
    assert (refused.allowed, refused.left, refused.resets_in) == (False, 0, 10)
    clock.forward(seconds=refused.resets_in)
    assert allowed(shop, rate) == 100


def test_processes_share_the_limit(shop: Shop) -> None:
    rates = [SharedRate(POLICY) for _ in range(3)]
    assert sum(rate.take(shop, "SHOP").allowed for _ in range(60) for rate in rates) == 100


def test_few_requests_of_a_caller_cost_no_write_and_many_are_limited_together(clock: TestClock) -> None:
    meter = Meter()
    with opened_shop(clock=clock, meter=meter) as shop:
        meter.reset()
        rates = [SharedRate(POLICY, alone=10) for _ in range(2)]
        assert [allowed(shop, rate, f"address {n}", 10) for rate in rates for n in range(50)] == [10] * 100
        assert not meter.usage()
        assert sum(allowed(shop, rate, "address 1") for rate in rates) == 100
        clock.forward(seconds=10)
        assert sum(allowed(shop, rate, "address 1") for rate in rates) == 120


def test_the_number_left_is_never_too_high(shop: Shop) -> None:
    rate = SharedRate(POLICY)
    assert [rate.take(shop, "SHOP").left for _ in range(3)] == [99, 98, 97]


def test_few_requests_cost_a_write(clock: TestClock) -> None:
    meter = Meter()
    with opened_shop(clock=clock, meter=meter) as shop:
        meter.reset()
        assert allowed(shop, SharedRate(POLICY)) == 100
        assert meter.usage()["api request rate"].requests == 20


def test_without_the_store_nothing_is_allowed() -> None:
    class Silent:
        def update(self, update: object) -> None:
            raise StoreUnreachableError("The store does not answer.")

    with pytest.raises(StoreUnreachableError):
        SharedRate(POLICY).take(shop_on(Silent(), clock=lambda: NOW + timedelta(0)), "SHOP")
