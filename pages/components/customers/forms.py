"""Forms about customers: adding, editing, archiving, consent and notes."""

from __future__ import annotations

import streamlit as st

from backend.domain.customers import Consent, Customer
from backend.domain.names import is_address
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.customer_data import erasure
from backend.services.customer_data.export import NEEDED
from backend.services.customers import customers
from backend.services.customers.customers import Profile
from pages.components.customers import view
from pages.components.customers.merge import MERGE
from pages.components.ui import actions, caching, formats, forms
from pages.components.ui.actions import Trouble
from pages.components.ui.caching import who
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop

_ANSWERS: dict[str, bool | None] = {"Not asked": None, "Agreed": True, "Declined": False}
_MOST_TAGS_OFFERED = 500


FOR_ORDER = "order"
"""For whom an order is being entered, where the dialog that adds somebody returns to."""


def show_actions(shop: Shop, actor: Actor, customer: Customer, *, editable: bool, stale: bool) -> None:
    """What the person who looks may do with the customer. `stale`: what is shown is no longer what is stored."""
    with st.container(horizontal=True, vertical_alignment="center"):
        query = {"customer": customer.id}
        if actor.may(Permission.PLACE_ORDERS) and not customer.archived:
            to = page_of("place_order.py")
            st.page_link(to, label="Place an order", icon=":material/add_shopping_cart:", help="", query_params=query)
        if actor.may(Permission.SEND_EMAIL) and not customer.archived:
            to = page_of("send.py")
            st.page_link(to, label="Send an email", icon=":material/send:", help="", query_params=query)
        if editable and not stale:
            EDIT.opener("Edit", customer, icon=":material/edit:")
        if editable and customer.archived:
            icon = ":material/unarchive:"
            actions.button("Restore", restore, customer, key="restore", icon=icon, disabled=stale)
        elif editable and not stale:
            ARCHIVE.opener("Archive", customer, icon=":material/archive:")
        if actor.may(Permission.ERASE_CUSTOMERS) and not customer.erased_at and not stale:
            MERGE.opener("Merge with …", customer, icon=":material/merge:")
            ERASE.opener("Erase", customer, icon=":material/delete_forever:")
        if all(map(actor.may, NEEDED)):
            view.offer_data(shop, actor, customer)


def _add(what_for: str) -> None:
    form = Form("add_customer")
    with form.area():
        profile = _profile_fields(current_shop(), form, Profile(""))
        answer = st.segmented_control(
            "Marketing email",
            list(_ANSWERS),
            default="Not asked",
            required=True,
            format_func=formats.legible(str),
            key=form.key("answer"),
            persist_state="session",
        )
        pressed = form.pressed("Add customer", changed=profile != Profile(""))
    if pressed:
        added = actions.attempt(
            Permission.EDIT_CUSTOMERS,
            lambda actor: customers.create_customer(current_shop(), actor, profile, consent=_ANSWERS[str(answer)]),
            f"{formats.name_of(profile.name, 'Customer')} added.",
        )
        if isinstance(added, Trouble):
            actions.show_trouble(added)
        else:
            form.done()
            ADD.close()
            if what_for == FOR_ORDER:
                st.query_params["customer"] = added.id
                st.rerun()
            st.switch_page(page_of("customer.py"), query_params={"id": added.id})


def _edit(seen: Customer) -> None:
    form = _edit_form(seen)
    with form.area():
        before = _profile_of(seen)
        profile = _profile_fields(current_shop(), form, before)
        pressed = form.pressed("Save", changed=profile != before)
    if pressed:
        edited = actions.attempt(
            Permission.EDIT_CUSTOMERS,
            lambda actor: customers.edit_customer(current_shop(), actor, seen.id, seen.version, profile),
            "Saved.",
        )
        if not isinstance(edited, Trouble):
            form.done()
            EDIT.close()
            st.rerun()
        actions.show_trouble(edited)
        if edited.stale:
            forms.show_overtaken(lambda: _reopen(seen, profile), lambda: _reopen(seen, before))


def _edit_form(seen: Customer) -> Form:
    return Form("edit_customer", f"{seen.id}_{seen.version}")


def _profile_of(customer: Customer) -> Profile:
    name = "" if is_address(customer.name) else customer.name
    return Profile(
        name,
        customer.email or "",
        customer.country,
        customer.city,
        customer.phone,
        customer.tags,
        customer.given_name,
        customer.family_name,
    )


def _reopen(seen: Customer, typed: Profile) -> None:
    """The newest version, with what was changed here."""
    theirs = customers.get_customer(current_shop(), seen.id)
    _edit_form(seen).done()
    _edit_form(theirs).begin(forms.changed(_profile_of(seen), typed))
    EDIT.open(theirs)


def _archive(seen: Customer) -> None:
    st.markdown(
        f"{formats.customer(seen.name, 'This customer')} is removed from lists and gets no more email. "
        "Orders and figures stay. You can restore the customer at any time."
    )
    if st.button("Archive", type="primary", icon=":material/archive:", width="stretch"):
        archived = actions.attempt(
            Permission.EDIT_CUSTOMERS,
            lambda actor: customers.archive_customer(current_shop(), actor, seen.id, seen.version),
            "Archived.",
        )
        ARCHIVE.finish(archived)


def _erase(seen: Customer) -> None:
    shop = current_shop()
    preview = erasure.preview_erasure(shop, require(Permission.ERASE_CUSTOMERS), seen.id)
    addresses = formats.counted(shop, preview.addresses, "postal address", "postal addresses")
    notes = formats.counted(shop, preview.notes, "note")
    emails = formats.counted(shop, preview.messages, "email")
    orders = formats.counted(shop, preview.orders, "order")
    st.markdown(
        f"**Goes:** name, email address, phone, tags, {addresses}, {notes}, the recipient and content of {emails}, and "
        "what other programs have sent about the customer."
    )
    st.markdown(
        f"**Stays:** {orders} without name and address, with all amounts, so that totals stay as they are; and a "
        "digest of the email address, so that it is never written to again."
    )
    for reason in preview.reasons:
        st.warning(reason, icon=":material/block:")
    if preview.reasons:
        return
    with st.form(f"erase_{seen.id}", border=False):
        typed = st.text_input("Type ERASE to confirm. This cannot be undone.", max_chars=20, autocomplete="off")
        missing = "" if typed.strip() == "ERASE" else "Type ERASE, in capital letters."
        pressed = actions.submitted("Erase", key="erase_now", missing=missing, icon=":material/delete_forever:")
    if not pressed:
        return
    done = actions.attempt(
        Permission.ERASE_CUSTOMERS,
        lambda actor: erasure.erase_customer(shop, actor, seen.id, seen_version=seen.version),
        "Erased. A worker removes what is left within minutes.",
    )
    ERASE.finish(done)


ADD = Dialog[str]("add_customer", "Add a customer", _add, icon=":material/person_add:")
EDIT = Dialog[Customer]("edit_customer", "Edit customer", _edit, icon=":material/edit:")
ARCHIVE = Dialog[Customer]("archive_customer", "Archive this customer?", _archive, icon=":material/archive:")
ERASE = Dialog[Customer]("erase_customer", "Erase this customer?", _erase, icon=":material/delete_forever:")


def _profile_fields(shop: Shop, form: Form, before: Profile) -> Profile:
    name, given, family = _name_fields(form, before)
    email = _line(form, "Email address", "email", before.email, 320)
    left, right = st.columns(2)
    names = {"": "No country"} | formats.countries(shop)
    codes = list(names) if before.country in names else [before.country, *names]
    country = left.selectbox(
        "Country",
        codes,
        index=codes.index(before.country),
        format_func=lambda code: names.get(code, code),
        key=form.key("country"),
        persist_state="session",
    )
    with right:
        city = _line(form, "City", "city", before.city, 100)
    phone = _line(form, "Phone", "phone", before.phone, 50)
    known = list(caching.counts_of(shop, "tag"))[:_MOST_TAGS_OFFERED]
    offered = list(dict.fromkeys([*before.tags, *known]))
    tags = st.multiselect(
        "Tags",
        offered,
        default=before.tags,
        accept_new_options=True,
        placeholder="Choose or type a tag",
        key=form.key("tags"),
        persist_state="session",
    )
    return Profile(name, email, country, city, phone, tuple(tags), given, family)


def _name_fields(form: Form, before: Profile) -> tuple[str, str, str]:
    """The name, the given name and the family name. A name whose parts nobody has said stays as it came until then."""
    left, right = st.columns(2)
    with left:
        given = _line(form, "Given name", "given_name", before.given_name, 100)
    with right:
        family = _line(form, "Family name", "family_name", before.family_name, 100)
    name = before.name
    if before.name and not (before.given_name or before.family_name):
        name = _line(form, "Whole name", "name", before.name, 200)
        st.caption("Used until you enter a given name or a family name.")
    same = (given.strip(), family.strip()) == (before.given_name, before.family_name)
    return (name if same else f"{given} {family}".strip()), given, family


def _line(form: Form, label: str, field: str, before: str, longest: int) -> str:
    return st.text_input(
        label, before, max_chars=longest, autocomplete="off", key=form.key(field), persist_state="session"
    )


def show_consent(shop: Shop, customer: Customer, *, editable: bool, enabled: bool) -> None:
    """What the customer said about marketing email, when and source; and the way to record another answer."""
    st.markdown(f"**Marketing email**  \n{_consent_text(shop, customer.consent)}")
    if not customer.email:
        st.caption("Nothing can be sent: no address.")
    elif editable:
        with st.container(horizontal=True):
            for given, label in ((True, "Customer agrees"), (False, "Customer declines")):
                if customer.consent is None or customer.consent.given is not given:
                    key = f"consent_{given}"
                    actions.button(label, _record_consent, customer, given, key=key, disabled=not enabled)
    view.show_consent_history(shop, customer)


def _consent_text(shop: Shop, consent: Consent | None) -> str:
    if consent is None:
        return ":material/help: Not asked yet"
    answer = ":material/check_circle: Agreed" if consent.given else ":material/block: Declined"
    source = f"{consent.source.value} ({who(consent.by)})" if consent.by else consent.source.value
    return f"{answer} :gray[on {formats.plain(formats.moment(shop, consent.at))}, by {formats.plain(source)}]"


def _record_consent(customer: Customer, given: bool) -> None:
    actions.act(
        Permission.EDIT_CUSTOMERS,
        lambda actor: customers.set_consent(current_shop(), actor, customer.id, customer.version, given),
        "Recorded.",
    )


def restore(customer: Customer) -> None:
    """For `on_click`: undoes archiving."""
    actions.act(
        Permission.EDIT_CUSTOMERS,
        lambda actor: customers.restore_customer(current_shop(), actor, customer.id, customer.version),
        "Restored.",
    )


def note_form(customer: Customer) -> None:
    """A note of several lines. It is emptied when the note is stored, and keeps what was typed when it is not."""
    form = Form("note", customer.id)
    with form.area():
        text = st.text_area(
            "New note",
            key=form.key("text"),
            persist_state="session",
            placeholder="What should the team know?",
            height=80,
        )
        pressed = form.pressed("Add note", icon=":material/add_comment:", stretch=False)
    if pressed:
        note = actions.attempt(
            Permission.EDIT_CUSTOMERS,
            lambda actor: customers.add_note(current_shop(), actor, customer.id, text),
            "Note added.",
        )
        if isinstance(note, Trouble):
            actions.show_trouble(note)
        else:
            form.done()
            st.rerun()
