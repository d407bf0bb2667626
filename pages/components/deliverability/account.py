"""Whether mail arrives, for a manager: one sentence on top, what to do, and gauges against the providers' lines."""

from __future__ import annotations

import streamlit as st

from backend.domain.deliverability import GMAIL_BULK, GMAIL_SPAM_RATE, Level
from backend.services.context import Shop
from backend.services.deliverability.account import Concern, Gauge, Health
from backend.services.sending.account import AccountUse
from pages.components.statistics import send_charts
from pages.components.ui import formats

_VERDICTS = {
    Level.GOOD: ("Emails arrive.", ":material/check_circle:"),
    Level.UNKNOWN: ("Not enough reports yet to judge delivery.", ":material/help:"),
    Level.WATCH: ("Emails arrive, but something needs attention.", ":material/warning:"),
    Level.BAD: ("Delivery is at risk. Act now.", ":material/error:"),
}
_WORDS = {
    Level.GOOD: ("Good", "green", ":material/check_circle:"),
    Level.UNKNOWN: ("Unknown", "gray", ":material/help:"),
    Level.WATCH: ("Watch", "orange", ":material/warning:"),
    Level.BAD: ("Act now", "red", ":material/error:"),
}
_STANDINGS = {"HEALTHY": "In good standing", "PROBATION": "Under review", "SHUTDOWN": "Stopped"}


def level_badge(level: Level) -> str:
    """Markdown for the badge of a level: icon, word and colour say the same."""
    return formats.badge(*_WORDS[level])


def show_verdict(shop: Shop, health: Health, more: list[Concern]) -> None:
    """One sentence, and below it what to do; `more` are concerns from elsewhere on the page."""
    concerns = sorted([*health.concerns, *more], key=lambda concern: -concern.level.weight)
    level = max([health.level, *(concern.level for concern in more)], key=lambda each: each.weight)
    sentence, icon = _VERDICTS[level]
    rates = health.sample.rates
    if rates.reported and rates.delivery_rate is not None:
        share = formats.percent(shop, rates.delivery_rate)
        sentence += f" {share} of the last {formats.counted(shop, rates.sent, 'email')} were delivered."
    draw = {Level.GOOD: st.success, Level.WATCH: st.warning, Level.BAD: st.error}.get(level, st.info)
    draw(formats.plain(sentence), icon=icon)
    for concern in concerns:
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"{level_badge(concern.level)} **{formats.plain(concern.sentence)}**")
            st.markdown(formats.plain(concern.advice))


def show_gauges(shop: Shop, use: AccountUse, health: Health) -> None:
    """The account's standing and how near it is to each line."""
    st.header("Against the provider's limits")
    span = formats.span(shop, health.sample.first, health.sample.last)
    with st.grid(2, min_column_width=260):
        _show_rate(shop, "Bounces", health.bounces)
        _show_rate(shop, "Complaints", health.complaints)
        _show_use(shop, "Daily quota", health.quota, "recipients in 24 hours")
        _show_use(shop, "Sending rate", health.rate, "emails in the last second")
    volume = formats.counted(shop, health.sample.rates.sent, "email")
    st.caption(
        formats.plain(
            f"Bounces and complaints are of {volume}, {span}: the most recent 10,000 emails, at most 30 days. "
            "SES uses a similar volume but does not publish it."
        )
    )
    st.markdown(f"**The account:** {_standing(use)}")


def _show_rate(shop: Shop, label: str, gauge: Gauge) -> None:
    with st.container(border=True, gap="xsmall"):
        share = send_charts.NOT_KNOWN if gauge.share is None else formats.percent(shop, gauge.share, 2)
        st.markdown(f"{label} {level_badge(gauge.level)}")
        st.markdown(f"### {formats.plain(share)}")
        st.progress(min((gauge.share or 0.0) / gauge.line.bad, 1.0))
        watch, bad = (formats.percent(shop, line, 1) for line in (gauge.line.watch, gauge.line.bad))
        st.caption(f"Review at {watch}, suspended at {bad}.")


def _show_use(shop: Shop, label: str, gauge: Gauge, what: str) -> None:
    with st.container(border=True, gap="xsmall"):
        badge = level_badge(gauge.level) if gauge.level in (Level.WATCH, Level.BAD) else ""
        st.markdown(f"{label} {badge}")
        if gauge.share is None:
            st.markdown("### No limit")
            st.caption("No limit")
            return
        st.markdown(f"### {formats.count(shop, gauge.events)} of {formats.count(shop, gauge.volume)}")
        st.progress(min(gauge.share, 1.0))
        st.caption(what.capitalize())


def _standing(use: AccountUse) -> str:
    if use.transport == "local":
        return "Emails stay in the local outbox, which has no limits."
    if use.account is None:
        return "The provider does not report its status."
    words = [_STANDINGS.get(use.account.status, use.account.status.capitalize())]
    words.append("production access" if not use.account.sandbox else "in the sandbox")
    words.append("sending is on" if use.account.sending_enabled else "sending is off")
    return formats.plain(", ".join(words) + ".")


def show_gmail(shop: Shop, health: Health) -> None:
    """How far the shop is from Gmail's bulk-sender line, and what Gmail demands beyond it."""
    st.header("Gmail")
    most = formats.counted(shop, health.gmail.sent, "email")
    day = formats.day(shop, health.gmail.day)
    line = formats.count(shop, GMAIL_BULK)
    if health.gmail.is_bulk:
        sentence = (
            f"{most} went to Gmail on {day}. Gmail treats whoever sends {line} in a day as a bulk sender for good."
        )
    elif health.gmail.sent:
        sentence = (
            f"At most {most} a day went to Gmail in the last 30 days, on {day}. From {line}, Gmail has stricter rules."
        )
    else:
        sentence = f"Nothing went to Gmail in the last 30 days. From {line} emails a day, Gmail has stricter rules."
    st.markdown(formats.plain(sentence))
    watch = formats.percent(shop, GMAIL_SPAM_RATE.watch, 2)
    bad = formats.percent(shop, GMAIL_SPAM_RATE.bad, 2)
    with st.expander("Gmail's rules for bulk senders", icon=":material/checklist:", expanded=health.gmail.is_bulk):
        st.markdown(
            "- SPF and DKIM for the sender's domain, and a DMARC record of at least `p=none`: see the domain check.\n"
            "- The sender's domain in line with SPF or DKIM (alignment).\n"
            "- One-click unsubscribe and a visible link in marketing mail. Tillpost sends none without.\n"
            "- TLS on the way, and names that fit the sending addresses (PTR). SES does both.\n"
            f"- A spam rate below {watch}, and never {bad}. Gmail shows it to the domain's owner alone, in "
            "[Postmaster Tools](https://postmaster.google.com): add the domain there and look once a week."
        )


def show_mailboxes(shop: Shop, health: Health) -> None:
    """Outcomes of the newest mail by mailbox provider: one of them may refuse what the others take."""
    rates = send_charts.by_mailbox(health.sample.counts)
    if rates:
        st.header("By mailbox provider")
        send_charts.show_comparison("Mailbox provider", rates, counted_fully=False)
