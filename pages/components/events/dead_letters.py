"""Dead letters: reports that could not be applied, the reasons, and what an engineer can do about them."""

from __future__ import annotations

import streamlit as st

from backend.domain.events import DeadLetter
from backend.domain.team import Actor, Permission
from backend.email.links import without_tokens
from backend.services.context import Shop
from backend.services.events.consequences import EventPolicy
from backend.services.events.dead_letters import (
    MOST_COUNTED,
    count_dead_letters,
    discard_dead_letter,
    list_dead_letters,
)
from backend.services.events.replay import Replay, replay_all, replay_dead_letter
from pages.components.ui import actions, empty, formats
from pages.components.ui.actions import Trouble
from pages.components.ui.dialogs import Dialog
from pages.components.ui.shell import current_shop, settings
from pages.components.ui.state import NOTICE
from pages.components.ui.tables import Pager

_ROWS = 10
_SHOWN_BYTES = 20_000
_SECONDS = 4.0
"""Of a run of the page, for replaying; it goes on in the next one."""


def show_dead_letters(actor: Actor, shop: Shop) -> None:
    """The list, newest first."""
    pager = Pager("dead_letters", "")
    page = list_dead_letters(shop, actor, limit=_ROWS, cursor=pager.cursor)
    if not page.letters:
        empty.nothing(":material/inbox:", "No dead letters", "All events could be processed.")
        return
    may_repair = actor.may(Permission.REPAIR_MAIL)
    number = count_dead_letters(shop)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        more = " or more" if number >= MOST_COUNTED else ""
        sentence = f"{formats.counted(shop, number, 'letter')}{more}. Kept for 90 days."
        st.caption(formats.plain(sentence), width="content")
        if may_repair:
            _ALL.opener("Replay all", number, icon=":material/replay:")
    for place, letter in enumerate(page.letters):
        _show(shop, letter, place, may_repair=may_repair)
    pager.show(page.cursor)


def show_dialogs() -> None:
    """Renders the dialog that is open, if any."""
    _ALL.show()
    _DISCARD.show()


def _show(shop: Shop, letter: DeadLetter, place: int, *, may_repair: bool) -> None:
    when = formats.brief_moment(shop, letter.at, shop.clock().astimezone(shop.zone).year)
    with st.expander(f"{formats.plain(letter.reason)} :gray[{formats.plain(f'{when}, {letter.source}')}]"):
        st.caption(formats.plain(f"Tried {formats.counted(shop, letter.tries, 'time')}."))
        body = without_tokens(letter.body[:_SHOWN_BYTES].decode("utf-8", "replace"))
        st.code(body, language=None, wrap_lines=True)
        if not letter.whole:
            st.caption("Only the beginning was kept, so it cannot be replayed.")
        if may_repair:
            with st.container(horizontal=True):
                actions.button(
                    "Replay",
                    _replay,
                    letter.id,
                    icon=":material/replay:",
                    key=f"replay_{place}",
                    disabled=not letter.whole,
                )
                st.button(
                    "Delete", icon=":material/delete:", key=f"discard_{place}", on_click=_DISCARD.open, args=(letter,)
                )


def _policy() -> EventPolicy:
    return EventPolicy(settings().soft_bounce_limit)


def _replay(letter_id: str) -> None:
    def replay(actor: Actor) -> None:
        done = replay_dead_letter(current_shop(), actor, letter_id, _policy())
        NOTICE.set(f"Failed again: {done.reason}" if done.dead else "Event processed.")

    actions.act(Permission.REPAIR_MAIL, replay, "")


def _replay_all(subject: int | Replay) -> None:
    if isinstance(subject, Replay):
        st.markdown(f"{formats.plain(_told(subject))} Replaying the others …")
        _go_on(subject)
    else:
        _ask(subject)


def _ask(number: int) -> None:
    st.markdown(
        f"**{formats.plain(formats.counted(current_shop(), number, 'letter'))}** will be retried, oldest first."
    )
    with st.form("replay_all", border=False):
        typed = st.text_input(f"Type {number} to confirm", max_chars=10)
        if st.form_submit_button("Replay all", type="primary", width="stretch"):
            if typed.strip() != str(number):
                st.error(f"Type {number} to confirm.", icon=":material/error:")
                return
            _go_on(Replay(0, 0))


def _go_on(before: Replay) -> None:
    done = actions.attempt(
        Permission.REPAIR_MAIL,
        lambda actor: replay_all(current_shop(), actor, _policy(), after=before, seconds=_SECONDS),
        "",
    )
    if isinstance(done, Trouble):
        actions.show_trouble(done)
        return
    if done.cursor:
        _ALL.open(done)
    else:
        NOTICE.set(_told(done))
        _ALL.close()
    st.rerun()


def _told(done: Replay) -> str:
    left = f"; {formats.count(current_shop(), done.dead)} failed again" if done.dead else ""
    return f"{formats.counted(current_shop(), done.done, 'event')} processed{left}."


def _discard(letter: DeadLetter) -> None:
    st.markdown(f"This event will be deleted: {formats.plain(letter.reason)}")
    if st.button("Delete", icon=":material/delete:", type="primary", width="stretch"):
        done = actions.attempt(
            Permission.REPAIR_MAIL,
            lambda actor: discard_dead_letter(current_shop(), actor, letter.id),
            "Dead letter deleted.",
        )
        if isinstance(done, Trouble):
            actions.show_trouble(done)
            return
        _DISCARD.close()
        st.rerun()


_ALL = Dialog[int | Replay]("replay_all_letters", "Replay all?", _replay_all, icon=":material/replay:")
_DISCARD = Dialog[DeadLetter]("discard_letter", "Delete?", _discard, icon=":material/delete:")
