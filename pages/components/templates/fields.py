"""The widget for a value that a template asks the sender for."""

from __future__ import annotations

import streamlit as st

from backend.domain.emails import TemplateField

LONGEST = 20_000


def ask(field: TemplateField, key: str, before: str = "", *, mark_optional: bool = True) -> str:
    """A line, or an area for a text of several lines. `mark_optional` says in the label that it may stay empty."""
    label = field.label + (" (optional)" if mark_optional and not field.required else "")
    if field.is_long:
        return st.text_area(label, before, key=key, persist_state="session", max_chars=LONGEST, height=120)
    return st.text_input(
        label,
        before,
        key=key,
        persist_state="session",
        max_chars=LONGEST,
        placeholder="https://…" if field.is_url else "",
    )
