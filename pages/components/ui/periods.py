"""Choosing a period by name or by two days. The choice is kept in the address, so that a link shows the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import streamlit as st

from backend.domain.time import EARLIEST_YEAR, months_between
from backend.services.context import Shop
from backend.services.statistics.comparison import Against, Period
from backend.services.statistics.overview import days_of, today_of
from pages.components.ui import address, caching, filters, formats

_CUSTOM = "custom"
_LABELS = {
    Period.TODAY.value: "Today",
    Period.LAST_7_DAYS.value: "Last 7 days",
    Period.LAST_30_DAYS.value: "Last 30 days",
    Period.LAST_90_DAYS.value: "Last 90 days",
    Period.THIS_MONTH.value: "This month",
    Period.LAST_MONTH.value: "Last month",
    Period.THIS_YEAR.value: "This year",
    Period.LAST_YEAR.value: "Last year",
    Period.ALL_TIME.value: "All time",
    _CUSTOM: "Choose days…",
}


_AGAINST = {Against.BEFORE: "The period before", Against.LAST_YEAR: "Same dates last year"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The days that somebody chose, both included, and the period's name if it has one."""

    first: date
    last: date
    period: Period | None


def pick_period(shop: Shop, name: str) -> Chosen:
    """Renders the choice and gives its days. `name` is what the address calls it."""
    choice = filters.pick_one(
        "Period", list(_LABELS), name=name, key=name, words=_LABELS.__getitem__, default=Period.LAST_30_DAYS.value
    )
    today = today_of(shop)
    if choice == _CUSTOM:
        return _pick_days(shop, name, today)
    period = Period(choice)
    begin = caching.first_day(shop) if period is Period.ALL_TIME else None
    return Chosen(*days_of(period, today, begin), period)


def pick_against() -> Against:
    """Renders the choice of what the period is compared with."""
    return filters.pick_one(
        "Compared with", list(Against), name="against", key="compared_with", words=_AGAINST.__getitem__
    )


def _pick_days(shop: Shop, name: str, today: date) -> Chosen:
    usual, earliest = days_of(Period.LAST_30_DAYS, today), date(EARLIEST_YEAR, 1, 1)
    days = address.keep(
        f"{name}_days",
        address.days_between(usual, earliest, today),
        f"{name}_days",
        lambda key: st.date_input(
            "First and last day",
            value=usual,
            min_value=earliest,
            max_value=today,
            format=formats.date_input_format(shop),
            key=key,
            persist_state="session",
            width=260,
        ),
    )
    chosen = sorted(days)
    return Chosen(chosen[0], chosen[-1], None) if chosen else Chosen(today, today, None)


def pick_month(shop: Shop, began: date, name: str) -> str:
    """Renders the choice of a month since the first order, or all time (""), and gives it as "2026-11"."""
    months = ["", *reversed(months_between(began, today_of(shop)))]
    return filters.pick_one(
        "When",
        months,
        name=name,
        key=name,
        words=lambda m: formats.month(shop, date.fromisoformat(f"{m}-01")) if m else "All time",
        hidden=True,
    )
