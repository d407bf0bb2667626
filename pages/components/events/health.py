"""How well the reports of the mail provider come in, looked at again every few seconds."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from backend.domain.events import EventType
from backend.domain.team import Permission
from backend.services.context import Shop
from backend.services.events.health import Backlog, EventHealth, event_health
from pages.components.messages import event_words
from pages.components.system.installation import span_of
from pages.components.ui import charts, empty, formats
from pages.components.ui.guard import guarded_fragment
from pages.components.ui.shell import current_shop, settings

_LOOK_SECONDS = 5.0
_SHORT = 10.0
_STALE = timedelta(seconds=90)
_SOURCES = {"local": "The local outbox", "sqs": "The SQS queue"}


@guarded_fragment(Permission.VIEW_SYSTEM, run_every=_LOOK_SECONDS)
def show_health() -> None:
    """The last hour in figures, what waits, and the kinds of reports."""
    shop = current_shop()
    health = event_health(shop)
    if health.last_at is None and not health.backlogs:
        _show_how_to_begin()
        return
    with st.grid(3, min_column_width=140):
        for label, value, note in _cards(shop, health):
            st.metric(label, formats.plain(value), help=note, border=True)
    for backlog in health.backlogs:
        st.caption(formats.plain(_backlog(shop, backlog)))
    if health.foreign:
        number = formats.counted(shop, health.foreign, "event")
        st.caption(formats.plain(f"{number} in the last hour were about unknown emails and were ignored."))
    if health.by_type:
        ranked = sorted(health.by_type.items(), key=lambda pair: -pair[1])
        names = [event_words.LABELS[EventType(name)] for name, _ in ranked]
        numbers = [number for _, number in ranked]
        summary = ", ".join(f"{name} {number}" for name, number in zip(names, numbers, strict=True))
        texts = [formats.count(shop, number) for number in numbers]
        st.markdown("**Reports of the last hour**")
        charts.show(
            charts.horizontal_bars(names, numbers, texts, f"Reports of the last hour: {summary}."), "events_by_type"
        )


def _show_how_to_begin() -> None:
    if settings().mail_transport == "ses" and not (settings().ses_events_queue_url or settings().ses_events_topics):
        advice = "Set SES_EVENTS_QUEUE_URL, or SES_EVENTS_TOPICS for the webhook; see docs/sending.md."
    else:
        advice = "Start a fire drill below, or send an email."
    empty.nothing(":material/dynamic_feed:", "No reports yet", advice)


def _cards(shop: Shop, health: EventHealth) -> list[tuple[str, str, str]]:
    last = span_of(shop.clock() - health.last_at) + " ago" if health.last_at else "Not today"
    return [
        ("Waiting", formats.count(shop, health.waiting), "Events at the source that are not applied yet."),
        ("Applied in the last hour", formats.count(shop, health.applied), "Each event is applied once."),
        ("Last event", last, "When the last event was processed."),
        ("Lag, usual", _lag(health.lag_p50), "From an event to its application; half of them were faster."),
        ("Lag, p95", _lag(health.lag_p95), "19 of 20 were applied faster than this."),
        ("Repeated", formats.count(shop, health.seen), "Duplicate events in the last hour."),
    ]


def _lag(seconds: float | None) -> str:
    if seconds is None:
        return "None"
    return f"{seconds:.1f} s" if seconds < _SHORT else span_of(timedelta(seconds=seconds))


def _backlog(shop: Shop, backlog: Backlog) -> str:
    age = shop.clock() - backlog.seen_at
    summary = f"{_SOURCES[backlog.source]}: {formats.count(shop, backlog.waiting)} waiting"
    summary += f", {formats.count(shop, backlog.in_flight)} being applied" if backlog.in_flight else ""
    if backlog.oldest_at and backlog.waiting:
        summary += f", the oldest for {span_of(shop.clock() - backlog.oldest_at)}"
    stale = "; not emptied since" if age > _STALE else ""
    return f"{summary}. Checked {span_of(age)} ago{stale}."
