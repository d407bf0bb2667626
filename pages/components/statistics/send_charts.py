"""Sending over time as bars by status, outcome or template; rates, providers, campaigns and problems as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

import streamlit as st

from backend.domain.deliverability import Rates, rates_of
from backend.domain.delivery import Mailbox, Outcome
from backend.domain.messages import ShownStatus
from backend.services.campaigns.results import MOST
from backend.services.context import Shop
from backend.services.statistics.counters import took_percentile
from backend.services.statistics.sending import (
    COUNTED,
    MOST_PROBLEMS,
    REPORTED,
    ChartStep,
    Problems,
    SendFigures,
    Series,
)
from pages.components.messages import table
from pages.components.messages import table as message_table
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


def show_volumes(shop: Shop, first: date, last: date, step: ChartStep, template: str) -> None:
    """Bars by status, by what was reported, or what was sent by template."""
    by = filters.pick_view(
        "Volumes by", ["status", "outcome", "template"], name="volumes", key="volumes_by", words=str.capitalize
    )
    charts.show(_volumes(shop, first, last, step, template, by), "volumes")


@caching.kept_figure
def _volumes(shop: Shop, first: date, last: date, step: ChartStep, template: str, by: str) -> Chart:
    figures = caching.figures_of_sending(shop, first, last, step, template)
    if by == "template":
        series = _largest(shop, figures.by_template)
    elif by == "outcome":
        series = {_OUTCOMES[outcome]: figures.by_outcome[outcome.counter] for outcome in REPORTED}
    else:
        series = {table.STATUS_LABELS[status]: figures.by_status[status.value] for status in COUNTED}
    labels = [_label(shop, place, step) for place in figures.steps]
    # Where there is little room, the label of several days is the day, and of one day the hour.
    short = [_short_label(shop, place, step, one_day=len(figures.steps) <= 24) for place in figures.steps]
    data = [_bars(shop, name, counts, figures.steps, labels) for name, counts in series.items()]
    summary = ", ".join(f"{name} {sum(counts.values())}" for name, counts in series.items())
    return charts.stacked(shop, data, short, f"Emails by {by}: {summary}.")


def _largest(shop: Shop, by_template: Series) -> Series:
    """The templates with most emails by title, and the others together."""
    ranked = sorted(by_template.items(), key=lambda pair: -sum(pair[1].values()))
    series = {table.title_of(shop, name): counts for name, counts in ranked[:_MOST_TEMPLATES]}
    if others := ranked[_MOST_TEMPLATES:]:
        places = {place for _, counts in others for place in counts}
        series["Others"] = {place: sum(counts.get(place, 0) for _, counts in others) for place in places}
    return series


def _bars(shop: Shop, name: str, counts: dict[str, int], steps: list[str], labels: list[str]) -> dict[str, Any]:
    numbers = [counts.get(place, 0) for place in steps]
    texts = [f"{label}: {formats.count(shop, number)}" for label, number in zip(labels, numbers, strict=True)]
    trace: dict[str, Any] = {
        "type": "bar",
        "name": name,
        "x": list(range(len(steps))),
        "y": numbers,
        "customdata": texts,
        "hovertemplate": f"<b>{name}</b><br>%{{customdata}}<extra></extra>",
    }
    return trace | ({"marker": {"color": _COLORS[name]}} if name in _COLORS else {})


def _label(shop: Shop, place: str, step: ChartStep) -> str:
    if step is ChartStep.MONTH:
        return formats.month(shop, date.fromisoformat(f"{place}-01"), short=True)
    day = formats.short_day(shop, date.fromisoformat(place[:10]))
    return f"{day}, {place[11:]}:00" if step is ChartStep.HOUR else day


def _short_label(shop: Shop, place: str, step: ChartStep, *, one_day: bool) -> str:
    if step is not ChartStep.HOUR:
        return _label(shop, place, step)
    return f"{place[11:]}:00" if one_day else formats.short_day(shop, date.fromisoformat(place[:10]))


NOT_KNOWN = "\u2013"
MAILBOX_LABELS = {
    Mailbox.GMAIL: "Gmail",
    Mailbox.MICROSOFT: "Microsoft",
    Mailbox.YAHOO: "Yahoo and AOL",
    Mailbox.APPLE: "Apple",
    Mailbox.GMX: "GMX and WEB.DE",
    Mailbox.PROTON: "Proton",
    Mailbox.OTHER: "Other domains",
}
_RATES_BY = {"email": "Email", "campaign": "Campaign", "mailbox": "Mailbox provider"}
_TIMES = {"50%": 0.5, "95%": 0.95, "99%": 0.99}
_BY_CAMPAIGNS = "Campaign pages list whom they skipped."
_OPENS = "An estimate: some mail apps never load images, and Apple's privacy protection hides who reads."


def show_numbers(shop: Shop, figures: SendFigures) -> None:
    """How the emails of the period ended, and which shares arrived, came back, and were read."""
    with st.grid(4, min_column_width=130):
        for status in COUNTED:
            number = figures.totals.get(status.value, 0)
            st.metric(message_table.STATUS_LABELS[status], formats.plain(formats.count(shop, number)), border=True)
    rates = rates_of(figures.totals)
    if not rates.sent:
        return
    if not rates.reported:
        st.caption(
            "The mail provider has not reported yet whether these emails arrived. If this stays, ask an engineer "
            "whether events are set up."
        )
        return
    with st.grid(3, min_column_width=150):
        for label, share, number, note in _rates(shop, rates):
            value = f"{share} :small[:gray[{formats.count(shop, number)}]]"
            st.metric(label, value, border=True, help=note)


def _rates(shop: Shop, rates: Rates) -> list[tuple[str, str, int, str]]:
    """Label, share, number and explanation of each card."""
    soft = formats.count(shop, rates.soft_bounced)
    scanners = formats.count(shop, rates.bot_clicked)
    prefetched = formats.count(shop, rates.bot_opened)
    return [
        ("Delivered", _percent(shop, rates.delivery_rate), rates.delivered, "Accepted by the recipient's mail server."),
        (
            "Bounced",
            _percent(shop, rates.bounce_rate, 2),
            rates.bounced,
            f"Hard bounces. Another {soft} soft bounced, for example because a mailbox was full.",
        ),
        (
            "Complaints",
            _percent(shop, rates.complaint_rate, 2),
            rates.complained,
            "Marked as spam, as far as providers report it. Gmail does not.",
        ),
        (
            "Opened (estimate)",
            _percent(shop, rates.open_rate),
            rates.opened,
            f"Of what was delivered. {_OPENS} Programs likely opened another {prefetched}.",
        ),
        (
            "Clicked",
            _percent(shop, rates.click_rate),
            rates.clicked,
            f"Of what was delivered. Scanners likely clicked in another {scanners}.",
        ),
        (
            "Unsubscribed",
            _percent(shop, rates.unsubscribe_rate, 2),
            rates.unsubscribed,
            "Of what was delivered, by the email's own link.",
        ),
    ]


def _percent(shop: Shop, share: float | None, digits: int = 1) -> str:
    return NOT_KNOWN if share is None else formats.percent(shop, share, digits)


# --- tables ------------------------------------------------------------------------------------------------------


def show_breakdown(shop: Shop, figures: SendFigures, first: date, last: date, template: str) -> None:
    """What arrived, came back and was read: by email, by campaign or by provider."""
    st.header("Delivery results")
    by = filters.pick_view("By", list(_RATES_BY), name="results", key="rates_by", words=_RATES_BY.__getitem__)
    if by == "campaign":
        _show_campaigns(shop, first, last, template)
    elif by == "mailbox":
        show_comparison("Mailbox provider", by_mailbox(figures.totals), counted_fully=False)
    else:
        _show_templates(shop, figures)


def _show_templates(shop: Shop, figures: SendFigures) -> None:
    """The same shares for each template, the one with most emails first."""
    found = {message_table.title_of(shop, name): rates_of(counts) for name, counts in figures.templates.items()}
    counted = {title: rates for title, rates in found.items() if rates.sent}
    if counted:
        show_comparison("Email", counted)
    else:
        st.caption("No email was sent in these days, apart from tests.")


def _show_campaigns(shop: Shop, first: date, last: date, template: str) -> None:
    """The same shares for each campaign that began in the period."""
    campaigns = caching.rates_by_campaign(shop, first, last, template)
    if not campaigns:
        st.caption("No campaign began in these days.")
        return
    names = Counter(each.name for each in campaigns)
    rates_by_name = {
        each.name if names[each.name] == 1 else f"{each.name} ({each.id})": each.rates for each in campaigns
    }
    show_comparison("Campaign", rates_by_name)
    if len(campaigns) == MOST:
        st.caption(f"The newest {MOST} campaigns of these days.")


def by_mailbox(counts: Mapping[str, int]) -> dict[str, Rates]:
    """The shares of each provider of mailboxes that got any mail, by its name."""
    found = {label: rates_of(counts, f"{mailbox.value}:") for mailbox, label in MAILBOX_LABELS.items()}
    return {label: rates for label, rates in found.items() if rates.sent}


def show_comparison(what: str, found: Mapping[str, Rates], *, counted_fully: bool = True) -> None:
    """A row of shares for each name, most sent first. Columns can be sorted."""
    ranked = sorted(found.items(), key=lambda pair: -pair[1].sent)
    columns: dict[str, list[Any]] = {
        what: [name for name, _ in ranked],
        "Sent": [rates.sent for _, rates in ranked],
        "Delivered": [rates.delivery_rate for _, rates in ranked],
        "Bounced": [rates.bounce_rate for _, rates in ranked],
        "Complaints": [rates.complaint_rate for _, rates in ranked],
        "Opened (est.)": [rates.open_rate for _, rates in ranked],
        "Clicked": [rates.click_rate for _, rates in ranked],
    }
    if counted_fully:
        columns["Unsubscribed"] = [rates.unsubscribe_rate for _, rates in ranked]
    share = st.column_config.NumberColumn(format="percent")
    config: dict[str, Any] = {name: share for name in columns if name not in (what, "Sent")}
    config["Sent"] = st.column_config.NumberColumn(format="localized")
    config[what] = st.column_config.TextColumn(pinned=True)
    st.dataframe(columns, hide_index=True, column_config=config, alt=f"Delivery results by {what.lower()}")


def show_times(figures: SendFigures) -> None:
    """How long emails took from the request until they were sent, and until they were delivered."""
    lines = [f"| From the request | {' | '.join(_TIMES)} |", "|---" + "|---:" * len(_TIMES) + "|"]
    for label, until in (("until sent", "took"), ("until delivered", "arrived")):
        times = [seconds_told(took_percentile(figures.totals, share, until)) for share in _TIMES.values()]
        lines.append(f"| {label} | {' | '.join(times)} |")
    st.markdown("\n".join(lines))
    st.caption("Time within which 50%, 95% and 99% of emails were sent or delivered. Approximate.")


def seconds_told(seconds: float | None) -> str:
    """A time that is an estimate, in a few words that stay on one line."""
    if seconds is None:
        return NOT_KNOWN
    if seconds < 1:
        duration = "under 1 s"
    elif seconds < 120:
        duration = f"about {seconds:.0f} s"
    else:
        duration = f"about {seconds / 60:.0f} min" if seconds < 7200 else f"about {seconds / 3600:.0f} h"
    return duration.replace(" ", "\u00a0")


def show_skips(shop: Shop, figures: SendFigures) -> None:
    """Why messages were not sent to somebody."""
    if not figures.totals.get("skipped"):
        st.caption(f"No emails were skipped. {_BY_CAMPAIGNS}")
        return
    table: dict[str, list[Any]] = {
        "Why": [(reason.value[:1].upper() + reason.value[1:]) for reason, _ in figures.skips],
        "Messages": [number for _, number in figures.skips],
    }
    if untold := figures.totals.get("skipped", 0) - sum(table["Messages"]):
        table["Why"].append("Skipped before reasons were counted")
        table["Messages"].append(untold)
    right = {"Messages": st.column_config.NumberColumn(format="localized", width="small")}
    st.dataframe(table, hide_index=True, column_config=right, alt="Skipped messages by reason")
    st.caption(_BY_CAMPAIGNS)


def show_problems(shop: Shop, figures: SendFigures, problems: Problems) -> None:
    """Why messages of the period failed or are unknown; those that somebody has marked as handled are not listed."""
    counted = figures.totals.get("failed", 0) + figures.totals.get("unknown", 0)
    listed = sum(problem.failed + problem.unknown for problem in problems.reasons)
    if not counted:
        st.caption("No message has failed or is unknown.")
        return
    if not listed:
        st.caption("All are marked as handled.")
        return
    table = {
        "Reason": [problem.reason for problem in problems.reasons],
        "Failed": [problem.failed for problem in problems.reasons],
        "Unknown": [problem.unknown for problem in problems.reasons],
    }
    number = st.column_config.NumberColumn(format="localized", width="small")
    config = {"Failed": number, "Unknown": number}
    st.dataframe(table, hide_index=True, column_config=config, alt="Failed and unknown messages by reason")
    if not problems.complete:
        st.caption(f"Of the newest {formats.count(shop, MOST_PROBLEMS)} failed and unknown messages of these days.")
