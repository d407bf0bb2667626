"""The choice of whom a preview is for: the sample, or a real customer with one of their orders, kept in the address."""

from __future__ import annotations

import streamlit as st

from backend.domain.emails import Need, TemplateFacts
from backend.domain.orders import OrderSummary
from backend.errors import InvalidInputError, NotFoundError
from backend.services.context import Shop
from backend.services.customers.customers import get_customer
from backend.services.customers.lists import CustomerFilter
from backend.services.orders.lists import orders_of
from backend.services.templates import catalogue
from backend.services.templates.previews import Recipient
from pages.components.ui import address, caching, filters, formats

_SAMPLE, _REAL = "sample", "customer"
_WHO = {_SAMPLE: "Sample", _REAL: "A customer"}
_MOST_FOUND = 20
_MOST_ORDERS = 50


def pick(shop: Shop, facts: TemplateFacts, place: str) -> Recipient:
    """Renders the choice. `place` is part of the widgets' keys; `?customer=…&order=…` in the address chooses first."""
    # A link for another customer begins again.
    key = f"{place}_{facts.name}_{st.query_params.get('customer', '')[:40]}"
    customer_id = order_id = ""
    if Need.CUSTOMER in facts.needs:
        customer_id = _pick_customer(shop, key)
    else:
        st.caption("This email goes to a member of the team; the preview shows the sample.")
    if customer_id and Need.ORDER in facts.needs:
        order_id = _pick_order(shop, customer_id, key)
    return Recipient(customer_id, order_id, _fill(shop, facts, key))


def untouched_fields(shop: Shop, facts: TemplateFacts, recipient: Recipient) -> list[str]:
    """The labels of the values that still are the sample's."""
    sample, given = catalogue.files(shop).samples[facts.name].fields, recipient.fields or {}
    return [f.label for f in facts.fields if given.get(f.name) and given[f.name] == sample.get(f.name)]


def _pick_customer(shop: Shop, key: str) -> str:
    asked = st.query_params.get("customer", "")
    kinds = (_REAL, _SAMPLE) if asked else (_SAMPLE, _REAL)
    who = address.keep(
        "as",
        address.one_of(kinds, kinds[0]),
        f"{key}_who",
        lambda key: (
            st.segmented_control(
                "Preview as",
                [_SAMPLE, _REAL],
                required=True,
                key=key,
                persist_state="session",
                format_func=formats.legible(_WHO.__getitem__),
            )
            or kinds[0]
        ),
    )
    if who == _SAMPLE:
        return ""
    search = filters.search(
        "Find a customer",
        "Start of a name or email address",
        name="find",
        key=f"{key}_search",
        longest=200,
        labelled=True,
    )
    found = _found(shop, search, asked)
    chosen = address.keep(
        "whom",
        address.one_of(found, next(iter(found), None)),
        f"{key}_customer",
        lambda key: st.selectbox(
            "Customer",
            list(found),
            format_func=lambda each: found.get(each, each),
            key=key,
            persist_state="session",
            disabled=not found,
        ),
    )
    return chosen or ""


def _found(shop: Shop, search: str, asked: str) -> dict[str, str]:
    """Who can be chosen, named by id: those who match, or without a search the one asked for, or the best customers."""
    try:
        if asked and not search.strip():
            customer = get_customer(shop, asked)
            return {customer.id: _named(customer.name, customer.email)}
        page = caching.list_customers(shop, CustomerFilter(search), limit=_MOST_FOUND, cursor=None)
    except (NotFoundError, InvalidInputError) as error:
        st.caption(formats.plain(error.sentence))
        return {}
    if not page.customers:
        st.caption("Nobody matches, so this is the sample.")
    return {customer.id: _named(customer.name, customer.email) for customer in page.customers}


def _named(name: str, email: str | None) -> str:
    return f"{formats.name_of(name)}, {email or 'without an email address'}"


def _pick_order(shop: Shop, customer_id: str, key: str) -> str:
    orders = {order.id: order for order in orders_of(shop, customer_id, limit=_MOST_ORDERS).orders}
    if not orders:
        st.caption("This customer has no orders, so the order is the sample's.")
        return ""
    ids, asked = list(orders), st.query_params.get("order", "")
    return address.keep(
        "with",
        address.one_of(ids, asked if asked in orders else ids[0]),
        f"{key}_order_{customer_id}",
        lambda key: st.selectbox(
            "Order",
            ids,
            format_func=lambda each: _described(shop, orders[each]) if each in orders else each,
            key=key,
            persist_state="session",
        ),
    )


def _described(shop: Shop, order: OrderSummary) -> str:
    return f"{order.number}, {formats.moment(shop, order.placed_at)}, {formats.money(shop, order.total)}"


def _fill(shop: Shop, facts: TemplateFacts, key: str) -> dict[str, str] | None:
    """What the sender would type in, beginning with the sample's values; None when there is nothing to type."""
    if not facts.fields:
        return None
    sample = catalogue.files(shop).samples[facts.name].fields
    with st.expander("Values typed in when it is sent", icon=":material/edit_note:"):
        return {
            field.name: st.text_input(
                field.label + ("" if field.required else " (optional)"),
                sample.get(field.name, ""),
                key=f"{key}_field_{field.name}",
                persist_state="session",
                max_chars=1000,
            )
            for field in facts.fields
        }
