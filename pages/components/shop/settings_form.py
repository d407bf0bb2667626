"""The forms with what the shop says about itself in emails, and how it numbers orders.

They refer to the facts that the person saw.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from backend.domain.draft_orders import LONGEST_DAYS
from backend.domain.shop import ShopFacts
from backend.domain.team import Permission
from backend.services.context import Shop
from backend.services.draft_orders.settings import change_draft_settings, draft_settings
from backend.services.orders import numbers
from backend.services.shop_settings import get_shop_facts, save_shop_facts
from pages.components.ui import actions, formats, forms
from pages.components.ui.actions import Trouble
from pages.components.ui.forms import Form
from pages.components.ui.shell import mailer
from pages.components.ui.state import Slot


@dataclass(frozen=True, slots=True)
class _Field:
    """One line of the form."""

    name: str
    label: str
    placeholder: str = ""
    help: str = ""
    longest: int = 500


_LOOK = (
    _Field("name", "Name", longest=100),
    _Field("logo_url", "Logo", "https://…", "The web address of a picture, https only; about 280 pixels wide."),
)
_SENDER = (
    _Field("sender_name", "Sender name", help="Leave empty to use the shop's name.", longest=100),
    _Field("sender_address", "Sender address", help="A mailbox on a domain that your mail provider has verified."),
    _Field("reply_to", "Reply-to address", help="Where replies go. Leave empty to use the sender address."),
)
_LINKS = (
    _Field("url", "Website", "https://…"),
    _Field("support_url", "Help page", "https://…", "Linked in emails where people may need help."),
)

_SEEN: Slot[ShopFacts] = Slot("shop_settings.seen")


def show(shop: Shop) -> None:
    """Renders the form, and saves what was typed."""
    seen = _SEEN.once(lambda: get_shop_facts(shop))
    form = _form(seen)
    with form.area():
        typed = _typed(seen, form)
        if typed == seen and get_shop_facts(shop) != seen:  # nothing is lost by showing what others saved
            _SEEN.clear()
            st.rerun()
        pressed = form.pressed("Save", icon=":material/save:", stretch=False, changed=typed != seen)
    if pressed:
        saved = actions.attempt(
            Permission.EDIT_SHOP, lambda actor: save_shop_facts(shop, actor, typed), "Settings saved."
        )
        if not isinstance(saved, Trouble):
            form.done()
            _SEEN.set(saved)
            st.rerun()
        actions.show_trouble(saved)
        if saved.stale:
            forms.show_overtaken(lambda: _begin_again(shop, seen, typed), lambda: _begin_again(shop, seen, seen))


def _form(seen: ShopFacts) -> Form:
    return Form("shop_settings", str(seen.version))


def _begin_again(shop: Shop, seen: ShopFacts, typed: ShopFacts) -> None:
    """With the newest settings, and with what was changed here."""
    theirs = get_shop_facts(shop)
    _form(seen).done()
    _form(theirs).begin(forms.changed(seen, typed))
    _SEEN.set(theirs)


def _typed(seen: ShopFacts, form: Form) -> ShopFacts:
    with st.container(border=True):
        st.header("Appearance", anchor=False)
        look = {field.name: _line(field, seen, form) for field in _LOOK}
        brand = st.color_picker(
            "Brand colour",
            seen.brand,
            help="For buttons and lines. Text on it stays readable.",
            key=form.key("brand"),
            persist_state="session",
        )
    with st.container(border=True):
        st.header("Sender", anchor=False)
        sender = {field.name: _line(_with_default_sender(field), seen, form) for field in _SENDER}
    with st.container(border=True):
        st.header("Address and links", anchor=False)
        address = st.text_area(
            "Postal address",
            seen.postal_address,
            max_chars=500,
            height=110,
            help="Shown at the end of every email. Required for marketing emails; many countries demand it.",
            key=form.key("postal_address"),
            persist_state="session",
        )
        links = {field.name: _line(field, seen, form) for field in _LINKS}
    lines = {**look, **sender, **links}
    return replace(
        seen,
        brand=brand,
        postal_address=address,
        name=lines["name"],
        logo_url=lines["logo_url"],
        sender_name=lines["sender_name"],
        sender_address=lines["sender_address"],
        reply_to=lines["reply_to"],
        url=lines["url"],
        support_url=lines["support_url"],
    )


def _with_default_sender(field: _Field) -> _Field:
    """The sender's field says which address is used as long as it is empty."""
    return replace(field, placeholder=mailer().sender) if field.name == "sender_address" else field


def _line(field: _Field, seen: ShopFacts, form: Form) -> str:
    return st.text_input(
        field.label,
        str(getattr(seen, field.name)),
        placeholder=field.placeholder or None,
        help=field.help or None,
        max_chars=field.longest,
        key=form.key(field.name),
        persist_state="session",
    )


def show_order_numbers(shop: Shop) -> None:
    """Renders the field and what the next order is called."""
    numbering = numbers.numbering_of(shop)
    form = Form("order_numbers")
    with form.area():
        prefix = st.text_input(
            "Prefix of order numbers",
            numbering.prefix,
            max_chars=10,
            autocomplete="off",
            key=form.key("prefix"),
            persist_state="session",
        )
        text = f"Next number: {numbering.upcoming}. Orders keep the number that they have."
        st.caption(formats.plain(text))
        pressed = form.pressed("Save prefix", changed=prefix != numbering.prefix, stretch=False)
    if pressed:
        saved = actions.attempt(
            Permission.EDIT_SHOP, lambda actor: numbers.change_prefix(shop, actor, prefix), "Prefix saved."
        )
        if isinstance(saved, Trouble):
            actions.show_trouble(saved)
        else:
            form.done()
            st.rerun()


def show_draft_orders(shop: Shop) -> None:
    """Renders where customers pay drafts, and when drafts expire."""
    seen = draft_settings(shop)
    form = Form("draft_settings")
    with form.area():
        url = st.text_input(
            "Payment address",
            seen.payment_url,
            max_chars=500,
            placeholder="https://shop.example/pay/{token}",
            help="Where a draft is paid in your shop. {token}, {number}, {amount} and {currency} are filled in.",
            key=form.key("url"),
            persist_state="session",
        )
        days = st.number_input(
            "Drafts expire after days",
            0,
            LONGEST_DAYS,
            seen.days,
            help="Counted from the last change; 0 is never. An expired draft can still be completed.",
            key=form.key("days"),
            persist_state="session",
        )
        pressed = form.pressed(
            "Save draft settings", changed=(url, days) != (seen.payment_url, seen.days), stretch=False
        )
    if pressed:
        saved = actions.attempt(
            Permission.EDIT_SHOP, lambda actor: change_draft_settings(shop, actor, url, days), "Draft settings saved."
        )
        if isinstance(saved, Trouble):
            actions.show_trouble(saved)
        else:
            form.done()
            st.rerun()
