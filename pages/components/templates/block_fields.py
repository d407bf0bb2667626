"""The fields of one block, whoever sees it, and the picker of merge fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import streamlit as st

from backend.domain.emails import TemplateFacts
from backend.email.blocks.conditions import CASES, VALUE_LABELS, cases_of
from backend.email.blocks.merge_fields import MergeField, merge_fields
from backend.email.blocks.model import LONGEST_LINE, NETWORKS, Block, Case, Condition, Document
from pages.components.ui.state import Slot, field_of

Key = Callable[[str], str]
_TEXT_HEIGHT = 220
_LABELS = {
    "text": "Text",
    "address": "Address of the picture",
    "alternative": "Alternative text",
    "link": "Link",
    "label": "Label",
    "title": "Title",
    "price": "Price",
    "picture": "Address of the picture",
    "code": "Code",
    "greeting": "Greeting",
    "name": "Name",
    **NETWORKS,
}
_HELP = {
    "text": "**bold**, *italic*, [words](https://…) for a link, lines that begin with - for a list. "
    "A blank line begins a paragraph.",
    "alternative": "What the picture shows, for people who do not see it.",
}
_PLACEHOLDERS = dict.fromkeys(("address", "link", "picture", *NETWORKS), "https://…")
_SMALL = {"heading": "Smaller heading", "text": "Small print"}
_TAKES_FIELDS = ("text", "label", "name", "alternative")
_EVERYBODY = ""
_HEADERS = {"subject": "Subject", "preheader": "Preheader"}


def show_headers(document: Document, key: Key) -> None:
    """Subject and preheader."""
    for name, label in _HEADERS.items():
        field_of(key(name), getattr(document, name))
        help = "Preview text shown after the subject in the inbox." if name == "preheader" else None
        st.text_input(label, key=key(name), max_chars=LONGEST_LINE, live="500ms", persist_state="session", help=help)


def read_headers(document: Document, key: Key) -> Document:
    """The document with subject and preheader as their fields say now."""
    values = {name: st.session_state.get(key(name), getattr(document, name)) for name in _HEADERS}
    return dataclasses.replace(document, **values)


def show(block: Block, facts: TemplateFacts, key: Key) -> None:
    """The widgets of a block. `key` makes their keys of the names of its fields."""
    for field in _own(block):
        _show_field(block, field, key)
    if _target(block):
        _show_picker(block, facts, key)
    _show_condition(block, facts, key)


def read(block: Block, key: Key) -> Block:
    """The block as its fields say now, or as it was where they are not drawn."""
    values = {field.name: st.session_state.get(key(field.name), getattr(block, field.name)) for field in _own(block)}
    choice = st.session_state.get(key("shown_to"), _choice_of(block.only_if))
    before = block.only_if.value if block.only_if else ""
    value = st.session_state.get(key("value"), before) or ""
    return dataclasses.replace(block, **values, only_if=_condition(choice, value))


def _own(block: Block) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(block) if isinstance(field.default, (str, bool))]


def _show_field(block: Block, field: dataclasses.Field[Any], key: Key) -> None:
    name, value = field.name, getattr(block, field.name)
    field_of(key(name), value)
    if isinstance(value, bool):
        st.toggle(_SMALL[block.KIND], key=key(name), persist_state="session")
    elif field.metadata.get("lines"):
        longest = field.metadata["longest"]
        st.text_area(
            _LABELS[name],
            key=key(name),
            height=_TEXT_HEIGHT,
            max_chars=longest,
            help=_HELP.get(name),
            persist_state="session",
        )
    else:
        st.text_input(
            _LABELS[name],
            key=key(name),
            max_chars=field.metadata["longest"],
            placeholder=_PLACEHOLDERS.get(name, ""),
            help=_HELP["alternative"] if name == "alternative" else None,
            live="500ms",
            persist_state="session",
        )


# --- Merge fields ------------------------------------------------------------------------------------------------


def _target(block: Block) -> str:
    """The field that a merge field is put into; "" when the block has none."""
    names = [field.name for field in _own(block)]
    return next((name for name in _TAKES_FIELDS if name in names), "")


def _show_picker(block: Block, facts: TemplateFacts, key: Key) -> None:
    st.selectbox(
        "Merge field",
        [field.name for field in merge_fields(facts).values()],
        index=None,
        key=key("insert"),
        placeholder="Insert a merge field",
        help="It is put at the end; move it where you want it. Behind a bar stands what is shown when it is empty.",
        on_change=_insert,
        args=(block, facts, key),
    )


def _insert(block: Block, facts: TemplateFacts, key: Key) -> None:
    picked: Slot[str | None] = field_of(key("insert"), None)
    name = picked.get()
    picked.set(None)
    if name:
        field = merge_fields(facts)[name.casefold()]
        link = field.is_url and "link" in _names(block)
        target = "link" if link else _target(block)
        before = field_of(key(target), getattr(block, target))
        before.set(f"{{{field.name}}}" if link else f"{before.get()}{_written(field)}")


def _names(block: Block) -> list[str]:
    return [field.name for field in dataclasses.fields(block)]


def _written(field: MergeField) -> str:
    return f"{{{field.name}|there}}" if field.name == "First name" else f"{{{field.name}}}"


# --- Conditions --------------------------------------------------------------------------------------------------


def _show_condition(block: Block, facts: TemplateFacts, key: Key) -> None:
    cases = cases_of(facts)
    choices = [_EVERYBODY, *cases, *(f"not {case}" for case in cases)]
    before = _choice_of(block.only_if)
    choice = field_of(key("shown_to"), before)
    shown = choices if choice.get() in choices else [*choices, before]
    st.selectbox("Shown", shown, key=key("shown_to"), format_func=_choice_words, persist_state="session")
    condition = _condition(str(choice.get()), "")
    if condition is None or condition.case not in VALUE_LABELS:
        return
    value = field_of(key("value"), block.only_if.value if block.only_if else "")
    label = VALUE_LABELS[condition.case]
    if condition.case is Case.FIELD:
        labels = [field.label for field in facts.fields]
        if value.get() not in labels:
            value.set(labels[0])
        st.selectbox(label, labels, key=key("value"), persist_state="session")
    else:
        st.text_input(label, key=key("value"), max_chars=100, persist_state="session")


def _choice_of(condition: Condition | None) -> str:
    if condition is None:
        return _EVERYBODY
    return f"not {condition.case}" if condition.unless else condition.case.value


def _choice_words(choice: str) -> str:
    condition = _condition(choice, "")
    if condition is None:
        return "To everybody"
    return f"{'Unless' if condition.unless else 'Only if'} {CASES[condition.case]}"


def _condition(choice: str, value: str) -> Condition | None:
    if choice == _EVERYBODY:
        return None
    case = Case(choice.removeprefix("not "))
    return Condition(case=case, value=value if case in VALUE_LABELS else "", unless=choice.startswith("not "))
