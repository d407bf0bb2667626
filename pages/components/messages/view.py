"""One message: its status, what happened to it, and the exact email."""

from __future__ import annotations

import json

import streamlit as st

from backend.domain.automations import is_automation
from backend.domain.emails import Rendered
from backend.domain.ids import is_draft_id
from backend.domain.messages import Handled, Message, MessageStatus, SkipReason
from backend.domain.team import Actor, Permission
from backend.email.links import without_tokens
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.events.lookup import ReceivedEvent, received_events
from backend.services.sending.composition import email_of, is_as_sent, outgoing
from backend.services.sending.repair import never_accepted, that_may_go_again
from backend.services.sending.shared_content import read_facts
from pages.components.customers.can_we_email import WHY
from pages.components.messages import event_words, table
from pages.components.templates import email_frame
from pages.components.ui import filters, formats
from pages.components.ui.caching import who
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import mailer, name_tab

_HEIGHT = 720
"""Of the frame, in CSS pixels."""
_TABS = {"email": "Email", "text": "Text", "headers": "Headers", "details": "Details"}
_UNKNOWN = (
    "We don't know whether this email was sent: the connection broke, or the process stopped, before the provider "
    "answered. It is never retried automatically, so that nobody gets it twice. Ask the customer, or send it again "
    "and give a reason; in the worst case it arrives twice."
)
_SILENT = (
    "The provider has reported nothing about it for a day, although it reported others of that time. So it "
    "most likely never accepted this one."
)
_FAILED = "This email was not sent. Fix the cause, then send it again."


def show_header(shop: Shop, message: Message) -> None:
    """What it is, to whom, and its status."""
    title = table.title_of(shop, message.template)
    name_tab(f"{title} to {formats.name_of(message.name)}" if message.name else title, "Message log")
    st.title(formats.plain(title), anchor=False)
    badges = [table.status_badge(message.shown_status)]
    if message.outcome is not None:
        badges.append(table.outcome_badge(message.outcome))
    if message.test:
        badges.append(formats.badge("Test", "violet", ":material/science:"))
    st.markdown(f"{' '.join(badges)} :gray[{formats.plain(formats.moment(shop, message.requested_at))}]")
    if message.customer_id:
        _link("customer.py", formats.name_of(message.name), ":material/person:", {"id": message.customer_id})
    if message.order_id:
        query = {"customer": message.customer_id, "id": message.order_id}
        about = ("draft.py", "The draft order") if is_draft_id(message.order_id) else ("order.py", "The order")
        _link(*about, ":material/receipt_long:", query)
    if is_automation(message.campaign):
        _link("automation.py", "The automation that sent it", ":material/bolt:", {"id": message.campaign})
    elif message.campaign:
        _link("campaign.py", "The campaign", ":material/campaign:", {"id": message.campaign})


def _link(file: str, label: str, icon: str, query: dict[str, str]) -> None:
    st.page_link(page_of(file), label=formats.plain(label), icon=icon, help="", query_params=query)


def show_state(shop: Shop, message: Message) -> None:
    """The status in a sentence, with its reason."""
    reason = formats.plain(message.reason)
    if message.status is MessageStatus.UNKNOWN:
        more = f"{_UNKNOWN}  \n{_SILENT}" if that_may_go_again(shop, [message]) else _UNKNOWN
        st.warning(f"**{reason}**  \n{more}" if reason else more, icon=":material/help:")
    elif message.status is MessageStatus.FAILED:
        st.error(f"**{reason}**  \n{_FAILED}" if reason else _FAILED, icon=":material/error:")
    elif message.status is MessageStatus.SKIPPED:
        st.info(f"Not sent. {formats.plain(_why(message.reason))}", icon=":material/block:")
    elif message.status is MessageStatus.SENT:
        when = formats.plain(formats.moment(shop, message.sent_at or message.requested_at))
        st.success(f"Sent on {when}." + (f" {reason.rstrip('.')}." if reason else ""), icon=":material/check_circle:")
    else:
        _show_waiting(shop, message, reason)
    if message.detail:
        st.caption(f"The provider said: {formats.plain(message.detail)}")
    if message.failure is not None and message.diagnostic:
        label = table.OUTCOME_LABELS[message.failure]
        st.caption(f"{label}. Reason given: {formats.plain(message.diagnostic)}")
    if message.handled is not None:
        _show_handled(shop, message.handled)


def _show_handled(shop: Shop, handled: Handled) -> None:
    when = formats.moment(shop, handled.at)
    st.info(
        f"Handled by **{formats.plain(who(handled.by))}** on {formats.plain(when)}: {formats.plain(handled.note)}",
        icon=":material/done:",
    )


def _why(reason: str) -> str:
    known = next((each for each in SkipReason if each.value == reason), None)
    return WHY[known] if known else reason


def _show_waiting(shop: Shop, message: Message, reason: str) -> None:
    if message.due_at > shop.clock():
        when = formats.plain(formats.moment(shop, message.due_at))
        st.info(f"Scheduled for {when}." + (f" {reason}" if reason else ""), icon=":material/schedule:")
    else:
        st.info("Sending…" + (f" {reason}" if reason else ""), icon=":material/outgoing_mail:")


def show_resend(actor: Actor, message: Message) -> None:
    """The way to send the same email again, deliberately. A link to pay is sent again on the page of its draft."""
    sendable = message.customer_id and not message.test and not is_draft_id(message.order_id)
    if sendable and actor.may(Permission.SEND_EMAIL):
        query = {"template": message.template, "customer": message.customer_id, "order": message.order_id}
        _link("send.py", "Send again", ":material/replay:", {name: value for name, value in query.items() if value})


def show_timeline(shop: Shop, message: Message) -> None:
    """What happened, oldest first."""
    lines = [(message.requested_at, f"Requested by {who(message.requested_by)}")]
    if message.lease_until is not None:
        lines.append((message.lease_until, "Claimed by a worker until"))
    if message.status is MessageStatus.WAITING and message.due_at > message.requested_at:
        lines.append((message.due_at, "Due"))
    if message.sent_at is not None:
        lines.append((message.sent_at, "Accepted by the provider"))
    facts = [f"- {formats.plain(what)}  \n  :gray[{formats.plain(formats.moment(shop, at))}]" for at, what in lines]
    if message.status in (MessageStatus.FAILED, MessageStatus.UNKNOWN, MessageStatus.SKIPPED):
        label = table.STATUS_LABELS[message.status]
        facts.append(f"- {label}: {formats.plain(message.reason or 'no reason given')}")
    if message.handled is not None:
        at = formats.plain(formats.moment(shop, message.handled.at))
        facts.append(f"- {formats.plain(f'Handled by {who(message.handled.by)}')}  \n  :gray[{at}]")
    facts.append(f"- {formats.plain(formats.counted(shop, message.attempts, 'attempt'))}")
    st.markdown("\n".join(facts))


def show_email(shop: Shop, message: Message) -> None:
    """The email made again from what the ledger keeps, and whether it is to the byte what was sent."""
    try:
        email = email_of(shop, message)
    except BackendError as error:
        st.warning(f"The email can no longer be shown. {formats.plain(error.sentence)}", icon=":material/mail_off:")
        _show_details(message, "")
        return
    if is_as_sent(message, email):
        done = "was sent" if message.status is MessageStatus.SENT else "was to be sent"
        st.caption(f":material/verified: Exactly what {done} (SHA-256 {email.digest[:16]}…).")
    elif message.digest:
        st.warning("This differs from what was sent: Tillpost renders it differently now.", icon=":material/warning:")
    else:
        st.caption("This is what will be sent.")
    st.caption("The customer's personal links are removed here, because they work for anyone who opens them.")
    looks, text, headers, facts = filters.tabs(_TABS, name="show", key="message_tabs")
    with looks:
        show_html(without_tokens(email.html), f"The email “{email.subject}”", key=f"message_{message.id}")
    with text:
        st.code(without_tokens(email.text), language=None, wrap_lines=True)
    with headers:
        _show_headers(shop, message, email)
    with facts:
        _show_details(message, email.digest)


def show_html(html: str, label: str, *, key: str) -> None:
    """The email in a frame where nothing can act. Pictures come from the web only if somebody asks for them."""
    remote = st.toggle("Load images from the web", key=f"{key}_remote")
    email_frame.show_email(
        html, label, width=email_frame.DESKTOP, height=_HEIGHT, scheme=email_frame.Scheme.LIGHT, remote=remote
    )


def _show_headers(shop: Shop, message: Message, email: Rendered) -> None:
    try:
        sent = outgoing(message, email, read_facts(shop, message.facts), mailer().sender)
    except BackendError as error:
        st.warning(formats.plain(error.sentence), icon=":material/warning:")
        return
    headers = {"From": sent.sender, "To": sent.to, "Reply-To": sent.reply_to, "Subject": sent.subject, **sent.headers}
    lines = [f"{name}: {value}" for name, value in headers.items() if value]
    st.code(without_tokens("\n".join(lines)), language=None, wrap_lines=True)


def _show_details(message: Message, digest: str) -> None:
    facts = {
        "Message id": message.id,
        "Template": f"{message.template}, version {message.version}",
        "Kind": message.kind.value,
        "Requested by": who(message.requested_by),
        "Provider's id": message.provider_id,
        "SHA-256": digest,
    }
    st.code("\n".join(f"{name}: {value}" for name, value in facts.items() if value), language=None, wrap_lines=True)


_SHOWN = 50
_MOVING = (MessageStatus.WAITING, MessageStatus.SKIPPED, MessageStatus.FAILED)


def show_events(shop: Shop, message: Message) -> None:
    """The reports, oldest first; where there are none, what that means."""
    st.header("Delivery reports", anchor=False)
    found = received_events(shop, message, limit=_SHOWN + 1)
    if not found:
        st.caption(_nothing(shop, message))
        return
    for event in found[:_SHOWN]:
        _show(shop, event)
    if len(found) > _SHOWN:
        st.caption(f"These are the first {_SHOWN}; there are more.")
    with st.expander("Raw reports", icon=":material/data_object:"):
        st.code("\n\n".join(_pretty(event) for event in found[:_SHOWN]), language="json", wrap_lines=True)


def _show(shop: Shop, received: ReceivedEvent) -> None:
    event = received.event
    detail = event_words.detail_of(event)
    sentence = f"{event_words.event_badge(event)}  \n:gray[{formats.plain(formats.moment(shop, event.at))}]"
    st.markdown(sentence + (f"  \n:small[{formats.plain(detail)}]" if detail else ""))


def _nothing(shop: Shop, message: Message) -> str:
    if message.outcomes:
        return "Raw reports are kept for 30 days; their result stays with the message."
    if message.status in _MOVING:
        return "The provider reports on emails it has accepted; it has not accepted this one."
    if message.id in never_accepted(shop, [message]):
        return (
            "Nothing, although the provider reported others of that time. It most likely never accepted this one. "
            "Decide whether to send it again."
        )
    return "Nothing yet. Reports usually arrive within seconds, if the provider is set up to send them."


def _pretty(received: ReceivedEvent) -> str:
    """The report itself; links with which customers act for themselves do not work from here."""
    return without_tokens(json.dumps(json.loads(received.body), indent=2, ensure_ascii=False))
