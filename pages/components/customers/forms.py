"""Forms about customers: adding, editing, archiving, consent and notes."""

from __future__ import annotations

import streamlit as st

from backend.domain.customers import Consent, Customer
from backend.domain.team import Permission
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.customers.customers import Profile
from pages.components.ui import actions, caching, formats
from pages.components.ui.actions import Trouble
from pages.components.ui.caching import who
from pages.components.ui.dialogs import Dialog
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import shop
from pages.components.ui.state import Slot

_ANSWERS: dict[str, bool | None] = {"Not asked": None, "Agreed": True, "Declined": False}
_MOST_TAGS_OFFERED = 500
_NOTES_WRITTEN: Slot[int] = Slot("customer.notes_written")


def _add(_: str) -> None:
    with st.form("add_customer", border=False):
        profile = _profile_fields(shop(), Profile(""))
        answer = st.segmented_control(
            "Marketing email", list(_ANSWERS), default="Not asked", required=True, format_func=formats.legible(str)
        )
        pressed = st.form_submit_button("Add customer", type="primary", width="stretch")
    if pressed:
        added = actions.attempt(
            Permission.EDIT_CUSTOMERS,
            lambda actor: customers.create_customer(shop(), actor, profile, consent=_ANSWERS[str(answer)]),
            f"{profile.name.strip()} added.",
        )
        if isinstance(added, Trouble):
            actions.show_trouble(added)
        else:
            ADD.close()
            st.switch_page(page_of("customer.py"), query_params={"id": added.id})


def _edit(seen: Customer) -> None:
    with st.form("edit_customer", border=False):
        before = Profile(seen.name, seen.email or "", seen.country, seen.city, seen.phone, seen.tags)
        profile = _profile_fields(shop(), before)
        pressed = st.form_submit_button("Save", type="primary", width="stretch")
    if pressed:
        edited = actions.attempt(
            Permission.EDIT_CUSTOMERS,
            lambda actor: customers.edit_customer(shop(), actor, seen.id, seen.version, profile),
            "Saved.",
        )
        if not isinstance(edited, Trouble):
            EDIT.close()
            st.rerun()
        actions.show_trouble(edited)
        if edited.stale:
            st.button("Reload", icon=":material/refresh:", on_click=_reopen, args=(seen.id,))


def _reopen(customer_id: str) -> None:
    EDIT.open(customers.get_customer(shop(), customer_id))


def _archive(seen: Customer) -> None:
    st.markdown(
        f"**{formats.plain(seen.name)}** is removed from lists and gets no more email. "
        "Orders and figures stay. You can restore the customer at any time."
    )
    if st.button("Archive", type="primary", icon=":material/archive:", width="stretch"):
        ARCHIVE.close()
        actions.act(
            Permission.EDIT_CUSTOMERS,
            lambda actor: customers.archive_customer(shop(), actor, seen.id, seen.version),
            "Archived.",
        )
        st.rerun()


ADD = Dialog[str]("add_customer", "Add a customer", _add, icon=":material/person_add:")
EDIT = Dialog[Customer]("edit_customer", "Edit customer", _edit, icon=":material/edit:")
ARCHIVE = Dialog[Customer]("archive_customer", "Archive this customer?", _archive, icon=":material/archive:")


def _profile_fields(here: Shop, before: Profile) -> Profile:
    name = st.text_input("Name", before.name, max_chars=200, autocomplete="off")
    email = st.text_input("Email address", before.email, max_chars=320, autocomplete="off")
    left, right = st.columns(2)
    names = {"": "No country"} | formats.countries(here)
    codes = list(names) if before.country in names else [before.country, *names]
    country = left.selectbox(
        "Country", codes, index=codes.index(before.country), format_func=lambda code: names.get(code, code)
    )
    city = right.text_input("City", before.city, max_chars=100, autocomplete="off")
    phone = st.text_input("Phone", before.phone, max_chars=50, autocomplete="off")
    known = list(caching.counts_of(here, "tag"))[:_MOST_TAGS_OFFERED]
    offered = list(dict.fromkeys([*before.tags, *known]))
    tags = st.multiselect(
        "Tags", offered, default=before.tags, accept_new_options=True, placeholder="Choose or type a tag"
    )
    return Profile(name, email, country, city, phone, tuple(tags))


def show_consent(here: Shop, customer: Customer, *, editable: bool) -> None:
    """What the customer said about marketing email, when and source; and the way to record another answer."""
    st.markdown(f"**Marketing email**  \n{_consent_text(here, customer.consent)}")
    if not customer.email:
        st.caption("Nothing can be sent: no address.")
    elif editable:
        with st.container(horizontal=True):
            for given, label in ((True, "Customer agrees"), (False, "Customer declines")):
                if customer.consent is None or customer.consent.given is not given:
                    st.button(label, key=f"consent_{given}", on_click=_record_consent, args=(customer, given))


def _consent_text(here: Shop, consent: Consent | None) -> str:
    if consent is None:
        return ":material/help: Not asked yet"
    answer = ":material/check_circle: Agreed" if consent.given else ":material/block: Declined"
    source = f"{consent.source.value} ({who(consent.by)})" if consent.by else consent.source.value
    return f"{answer} :gray[on {formats.plain(formats.moment(here, consent.at))}, by {formats.plain(source)}]"


def _record_consent(customer: Customer, given: bool) -> None:
    actions.act(
        Permission.EDIT_CUSTOMERS,
        lambda actor: customers.set_consent(shop(), actor, customer.id, customer.version, given),
        "Recorded.",
    )


def restore(customer: Customer) -> None:
    """For `on_click`: undoes archiving."""
    actions.act(
        Permission.EDIT_CUSTOMERS,
        lambda actor: customers.restore_customer(shop(), actor, customer.id, customer.version),
        "Restored.",
    )


def note_form(customer: Customer) -> None:
    """A note of several lines. It is emptied when the note is stored, and keeps what was typed when it is not."""
    written = _NOTES_WRITTEN.get() or 0
    with st.form("note", border=False):
        text = st.text_area("New note", key=f"note_{written}", placeholder="What should the team know?", height=80)
        pressed = st.form_submit_button("Add note", icon=":material/add_comment:")
    if pressed:
        note = actions.attempt(
            Permission.EDIT_CUSTOMERS,
            lambda actor: customers.add_note(shop(), actor, customer.id, text),
            "Note added.",
        )
        if isinstance(note, Trouble):
            actions.show_trouble(note)
        else:
            _NOTES_WRITTEN.set(written + 1)
            st.rerun()
