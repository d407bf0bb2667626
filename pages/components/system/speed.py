"""How fast everything is: objectives with what is left of their budgets, slowest actions, the log and the cost."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from backend.domain.costs import FREE_UNITS_A_SECOND, PRICES
from backend.domain.objectives import WINDOW_DAYS, Attainment
from backend.domain.team import Actor
from backend.observability.measures import Durations
from backend.observability.ring import RING, LogRecord
from backend.services.context import Shop
from backend.services.system.costs import Month
from backend.services.system.objectives import attainments, slowest
from pages.components.ui import caching, empty, filters, formats

_KINDS = {"page": "Page", "api": "Request", "import": "Import"}


def show_speed(shop: Shop, actor: Actor) -> None:
    """The last 30 days."""
    st.caption(f"The last {WINDOW_DAYS} days, all processes. Saved once a minute.")
    with st.grid(3, min_column_width=220):
        for reached in attainments(shop, actor):
            _show_attainment(shop, reached)
    st.header("Slowest actions", anchor=False)
    found = slowest(shop, actor)
    if not found:
        empty.nothing(":material/speed:", "No measurements yet", "Open some pages; they appear here a minute later.")
        return
    st.table(_rows(shop, found), border="horizontal", alt="Slowest actions", hide_index=True)


def _show_attainment(shop: Shop, reached: Attainment) -> None:
    with st.container(border=True, gap="xsmall", height="stretch"):
        name, left, share = reached.target.objective.value, reached.budget_left, reached.share
        if left is None or share is None:
            st.markdown(f"**{name}** {formats.badge('No data yet', 'gray', ':material/hourglass_empty:')}")
            st.caption(formats.plain(f"{reached.target.words}."))
            return
        met = ("Met", "green", ":material/check_circle:") if reached.is_met else ("Missed", "red", ":material/error:")
        st.markdown(f"**{name}** {formats.badge(*met)}")
        number = formats.count(shop, reached.total)
        st.markdown(formats.plain(f"{_precise(shop, share)} of {number} were good."))
        text = f"{formats.percent(shop, max(left, 0.0), 0)} of the error budget is left"
        st.progress(min(max(left, 0.0), 1.0), text=formats.plain(text))
        st.caption(formats.plain(f"{reached.target.words}."))


def _precise(shop: Shop, share: float) -> str:
    """Rounded down, so that no objective that was missed seems met."""
    return formats.percent(shop, int(share * 10_000) / 10_000, 2)


def _rows(shop: Shop, found: list[tuple[str, str, Durations]]) -> dict[str, list[str]]:
    def column(share: float) -> list[str]:
        return [formats.plain(_within(took.percentile(share))) for _, _, took in found]

    return {
        "Action": [formats.plain(f"{_KINDS[kind]} {name}") for kind, name, _ in found],
        "Times": [formats.plain(formats.count(shop, took.count)) for _, _, took in found],
        "p50": column(0.5),
        "p95": column(0.95),
        "p99": column(0.99),
        "Errors": [formats.plain(formats.count(shop, took.failed)) for _, _, took in found],
    }


def _within(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    return f"≤ {milliseconds} ms" if milliseconds < 1000 else f"≤ {milliseconds / 1000:.0f} s"


_SHOWN = 200
_LEVELS = {"all": (), "warnings": ("WARNING", "ERROR", "CRITICAL"), "errors": ("ERROR", "CRITICAL")}
_LEVEL_WORDS = {"all": "All", "warnings": "Warnings and errors", "errors": "Errors"}


def show_log(shop: Shop) -> None:
    """Newest first, narrowed by level and by a text: an incident number, the id of an action, a word."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        level = filters.pick_view("Level", list(_LEVELS), name="level", key="log_level", words=_LEVEL_WORDS.__getitem__)
        wanted = filters.text(
            "Find", "Incident number, action id or word", name="find", key="log_find", longest=80, width=320
        )
        st.button("Refresh", icon=":material/refresh:")
    found = [record for record in RING.records() if _fits(record, _LEVELS[level], wanted.strip().casefold())]
    st.caption(
        "The last 500 records of this process, without addresses. Other processes write theirs to their own logs."
    )
    if not found:
        empty.nothing(":material/article:", "No records here", "Choose all levels, or clear the search.")
        return
    st.code("\n".join(_line(shop, record) for record in found[:_SHOWN]), language=None, wrap_lines=True, height=480)


def _fits(record: LogRecord, levels: tuple[str, ...], text: str) -> bool:
    if levels and record.level not in levels:
        return False
    said = f"{record.message} {record.action} {record.action_id} {record.error}".casefold()
    return text in said


def _line(shop: Shop, record: LogRecord) -> str:
    at = f"{record.at.astimezone(shop.zone):%m-%d %H:%M:%S}"
    where = f" [{record.action} {record.action_id}]" if record.action else ""
    line = f"{at} {record.level:<7}{where} {record.message}"
    return f"{line}\n{record.error}" if record.error else line


_PATTERNS_SHOWN = 25
_FORECAST = "Projected to the end of the month."


def show_cost(shop: Shop, actor: Actor) -> None:
    """The present month of UTC."""
    month = caching.month_cost(shop, actor)
    cost = month.cost
    st.caption(
        formats.plain(
            f"{formats.month(shop, month.first)} so far, in US dollars, at DynamoDB on-demand and SES prices. "
            "With another store or transport, this is what they would cost."
        )
    )
    with st.grid(4, min_column_width=150):
        st.metric("Store", _dollars(cost.store), help=_units(shop, month), border=True)
        st.metric("Store, forecast", _dollars(cost.store_forecast), help=_FORECAST, border=True)
        st.metric("Mail", _dollars(cost.mail), help=_emails(shop, month), border=True)
        st.metric("Mail, forecast", _dollars(cost.mail_forecast), help=_FORECAST, border=True)
    share = formats.percent(shop, cost.free_share, 1)
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
        st.table(
            _pattern_rows(shop, month), border="horizontal", alt="Use of the store by access pattern", hide_index=True
        )
    with st.expander("Prices"):
        st.table(_prices(), border="horizontal", alt="Prices", hide_index=True)


def _pattern_rows(shop: Shop, month: Month) -> dict[str, list[str]]:
    shown = list(month.patterns.items())[:_PATTERNS_SHOWN]

    def column(numbers: list[float]) -> list[str]:
        return [formats.plain(formats.count(shop, round(number))) for number in numbers]

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


def _units(shop: Shop, month: Month) -> str:
    reads, writes = formats.count(shop, round(month.use.reads)), formats.count(shop, round(month.use.writes))
    return formats.plain(f"{writes} write units and {reads} read units.")


def _emails(shop: Shop, month: Month) -> str:
    return formats.plain(f"{formats.counted(shop, month.use.emails, 'email')}, unknown ones included.")
