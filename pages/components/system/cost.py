"""What the store is used for, and what the month costs."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from backend.domain.costs import FREE_UNITS_A_SECOND, PRICES
from backend.domain.team import Actor
from backend.services.context import Shop
from backend.services.system.costs import Month
from pages.components.ui import caching, empty, formats

_SHOWN = 25
_FORECAST = "Projected to the end of the month."


def show_cost(here: Shop, actor: Actor) -> None:
    """The present month of UTC."""
    month = caching.month_cost(here, actor)
    cost = month.cost
    st.caption(
        formats.plain(
            f"{formats.month(here, month.first)} so far, in US dollars, at DynamoDB on-demand and SES prices. "
            "With another store or transport, this is what they would cost."
        )
    )
    with st.grid(4, min_column_width=150):
        st.metric("Store", _dollars(cost.store), help=_units(here, month), border=True)
        st.metric("Store, forecast", _dollars(cost.store_forecast), help=_FORECAST, border=True)
        st.metric("Mail", _dollars(cost.mail), help=_emails(here, month), border=True)
        st.metric("Mail, forecast", _dollars(cost.mail_forecast), help=_FORECAST, border=True)
    share = formats.percent(here, cost.free_share, 1)
    if cost.fits_free_tier:
        text = f"The busiest day used {share} of the always-free tier ({FREE_UNITS_A_SECOND} units a second)."
        st.success(formats.plain(text), icon=":material/savings:")
    else:
        text = f"The busiest day used {share} of the always-free tier, so the store costs money."
        st.warning(formats.plain(text), icon=":material/payments:")
    st.header("By access pattern", anchor=False)
    if not month.patterns:
        empty.nothing(":material/database:", "No usage yet", "Usage is saved once a minute.")
    else:
        st.table(_rows(here, month), border="horizontal", alt="Use of the store by access pattern", hide_index=True)
    with st.expander("Prices"):
        st.table(_prices(), border="horizontal", alt="Prices", hide_index=True)


def _rows(here: Shop, month: Month) -> dict[str, list[str]]:
    shown = list(month.patterns.items())[:_SHOWN]

    def column(numbers: list[float]) -> list[str]:
        return [formats.plain(formats.count(here, round(number))) for number in numbers]

    return {
        "Used by": [formats.plain(name) for name, _ in shown],
        "Requests": column([usage.requests for _, usage in shown]),
        "Read units": column([usage.read_units for _, usage in shown]),
        "Write units": column([usage.write_units for _, usage in shown]),
        "Throttled": column([usage.throttled for _, usage in shown]),
    }


def _prices() -> dict[str, list[str]]:
    return {
        "What": [price.name for price in PRICES],
        "Price": [formats.plain(f"${price.dollars} for {price.per:,} {price.unit}s") for price in PRICES],
        "Source": [formats.plain(f"{price.source}; seen {price.seen}") for price in PRICES],
    }


def _dollars(amount: Decimal) -> str:
    return formats.plain(f"${amount:,.2f}" if amount >= Decimal("0.01") or not amount else "< $0.01")


def _units(here: Shop, month: Month) -> str:
    reads, writes = formats.count(here, round(month.use.reads)), formats.count(here, round(month.use.writes))
    return formats.plain(f"{writes} write units and {reads} read units.")


def _emails(here: Shop, month: Month) -> str:
    return formats.plain(f"{formats.counted(here, month.use.emails, 'email')}, unknown ones included.")
