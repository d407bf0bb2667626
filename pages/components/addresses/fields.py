"""The fields of a postal address, in the order in which people read one out."""

from __future__ import annotations

import streamlit as st

from backend.domain.addresses import LONGEST, Address
from backend.services.context import Shop
from pages.components.ui import formats
from pages.components.ui.forms import Form


def show(shop: Shop, form: Form, before: Address) -> Address:
    """Renders the fields, filled with `before`; returns what is typed, which the service checks."""
    name = _line(form, "Name", "name", before.name)
    company = _line(form, "Company", "company", before.company)
    street = _line(form, "Street and number", "street", before.street)
    street2 = _line(form, "Apartment, suite", "street2", before.street2)
    left, right = st.columns([1, 2])
    with left:
        postcode = _line(form, "Postcode", "postcode", before.postcode)
    with right:
        city = _line(form, "City", "city", before.city)
    left, right = st.columns(2)
    with left:
        region = _line(form, "State or region", "region", before.region)
    with right:
        country = _country(shop, form, before.country)
    phone = _line(form, "Phone", "phone", before.phone)
    return Address(name, company, street, street2, city, postcode, region, country, phone)


def _country(shop: Shop, form: Form, before: str) -> str:
    names = {"": "No country"} | formats.countries(shop)
    codes = list(names) if before in names else [before, *names]
    return st.selectbox(
        "Country",
        codes,
        index=codes.index(before),
        format_func=lambda code: names.get(code, code),
        key=form.key("country"),
        persist_state="session",
    )


def _line(form: Form, label: str, field: str, before: str) -> str:
    return st.text_input(
        label,
        before,
        max_chars=LONGEST.get(field, 50),
        autocomplete="off",
        key=form.key(field),
        persist_state="session",
    )
