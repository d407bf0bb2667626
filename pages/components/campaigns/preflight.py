"""What the check of all recipients has found: who gets the email, who breaks and on which field, what is empty."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from backend.domain.campaign_figures import Preflight, PreflightStatus
from backend.services.context import Shop
from pages.components.ui import formats
from pages.components.ui.table import Cell, Column, Row, Table, show_table

_SHOWN = 20
_COLUMNS = (Column("Customer", "main", 200), Column("Problem"), Column("Field", width=160))


def show(here: Shop, preflight: Preflight) -> None:
    """The result in words; names only where something is wrong."""
    if preflight.status is PreflightStatus.FAILED:
        st.error(formats.plain(preflight.error), icon=":material/error:")
        return
    if not preflight.is_current:
        st.warning("The campaign has changed since this check. Check again.", icon=":material/sync_problem:")
    _show_verdict(here, preflight)
    if preflight.broken:
        _show_broken(here, preflight)
    if preflight.empty_fields:
        _show_fields(
            here,
            preflight.empty_fields,
            ":material/space_bar: Fields that are empty for some",
            "The email goes out without them. Check how it reads then.",
        )


def _show_verdict(here: Shop, preflight: Preflight) -> None:
    checked = formats.counted(here, preflight.checked, "customer")
    recipients = formats.counted(here, preflight.recipients, "recipient")
    took = f" in {preflight.seconds:.1f} seconds" if preflight.seconds else ""
    finished = ""
    if preflight.finished_at is not None:
        finished = f", {formats.plain(formats.moment(here, preflight.finished_at))}"
    st.caption(f"{checked} of the segment checked{took}{finished}.")
    if not preflight.recipients:
        st.warning("Nobody would get this email.", icon=":material/group_off:")
    elif preflight.broken:
        st.error(
            f"The email of {formats.count(here, preflight.broken)} of {recipients} cannot be rendered. "
            "They are skipped unless the email or their data is fixed.",
            icon=":material/broken_image:",
        )
    else:
        st.success(f"The emails of all {recipients} can be rendered.", icon=":material/check_circle:")


def _show_broken(here: Shop, preflight: Preflight) -> None:
    _show_fields(here, preflight.broken_fields, ":material/data_object: Fields with errors", "")
    rows = [
        Row(
            broken.customer_id,
            (Cell(formats.name_of(broken.name)), Cell(broken.sentence, quiet=True), Cell(broken.field)),
            {"id": broken.customer_id},
        )
        for broken in preflight.listed
    ]
    _show_rows(rows[:_SHOWN], "broken")
    if len(rows) > _SHOWN:
        with st.expander(f"Show {formats.count(here, len(rows) - _SHOWN)} more"):
            _show_rows(rows[_SHOWN : 10 * _SHOWN], "more_broken")
    if preflight.broken > len(rows):
        st.caption(f"The first {formats.count(here, len(rows))} are listed.")


def _show_rows(rows: list[Row], key: str) -> None:
    show_table(Table("Customers whose email cannot be rendered", _COLUMNS, rows, "customer.py"), key)


def _show_fields(here: Shop, counts: Mapping[str, int], heading: str, advice: str) -> None:
    st.markdown(f"**{heading}**")
    ranked = sorted(counts.items(), key=lambda pair: -pair[1])
    st.markdown("\n".join(f"- `{name}`: {formats.counted(here, number, 'recipient')}" for name, number in ranked))
    if advice:
        st.caption(advice)
