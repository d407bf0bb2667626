"""How everything is at this moment: the parts, the queue, the processes, and the last errors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from backend.domain.health import Beat, DutyBeat, State, Trouble, worst
from backend.domain.team import Permission
from backend.services.context import Shop
from backend.services.system.health import health_of
from backend.services.system.heartbeats import list_processes
from backend.services.system.queue import MOST, QueueState, queue_state
from backend.services.unreadable.items import unreadable_records
from pages.components.system.installation import ICONS, span_of, state_badge, system
from pages.components.ui import formats
from pages.components.ui.guard import guarded_fragment, require
from pages.components.ui.shell import current_shop

_LOOK_SECONDS = 10.0
_TROUBLES = 10
_RECORDS = 20


@guarded_fragment(Permission.VIEW_SYSTEM, run_every=_LOOK_SECONDS)
def show_now() -> None:
    """Looks again every ten seconds."""
    shop, actor = current_shop(), require(Permission.VIEW_SYSTEM)
    parts = health_of(system(), actor)
    whole = worst([part.state for part in parts if part.state is not State.UNUSED])
    st.markdown(f"## {ICONS[whole]} {_WHOLE[whole]}")
    with st.grid(3, min_column_width=220):
        for part in sorted(parts, key=lambda part: -part.state.rank):
            with st.container(border=True, gap="xsmall", height="stretch"):
                st.markdown(f"**{formats.plain(part.part)}** {state_badge(part.state)}")
                st.markdown(formats.plain(part.found))
                if part.advice:
                    st.caption(formats.plain(part.advice))
    st.header("Queue", anchor=False)
    _show_queue(shop, queue_state(shop), shop.clock())
    _show_unreadable(shop)
    beats = list_processes(shop, actor)
    st.header("Processes", anchor=False)
    _show_processes(shop, beats)
    st.header("Recent errors", anchor=False)
    _show_troubles(shop, [trouble for beat in beats for trouble in beat.troubles])


_WHOLE = {
    State.UP: "All systems operational",
    State.UNUSED: "All systems operational",
    State.ATTENTION: "Something needs attention",
    State.DOWN: "Something is broken",
}


def _show_queue(shop: Shop, queue: QueueState, now: datetime) -> None:
    cards = (
        ("Due", _bounded(shop, queue.due), "Messages ready to send."),
        ("Oldest waiting", span_of(queue.age(now)) if queue.due else "None", "How long the oldest has been due."),
        ("Being sent", _bounded(shop, queue.leased), "Claimed by a worker right now."),
        ("Expired leases", _bounded(shop, queue.expired), "Claimed by a worker that stopped."),
        ("Unknown", _bounded(shop, queue.unknown), "May have been sent; see the message log."),
        ("Failed", _bounded(shop, queue.failed), "Not sent; see the message log."),
    )
    with st.grid(3, min_column_width=130):
        for label, value, note in cards:
            st.metric(label, formats.plain(value), help=note, border=True)


def _show_unreadable(shop: Shop) -> None:
    records = unreadable_records(shop)
    if not records:
        return
    st.header("Records that cannot be read", anchor=False)
    year = shop.clock().astimezone(shop.zone).year
    for record in records[:_RECORDS]:
        since = formats.brief_moment(shop, record.found_at, year)
        st.markdown(formats.plain(f"{record.id} · {record.named} · {record.reason} · since {since}"))
    if len(records) > _RECORDS:
        st.caption(formats.plain(f"And {len(records) - _RECORDS} more: python -m backend unreadable list"))


def _bounded(shop: Shop, number: int) -> str:
    return f"{formats.count(shop, MOST)} or more" if number >= MOST else formats.count(shop, number)


def _show_processes(shop: Shop, beats: Sequence[Beat]) -> None:
    if not beats:
        st.caption("No process seen for 15 minutes. Start the server, or python -m backend worker.")
    for beat in beats:
        now = shop.clock()
        silent = beat.is_silent(now)
        with st.container(border=True, gap="xsmall"):
            state = State.DOWN if silent else State.ATTENTION if beat.stalled_duties() else State.UP
            name = formats.plain(f"{beat.kind} on {beat.host}, process {beat.pid}")
            st.markdown(f"**{name}** {state_badge(state)}")
            since = formats.brief_moment(shop, beat.started_at, now.astimezone(shop.zone).year)
            sentence = f"{beat.version} · since {since} · last seen {span_of(now - beat.at)} ago"
            st.caption(formats.plain(sentence))
            st.markdown(" ".join(_duty(beat, duty) for duty in beat.duties))


def _duty(beat: Beat, duty: DutyBeat) -> str:
    if duty.stalled_for(beat.at):
        return formats.badge(f"{duty.name}: stalled", "red", ":material/hourglass_disabled:")
    if duty.trouble_now:
        return formats.badge(f"{duty.name}: in trouble", "orange", ":material/warning:")
    return formats.badge(duty.name, "green", ":material/check:")


def _show_troubles(shop: Shop, troubles: Sequence[Trouble]) -> None:
    newest = sorted(troubles, key=lambda trouble: trouble.at, reverse=True)[:_TROUBLES]
    if not newest:
        st.caption("None since the processes started.")
        return
    year = shop.clock().astimezone(shop.zone).year
    lines = [
        f"- {formats.plain(trouble.sentence)} :gray[{formats.plain(_where(shop, trouble, year))}]" for trouble in newest
    ]
    st.markdown("\n".join(lines))


def _where(shop: Shop, trouble: Trouble, year: int) -> str:
    parts = (trouble.action, formats.brief_moment(shop, trouble.at, year))
    return " · ".join(part for part in parts if part)
