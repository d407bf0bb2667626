"""How one customer is shown: the header, the figures, the profile, and a change or note."""

from __future__ import annotations

from datetime import date

import streamlit as st

from backend.domain.customers import Activity, ActivityKind, ConsentMethod, Customer
from backend.domain.team import Actor
from backend.services.context import Shop
from backend.services.customer_data.export import customer_data_file
from backend.services.customers.customers import consent_history
from pages.components.ui import charts, formats
from pages.components.ui.caching import who
from pages.components.ui.downloads import deferred
from pages.components.ui.second_factor import confirmed_to_export
from pages.components.ui.shell import name_tab

_DEMO = "demo"
_KINDS = {
    ActivityKind.CREATED: ":material/person_add: Added",
    ActivityKind.EDITED: ":material/edit: Edited",
    ActivityKind.NOTE: ":material/chat: Note",
    ActivityKind.CONSENT: ":material/mail: Marketing email",
    ActivityKind.TAGGED: ":material/label: Tags changed",
    ActivityKind.ARCHIVED: ":material/archive: Archived",
    ActivityKind.RESTORED: ":material/unarchive: Restored",
}


def show_header(customer: Customer) -> None:
    """The name, the address as text that can be copied, and what sets the customer apart."""
    st.title(formats.plain(formats.name_of(customer.name)), anchor=False)
    name_tab(formats.name_of(customer.name), "Customers")
    badges = [formats.badge(tag, "gray", ":material/label:") for tag in customer.tags]
    if customer.archived:
        badges.insert(0, formats.badge("Archived", "orange", ":material/archive:"))
    if customer.source == _DEMO:
        badges.insert(0, formats.badge("Demo", "violet", ":material/science:"))
    st.text(customer.email or "Cannot be emailed: no address")
    if badges:
        st.markdown(" ".join(badges))


def show_figures(shop: Shop, customer: Customer) -> None:
    """What the customer is worth to the shop, over all time."""
    first = formats.month(shop, date.fromisoformat(customer.first_day), short=True) if customer.first_day else "None"
    with st.grid(4, min_column_width=140):
        st.metric("Revenue", formats.plain(formats.round_money(shop, customer.revenue)), border=True)
        st.metric("Orders", formats.plain(formats.count(shop, customer.orders)), border=True)
        st.metric("Average order", formats.plain(formats.round_money(shop, customer.average_order)), border=True)
        st.metric("First order", formats.plain(first), border=True)


def show_months(shop: Shop, customer: Customer) -> None:
    """What the customer spent month by month, if anything."""
    chart = charts.customer_months(shop, customer.id)
    if chart is not None:
        with st.container(border=True):
            st.markdown("**Revenue by month**")
            charts.show(chart, "customer_months")


def show_profile(shop: Shop, customer: Customer) -> None:
    """Where the customer lives, and since when we know them."""
    facts = {
        "City": customer.city,
        "Country": formats.country(shop, customer.country) if customer.country else "",
        "Phone": customer.phone,
        "Customer since": formats.day(shop, customer.created_at.astimezone(shop.zone).date()),
        "Source": customer.source,
    }
    known = {name: formats.plain(value) for name, value in facts.items() if value}
    st.table(known, border="horizontal", alt="Profile")


_METHODS = {
    ConsentMethod.CHECKOUT: "at the checkout",
    ConsentMethod.FORM: "in a form",
    ConsentMethod.IMPORT: "import",
    ConsentMethod.API: "API",
    ConsentMethod.DOUBLE_OPT_IN: "double opt-in",
    ConsentMethod.EMAIL_LINK: "link of an email",
    ConsentMethod.STAFF: "recorded by staff",
}


def show_consent_history(shop: Shop, customer: Customer) -> None:
    """All answers about marketing email with their proof, newest first."""
    answers = consent_history(shop, customer.id)
    if not answers:
        return
    with st.expander("Consent history", icon=":material/history:"):
        for each in answers:
            st.markdown(_answer_text(shop, each))


def _answer_text(shop: Shop, entry: Activity) -> str:
    proof = entry.proof
    if proof is None:
        return activity_text(shop, entry)
    said = ":material/check_circle: Agreed" if proof.given else ":material/block: Declined"
    how = " · ".join(filter(None, (formats.moment(shop, proof.at), _METHODS[proof.method], who(entry.by))))
    details = [f"“{proof.text}”" if proof.text else "", proof.origin, f"IP address {proof.ip}" if proof.ip else ""]
    lines = [f"{said} :gray[{formats.plain(how)}]", *(formats.plain(each) for each in details if each)]
    return "  \n".join(lines)


def activity_text(shop: Shop, entry: Activity) -> str:
    """Markdown for one note or change: what, when, by whom."""
    when = f":gray[{formats.plain(formats.moment(shop, entry.at))} · {formats.plain(who(entry.by))}]"
    text = "  \n".join(formats.plain(line) for line in entry.text.splitlines())
    return f"{_KINDS[entry.kind]} {when}" + (f"  \n{text}" if text else "")


def offer_data(shop: Shop, actor: Actor, customer: Customer) -> None:
    """The button for everything that is kept about the customer, which they may ask for."""
    if not confirmed_to_export(actor, "customer_data", "Export data"):
        return
    st.download_button(
        "Export data",
        data=deferred(shop, actor, lambda member: customer_data_file(shop, member, customer.id)),
        file_name=f"customer-{customer.id}.zip",
        mime="application/zip",
        icon=":material/folder_zip:",
        on_click="ignore",
        help="Everything that is kept about this customer, as JSON and as a page to read.",
    )
