"""What the charts hold, without drawing them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import streamlit as st

from backend.services.context import Shop
from backend.services.statistics.overview import Granularity
from pages.components.ui import charts
from tests.support import add_customer, add_order, opened_shop

WEEK = (date(2026, 11, 20), date(2026, 11, 26))


@pytest.fixture
def shop() -> Iterator[Shop]:
    st.cache_data.clear()
    st.cache_resource.clear()
    with opened_shop() as shop:
        yield shop
    st.cache_data.clear()
    st.cache_resource.clear()


def drawn(shop: Shop, first: date, last: date, granularity: Granularity = Granularity.DAY) -> dict[str, Any]:
    figure: dict[str, Any] = charts.over_time(shop, first, last, granularity, True).figure.to_dict()
    return figure


def test_revenue_is_drawn_in_units_of_the_currency_and_hovering_shows_it_exactly(shop: Shop) -> None:
    maria = add_customer(shop)
    add_order(shop, maria, 123_450, placed_at=datetime(2026, 11, 25, 12, tzinfo=UTC))
    add_order(shop, maria, 2_000, placed_at=datetime(2026, 11, 18, 12, tzinfo=UTC))
    revenue, orders, before, _ = drawn(shop, *WEEK)["data"]
    assert list(revenue["y"]) == [0, 0, 0, 0, 0, 1234.5, 0]
    assert list(orders["y"]) == [0, 0, 0, 0, 0, 1, 0]
    assert list(before["y"]) == [0, 0, 0, 0, 0, 20, 0]
    assert revenue["customdata"][5] == "<b>Nov 25, 2026</b><br>$1,234.50, 1 order<br>Before: $20.00, 1 order"


def test_axes_are_labelled_in_the_shops_currency_with_round_numbers(shop: Shop) -> None:
    add_order(shop, add_customer(shop), 123_450, placed_at=datetime(2026, 11, 25, 12, tzinfo=UTC))
    german = replace(shop, currency="EUR", locale="de_DE")
    assert list(drawn(shop, *WEEK)["layout"]["yaxis"]["ticktext"]) == ["$0", "$500", "$1,000"]
    assert list(drawn(german, *WEEK)["layout"]["yaxis"]["ticktext"]) == ["0\u00a0€", "500\u00a0€", "1.000\u00a0€"]


def test_orders_are_counted_in_whole_numbers(shop: Shop) -> None:
    add_order(shop, add_customer(shop), placed_at=datetime(2026, 11, 25, 12, tzinfo=UTC))
    assert list(drawn(shop, *WEEK)["layout"]["yaxis2"]["ticktext"]) == ["0", "1"]


def test_a_shop_that_took_nothing_has_a_flat_chart(shop: Shop) -> None:
    figure = drawn(shop, *WEEK)
    assert set(figure["data"][0]["y"]) == {0}
    assert list(figure["layout"]["yaxis"]["range"]) == [0, 1]


def test_a_long_range_has_few_labels_and_those_of_months_name_them(shop: Shop) -> None:
    axis = drawn(shop, date(2024, 1, 1), date(2026, 11, 26), Granularity.MONTH)["layout"]["xaxis"]
    assert len(axis["tickvals"]) <= 6
    assert axis["ticktext"][0] == "Jan 2024"


def test_a_finger_on_a_chart_scrolls_the_page(shop: Shop) -> None:
    layout = drawn(shop, *WEEK)["layout"]
    assert layout["dragmode"] is False
    assert all(layout[axis]["fixedrange"] for axis in ("xaxis", "yaxis", "yaxis2"))


def test_countries_beyond_the_tenth_are_one_bar(shop: Shop) -> None:
    for number, country in enumerate(["DE", "ES", "FR", "IT", "SE", "PL", "AT", "CH", "US", "CA", "GB", ""]):
        for _ in range(12 - number):
            add_customer(shop, country=country)
    (bars,) = charts.countries(shop).figure.to_dict()["data"]
    assert next(iter(bars["y"])) == "Germany"
    assert (list(bars["y"])[-1], list(bars["x"])[-1]) == ("2 others", 3)


@pytest.mark.parametrize(
    ("top", "ticks"), [(0, [0, 1]), (1, [0, 0.5, 1]), (9, [0, 5]), (34_500, [0, 10_000, 20_000, 30_000])]
)
def test_ticks_are_round_numbers_up_to_the_top(top: float, ticks: list[float]) -> None:
    assert charts._ticks(top) == ticks
