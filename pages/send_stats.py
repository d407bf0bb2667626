"""Send statistics: volumes, shares, times and failures of a period, and how far the limits are used."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import InvalidInputError
from backend.services.statistics.sending import steps_for
from pages.components.messages import table
from pages.components.sending import limits
from pages.components.statistics import send_charts
from pages.components.ui import caching, empty, filters, formats
from pages.components.ui.guard import require
from pages.components.ui.periods import pick_period
from pages.components.ui.shell import current_shop

actor = require(Permission.VIEW_EMAIL)
shop = current_shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
    st.title("Send statistics", width="content")
    with st.container(horizontal=True, vertical_alignment="bottom", width="content"):
        template = table.pick_template(shop, "send_stats_template")
        chosen = pick_period(shop, "period")

st.caption("The sending account, whatever is chosen above.")
limits.show_limits(shop, actor)
steps = steps_for(chosen.first, chosen.last)
step = steps[0]
if len(steps) > 1:
    step = filters.pick_view("Chart by", steps, name="by", key=f"send_by_{'_'.join(steps)}", words=str.capitalize)
try:
    figures = caching.figures_of_sending(shop, chosen.first, chosen.last, step, template)
except InvalidInputError as error:
    empty.nothing(":material/date_range:", "This period cannot be shown", error.sentence)
    st.stop()
which = table.title_of(shop, template) if template else "All emails"
st.caption(formats.plain(f"{which}, {formats.span(shop, chosen.first, chosen.last)}"))
send_charts.show_numbers(shop, figures)
if not any(figures.totals.values()):
    empty.nothing(":material/query_stats:", "No emails in this period", "Choose more days, or send an email.")
    st.stop()
with st.container(border=True):
    send_charts.show_volumes(shop, chosen.first, chosen.last, step, template)
send_charts.show_breakdown(shop, figures, chosen.first, chosen.last, template)
left, right = st.columns(2)
with left:
    st.header("Time to send and deliver")
    send_charts.show_times(figures)
with right:
    st.header("Skipped by reason")
    send_charts.show_skips(shop, figures)
st.header("Failures by reason")
send_charts.show_problems(shop, figures, caching.problems_of_sending(shop, chosen.first, chosen.last, template))
