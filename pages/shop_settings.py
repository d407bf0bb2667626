"""Shop settings: what the shop says about itself in every email. For managers and admins."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.services.previews import render_preview
from backend.services.shop_settings import get_shop_facts
from pages.components import email_preview, formats, shop_settings_form
from pages.components.guard import require
from pages.components.shell import shop

_EXAMPLE = "welcome"

actor = require(Permission.EDIT_SHOP)
here = shop()
facts = get_shop_facts(here)

st.title("Shop settings")
if not facts.postal_address.strip():
    st.warning("Add a postal address. Marketing emails are not sent without one.", icon=":material/home_pin:")
form, example = st.columns(2, gap="medium")
with form:
    shop_settings_form.show(here)
    told = (
        f"Currency ({facts.currency}), language ({facts.locale}) and time zone ({facts.zone}) are set by your engineer."
    )
    st.caption(formats.plain(told))
with example:
    st.header("Email preview", anchor=False)
    st.caption("Preview with the saved settings.")
    email_preview.show_views(here, render_preview(here, _EXAMPLE), email_preview.VIEWS_WHILE_EDITING, "shop")
