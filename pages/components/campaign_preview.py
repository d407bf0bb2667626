"""What a campaign sends, as a sample customer gets it: one email, or one for each variant."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from backend.domain.campaigns import Draft
from backend.services import templates
from backend.services.context import Shop
from backend.services.previews import Preview, Recipient, render_preview
from pages.components import formats, message_view


def show_draft(here: Shop, draft: Draft | None) -> None:
    """The email of a draft with each of its subjects."""
    st.subheader("How it looks", anchor=False)
    if draft is None:
        st.caption("The email appears here, for a sample customer.")
        return
    previews = _previews(here, draft)
    for key, preview in previews.items():
        _subject_line(key, preview)
    first = next(iter(previews.values()))
    if first.email is not None:
        message_view.show_html(first.email.html, "What customers get", key="campaign_preview")


def _previews(here: Shop, draft: Draft) -> dict[str, Preview]:
    """By the key of the variant; by "" without a test."""
    if draft.test is None:
        return {"": _preview(here, draft.template, draft.subject, draft)}
    return {
        variant.key: _preview(here, variant.template or draft.template, variant.subject or draft.subject, draft)
        for variant in draft.test.variants
    }


def _preview(here: Shop, template: str, subject: str, draft: Draft) -> Preview:
    source = templates.current_version(here, template).source
    shown = replace(source, subject=subject) if subject else source
    return render_preview(here, template, source=shown, recipient=Recipient(fields=draft.fields))


def _subject_line(key: str, preview: Preview) -> None:
    if preview.email is None:
        sentence = preview.problem.sentence if preview.problem else "This email cannot be rendered."
        st.error(formats.plain(sentence), icon=":material/error:")
        return
    variant = f"{formats.badge(f'Variant {key}', 'violet')} " if key else ""
    st.markdown(
        f"{variant}**{formats.plain(preview.email.subject)}**  \n:gray[{formats.plain(preview.email.preheader)}]"
    )
