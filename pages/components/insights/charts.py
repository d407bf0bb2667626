"""The charts of the insights: the grid of buyers, retention by month, time between orders, and growing value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from backend.domain.rfm import SCORES, class_of
from backend.services.context import Shop
from backend.services.insights.buyers import Cell
from backend.services.insights.returning import Gap
from pages.components.ui import caching, charts, formats
from pages.components.ui.charts import Chart

_SHADE = "0, 114, 178"
_LIGHT, _DARK = 0.08, 0.45
"""How strongly the smallest and the largest figure are shaded: words on them stay readable in both themes."""
_FREQUENCIES = {1: "1 order", 2: "2", 3: "3 or 4", 4: "5 to 9", 5: "10 or more"}
_RECENCIES = {1: "oldest", 2: "", 3: "", 4: "", 5: "newest"}


@dataclass(frozen=True, slots=True)
class _Shades:
    """Of squares with few and with many customers, and of the figures in them; the theme's grey is too faint there."""

    low: tuple[int, int, int]
    high: tuple[int, int, int]
    ink: str


_ON_LIGHT = _Shades((214, 234, 246), (120, 184, 222), "#10222e")
_ON_DARK = _Shades((16, 44, 60), (0, 104, 163), "#f2f8fc")


@caching.kept_figure
def buyer_grid(shop: Shop, snapshot: str, dark: bool = False) -> Chart:
    """Squares of recency by frequency with the number of customers in each; each can be pressed.

    What has most customers stands out most: the darkest square on a light page, the brightest on a `dark` one.
    """
    shades = _ON_DARK if dark else _ON_LIGHT
    grid = caching.buyer_grid(shop)
    by_place = {(cell.recency, cell.frequency): cell for cell in grid.cells}
    cells = [by_place.get((r, f), Cell(r, f, 0, 0)) for r in SCORES for f in SCORES]
    most = max((cell.customers for cell in cells), default=0) or 1
    trace = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [cell.recency for cell in cells],
        "y": [cell.frequency for cell in cells],
        "text": [formats.count(shop, cell.customers) if cell.customers else "" for cell in cells],
        "customdata": [_told(shop, cell) for cell in cells],
        "hovertemplate": "%{customdata}<extra></extra>",
        "textposition": "middle center",
        "textfont": {"size": 14, "color": shades.ink},
        "marker": {
            "symbol": "square",
            "size": 44,
            "color": [_tint(shades, cell.customers / most) if cell.customers else _shade(0) for cell in cells],
            "line": {"width": 0},
        },
    }
    layout = _layout(400) | {
        "xaxis": _named_axis("Last order", _RECENCIES),
        "yaxis": _named_axis("Orders", _FREQUENCIES),
        "clickmode": "event+select",
    }
    summary = ", ".join(f"{each.kind.label}: {formats.count(shop, each.customers)}" for each in grid.classes)
    return Chart(go.Figure({"data": [trace], "layout": layout}), f"Customers by recency and frequency. {summary}.")


@caching.kept_figure
def retention(shop: Shop, snapshot: str) -> Chart:
    """A row for each month of first orders; a column for each month after it, with the share who ordered then."""
    cohorts = caching.returning_buyers(shop).cohorts
    columns = max((len(cohort.active) for cohort in cohorts), default=1)
    shares = [[n / c.size for n in c.active[1:]] + [None] * (columns - len(c.active)) for c in cohorts]
    texts = [["" if s is None else formats.percent(shop, s, 0) for s in row] for row in shares]
    names = [f"{formats.month(shop, c.month, short=True)} ({formats.count(shop, c.size)})" for c in cohorts]
    trace = {
        "type": "heatmap",
        "x": list(range(1, columns)),
        "y": names,
        "z": shares,
        "text": texts,
        "texttemplate": "%{text}",
        "hovertemplate": "%{y}: %{text} ordered %{x} months later<extra></extra>",
        "colorscale": [[0, _shade(0)], [1, _shade(1)]],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
    }
    layout = _layout(90 + 30 * len(cohorts)) | {
        "xaxis": _plain_axis() | {"side": "top", "dtick": 1, "title": {"text": "Months after the first order"}},
        "yaxis": _plain_axis() | {"autorange": "reversed"},
        "margin": {"l": 0, "r": 0, "t": 50, "b": 6, "pad": 4},
    }
    summary = "; ".join(f"{name}: {', '.join(filter(None, row))}" for name, row in zip(names, texts, strict=True))
    return Chart(go.Figure({"data": [trace], "layout": layout}), f"Share who ordered again, by month. {summary}.")


@caching.kept_figure
def gaps(shop: Shop, snapshot: str) -> Chart:
    """How many orders came so many days after the one before."""
    found = caching.returning_buyers(shop).gaps
    names, numbers = [_days(gap) for gap in found], [gap.orders for gap in found]
    texts = [formats.count(shop, number) for number in numbers]
    summary = ", ".join(f"{name}: {text}" for name, text in zip(names, texts, strict=True))
    return charts.horizontal_bars(names, numbers, texts, f"Orders by the time since the one before. {summary}.")


@caching.kept_figure
def growth(shop: Shop, snapshot: str) -> Chart:
    """What customers had spent on average so many months after their first order."""
    found = caching.worth_of_buyers(shop).growth
    names = ["1 month" if each.months == 1 else f"{each.months} months" for each in found]
    texts = [formats.money(shop, each.average) for each in found]
    summary = ", ".join(f"{name}: {text}" for name, text in zip(names, texts, strict=True))
    return charts.horizontal_bars(names, [each.average for each in found], texts, f"Average spent after {summary}.")


def _told(shop: Shop, cell: Cell) -> str:
    kind = class_of(cell.recency, cell.frequency)
    customers = formats.counted(shop, cell.customers, "customer")
    return f"<b>{kind.label if kind else ''}</b><br>{customers}, {formats.round_money(shop, cell.revenue)}"


def _days(gap: Gap) -> str:
    return f"more than {gap.fewest - 1} days" if gap.most is None else f"{gap.fewest} to {gap.most} days"


def _shade(share: float) -> str:
    return f"rgba({_SHADE}, {_LIGHT + (_DARK - _LIGHT) * share:.3f})"


def _tint(shades: _Shades, share: float) -> str:
    mixed = (round(low + (high - low) * share) for low, high in zip(shades.low, shades.high, strict=True))
    return f"rgb({', '.join(map(str, mixed))})"


def _layout(height: int) -> dict[str, Any]:
    margin = {"l": 0, "r": 0, "t": 10, "b": 40, "pad": 4}
    return {"height": height, "margin": margin, "dragmode": False, "showlegend": False}


def _plain_axis() -> dict[str, Any]:
    return {"fixedrange": True, "zeroline": False, "showgrid": False, "automargin": True, "ticks": ""}


def _named_axis(title: str, names: dict[int, str]) -> dict[str, Any]:
    return _plain_axis() | {
        "title": {"text": title},
        "tickvals": list(names),
        "ticktext": list(names.values()),
        "range": [0.4, 5.6],
    }
