"""What the mail provider reported about a message: each report with its words, and the report itself."""

from __future__ import annotations

import json

import streamlit as st

from backend.domain.messages import Message, MessageStatus
from backend.email.links import without_tokens
from backend.services.context import Shop
from backend.services.events.lookup import ReceivedEvent, received_events
from backend.services.sending.repair import never_accepted
from pages.components.messages import event_words
from pages.components.ui import formats

_SHOWN = 50
_MOVING = (MessageStatus.WAITING, MessageStatus.SKIPPED, MessageStatus.FAILED)


def show_events(here: Shop, message: Message) -> None:
    """The reports, oldest first; where there are none, what that means."""
    st.header("Delivery reports", anchor=False)
    found = received_events(here, message, limit=_SHOWN + 1)
    if not found:
        st.caption(_nothing(here, message))
        return
    for event in found[:_SHOWN]:
        _show(here, event)
    if len(found) > _SHOWN:
        st.caption(f"These are the first {_SHOWN}; there are more.")
    with st.expander("Raw reports", icon=":material/data_object:"):
        st.code("\n\n".join(_pretty(event) for event in found[:_SHOWN]), language="json", wrap_lines=True)


def _show(here: Shop, received: ReceivedEvent) -> None:
    event = received.event
    detail = event_words.detail_of(event)
    sentence = f"{event_words.event_badge(event)}  \n:gray[{formats.plain(formats.moment(here, event.at))}]"
    st.markdown(sentence + (f"  \n:small[{formats.plain(detail)}]" if detail else ""))


def _nothing(here: Shop, message: Message) -> str:
    if message.outcomes:
        return "Raw reports are kept for 30 days; their result stays with the message."
    if message.status in _MOVING:
        return "The provider reports on emails it has accepted; it has not accepted this one."
    if message.id in never_accepted(here, [message]):
        return (
            "Nothing, although the provider reported others of that time. It most likely never accepted this one. "
            "Decide whether to send it again."
        )
    return "Nothing yet. Reports usually arrive within seconds, if the provider is set up to send them."


def _pretty(received: ReceivedEvent) -> str:
    """The report itself; links with which customers act for themselves do not work from here."""
    return without_tokens(json.dumps(json.loads(received.body), indent=2, ensure_ascii=False))
