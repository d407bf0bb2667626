"""Insights: kinds of buyers, who comes back, what a customer is worth, and whom mail no longer reaches."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import BackendError
from pages.components import formats, insight_views, segment_age
from pages.components.guard import require
from pages.components.shell import shop

_BUYERS, _RETURNING, _WORTH, _AT_RISK = "Kinds of buyers", "Returning customers", "Value", "Revenue at risk"

require(Permission.VIEW_OVERVIEW)
here = shop()

st.title("Insights")
info = segment_age.require(here)
segment_age.show(here, info)
part = st.segmented_control(
    "View",
    [_BUYERS, _RETURNING, _WORTH, _AT_RISK],
    default=_BUYERS,
    required=True,
    key="insights_part",
    persist_state="session",
    label_visibility="collapsed",
    format_func=formats.legible(str),
)
try:
    if part == _BUYERS:
        insight_views.show_buyers(here, info.name)
    elif part == _RETURNING:
        insight_views.show_returning(here, info.name)
    elif part == _WORTH:
        insight_views.show_worth(here, info.name)
    else:
        insight_views.show_at_risk(here)
except BackendError as error:
    st.warning(formats.plain(error.sentence), icon=":material/warning:")
