"""The last log records of this process, to look at what has just happened."""

from __future__ import annotations

import streamlit as st

from backend.observability.ring import RING, LogRecord
from backend.services.context import Shop
from pages.components.ui import empty, filters

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
