"""A segment at a glance (how many, whom campaigns reach, where they live, ten of them), and the list of segments."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend.domain.segments import Rule, Segment
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.segments.preview import Preview
from backend.services.segments.sentences import sentence
from pages.components.customers.table import customer_table
from pages.components.ui import caching, charts, empty, formats
from pages.components.ui.charts import Chart
from pages.components.ui.table import Cell, Column, Row, Table, show_table


def show(shop: Shop, rule: Rule) -> Preview | None:
    """Says who belongs and how many, for a rule, saved or not. None, and a warning, when it cannot be counted."""
    st.markdown(formats.plain(sentence(shop, rule)))
    try:
        preview = caching.segment_preview(shop, rule)
    except BackendError as error:
        st.warning(formats.plain(error.sentence), icon=":material/warning:")
        return None
    _figures(shop, preview)
    return preview


def show_people(shop: Shop, preview: Preview, key: str) -> None:
    """Ten of them, and where all of them live."""
    if not preview.count:
        empty.nothing(":material/group_off:", "No matching customers", "Remove a condition, or make it wider.")
        return
    people, where = st.columns([3, 2])
    with people:
        st.header("Sample of customers", anchor=False)
        show_table(customer_table(shop, preview.sample), f"customers_{key}")
    with where:
        st.header("By country", anchor=False)
        charts.show(_countries(shop, preview.countries, preview.count), f"segment_countries_{key}")


@caching.kept_figure
def _countries(shop: Shop, counts: tuple[tuple[str, int], ...], everybody: int) -> Chart:
    bars = [(formats.country(shop, code), number) for code, number in counts]
    if others := everybody - sum(number for _, number in bars):
        bars.append(("Others", others))
    names, numbers = [name for name, _ in bars], [number for _, number in bars]
    texts = [formats.count(shop, number) for number in numbers]
    summary = ", ".join(f"{name} {text}" for name, text in zip(names[:3], texts, strict=False))
    return charts.horizontal_bars(names, numbers, texts, f"Customers of the segment by country. Most: {summary}.")


def _figures(shop: Shop, preview: Preview) -> None:
    everybody = preview.info.customers
    share = formats.percent(shop, preview.count / everybody) if everybody else ""
    with st.grid(3, min_column_width=150):
        st.metric(
            "Customers",
            formats.plain(formats.count(shop, preview.count)),
            border=True,
            help=f"{formats.plain(share)} of all customers." if share else None,
        )
        st.metric(
            "Campaigns reach",
            formats.plain(formats.count(shop, preview.marketable)),
            border=True,
            help="They agreed to marketing, and mail reaches them.",
        )
        st.metric(
            "All-time revenue",
            formats.plain(formats.round_money(shop, preview.revenue)),
            border=True,
            help="All-time purchases, net of refunds.",
        )


_LIST_COLUMNS = (
    Column("Segment", "main", 260),
    Column("Customers in it"),
    Column("Customers", "figure", 100, labelled=True),
)


def show_list(shop: Shop, segments: Sequence[Segment], key: str) -> None:
    """Every segment leads to its page."""
    counts = caching.segment_counts(shop, {each.id: each.rule for each in segments})
    rows = [
        Row(
            segment.id,
            (
                Cell(segment.name),
                Cell(segment.text or sentence(shop, segment.rule), quiet=True),
                Cell(formats.count(shop, counts[segment.id])),
            ),
            {"id": segment.id},
        )
        for segment in segments
    ]
    show_table(Table("Segments", _LIST_COLUMNS, rows, "segment.py"), key)
