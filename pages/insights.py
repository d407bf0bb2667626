"""Insights: kinds of buyers, who comes back, what a customer is worth, and whom mail no longer reaches."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import BackendError
from pages.components import filters, formats, insight_views, segment_age
from pages.components.guard import require
from pages.components.shell import shop

_VIEWS = {
    "buyers": "Kinds of buyers",
    "returning": "Returning customers",
    "value": "Value",
    "at-risk": "Revenue at risk",
}

require(Permission.VIEW_OVERVIEW)
here = shop()

st.title("Insights")
info = segment_age.require(here)
segment_age.show(here, info)
part = filters.pick_view("View", list(_VIEWS), name="view", key="insights_part", words=_VIEWS.__getitem__, hidden=True)
try:
    if part == "buyers":
        insight_views.show_buyers(here, info.name)
    elif part == "returning":
        insight_views.show_returning(here, info.name)
    elif part == "value":
        insight_views.show_worth(here, info.name)
    else:
        insight_views.show_at_risk(here)
except BackendError as error:
    st.warning(formats.plain(error.sentence), icon=":material/warning:")
