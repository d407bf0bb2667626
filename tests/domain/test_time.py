"""Moments are kept in UTC and sort as texts; days are the shop's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.time import check_placed_at, day_of, from_text, month_of, months_between, start_of, to_text
from backend.errors import InvalidInputError

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds are naive


@given(MOMENTS)
def test_a_moment_is_read_back_to_the_microsecond(moment: datetime) -> None:
    assert from_text(to_text(moment)) == moment


@given(MOMENTS, MOMENTS)
def test_texts_sort_like_moments(one: datetime, other: datetime) -> None:
    assert (to_text(one) < to_text(other)) == (one < other)


def test_a_moment_of_another_zone_is_kept_in_utc() -> None:
    assert to_text(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2025-12-31T23:00:00.000000Z"


def test_days_and_months_are_those_of_the_zone() -> None:
    moment = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)
    assert (day_of(moment, ZoneInfo("UTC")), month_of(moment, ZoneInfo("UTC"))) == ("2026-03-31", "2026-03")
    berlin = ZoneInfo("Europe/Berlin")
    assert (day_of(moment, berlin), month_of(moment, berlin)) == ("2026-04-01", "2026-04")


def test_days_begin_at_midnight_also_when_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert start_of(date(2026, 3, 29), berlin) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert start_of(date(2026, 3, 30), berlin) == datetime(2026, 3, 29, 22, tzinfo=UTC)


def test_months_between_two_days_include_both_ends() -> None:
    assert months_between(date(2025, 11, 30), date(2026, 2, 1)) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert months_between(date(2026, 5, 1), date(2026, 5, 31)) == ["2026-05"]
    assert months_between(date(2026, 5, 1), date(2026, 3, 1)) == []


def test_an_order_date_lies_between_the_year_1990_and_tomorrow() -> None:
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    for fine in (datetime(1990, 1, 1, tzinfo=UTC), now, now + timedelta(days=1)):
        assert check_placed_at(fine, now) == fine
    with pytest.raises(InvalidInputError, match="in the future: 2026-11-27"):
        check_placed_at(now + timedelta(days=1, seconds=1), now)
    with pytest.raises(InvalidInputError, match="before the year 1990: 1989-12-31"):
        check_placed_at(datetime(1989, 12, 31, tzinfo=UTC), now)
