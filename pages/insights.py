"""Insights: kinds of buyers, what they are worth, who is about to be lost, and why revenue changed."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import BackendError
from pages.components.insights import email_effect, questions, views
from pages.components.segments import age
from pages.components.ui import filters, formats
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop

_VIEWS = {
    "buyers": "Kinds of buyers",
    "returning": "Returning customers",
    "value": "Value",
    "at-risk": "Revenue at risk",
    "change": "Why did it change?",
    "email": "What email brought",
    "best": "Best customers",
    "products": "Best products",
    "lapsing": "About to be lost",
    "refunds": "Refunds",
}

actor = require(Permission.VIEW_OVERVIEW)
shop = current_shop()

st.title("Insights")
info = age.require(shop)
age.show(shop, info)
part = filters.pick_view("View", list(_VIEWS), name="view", key="insights_part", words=_VIEWS.__getitem__, hidden=True)
try:
    if part == "buyers":
        views.show_buyers(shop, info.name)
    elif part == "returning":
        views.show_returning(shop, info.name)
    elif part == "value":
        views.show_worth(shop, info.name)
    elif part == "change":
        questions.show_change(shop, actor)
    elif part == "email":
        email_effect.show(shop)
    elif part == "best":
        questions.show_best(shop, actor)
    elif part == "products":
        questions.show_best_products(shop, actor)
    elif part == "refunds":
        questions.show_refunds(shop)
    elif part == "lapsing":
        questions.show_lapsing(shop, actor)
    else:
        views.show_at_risk(shop)
except BackendError as error:
    st.warning(formats.plain(error.sentence), icon=":material/warning:")
