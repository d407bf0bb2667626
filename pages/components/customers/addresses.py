"""A customer's postal addresses: the default one first, and adding, changing and removing them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from backend.domain.addresses import Address, AddressBook, KnownAddress
from backend.domain.customers import Customer
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.customers import addresses
from pages.components.addresses import fields, view
from pages.components.ui import actions, formats
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop


@dataclass(frozen=True, slots=True)
class _Editing:
    """An address of a customer, in the version of the addresses that was seen; a new one has an id already."""

    customer: Customer
    version: int
    entry: KnownAddress
    new: bool = False


def show(shop: Shop, customer: Customer, *, editable: bool) -> None:
    """All addresses, and what can be done with each."""
    book = addresses.addresses_of(shop, customer.id)
    if not book.entries:
        st.caption("No postal address. New orders go to the default address.")
    for place, entry in enumerate(book.entries):
        _one(shop, customer, book, entry, default=place == 0, editable=editable)
    if editable:
        blank = Address(name=customer.real_name, city=customer.city, country=customer.country, phone=customer.phone)
        new = KnownAddress(addresses.new_address_id(), blank if not book.entries else Address(name=customer.real_name))
        ADD.opener("Add address", _Editing(customer, book.version, new, new=True), icon=":material/add_home:")


def show_dialogs() -> None:
    """Renders the dialog that is open, if one is."""
    for dialog in (ADD, EDIT):
        dialog.show()


def _one(
    shop: Shop, customer: Customer, book: AddressBook, entry: KnownAddress, *, default: bool, editable: bool
) -> None:
    badge = formats.badge("Default", "blue") + "  \n" if default and len(book.entries) > 1 else ""
    st.markdown(badge + view.text_of(shop, entry.address))
    if not editable:
        return
    with st.container(horizontal=True):
        EDIT.opener("Edit address", _Editing(customer, book.version, entry), icon=":material/edit:", key=entry.id)
        if not default:
            _button("Make default", _made_default, customer, book.version, entry, icon=":material/home:")
        _button("Remove address", _removed, customer, book.version, entry, icon=":material/delete:")


def _button(
    label: str,
    action: Callable[[Customer, int, str], None],
    customer: Customer,
    version: int,
    entry: KnownAddress,
    *,
    icon: str,
) -> None:
    key = f"{action.__name__}_{entry.id}"
    actions.button(label, action, customer, version, entry.id, key=key, icon=icon, type="tertiary")


def _made_default(customer: Customer, version: int, address_id: str) -> None:
    actions.act(
        Permission.EDIT_CUSTOMERS,
        lambda actor: addresses.make_default(current_shop(), actor, customer.id, version, address_id),
        "New orders go to this address.",
    )


def _removed(customer: Customer, version: int, address_id: str) -> None:
    actions.act(
        Permission.EDIT_CUSTOMERS,
        lambda actor: addresses.remove_address(current_shop(), actor, customer.id, version, address_id),
        "Address removed. Orders keep theirs.",
    )


def _edit(editing: _Editing) -> None:
    shop, entry = current_shop(), editing.entry
    form = Form("customer_address", f"{entry.id}_{editing.version}")
    with form.area():
        typed = fields.show(shop, form, entry.address)
        pressed = form.pressed("Save address", changed=typed != entry.address)
    if pressed:
        saved = actions.attempt(
            Permission.EDIT_CUSTOMERS, lambda actor: _saved(shop, actor, editing, typed), "Address saved."
        )
        (ADD if editing.new else EDIT).finish(saved, form)


def _saved(shop: Shop, actor: Actor, editing: _Editing, typed: Address) -> AddressBook:
    entry = KnownAddress(editing.entry.id, typed)
    return addresses.save_address(shop, actor, editing.customer.id, editing.version, entry)


ADD = Dialog[_Editing]("add_address", "Add address", _edit, icon=":material/add_home:", width="medium")
EDIT = Dialog[_Editing]("edit_address", "Edit address", _edit, icon=":material/edit:", width="medium")
