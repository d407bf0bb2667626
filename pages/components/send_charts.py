"""Sending in figures: volumes over time, failures by reason, speed, and how far the limits are used."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from backend.domain.messages import MessageStatus
from backend.domain.team import Actor, Permission
from backend.email.rate import RatePolicy
from backend.services import send_overview
from backend.services.context import Shop
from backend.services.message_log import needing_attention
from backend.services.send_overview import COUNTED, AccountUse, SendFigures, Step
from backend.services.send_stats import took_percentile
from pages.components import actions, charts, formats, message_table
from pages.components.shell import mailer, settings, shop

_MOST_TEMPLATES = 8
_MOST_PROBLEMS = 500
_TOOK_HELP = "{} took no longer from the request to the provider. An estimate: times are counted in classes."
_COLORS = {
    MessageStatus.SENT: "#009E73",
    MessageStatus.FAILED: "#D55E00",
    MessageStatus.UNKNOWN: "#E69F00",
    MessageStatus.SKIPPED: "#7A7A7A",
}
"""Of the palette of Okabe and Ito, which everybody can tell apart."""


def show_limits(here: Shop, actor: Actor) -> None:
    """Rate, quota and what is used of it; and why nothing is sent, if nothing is."""
    given = settings()
    policy = RatePolicy(given.mail_rate, given.mail_daily_quota, given.mail_transactional_share)
    use = send_overview.account_use(here, mailer(), policy)
    _show_trouble(here, actor, use)
    with st.grid(3, min_column_width=170):
        st.metric("Transport", _transport(use), border=True, help="Whither emails go.")
        st.metric("Rate", _rate(here, use), border=True, help="Most emails in any second, of all workers together.")
        st.metric("Last 24 hours", _quota(here, use), border=True, help=_kept(here, use))


def _transport(use: AccountUse) -> str:
    return "Outbox" if use.transport == "local" else use.transport.upper()


def _rate(here: Shop, use: AccountUse) -> str:
    return "No limit" if use.per_second is None else f"{formats.count(here, int(use.per_second))} a second"


def _quota(here: Shop, use: AccountUse) -> str:
    if use.daily_quota is None:
        return "No limit"
    return f"{formats.count(here, use.used)} of {formats.count(here, use.daily_quota)}"


def _kept(here: Shop, use: AccountUse) -> str:
    share = formats.percent(here, use.kept_share, 0)
    return f"Recipients, against the daily quota. Marketing leaves {share} of it to other mail."


def _show_trouble(here: Shop, actor: Actor, use: AccountUse) -> None:
    if use.pause is not None:
        until = formats.plain(formats.moment(here, use.pause.until))
        st.warning(f"Sending pauses until {until}. {formats.plain(use.pause.reason)}", icon=":material/pause_circle:")
        if send_overview.may_resume(actor):
            st.button("Resume sending", icon=":material/play_circle:", on_click=_resume)
    if use.unknown:
        st.error(formats.plain(use.unknown), icon=":material/cloud_off:")
    if use.account is not None and not use.account.sending_enabled:
        st.error("The provider has switched off sending for this account.", icon=":material/block:")
    if use.account is not None and use.account.sandbox:
        st.info("The account is in the sandbox: only verified addresses get mail.", icon=":material/science:")


def _resume() -> None:
    actions.act(Permission.VIEW_EMAIL, lambda actor: send_overview.resume_sending(shop(), actor), "Sending goes on.")


def show_figures(here: Shop, figures: SendFigures) -> None:
    """How the emails of the period ended, and how long they took."""
    with st.grid(3, min_column_width=150):
        for status in COUNTED:
            number = figures.totals.get(status.value, 0)
            st.metric(message_table.STATUS_LABELS[status], formats.plain(formats.count(here, number)), border=True)
        for label, share, told in (("Time to send, p50", 0.5, "Half"), ("Time to send, p95", 0.95, "95% of all")):
            st.metric(label, _took(figures, share), border=True, help=_TOOK_HELP.format(told))


def _took(figures: SendFigures, share: float) -> str:
    seconds = took_percentile(figures.totals, share)
    if seconds is None:
        return "None sent"
    if seconds < 1:
        return "under 1 s"
    if seconds < 120:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 7200 else f"about {seconds / 3600:.0f} h"


def show_volumes(here: Shop, figures: SendFigures, step: Step) -> None:
    """Bars by status, or what was sent by template."""
    by = st.segmented_control("Volumes by", ["Status", "Template"], default="Status", required=True, key="volumes_by")
    if by == "Template":
        series = _largest(here, figures)
    else:
        series = {message_table.STATUS_LABELS[status]: figures.by_status[status.value] for status in COUNTED}
    colors = {message_table.STATUS_LABELS[status]: color for status, color in _COLORS.items()}
    labels = [_label(here, place, step) for place in figures.steps]
    # Where there is little room, the day tells hours of several days apart, and the hour those of one.
    short = [_short_label(here, place, step, one_day=len(figures.steps) <= 24) for place in figures.steps]
    data = [_bars(here, name, counts, figures.steps, labels, colors.get(name)) for name, counts in series.items()]
    told = ", ".join(f"{name} {sum(counts.values())}" for name, counts in series.items())
    charts.show_stacked(here, data, short, "volumes", f"Emails by {by.lower()}: {told}.")


def _largest(here: Shop, figures: SendFigures) -> dict[str, dict[str, int]]:
    """The templates with most emails by title, and the others together."""
    ranked = sorted(figures.by_template.items(), key=lambda pair: -sum(pair[1].values()))
    series = {message_table.title_of(here, name): counts for name, counts in ranked[:_MOST_TEMPLATES]}
    if others := ranked[_MOST_TEMPLATES:]:
        places = {place for _, counts in others for place in counts}
        series["Others"] = {place: sum(counts.get(place, 0) for _, counts in others) for place in places}
    return series


def _bars(
    here: Shop, name: str, counts: dict[str, int], steps: list[str], labels: list[str], color: str | None
) -> dict[str, Any]:
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
    return trace | ({"marker": {"color": color}} if color else {})


def _label(here: Shop, place: str, step: Step) -> str:
    if step is Step.MONTH:
        return formats.month(here, date.fromisoformat(f"{place}-01"), short=True)
    day = formats.short_day(here, date.fromisoformat(place[:10]))
    return f"{day}, {place[11:]}:00" if step is Step.HOUR else day


def _short_label(here: Shop, place: str, step: Step, *, one_day: bool) -> str:
    if step is not Step.HOUR:
        return _label(here, place, step)
    return f"{place[11:]}:00" if one_day else formats.short_day(here, date.fromisoformat(place[:10]))


def show_failures(here: Shop) -> None:
    """Why messages failed or are unknown: the newest ones of each, whatever the period."""
    found = [
        message
        for status in (MessageStatus.FAILED, MessageStatus.UNKNOWN)
        for message in needing_attention(here, status, _MOST_PROBLEMS)
    ]
    st.subheader("Failures by reason")
    if not found:
        st.caption("No message has failed or is unknown.")
        return
    reasons = send_overview.reasons_of(found)
    table = {
        "Reason": [reason for reason, _ in reasons],
        "Messages": [formats.count(here, number) for _, number in reasons],
    }
    right = {"Messages": st.column_config.TextColumn("Messages", alignment="right", width="small")}
    st.dataframe(table, hide_index=True, column_config=right, alt="Failed and unknown messages by reason")
    st.caption(f"Of the newest {_MOST_PROBLEMS} failed and {_MOST_PROBLEMS} unknown messages, whatever the period.")
