"""What is read again, and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
import streamlit as st

from backend.domain.team import Actor, Role
from backend.errors import PermissionDeniedError
from backend.services.context import Shop
from backend.services.customers.leaderboards import Measure
from pages.components.ui import caching
from tests.support import add_customer, add_order, opened_shop

MONTH = (date(2026, 11, 1), date(2026, 11, 26))


@pytest.fixture
def shop() -> Iterator[Shop]:
    st.cache_data.clear()
    with opened_shop() as shop:
        yield shop
    st.cache_data.clear()


def test_a_result_is_kept_until_something_is_written_here(shop: Shop) -> None:
    maria = add_customer(shop)
    assert caching.totals_of(shop, *MONTH).orders == 0
    add_order(shop, maria)
    assert caching.totals_of(shop, *MONTH).orders == 0
    caching.changed()
    assert caching.totals_of(shop, *MONTH).orders == 1
    assert [top.name for top in caching.top_customers(shop, Measure.REVENUE, "", 5)] == ["Maria Lopez"]


def test_two_shops_do_not_see_each_others_figures(shop: Shop) -> None:
    add_order(shop, add_customer(shop))
    with opened_shop() as other:
        assert caching.totals_of(shop, *MONTH).orders == 1
        assert caching.totals_of(other, *MONTH).orders == 0


def test_the_zone_belongs_to_the_key(shop: Shop) -> None:
    assert caching._identity(shop) != caching._identity(replace(shop, currency="EUR"))
    assert caching._identity(shop) == caching._identity(replace(shop, name="Another name"))


def test_the_first_order_of_a_shop_is_seen_although_nobody_said_so(shop: Shop) -> None:
    assert caching.first_day(shop) is None
    add_order(shop, add_customer(shop))
    assert caching.first_day(shop) == date(2026, 11, 26)


def test_what_is_kept_for_one_role_is_refused_to_another(shop: Shop) -> None:
    assert caching.month_cost(shop, Actor("erik", Role.ENGINEER)).patterns == {}
    with pytest.raises(PermissionDeniedError):
        caching.month_cost(shop, Actor("stefan", Role.STAFF))


def test_nothing_that_needs_a_permission_is_read_where_no_guard_was_passed(shop: Shop) -> None:
    with pytest.raises(PermissionDeniedError):
        caching.segment_names(shop)
