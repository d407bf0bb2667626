"""The parts of the message log: finding one message or customer, what needs a person, and the filters."""

from __future__ import annotations

import streamlit as st

from backend.domain.customers import Customer
from backend.domain.messages import MessageStatus
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.customers import get_customer
from backend.services.ledger import get_message
from backend.services.message_log import messages_of, needing_attention
from pages.components import customer_search, empty, formats, message_table
from pages.components.navigation import page_of

_MOST_PROBLEMS = 100
_SHOWN = 5
_MOST_OF_ONE = 200
_OFFERED = (
    MessageStatus.WAITING,
    MessageStatus.SENT,
    MessageStatus.FAILED,
    MessageStatus.UNKNOWN,
    MessageStatus.SKIPPED,
)
_ADVICE = {
    MessageStatus.UNKNOWN: "They may have gone out, so they are never sent again by themselves. Open one to decide.",
    MessageStatus.FAILED: "They were not sent. Open one to see why, and to send it again.",
}


def find_by_id(here: Shop) -> None:
    """Draws the search for one message, and for a customer's."""
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        customer_search.search_customers(here, "Messages to a customer", _choose)
    with right, st.form("find_message", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input("Message id", placeholder="From a log or an event", max_chars=200)
        pressed = st.form_submit_button("Find message")
    if pressed and typed.strip():
        try:
            message = get_message(here, typed.strip())
        except BackendError:
            st.warning("There is no message with this id.", icon=":material/search_off:")
            return
        st.switch_page(page_of("message.py"), query_params={"id": message.id})


def _choose(customer_id: str) -> None:
    st.query_params["customer"] = customer_id


def chosen_customer(here: Shop) -> Customer | None:
    """The customer of the address, if there is one."""
    wanted = st.query_params.get("customer", "")
    try:
        return get_customer(here, wanted) if wanted else None
    except BackendError:
        st.warning("This customer does not exist.", icon=":material/person_off:")
        return None


def show_of_customer(here: Shop, customer: Customer) -> None:
    """All messages to one customer."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"To {formats.plain(customer.name)}", width="content")
        st.button("Show everybody", type="tertiary", on_click=st.query_params.clear)
    messages = messages_of(here, customer.id, _MOST_OF_ONE)
    if messages:
        message_table.message_rows(here, map(message_table.summary_of, messages), named=False)
    else:
        empty.nothing(":material/mail:", "No messages yet", "Emails to this customer appear here.")
    if len(messages) == _MOST_OF_ONE:
        st.caption(f"There are more than {_MOST_OF_ONE}; choose days instead to see them all.")


def show_problems(here: Shop) -> None:
    """Messages that a person should look at, before all others."""
    for status, advice in _ADVICE.items():
        found = needing_attention(here, status, _MOST_PROBLEMS)
        if not found:
            continue
        number = f"{_MOST_PROBLEMS} or more" if len(found) == _MOST_PROBLEMS else formats.count(here, len(found))
        st.subheader(f"{message_table.STATUS_ICONS[status]} {message_table.STATUS_LABELS[status]}: {number}")
        st.caption(advice)
        message_table.message_rows(here, found[:_SHOWN])
        if len(found) > _SHOWN:
            with st.expander("Show the others"):
                message_table.message_rows(here, found[_SHOWN:])


def pick_status() -> MessageStatus | None:
    """Draws the choice of a status; None is any."""
    return st.pills(
        "Status",
        _OFFERED,
        format_func=lambda status: f"{message_table.STATUS_ICONS[status]} {message_table.STATUS_LABELS[status]}",
        key="messages_status",
        persist_state="session",
        wrap=True,
    )
