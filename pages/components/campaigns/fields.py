"""Widgets that several parts of a campaign's form have: what a template asks for, and how long to wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import streamlit as st

from backend.domain.emails import TemplateFacts, TemplateField
from pages.components.campaigns import words
from pages.components.templates import fields

_WAITS = tuple(timedelta(minutes=minutes) for minutes in (10, 30, 60, 120, 240, 480, 1440))


def ask(template: TemplateFacts, key: str, before: Mapping[str, str]) -> dict[str, str]:
    """What the template asks for; what may stay empty is folded away. `key` begins the keys of the widgets."""
    required = [field for field in template.fields if field.required]
    optional = [field for field in template.fields if not field.required]
    values = {field.name: _ask(field, key, before) for field in required}
    if optional:
        with st.expander("Optional content", icon=":material/add_notes:"):
            values |= {field.name: _ask(field, key, before) for field in optional}
    return values


def ask_wait(label: str, key: str, before: timedelta) -> timedelta:
    """A choice of waiting times."""
    options = sorted({*_WAITS, before})
    return st.selectbox(
        label,
        options,
        index=options.index(before),
        format_func=words.waiting,
        key=key,
        persist_state="session",
        width=150,
    )


def _ask(field: TemplateField, key: str, before: Mapping[str, str]) -> str:
    return fields.ask(field, f"{key}_{field.name}", before.get(field.name, ""), mark_optional=False)
