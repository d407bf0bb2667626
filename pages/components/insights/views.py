"""The parts of the insights page: kinds of buyers, who comes back, what they are worth, whom mail does not reach."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend.domain.rfm import SCORES, RfmClass
from backend.services.context import Shop
from backend.services.insights.at_risk import Barrier, Lost
from pages.components.customers.table import customer_table
from pages.components.insights import charts as insight_charts
from pages.components.ui import caching, charts, empty, filters, formats
from pages.components.ui.navigation import page_of
from pages.components.ui.table import Cell, Column, Row, Table, show_table

_KINDS = (Column("Kind", "main"), Column("Customers", "figure", 92, labelled=True), Column("Revenue", "figure", 100))
_MEANS = {
    RfmClass.CHAMPIONS: "bought recently and often",
    RfmClass.LOYAL: "buy again and again",
    RfmClass.PROMISING: "bought recently, twice so far",
    RfmClass.NEW: "first order was recent",
    RfmClass.COOLING: "bought once or twice, a while ago",
    RfmClass.AT_RISK: "bought several times, not recently",
    RfmClass.NOT_TO_LOSE: "bought often, but not recently",
    RfmClass.GONE: "bought once or twice, long ago",
}


def show_buyers(shop: Shop, snapshot: str) -> None:
    """The grid, whose squares lead to segments, and the kinds of buyers in words."""
    grid = caching.buyer_grid(shop)
    if not grid.cells:
        _nothing_yet()
        return
    left, right = st.columns([4, 5])
    with left:
        st.caption("Customers by their last order and their number of orders. Click a square to see these customers.")
        chart = insight_charts.buyer_grid(shop, snapshot, st.context.theme.type == "dark")
        event = st.plotly_chart(
            chart.figure,
            key="buyer_grid",
            config={"displayModeBar": False},
            alt=chart.summary,
            on_select="rerun",
            selection_mode="points",
        )
        _open_pressed(event)
    with right:
        rows = [
            Row(
                each.kind.value,
                (
                    Cell(each.kind.label, note=_MEANS[each.kind]),
                    Cell(formats.count(shop, each.customers)),
                    Cell(formats.round_money(shop, each.revenue)),
                ),
                {"class": each.kind.value},
            )
            for each in grid.classes
        ]
        st.caption("Kinds of buyers, by all-time revenue.")
        show_table(Table("Kinds of buyers", _KINDS, rows, "segment.py"), "kinds_of_buyers")


def _open_pressed(event: object) -> None:
    points = getattr(getattr(event, "selection", None), "points", None)
    if not points:
        return
    recency, frequency = int(points[0].get("x", 0)), int(points[0].get("y", 0))
    if recency in SCORES and frequency in SCORES:
        st.switch_page(page_of("segment.py"), query_params={"recency": str(recency), "frequency": str(frequency)})


def show_returning(shop: Shop, snapshot: str) -> None:
    """The repeat rate, retention by month and the time between orders."""
    found = caching.returning_buyers(shop)
    if not found.buyers:
        _nothing_yet()
        return
    with st.grid(3, min_column_width=150):
        rate = formats.plain(formats.percent(shop, found.repeat_rate))
        st.metric("Returning customers", rate, border=True, help="Buyers who have ordered more than once.")
        buyers = formats.plain(formats.count(shop, found.buyers))
        st.metric("Buyers", buyers, border=True, help="Customers with an order that was not cancelled.")
        days = "None yet" if found.median_days is None else formats.counted(shop, found.median_days, "day")
        st.metric(
            "Between two orders",
            formats.plain(days),
            border=True,
            help="The median: half of the orders came sooner, half later.",
        )
    st.header("Repeat orders by month", anchor=False)
    st.caption(
        "Each row holds the customers whose first order was in that month, and their number. Each column shows how "
        "many of them ordered so many months later. The last column of each row is the current month (incomplete)."
    )
    if any(len(cohort.active) > 1 for cohort in found.cohorts):
        charts.show(insight_charts.retention(shop, snapshot), "retention")
    else:
        empty.nothing(":material/calendar_month:", "Not yet", "This needs first orders from at least a month ago.")
    st.header("Time between two orders", anchor=False)
    charts.show(insight_charts.gaps(shop, snapshot), "gaps")


def show_worth(shop: Shop, snapshot: str) -> None:
    """Revenue of a customer, and how it grows."""
    found = caching.worth_of_buyers(shop)
    if not found.buyers:
        _nothing_yet()
        return
    with st.grid(3, min_column_width=150):
        average = formats.plain(formats.money(shop, found.average))
        st.metric("Average customer", average, border=True, help="All-time revenue per customer with an order.")
        median = formats.plain(formats.money(shop, found.median))
        st.metric("Median customer", median, border=True, help="Half have spent more than this, half less.")
        share = formats.plain(formats.percent(shop, found.top_share))
        st.metric("Share from the top 10%", share, border=True, help="Their share of all revenue.")
    st.header("What a customer has spent after …", anchor=False)
    st.caption(
        "The average since the first order. Each bar counts only customers whose first order is that long ago, so "
        "the bars are not of the same people."
    )
    if found.growth:
        charts.show(insight_charts.growth(shop, snapshot), "growth")
    else:
        empty.nothing(":material/calendar_month:", "Not yet", "This needs first orders from at least a month ago.")


def show_at_risk(shop: Shop) -> None:
    """Good customers whom marketing mail does not reach: why, how much, and who."""
    found = caching.revenue_at_risk(shop)
    if not found.good:
        _nothing_yet()
        return
    chosen = _pick_barrier(shop, found.lost) if found.lost else None
    shown = [each for each in found.lost if chosen in (None, each.barrier)]
    recent = sum(each.recent for each in shown)
    people = formats.count(shop, sum(each.customers for each in shown))
    with st.grid(3, min_column_width=150):
        lost = formats.plain(formats.round_money(shop, recent))
        st.metric("Revenue at risk", lost, border=True, help="Their purchases in the last 365 days, net of refunds.")
        st.metric("Customers", formats.plain(people), border=True, help="Good customers whom campaigns do not reach.")
        share = formats.percent(shop, recent / found.recent) if found.recent else "None yet"
        st.metric("Share", formats.plain(share), border=True, help="Of the revenue of all good customers.")
    good = formats.plain(formats.count(shop, found.good))
    st.caption(f"Good customers are the {good} in the top 40% of your buyers by revenue.")
    if not found.lost:
        empty.nothing(":material/mark_email_read:", "All of them can be reached", "Nothing to do.")
        return
    st.caption(_ADVICE[chosen] if chosen else "The top 25. Choose a reason to see what to do.")
    show_table(customer_table(shop, caching.customers_at_risk(shop, chosen)), "at_risk")


def _pick_barrier(shop: Shop, lost: Sequence[Lost]) -> Barrier | None:
    named = {each.barrier: _named(shop, each) for each in lost}
    return filters.pick_pill(
        "Why mail does not reach them", list(named), name="reason", key="barrier", words=named.__getitem__
    )


def _named(shop: Shop, lost: Lost) -> str:
    money = formats.plain(formats.round_money(shop, lost.recent))
    return f"{lost.barrier.value}: {formats.count(shop, lost.customers)} ({money})"


_ADVICE = {
    Barrier.NO_ADDRESS: "Ask for an email address at the next order.",
    Barrier.BOUNCED: "Their mailbox refused mail for good. Ask for another address.",
    Barrier.COMPLAINED: "They marked mail as spam. Do not email them again; call them if it matters.",
    Barrier.BLOCKED: "Someone in the team blocked them; see the suppression list.",
    Barrier.UNSUBSCRIBED: "They still get emails about their orders.",
    Barrier.REFUSED: "They said no to marketing, and can change that in their preferences.",
    Barrier.UNASKED: "Not asked yet: ask at the next order.",
}


def _nothing_yet() -> None:
    empty.nothing(":material/insights:", "No orders yet", "Once you have orders, you see your buyers here.")
