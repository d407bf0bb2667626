"""Overview: what is to be done, how business is compared with the time before, the best customers and products."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.services.customers.leaderboards import Measure
from backend.services.statistics.comparison import Against
from backend.services.statistics.overview import granularities_of
from pages.components.customers.table import customer_table
from pages.components.orders.table import order_table
from pages.components.products import view as products
from pages.components.statistics import cards
from pages.components.todo import view
from pages.components.todo import view as todo
from pages.components.ui import caching, charts, empty, filters, formats
from pages.components.ui.guard import require
from pages.components.ui.periods import pick_against, pick_month, pick_period
from pages.components.ui.shell import current_shop
from pages.components.ui.table import show_table

actor = require(Permission.VIEW_OVERVIEW)
shop = current_shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
    st.title("Overview", width="content")
    began = caching.first_day(shop)
    with st.container(horizontal=True, vertical_alignment="bottom", width="content"):
        chosen = pick_period(shop, "period") if began else None
        against = pick_against() if began else Against.BEFORE
if began is None or chosen is None:
    empty.no_orders_yet(actor)
    view.show_first_steps(shop, actor, is_new=True)
    st.stop()
view.show_first_steps(shop, actor, is_new=False)
todo.show(shop)

granularities = granularities_of(chosen.first, chosen.last)
granularity = granularities[0]
if len(granularities) > 1:
    granularity = filters.pick_view(
        "Chart by", granularities, name="by", key=f"by_{'_'.join(granularities)}", words=str.capitalize
    )
figures = caching.overview_of(shop, chosen.first, chosen.last, granularity, period=chosen.period, against=against)
st.caption(formats.plain(cards.compared(shop, figures)))
cards.show_figures(shop, figures.totals, figures.before)
with st.container(border=True):
    charts.show(charts.over_time(shop, chosen.first, chosen.last, granularity, chosen.period, against), "over_time")
cards.to_questions()

best, where = st.columns([3, 2])
with best:
    st.header("Top customers")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        measure = filters.pick_view("By", list(Measure), name="top_by", key="top_by", words=str.capitalize, hidden=True)
        month = pick_month(shop, began, "top_month")
    best_ones = caching.top_customers(shop, measure, month, 10)
    show_table(customer_table(shop, best_ones, ranked=True), "top_customers")
with where:
    st.header("Best products")
    products.show_best(shop, chosen)
st.header("Customers by country")
st.caption("All customers, whatever the period.")
charts.show(charts.countries(shop), "countries")

st.header("Recent orders")
st.caption("The newest, whatever the period.")
show_table(order_table(shop, caching.recent_orders(shop, 8)), "recent_orders")
