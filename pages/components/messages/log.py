"""The parts of the message log: finding one message or customer, what needs a person, and the filters."""

from __future__ import annotations

from collections import Counter
from datetime import date

import streamlit as st

from backend.domain.customers import Customer
from backend.domain.delivery import Outcome
from backend.domain.messages import MessageStatus, ShownStatus
from backend.domain.team import Actor
from backend.domain.views import ListPage
from backend.errors import BackendError
from backend.services.campaigns.saved import list_campaigns
from backend.services.context import Shop
from backend.services.customers.customers import get_customer
from backend.services.list_exports import export_messages
from backend.services.sending.message_log import LogFilter, find_message, messages_like, needing_attention, summary_of
from backend.services.statistics.overview import today_of
from backend.services.triggers.active import all_automations
from pages.components.customers import search
from pages.components.messages import repair, table
from pages.components.ui import empty, filters, formats
from pages.components.ui.downloads import offer_export
from pages.components.ui.navigation import page_of
from pages.components.ui.periods import pick_period
from pages.components.ui.shell import name_tab
from pages.components.ui.table import show_table
from pages.components.ui.views import offer_views

_MOST_PROBLEMS = 100
_SHOWN = 5
_MOST_OF_ONE = 200
_CAMPAIGNS = 50
_LONGEST_ID = 40
_NOT_FOUND = (
    "No message has this id. Emails sent by older versions of Tillpost are not known by the provider's id: "
    "find them by their customer, or by their days below."
)
_HIGHEST_RANK = "The report that tells most: an email that was opened is not among the delivered ones."
_ADVICE = {
    MessageStatus.UNKNOWN: "These may have been sent, so they are never retried automatically. Open one to decide, "
    "or mark it as handled.",
    MessageStatus.FAILED: "Not sent. Open one to see why and send it again, or mark it as handled.",
}


def find_by_id(shop: Shop) -> None:
    """Renders the search for one message, and for a customer's."""
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        search.search_customers(shop, "Messages to a customer", _choose)
    with right, st.form("find_message", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input("Message id", placeholder="Ours, or the mail provider's", max_chars=300)
        pressed = st.form_submit_button("Find message")
    if pressed and typed.strip():
        message = find_message(shop, typed)
        if message is None:
            st.warning(_NOT_FOUND, icon=":material/search_off:")
            return
        st.switch_page(page_of("message.py"), query_params={"id": message.id})


def _choose(customer_id: str) -> None:
    st.query_params["customer"] = customer_id


def chosen_customer(shop: Shop) -> Customer | None:
    """The customer of the address, if there is one."""
    wanted = st.query_params.get("customer", "")
    try:
        return get_customer(shop, wanted) if wanted else None
    except BackendError:
        st.warning("This customer does not exist.", icon=":material/person_off:")
        return None


def show_of_customer(shop: Shop, actor: Actor, customer: Customer) -> None:
    """The messages to one customer, of any day."""
    with st.container(horizontal=True, vertical_alignment="center"):
        name_tab(f"To {formats.name_of(customer.name)}", "Message log")
        st.header(f"To {formats.plain(formats.name_of(customer.name))}", width="content")
        st.button("Show all customers", type="tertiary", on_click=st.query_params.clear)
    wanted = pick_filter(shop, actor, of_any_day=True)
    messages = messages_like(shop, customer.id, wanted, _MOST_OF_ONE)
    if messages:
        show_table(table.message_table(shop, messages, named=False), "of_customer")
    elif wanted.narrows:
        empty.nothing(":material/mail:", "No matching messages", "Clear the filters to see the others.")
    else:
        empty.nothing(":material/mail:", "No messages yet", "Emails to this customer appear here.")
    if len(messages) == _MOST_OF_ONE:
        st.caption(f"There are more than {_MOST_OF_ONE}; show all customers and choose days to see them all.")


def show_problems(shop: Shop, actor: Actor) -> None:
    """Messages that a person should look at, before all others."""
    for status, advice in _ADVICE.items():
        found = needing_attention(shop, status, _MOST_PROBLEMS)
        if not found:
            continue
        number = f"{_MOST_PROBLEMS} or more" if len(found) == _MOST_PROBLEMS else formats.count(shop, len(found))
        st.header(f"{table.STATUS_ICONS[status]} {table.STATUS_LABELS[status]}: {number}")
        st.caption(advice)
        show_table(table.message_table(shop, map(summary_of, found[:_SHOWN])), f"problems_{status}")
        if len(found) > _SHOWN:
            with st.expander("Show all messages"):
                show_table(table.message_table(shop, map(summary_of, found[_SHOWN:])), f"more_{status}")
        repair.show_many(actor, shop, found)


def pick_filter(shop: Shop, actor: Actor, *, of_any_day: bool = False) -> LogFilter:
    """Renders the filters of a list of messages, and its file and saved views unless it is that of one customer."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        today = today_of(shop)
        first, last = (today, today) if of_any_day else _pick_days(shop)
        wanted = LogFilter(
            first,
            last,
            table.pick_template(shop, "messages_template"),
            filters.pick_any(
                "Status", list(ShownStatus), name="status", key="messages_status", words=table.STATUS_LABELS.__getitem__
            ),
            filters.pick_any(
                "Reported",
                list(Outcome),
                name="reported",
                key="messages_outcome",
                words=table.OUTCOME_LABELS.__getitem__,
                help=_HIGHEST_RANK,
            ),
            _pick_campaign(shop, actor),
        )
        if not of_any_day:
            offer_export(shop, actor, "messages", lambda who, to, kind: export_messages(shop, who, to, kind, wanted))
            offer_views(shop, actor, ListPage.MESSAGES)
    return wanted


def _pick_days(shop: Shop) -> tuple[date, date]:
    chosen = pick_period(shop, "requested")
    return chosen.first, chosen.last


def _pick_campaign(shop: Shop, actor: Actor) -> str:
    """Renders the choice of what sent them, by name; the address may also name one that is not offered. "" is any."""
    names = _senders(shop, actor)
    if asked := st.query_params.get("campaign", "")[:_LONGEST_ID]:
        names.setdefault(asked, asked)
    chosen = filters.pick_any(
        "Campaign or automation",
        list(names),
        name="campaign",
        key="messages_campaign",
        words=names.__getitem__,
        help=f"The newest {_CAMPAIGNS} campaigns, and all automations.",
        width=240,
    )
    return chosen or ""


def _senders(shop: Shop, actor: Actor) -> dict[str, str]:
    """Names of campaigns and automations by id; those that share a name also show their ids."""
    names = {each.id: each.name for each in list_campaigns(shop, actor, limit=_CAMPAIGNS).campaigns}
    names |= {each.id: f"{each.name} (automation)" for each in all_automations(shop)}
    often = Counter(names.values())
    return {key: name if often[name] == 1 else f"{name} ({key})" for key, name in names.items()}
