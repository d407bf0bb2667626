"""Volumes of sending over time, as bars by status, by outcome or by template."""

from __future__ import annotations

from datetime import date
from typing import Any

from backend.domain.delivery import Outcome
from backend.domain.messages import ShownStatus
from backend.services.context import Shop
from backend.services.statistics.sending import COUNTED, REPORTED, ChartStep, Series
from pages.components.messages import table
from pages.components.ui import caching, charts, filters, formats
from pages.components.ui.charts import Chart

_MOST_TEMPLATES = 8
_OUTCOMES = {
    Outcome.DELIVERED: "Delivered",
    Outcome.SOFT_BOUNCED: "Soft bounce",
    Outcome.BOUNCED: "Hard bounce",
    Outcome.COMPLAINED: "Complaints",
}
_COLORS = {
    table.STATUS_LABELS[ShownStatus.SENT]: "#009E73",
    table.STATUS_LABELS[ShownStatus.FAILED]: "#D55E00",
    table.STATUS_LABELS[ShownStatus.UNKNOWN]: "#E69F00",
    table.STATUS_LABELS[ShownStatus.SKIPPED]: "#7A7A7A",
    _OUTCOMES[Outcome.DELIVERED]: "#0072B2",
    _OUTCOMES[Outcome.SOFT_BOUNCED]: "#56B4E9",
    _OUTCOMES[Outcome.BOUNCED]: "#D55E00",
    _OUTCOMES[Outcome.COMPLAINED]: "#CC79A7",
}
"""Of the palette of Okabe and Ito, which colour-blind people can tell apart."""


def show_volumes(here: Shop, first: date, last: date, step: ChartStep, template: str) -> None:
    """Bars by status, by what was reported, or what was sent by template."""
    by = filters.pick_view(
        "Volumes by", ["status", "outcome", "template"], name="volumes", key="volumes_by", words=str.capitalize
    )
    charts.show(_volumes(here, first, last, step, template, by), "volumes")


@caching.kept_figure
def _volumes(here: Shop, first: date, last: date, step: ChartStep, template: str, by: str) -> Chart:
    figures = caching.figures_of_sending(here, first, last, step, template)
    if by == "template":
        series = _largest(here, figures.by_template)
    elif by == "outcome":
        series = {_OUTCOMES[outcome]: figures.by_outcome[outcome.counter] for outcome in REPORTED}
    else:
        series = {table.STATUS_LABELS[status]: figures.by_status[status.value] for status in COUNTED}
    labels = [_label(here, place, step) for place in figures.steps]
    # Where there is little room, the label of several days is the day, and of one day the hour.
    short = [_short_label(here, place, step, one_day=len(figures.steps) <= 24) for place in figures.steps]
    data = [_bars(here, name, counts, figures.steps, labels) for name, counts in series.items()]
    summary = ", ".join(f"{name} {sum(counts.values())}" for name, counts in series.items())
    return charts.stacked(here, data, short, f"Emails by {by}: {summary}.")


def _largest(here: Shop, by_template: Series) -> Series:
    """The templates with most emails by title, and the others together."""
    ranked = sorted(by_template.items(), key=lambda pair: -sum(pair[1].values()))
    series = {table.title_of(here, name): counts for name, counts in ranked[:_MOST_TEMPLATES]}
    if others := ranked[_MOST_TEMPLATES:]:
        places = {place for _, counts in others for place in counts}
        series["Others"] = {place: sum(counts.get(place, 0) for _, counts in others) for place in places}
    return series


def _bars(here: Shop, name: str, counts: dict[str, int], steps: list[str], labels: list[str]) -> dict[str, Any]:
    numbers = [counts.get(place, 0) for place in steps]
    texts = [f"{label}: {formats.count(here, number)}" for label, number in zip(labels, numbers, strict=True)]
    trace: dict[str, Any] = {
        "type": "bar",
        "name": name,
        "x": list(range(len(steps))),
        "y": numbers,
        "customdata": texts,
        "hovertemplate": f"<b>{name}</b><br>%{{customdata}}<extra></extra>",
    }
    return trace | ({"marker": {"color": _COLORS[name]}} if name in _COLORS else {})


def _label(here: Shop, place: str, step: ChartStep) -> str:
    if step is ChartStep.MONTH:
        return formats.month(here, date.fromisoformat(f"{place}-01"), short=True)
    day = formats.short_day(here, date.fromisoformat(place[:10]))
    return f"{day}, {place[11:]}:00" if step is ChartStep.HOUR else day


def _short_label(here: Shop, place: str, step: ChartStep, *, one_day: bool) -> str:
    if step is not ChartStep.HOUR:
        return _label(here, place, step)
    return f"{place[11:]}:00" if one_day else formats.short_day(here, date.fromisoformat(place[:10]))
