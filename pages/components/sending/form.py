"""Sending one email: choosing template, customer and order, the template's fields, and the click that sends once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from backend.domain.customers import Customer
from backend.domain.emails import Need, TemplateFacts
from backend.domain.messages import Message
from backend.domain.orders import OrderSummary
from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.orders.lists import orders_of
from backend.services.sending import by_hand
from backend.services.sending.by_hand import TEMPLATE, SendCheck
from backend.services.sending.ledger import Requested
from backend.services.sending.requests import SendRequest, new_click_key
from backend.services.templates import catalogue
from pages.components.customers import search
from pages.components.customers.can_we_email import KIND_LABELS, WHY
from pages.components.messages import table
from pages.components.templates import fields as template_fields
from pages.components.ui import actions, formats
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop, mailer, name_tab
from pages.components.ui.state import Slot

_KEY: Slot[str] = Slot("send.key")
PRESSED_TWICE: Slot[str] = Slot("send.pressed_twice")
_ORDERS = 50
INCOMPLETE = "The email cannot be sent as it is. The preview says what is missing."


def choose_template(shop: Shop, actor: Actor) -> TemplateFacts | None:
    """The template of the address, or the one that is chosen here.

    Of the emails to the team only the invitation is sent by hand, by those who manage the team.
    """
    offered = {
        state.facts.name: state.facts
        for state in catalogue.list_templates(shop)
        if Need.MEMBER not in state.facts.needs or (state.facts.name == TEMPLATE and actor.may(Permission.MANAGE_TEAM))
    }
    wanted = st.query_params.get("template", "")
    names = list(offered)
    chosen = st.selectbox(
        "Email",
        names,
        index=names.index(wanted) if wanted in offered else None,
        format_func=lambda name: f"{offered[name].title} ({_kind_of(offered[name])})",
        placeholder="Choose what to send",
        key="send_template",
    )
    _keep_in_address("template", chosen or "")
    if chosen is None:
        return None
    st.caption(formats.plain(offered[chosen].purpose))
    return offered[chosen]


def _kind_of(template: TemplateFacts) -> str:
    return "to the team" if Need.MEMBER in template.needs else KIND_LABELS[template.kind].lower()


def choose_customer(shop: Shop) -> None:
    """A search whose matches are buttons."""
    search.search_customers(shop, "Customer", lambda customer_id: _keep_in_address("customer", customer_id))


def show_customer(customer: Customer) -> None:
    """To whom the email goes, and the way to choose somebody else."""
    name_tab("Send an email", formats.name_of(customer.name))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/person: **{formats.plain(formats.name_of(customer.name))}**", width="content")
        st.text(customer.email or "Cannot be emailed: no address")
        st.button("Change", type="tertiary", on_click=forget_customer)


def forget_customer() -> None:
    """For `on_click`: takes customer and order out of the address."""
    _keep_in_address("customer", "")
    _keep_in_address("order", "")


def choose_order(shop: Shop, customer: Customer) -> str:
    """The order that the email is about; "" when the customer has none, which is said."""
    orders = {order.id: order for order in orders_of(shop, customer.id, limit=_ORDERS).orders}
    if not orders:
        st.warning("This email is about an order, and this customer has none.", icon=":material/receipt_long:")
        return ""
    wanted = st.query_params.get("order", "")
    ids = list(orders) if wanted in orders or not wanted else [wanted, *orders]
    chosen = st.selectbox(
        "Order",
        ids,
        index=ids.index(wanted) if wanted else 0,
        format_func=lambda order_id: _order_label(shop, orders.get(order_id)),
        key=f"send_order_{customer.id}_{wanted}",
        persist_state="session",
    )
    return chosen or ""


def _order_label(shop: Shop, order: OrderSummary | None) -> str:
    if order is None:
        return "The order you came from"
    day = formats.day(shop, order.placed_at.astimezone(shop.zone).date())
    return f"{order.number}, {day}, {formats.money(shop, order.total)}, {formats.STATUS_LABELS[order.status].lower()}"


def prefill(template: TemplateFacts, field: str, value: str) -> None:
    """Writes a value into a field of the template before it is first rendered."""
    if any(each.name == field for each in template.fields):
        _field_slot(template.name, field).once(lambda: value)


def enter_fields(template: TemplateFacts) -> dict[str, str]:
    """What the template asks the sender for."""
    return {
        field.name: template_fields.ask(field, _field_slot(template.name, field.name).key) for field in template.fields
    }


def show_send_check(shop: Shop, customer: Customer, check: SendCheck) -> str:
    """Whether the email may go, and when it went before; returns the reason for sending it again."""
    name = formats.customer(customer.name, "This customer")
    if check.against:
        reasons = "".join(f"\n- {WHY[reason]}" for reason in check.against)
        st.warning(f"{name} cannot get this email now.\n{reasons}", icon=":material/block:")
    elif check.waits_until is not None:
        until = formats.plain(formats.moment(shop, check.waits_until))
        st.info(f"It is quiet hours. The email is sent after {until}.", icon=":material/bedtime:")
    else:
        st.success(f"{name} can get this email.", icon=":material/check_circle:")
    return ask_why_again(shop, check.last) if check.last is not None else ""


def ask_why_again(shop: Shop, last: Message, whom: str = "this customer") -> str:
    """Says when the same email went last; returns the reason for sending it again."""
    when = formats.plain(formats.moment(shop, last.sent_at or last.requested_at))
    badge = table.status_badge(last.shown_status)
    st.warning(
        f"This email went to {whom} before: {when} {badge}. To send it again, give a reason.", icon=":material/replay:"
    )
    st.page_link(
        page_of("message.py"), label="Open that email", icon=":material/mail:", query_params={"id": last.id}, help=""
    )
    return st.text_input("Reason for sending again", key=_again_slot().key, persist_state="session", max_chars=200)


def reason_typed() -> str:
    """The text of the reason's field at the moment of the click."""
    return _again_slot().get() or ""


def key() -> str:
    """The idempotency key: made when the form is first rendered, kept until its email is in the ledger."""
    return _KEY.once(new_click_key)


def _field_slot(template: str, field: str) -> Slot[str]:
    return Slot(f"send.{key()}.{template}.{field}")


def _again_slot() -> Slot[str]:
    return Slot(f"send.{key()}.again")


def send_button(
    template: TemplateFacts,
    customer: Customer,
    order_id: str,
    fields: Mapping[str, str],
    again: str,
    *,
    refused: bool,
    complete: bool,
    repeated: bool,
) -> None:
    """The button. Pressed twice, it sends one email. `complete`: nothing is missing in the form."""
    wanted = SendRequest(template.name, key(), customer.id, order_id=order_id, fields=dict(fields), again=again)
    actions.button(
        "Send again" if repeated else "Send",
        _send,
        wanted,
        "" if complete else INCOMPLETE,
        key="send_now",
        type="primary",
        icon=":material/send:",
        disabled=refused,
    )


def _send(wanted: SendRequest, missing: str) -> None:
    actions.act(Permission.SEND_EMAIL, lambda actor: requested(_request(actor, wanted, missing)), "")


def _request(actor: Actor, seen: SendRequest, missing: str) -> Requested:
    """Requests the email that was shown, with what was typed just before the click."""
    if seen.key == _KEY.get():
        check_unchanged(seen.template, seen.fields)
        seen = replace(seen, again=reason_typed())
    if missing:
        raise InvalidInputError(missing)
    return by_hand.request_by_hand(current_shop(), mailer(), actor, seen)


def check_unchanged(template: str, seen: Mapping[str, str]) -> None:
    """What is sent is what the preview showed: raises `InvalidInputError` when something was typed since."""
    if {name: _field_slot(template, name).get() or "" for name in seen} != dict(seen):
        raise InvalidInputError("You changed the email after the preview. Check it again, then send it.")


def requested(asked: Requested) -> None:
    """Shows the message's progress, and makes a new key for the next email."""
    message = asked.message
    if asked.duplicate:
        PRESSED_TWICE.set(message.id)
    if _KEY.get() == message.key:
        _KEY.clear()
    st.query_params.from_dict({"sent": message.id})


def _keep_in_address(name: str, value: str) -> None:
    if value:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]
