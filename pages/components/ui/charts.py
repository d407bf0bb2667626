"""Charts as Plotly figures, small and calm: labels in the shop's currency and language, nothing shown by colour alone.

Plotly takes longer to check a figure than everything else on a page takes together, so figures are kept for a while.
Colours come from the theme.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from backend.domain.money import decimals_of
from backend.domain.money import plain as in_units
from backend.services.context import Shop
from backend.services.customers.months import months_of
from backend.services.products.figures import months_of_product
from backend.services.statistics.comparison import Against, Period
from backend.services.statistics.overview import Bucket, Granularity, Overview
from pages.components.ui import caching, formats

_QUIET = "rgba(128, 128, 128, 0.9)"
_GRID = "rgba(128, 128, 128, 0.2)"
_CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}
_MOST_COUNTRIES = 10
_X_LABELS = 6
_FEW_LABELS = 4
_SHORT_TEXT = 9


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure, and the same in words. Sessions share it, so it is never changed."""

    figure: go.Figure
    summary: str


def show(chart: Chart, key: str) -> None:
    """Renders a chart as wide as its place."""
    st.plotly_chart(chart.figure, key=key, config=_CONFIG, alt=chart.summary)


@caching.kept_figure
def over_time(
    shop: Shop,
    first: date,
    last: date,
    granularity: Granularity,
    period: Period | None,
    against: Against = Against.BEFORE,
) -> Chart:
    """Revenue above, orders below, on the same days; the period before as a dotted line."""
    overview = caching.overview_of(shop, first, last, granularity, period=period, against=against)
    revenue, orders = [b.totals.revenue for b in overview.buckets], [b.totals.orders for b in overview.buckets]
    positions = list(range(len(overview.buckets)))
    texts = [_hover(shop, overview, index, granularity) for index in positions]
    units = [float(in_units(value, shop.currency)) for value in revenue]
    data = [_bars(positions, units, texts, "y"), _bars(positions, list(map(float, orders)), texts, "y2")]
    if overview.earlier:
        before = [float(in_units(b.totals.revenue, shop.currency)) for b in overview.earlier]
        data.append(_line(positions, before, "y", legend=True))
        data.append(_line(positions, [float(b.totals.orders) for b in overview.earlier], "y2", legend=False))
    tops = [max(max(trace["y"], default=0) for trace in data if trace["yaxis"] == axis) for axis in ("y", "y2")]
    layout = _layout(360) | {
        "xaxis": _flat_axis() | _x_labels(shop, overview.buckets, granularity) | {"anchor": "y2", "automargin": False},
        "yaxis": _flat_axis() | {"domain": [0.44, 1.0]} | _money_ticks(shop, tops[0]),
        "yaxis2": _flat_axis() | {"domain": [0.0, 0.28]} | _count_ticks(shop, tops[1]),
        "annotations": [_heading("Revenue", 1.0), _heading("Orders", 0.28)],
        "hovermode": "x",
        "bargap": 0.25,
        "showlegend": bool(overview.earlier),
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.13, "yanchor": "bottom"},
    }
    return Chart(go.Figure({"data": data, "layout": layout}), _told(shop, overview))


@caching.kept_figure
def customer_months(shop: Shop, customer_id: str) -> Chart | None:
    """What a customer spent in each month; None before there is an order."""
    months = months_of(shop, customer_id)
    return _months(shop, [(each.month, each.revenue, formats.counted(shop, each.orders, "order")) for each in months])


@caching.kept_figure
def product_months(shop: Shop, product_id: str) -> Chart | None:
    """What was sold of a product in each month; None while nothing was."""
    months = months_of_product(shop, product_id)
    return _months(
        shop, [(each.month, each.sold.revenue, formats.counted(shop, each.sold.units, "unit")) for each in months]
    )


def _months(shop: Shop, months: Sequence[tuple[str, int, str]]) -> Chart | None:
    """Bars of the revenue of each month; the third says how much it was for. None without months."""
    if not months:
        return None
    days = [date.fromisoformat(f"{month}-01") for month, _, _ in months]
    units = [float(in_units(revenue, shop.currency)) for _, revenue, _ in months]
    texts = [
        f"<b>{formats.month(shop, day)}</b><br>{formats.money(shop, revenue)}, {much}"
        for day, (_, revenue, much) in zip(days, months, strict=True)
    ]
    step = max(math.ceil(len(days) / _FEW_LABELS), 1)
    shown = list(range(0, len(days), step))
    labels = {"tickvals": shown, "ticktext": [formats.month(shop, days[n], short=True) for n in shown], "tickangle": 0}
    layout = _layout(170) | {
        "margin": {"l": 0, "r": 0, "t": 8, "b": 22, "pad": 4},
        "xaxis": _flat_axis() | labels | {"showgrid": False, "range": [-0.6, max(len(days), 6) - 0.4]},
        "yaxis": _flat_axis() | _money_ticks(shop, max(units)),
        "bargap": 0.25,
    }
    best, most, _ = max(months, key=lambda each: each[1])
    summary = f"Revenue by month. Most: {formats.money(shop, most)} in {best}."
    return Chart(go.Figure({"data": [_bars(list(range(len(days))), units, texts, "y")], "layout": layout}), summary)


@caching.kept_figure
def countries(shop: Shop) -> Chart:
    """Customers by country: the ten with most, and the others together."""
    ranked = list(caching.counts_of(shop, "country").items())
    bars = [(formats.country(shop, code), number) for code, number in ranked[:_MOST_COUNTRIES]]
    if others := ranked[_MOST_COUNTRIES:]:
        bars.append((f"{len(others)} others", sum(number for _, number in others)))
    names, numbers = [name for name, _ in bars], [number for _, number in bars]
    summary = ", ".join(f"{name} {number}" for name, number in zip(names[:3], numbers, strict=False))
    texts = [formats.count(shop, number) for number in numbers]
    return horizontal_bars(names, numbers, texts, f"Customers by country. Most: {summary}.")


def horizontal_bars(names: list[str], numbers: list[int], texts: list[str], summary: str) -> Chart:
    """Bars from left to right, each with its name before and its figure behind it."""
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": numbers,
        "y": names,
        "text": texts,
        "textposition": "outside",
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    longest = max(map(len, texts), default=0)
    room = 1.18 if longest < _SHORT_TEXT else 1.45
    layout = _layout(60 + 29 * len(names)) | {
        "xaxis": {"visible": False, "fixedrange": True, "range": [0, max([*numbers, 1]) * room]},
        "yaxis": {"autorange": "reversed", "fixedrange": True, "automargin": True, "ticks": "", "showgrid": False},
        "bargap": 0.3,
    }
    return Chart(go.Figure({"data": [trace], "layout": layout}), summary)


def stacked(shop: Shop, traces: list[dict[str, Any]], labels: list[str], summary: str) -> Chart:
    """Bars on top of each other, one trace for each part; `labels` are those of the places along the axis."""
    top = max((sum(heights) for heights in zip(*(trace["y"] for trace in traces), strict=True)), default=0)
    step = max(math.ceil(len(labels) / _X_LABELS), 1)
    shown = list(range(0, len(labels), step))
    x_axis = {"tickvals": shown, "ticktext": [labels[index] for index in shown], "showgrid": False, "tickangle": 0}
    layout = _layout(320) | {
        "barmode": "stack",
        "bargap": 0.25,
        "xaxis": _flat_axis() | x_axis | {"range": [-0.6, len(labels) - 0.4], "automargin": False},
        "yaxis": _flat_axis() | _count_ticks(shop, float(top)),
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.05, "yanchor": "bottom", "traceorder": "normal"},
    }
    return Chart(go.Figure({"data": traces, "layout": layout}), summary)


def _layout(height: int) -> dict[str, Any]:
    return {
        "height": height,
        "margin": {"l": 0, "r": 0, "t": 34, "b": 22, "pad": 4},
        "dragmode": False,
        "showlegend": False,
    }


def _flat_axis() -> dict[str, Any]:
    # Without zooming, a finger on the chart scrolls the page.
    return {"fixedrange": True, "zeroline": False, "gridcolor": _GRID, "automargin": True, "title": {"text": ""}}


def _bars(x: list[int], y: list[float], texts: list[str], axis: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": "This period",
        "x": x,
        "y": y,
        "yaxis": axis,
        "customdata": texts,
        "hovertemplate": "%{customdata}<extra></extra>",
        "showlegend": axis == "y",
        "legendgroup": "now",
        "marker": {"cornerradius": 2},
    }


def _line(x: list[int], y: list[float], axis: str, *, legend: bool) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "Period before",
        "x": x,
        "y": y,
        "yaxis": axis,
        "line": {"color": _QUIET, "width": 1.5, "dash": "dot"},
        "hoverinfo": "skip",
        "showlegend": legend,
        "legendgroup": "before",
    }


def _heading(text: str, top: float) -> dict[str, Any]:
    return {
        "text": f"<b>{text}</b>",
        "x": 0,
        "y": top,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "yshift": 8,
        "showarrow": False,
    }


def _x_labels(shop: Shop, buckets: tuple[Bucket, ...], granularity: Granularity) -> dict[str, Any]:
    step = max(math.ceil(len(buckets) / _X_LABELS), 1)
    shown = list(range(0, len(buckets), step))
    labels = [
        formats.month(shop, buckets[index].first, short=True)
        if granularity is Granularity.MONTH
        else formats.short_day(shop, buckets[index].first)
        for index in shown
    ]
    return {"tickvals": shown, "ticktext": labels, "showgrid": False, "range": [-0.6, len(buckets) - 0.4]}


def _money_ticks(shop: Shop, top: float) -> dict[str, Any]:
    values = _ticks(top)
    scale = 10 ** decimals_of(shop.currency)
    texts = [formats.short_money(shop, round(value * scale)) for value in values]
    return {"tickvals": values, "ticktext": texts, "range": [0, max(top * 1.05, values[-1])]}


def _count_ticks(shop: Shop, top: float) -> dict[str, Any]:
    values = [value for value in _ticks(top, parts=2) if value == int(value)]
    texts = [formats.count(shop, int(value)) for value in values]
    return {"tickvals": values, "ticktext": texts, "range": [0, max(top * 1.05, values[-1])]}


def _ticks(top: float, parts: int = 4) -> list[float]:
    """Round numbers from zero to about the top."""
    if top <= 0:
        return [0, 1]
    rough = top / parts
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [step * index for index in range(math.floor(top / step) + 1)]


def _hover(shop: Shop, overview: Overview, index: int, granularity: Granularity) -> str:
    bucket = overview.buckets[index]
    when = (
        formats.month(shop, bucket.first)
        if granularity is Granularity.MONTH
        else formats.span(shop, bucket.first, bucket.last)
    )
    lines = [f"<b>{when}</b>", f"{formats.money(shop, bucket.totals.revenue)}, {_orders(shop, bucket)}"]
    if overview.earlier:
        earlier = overview.earlier[index]
        lines.append(f"Before: {formats.money(shop, earlier.totals.revenue)}, {_orders(shop, earlier)}")
    return "<br>".join(lines)


def _orders(shop: Shop, bucket: Bucket) -> str:
    return formats.counted(shop, bucket.totals.orders, "order")


def _told(shop: Shop, overview: Overview) -> str:
    best = max(overview.buckets, key=lambda bucket: bucket.totals.revenue)
    return (
        f"Revenue and orders from {formats.span(shop, overview.chart_first, overview.last)}. "
        f"Most revenue: {formats.money(shop, best.totals.revenue)} on {formats.span(shop, best.first, best.last)}."
    )
