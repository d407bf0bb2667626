"""The blocks of a template that is being written: their list, what can be done with one, and its fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import streamlit as st

from backend.domain.emails import TemplateFacts
from backend.domain.team import Permission
from backend.domain.templates import PARTS
from backend.email.blocks import editing
from backend.email.blocks.editing import Place
from backend.email.blocks.model import KINDS, Block, Columns, Document
from backend.email.blocks.reading import read_document, written_document
from backend.email.blocks.sources import with_body
from backend.errors import InvalidInputError
from pages.components.templates import block_fields
from pages.components.templates.drafts import TemplateDraft
from pages.components.ui import formats
from pages.components.ui.guard import require
from pages.components.ui.state import Slot, field_of, forget_fields

_MOST_STEPS = 50
_SUMMARY = 40
_ICONS = {
    "heading": ":material/title:",
    "text": ":material/notes:",
    "picture": ":material/image:",
    "button": ":material/smart_button:",
    "product": ":material/sell:",
    "order_table": ":material/receipt_long:",
    "coupon": ":material/confirmation_number:",
    "columns": ":material/view_column:",
    "divider": ":material/horizontal_rule:",
    "signature": ":material/draw:",
    "social": ":material/share:",
}


@dataclass(frozen=True, slots=True)
class _Editing:
    """Which block is chosen, and the documents to go back and forth to. Each `turn` has fields of its own."""

    chosen: Place | None = None
    turn: int = 0
    undo: tuple[str, ...] = ()
    redo: tuple[str, ...] = ()
    refusal: str = field(default="", compare=False)


def show(draft: TemplateDraft, facts: TemplateFacts) -> None:
    """Subject and preheader, and the list of blocks with the fields of the chosen one below it."""
    absorb(draft)
    document, now = _document(draft), _editing(draft)
    block_fields.show_headers(document, _key(draft, now))
    with st.container(border=True, gap="xsmall"):
        for place in editing.places(document):
            _show_row(draft, document, place, now)
        _show_add(draft, "Add a block", _after(document, now.chosen), "add")
    _show_actions(draft, document, now)
    if now.refusal:
        st.warning(formats.plain(now.refusal), icon=":material/edit_note:")
    block = editing.block_at(document, now.chosen) if now.chosen else None
    if block is not None and now.chosen is not None:
        with st.container(border=True):
            st.markdown(f"{_ICONS[block.KIND]} **{block.TITLE}**")
            if isinstance(block, Columns):
                for side in editing.SIDES:
                    last = (now.chosen[0], side, len(getattr(block, side)))
                    _show_add(draft, f"Add to the {side} column", last, f"add_{side}")
            block_fields.show(block, facts, _key(draft, now))
    _show_code(draft, facts)


def absorb(draft: TemplateDraft) -> None:
    """Takes what the fields say into the draft. Callbacks need it before they read the draft."""
    if not _json(draft):
        return
    now, document = _editing(draft), _document(draft)
    key = _key(draft, now)
    written = block_fields.read_headers(document, key)
    block = editing.block_at(document, now.chosen) if now.chosen else None
    if block is not None and now.chosen is not None:
        written = editing.replaced(written, now.chosen, block_fields.read(block, key))
    if written != document:
        _remember(draft, now, written)


def begin(draft: TemplateDraft, facts: TemplateFacts) -> None:
    """The draft is written in blocks from now on."""
    require(Permission.EDIT_TEMPLATES)
    _written(draft).set(written_document(editing.first_document(draft.typed, facts)))


def _show_row(draft: TemplateDraft, document: Document, place: Place, now: _Editing) -> None:
    block = editing.block_at(document, place)
    if block is None:
        return
    inset = "↳ " if len(place) > 1 else ""
    st.button(
        f"{inset}**{block.TITLE}** {formats.plain(_summary(block))}",
        icon=_ICONS[block.KIND],
        key=draft.key(f"row_{'_'.join(map(str, place))}"),
        type="secondary" if place == now.chosen else "tertiary",
        on_click=_choose,
        args=(draft, place),
    )


def _summary(block: Block) -> str:
    texts = [getattr(block, each.name) for each in dataclasses.fields(block) if each.name != "only_if"]
    text = next((text for text in texts if isinstance(text, str) and text), "")
    line = " ".join(text.split())
    return line if len(line) <= _SUMMARY else f"{line[:_SUMMARY]}…"


def _show_add(draft: TemplateDraft, label: str, place: Place, name: str) -> None:
    kinds = [kind for kind, made in KINDS.items() if len(place) == 1 or made is not Columns]
    st.selectbox(
        label,
        kinds,
        index=None,
        placeholder=label,
        format_func=lambda kind: KINDS[kind].TITLE,
        key=draft.key(name),
        label_visibility="collapsed",
        on_change=_add,
        args=(draft, place, draft.key(name)),
    )


def _show_actions(draft: TemplateDraft, document: Document, now: _Editing) -> None:
    place = now.chosen
    chosen = place is not None and editing.block_at(document, place) is not None
    with st.container(horizontal=True, gap="small"):
        for label, icon, action, enabled in (
            ("Up", "arrow_upward", _move_up, chosen and place is not None and place[-1] > 0),
            ("Down", "arrow_downward", _move_down, chosen and _has_next(document, place)),
            ("Copy", "content_copy", _copy, chosen),
            ("Remove", "delete", _remove, chosen),
            ("Undo", "undo", _undo, bool(now.undo)),
            ("Redo", "redo", _redo, bool(now.redo)),
        ):
            st.button(
                label,
                icon=f":material/{icon}:",
                key=draft.key(label),
                disabled=not enabled,
                on_click=action,
                args=(draft,),
            )


def _show_code(draft: TemplateDraft, facts: TemplateFacts) -> None:
    with st.expander("Code", icon=":material/code:"):
        st.caption("Continue in MJML instead. The way back is to discard the draft, or to restore a version.")
        st.button("Turn into code", key=draft.key("to_code"), on_click=_turn_into_code, args=(draft, facts))


# --- What happens on a click -------------------------------------------------------------------------------------


def _choose(draft: TemplateDraft, place: Place) -> None:
    absorb(draft)
    now = _editing(draft)
    _slot(draft).set(replace(_turned(draft, now), chosen=None if place == now.chosen else place))


def _add(draft: TemplateDraft, place: Place, key: str) -> None:
    picked: Slot[str | None] = field_of(key, None)
    kind = picked.get()
    picked.set(None)
    if kind:
        _change(draft, lambda document, _: (editing.added(document, place, editing.new_block(kind)), place))


def _move_up(draft: TemplateDraft) -> None:
    _change(draft, lambda document, place: editing.moved(document, place, -1))


def _move_down(draft: TemplateDraft) -> None:
    _change(draft, lambda document, place: editing.moved(document, place, 1))


def _copy(draft: TemplateDraft) -> None:
    def copied(document: Document, place: Place) -> tuple[Document, Place]:
        block, there = editing.block_at(document, place), editing.next_to(place)
        return (editing.added(document, there, block), there) if block else (document, place)

    _change(draft, copied)


def _remove(draft: TemplateDraft) -> None:
    _change(draft, lambda document, place: (editing.removed(document, place), None))


def _change(draft: TemplateDraft, change: Callable[[Document, Place], tuple[Document, Place | None]]) -> None:
    require(Permission.EDIT_TEMPLATES)
    absorb(draft)
    now = _editing(draft)
    document, chosen = change(_document(draft), now.chosen or (0,))
    _remember(draft, replace(_turned(draft, now), chosen=chosen), document)


def _undo(draft: TemplateDraft) -> None:
    require(Permission.EDIT_TEMPLATES)
    absorb(draft)
    now, before = _editing(draft), _json(draft)
    if now.undo:
        _written(draft).set(now.undo[-1])
        _slot(draft).set(replace(_turned(draft, now), undo=now.undo[:-1], redo=(*now.redo, before)))


def _redo(draft: TemplateDraft) -> None:
    require(Permission.EDIT_TEMPLATES)
    absorb(draft)
    now, before = _editing(draft), _json(draft)
    if now.redo:
        _written(draft).set(now.redo[-1])
        _slot(draft).set(replace(_turned(draft, now), redo=now.redo[:-1], undo=(*now.undo, before)))


def _turn_into_code(draft: TemplateDraft, facts: TemplateFacts) -> None:
    require(Permission.EDIT_TEMPLATES)
    absorb(draft)
    source = with_body(draft.typed, facts)
    for part in PARTS:
        field_of(draft.key(part), "").set("" if part == "blocks" else getattr(source, part))


def _remember(draft: TemplateDraft, now: _Editing, document: Document) -> None:
    """Keeps a changed document, if an email can hold it; what it was before can be brought back."""
    try:
        written = written_document(read_document(written_document(document)))
    except InvalidInputError as error:
        _slot(draft).set(replace(_editing(draft), refusal=error.sentence))
        return
    before = _json(draft)
    if written != before:
        now = replace(now, undo=(*now.undo, before)[-_MOST_STEPS:], redo=())
        _written(draft).set(written)
    _slot(draft).set(replace(now, refusal=""))


def _has_next(document: Document, place: Place | None) -> bool:
    return place is not None and editing.block_at(document, editing.next_to(place)) is not None


def _after(document: Document, chosen: Place | None) -> Place:
    return editing.next_to(chosen) if chosen else (len(document.blocks),)


def _document(draft: TemplateDraft) -> Document:
    return read_document(_json(draft))


def _json(draft: TemplateDraft) -> str:
    return _written(draft).get() or ""


def _written(draft: TemplateDraft) -> Slot[str]:
    return field_of(draft.key("blocks"), draft.initial.blocks)


def _editing(draft: TemplateDraft) -> _Editing:
    return _slot(draft).get() or _Editing()


def _slot(draft: TemplateDraft) -> Slot[_Editing]:
    return field_of(draft.key("editing"), _Editing())


def _turned(draft: TemplateDraft, now: _Editing) -> _Editing:
    """With fresh fields, which say what the document says."""
    forget_fields(draft.key(f"block_{now.turn}_"))
    return replace(now, turn=now.turn + 1, refusal="")


def _key(draft: TemplateDraft, now: _Editing) -> block_fields.Key:
    return lambda name: draft.key(f"block_{now.turn}_{name}")
