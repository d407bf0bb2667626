"""What somebody is typing into a template, and what it began with, so that nobody's text is ever lost or overwritten.

A browser session remembers which save of the working copy its text is based on. As long as nothing was typed, newer
saves of others simply take its place; as soon as something was, the person decides.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

import streamlit as st

from backend.domain.emails import TemplateSource
from backend.domain.templates import PARTS, TemplateState, WorkingCopy, parts_between
from backend.services.context import Shop
from backend.services.templates import catalogue
from pages.components.ui.state import Slot, forget_fields


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """What was there when the person began (`initial`, revision and number in use), and what was last `saved`.

    `fields` makes the names of the fields, so that a new beginning gets fresh ones.
    """

    template: str
    revision: int
    number: int
    initial: TemplateSource
    saved: TemplateSource
    fields: str

    def key(self, part: str) -> str:
        """The key of the field of this part."""
        return f"draft_{self.template}_{self.fields}_{part}"

    @property
    def typed(self) -> TemplateSource:
        """What the fields say now."""
        return TemplateSource(
            **{part: st.session_state.get(self.key(part), getattr(self.initial, part)) for part in PARTS}
        )

    @property
    def dirty(self) -> bool:
        """Whether something was typed that is not saved."""
        return not same(self.typed, self.saved)


def draft_of(shop: Shop, state: TemplateState, copy: WorkingCopy | None) -> TemplateDraft:
    """The draft of this session. It begins again when others changed something and nothing was typed here."""
    slot = _slot(state.facts.name)
    draft = slot.get()
    if draft is None or (is_behind(draft, state, copy) and not draft.dirty):
        source = copy.source if copy else catalogue.version(shop, state.facts.name, state.number).source
        draft = TemplateDraft(state.facts.name, revision_of(copy), state.number, source, source, secrets.token_hex(4))
        slot.set(draft)
    return draft


def is_behind(draft: TemplateDraft, state: TemplateState, copy: WorkingCopy | None) -> bool:
    """Whether somebody saved, published or discarded since."""
    return draft.revision != revision_of(copy) or (copy is None and draft.number != state.number)


def was_saved(template: str, copy: WorkingCopy) -> None:
    """The fields stay as they are and count as saved."""
    draft = _slot(template).get()
    if draft is not None:
        _slot(template).set(replace(draft, revision=copy.revision, saved=copy.source))


def keep_mine(template: str, theirs: WorkingCopy | None, number: int) -> None:
    """The person has seen what others did, and goes on with the text in the fields."""
    draft = _slot(template).get()
    if draft is not None:
        saved = theirs.source if theirs else draft.saved
        _slot(template).set(replace(draft, revision=revision_of(theirs), number=number, saved=saved))


def begin_again(template: str) -> None:
    """Forgets what was typed; the fields are filled again."""
    draft = _slot(template).get()
    _slot(template).clear()
    if draft is not None:
        forget_fields(draft.key(""))


def same(one: TemplateSource, other: TemplateSource) -> bool:
    """Whether two texts are alike as they are kept: line ends do not count."""
    parts = parts_between(one, other)
    return all(getattr(one, part).splitlines() == getattr(other, part).splitlines() for part in parts)


def revision_of(copy: WorkingCopy | None) -> int:
    return copy.revision if copy else 0


def _slot(template: str) -> Slot[TemplateDraft]:
    return Slot(f"draft.{template}")
