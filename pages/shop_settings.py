"""Shop settings: what the shop says about itself in every email. For managers and admins."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.services.shop_settings import get_shop_facts
from backend.services.templates.previews import render_preview
from pages.components.shop import retention, settings_form
from pages.components.templates import preview
from pages.components.ui import formats
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop

_EXAMPLE = "welcome"

actor = require(Permission.EDIT_SHOP)
shop = current_shop()
facts = get_shop_facts(shop)

st.title("Shop settings")
if not facts.postal_address.strip():
    st.warning("Add a postal address. Marketing emails are not sent without one.", icon=":material/home_pin:")
form, example = st.columns(2, gap="medium")
with form:
    settings_form.show(shop)
    sentence = (
        f"Currency ({facts.currency}), language ({facts.locale}) and time zone ({facts.zone}) are set by your engineer."
    )
    st.caption(formats.plain(sentence))
    st.header("Order numbers", anchor=False)
    settings_form.show_order_numbers(shop)
    st.header("Draft orders", anchor=False)
    settings_form.show_draft_orders(shop)
    if actor.may(Permission.MANAGE_TEAM):
        st.header("How long records are kept", anchor=False)
        retention.show_retention(shop)
        retention.RETENTION.show()
with example:
    st.header("Email preview", anchor=False)
    st.caption("Preview with the saved settings.")
    preview.show_views(shop, render_preview(shop, _EXAMPLE), preview.VIEWS_WHILE_EDITING, "shop")
