"""How fast everything is: the objectives with what is left of their budgets, the slowest actions, and the log."""

from __future__ import annotations

import streamlit as st

from backend.domain.objectives import WINDOW_DAYS, Attainment
from backend.domain.team import Actor
from backend.observability.measures import Durations
from backend.observability.ring import RING, LogRecord
from backend.services.context import Shop
from backend.services.system.objectives import attainments, slowest
from pages.components.ui import empty, filters, formats

_KINDS = {"page": "Page", "api": "Request", "import": "Import"}


def show_speed(here: Shop, actor: Actor) -> None:
    """The last 30 days."""
    st.caption(f"The last {WINDOW_DAYS} days, all processes. Saved once a minute.")
    with st.grid(3, min_column_width=220):
        for reached in attainments(here, actor):
            _show_attainment(here, reached)
    st.header("Slowest actions", anchor=False)
    found = slowest(here, actor)
    if not found:
        empty.nothing(":material/speed:", "No measurements yet", "Open some pages; they appear here a minute later.")
        return
    st.table(_rows(here, found), border="horizontal", alt="Slowest actions", hide_index=True)


def _show_attainment(here: Shop, reached: Attainment) -> None:
    with st.container(border=True, gap="xsmall", height="stretch"):
        name, left, share = reached.target.objective.value, reached.budget_left, reached.share
        if left is None or share is None:
            st.markdown(f"**{name}** {formats.badge('No data yet', 'gray', ':material/hourglass_empty:')}")
            st.caption(formats.plain(f"{reached.target.words}."))
            return
        met = ("Met", "green", ":material/check_circle:") if reached.is_met else ("Missed", "red", ":material/error:")
        st.markdown(f"**{name}** {formats.badge(*met)}")
        number = formats.count(here, reached.total)
        st.markdown(formats.plain(f"{_precise(here, share)} of {number} were good."))
        text = f"{formats.percent(here, max(left, 0.0), 0)} of the error budget is left"
        st.progress(min(max(left, 0.0), 1.0), text=formats.plain(text))
        st.caption(formats.plain(f"{reached.target.words}."))


def _precise(here: Shop, share: float) -> str:
    """Rounded down, so that no objective that was missed seems met."""
    return formats.percent(here, int(share * 10_000) / 10_000, 2)


def _rows(here: Shop, found: list[tuple[str, str, Durations]]) -> dict[str, list[str]]:
    def column(share: float) -> list[str]:
        return [formats.plain(_within(took.percentile(share))) for _, _, took in found]

    return {
        "Action": [formats.plain(f"{_KINDS[kind]} {name}") for kind, name, _ in found],
        "Times": [formats.plain(formats.count(here, took.count)) for _, _, took in found],
        "p50": column(0.5),
        "p95": column(0.95),
        "p99": column(0.99),
        "Errors": [formats.plain(formats.count(here, took.failed)) for _, _, took in found],
    }


def _within(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    return f"≤ {milliseconds} ms" if milliseconds < 1000 else f"≤ {milliseconds / 1000:.0f} s"


_SHOWN = 200
_LEVELS = {"all": (), "warnings": ("WARNING", "ERROR", "CRITICAL"), "errors": ("ERROR", "CRITICAL")}
_LEVEL_WORDS = {"all": "All", "warnings": "Warnings and errors", "errors": "Errors"}


def show_log(here: Shop) -> None:
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
    st.code("\n".join(_line(here, record) for record in found[:_SHOWN]), language=None, wrap_lines=True, height=480)


def _fits(record: LogRecord, levels: tuple[str, ...], text: str) -> bool:
    if levels and record.level not in levels:
        return False
    said = f"{record.message} {record.action} {record.action_id} {record.error}".casefold()
    return text in said


def _line(here: Shop, record: LogRecord) -> str:
    at = f"{record.at.astimezone(here.zone):%m-%d %H:%M:%S}"
    where = f" [{record.action} {record.action_id}]" if record.action else ""
    line = f"{at} {record.level:<7}{where} {record.message}"
    return f"{line}\n{record.error}" if record.error else line
