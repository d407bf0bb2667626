"""Import and export: bring in a Shopify order export or a table of customers, take out customers and orders."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from pages.components.imports import export_forms, import_form, job_list
from pages.components.ui import filters
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop

actor = require(Permission.IMPORT_DATA)
shop = current_shop()

st.title("Import and export")
incoming, outgoing = filters.tabs(
    {"import": ":material/upload_file: Import", "export": ":material/download: Export"}, name="view", key="data_tabs"
)
with incoming:
    import_form.show(shop)
    st.header("Import history")
    job_list.show(shop, actor)
with outgoing:
    if actor.may(Permission.EXPORT_DATA):
        export_forms.customers(shop, actor)
        export_forms.orders(shop, actor)
    else:
        st.info(f"Your role ({actor.role}) may not export data. Ask an admin if you need to.", icon=":material/lock:")
