"""How values are written for people, in three kinds of shops."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from backend.services.context import Shop
from pages.components.ui import formats
from tests.pages.reading import MARKUP, as_read, is_literal
from tests.support import opened_shop


@pytest.fixture
def american() -> Shop:
    with opened_shop() as shop:
        return shop


@pytest.fixture
def german(american: Shop) -> Shop:
    return replace(american, currency="EUR", locale="de_DE", zone=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize("name", MARKUP)
def test_what_people_typed_has_nothing_left_that_could_be_read_as_markup(name: str) -> None:
    assert is_literal(formats.plain(name))
    assert as_read(formats.plain(name)) == name


def test_addresses_and_links_that_people_typed_are_not_made_into_links() -> None:
    for typed in ("maria@example.com", "www.example.com", "https://example.com"):
        assert ":gray[]" in formats.plain(typed)
        assert formats.plain(typed).isascii()
        assert as_read(formats.plain(typed)) == typed


def test_a_text_of_several_lines_becomes_one_where_markdown_is_read() -> None:
    assert formats.plain("# one\n- two") == "\\# one \\- two"


def test_large_amounts_lose_their_cents_and_small_ones_keep_them(american: Shop, german: Shop) -> None:
    assert formats.round_money(american, 99_999) == "$999.99"
    assert formats.round_money(american, 123_456_78) == "$123,457"
    assert formats.round_money(american, -123_456_78) == "-$123,457"
    assert formats.round_money(german, 123_456_78) == "123.457\u00a0€"
    assert formats.money(german, 1_234_50) == "1.234,50\u00a0€"


def test_currencies_without_cents_have_none(american: Shop) -> None:
    japanese = replace(american, currency="JPY", locale="ja_JP")
    assert formats.money(japanese, 1500) == "￥1,500"
    assert formats.amount_text(japanese, 1500) == "1500"


def test_axes_are_short_from_a_million_on(american: Shop) -> None:
    assert formats.short_money(american, 12_000_00) == "$12,000"
    assert formats.short_money(american, 1_200_000_00) == "$1.2M"


def test_numbers_and_shares_follow_the_locale(american: Shop, german: Shop) -> None:
    assert formats.counted(american, 1, "order") == "1 order"
    assert formats.counted(american, 12_345, "order") == "12,345 orders"
    assert formats.count(german, 12_345) == "12.345"
    assert formats.percent(american, 0.1256) == "12.6%"
    assert formats.percent(german, 0.1256) == "12,6\u00a0%"


def test_moments_are_shown_in_the_shops_zone(american: Shop, german: Shop) -> None:
    midnight = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert formats.moment(american, midnight) == "Nov 24, 2026, 11:30\u202fPM"
    assert formats.moment(german, midnight) == "25.11.2026, 00:30"
    assert formats.brief_moment(german, midnight, 2026) == "25. Nov., 00:30"
    assert formats.brief_moment(german, midnight, 2027) == "25.11.2026"


def test_days_and_months_follow_the_locale(american: Shop, german: Shop) -> None:
    day = date(2026, 3, 4)
    assert (formats.day(american, day), formats.day(german, day)) == ("Mar 4, 2026", "04.03.2026")
    assert (formats.month(american, day), formats.month(german, day)) == ("March 2026", "März 2026")
    assert formats.span(american, day, day) == "Mar 4, 2026"


def test_countries_have_names_in_the_shops_language(american: Shop, german: Shop) -> None:
    assert formats.country(american, "DE") == "Germany"
    assert formats.country(german, "DE") == "Deutschland"
    assert formats.country(american, "QX") == "QX"
    assert formats.country(american, "-") == formats.country(american, "") == "No country"
    assert "EU" not in formats.countries(american)
    assert len(formats.countries(american)) > 240


def test_date_inputs_take_the_order_of_the_locale(american: Shop, german: Shop) -> None:
    assert formats.date_input_format(american) == "MM/DD/YYYY"
    assert formats.date_input_format(german) == "DD.MM.YYYY"
    assert formats.date_input_format(replace(american, locale="sv_SE")) == "YYYY-MM-DD"


def test_an_amount_in_a_field_can_be_read_back(german: Shop) -> None:
    assert formats.amount_text(german, 1_234_50) == "1234,50"
    assert formats.decimal_comma(german)
