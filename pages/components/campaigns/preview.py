"""What a campaign sends, as a sample customer gets it: one email, or one for each variant."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from backend.domain.campaigns import Campaign, Draft
from backend.services.campaigns.content import CampaignEmail, drafted_emails, emails_of
from backend.services.context import Shop
from backend.services.templates.previews import Preview, Recipient, render_preview
from pages.components.messages import view
from pages.components.ui import formats


def show_draft(shop: Shop, draft: Draft | None) -> None:
    """The emails of a draft, with the templates in use now."""
    st.header("Preview", anchor=False)
    if draft is None:
        st.caption("The email appears here, for a sample customer.")
        return
    _show(shop, drafted_emails(shop, draft))


def show_campaign(shop: Shop, campaign: Campaign) -> None:
    """The emails of a campaign as it was saved, also when the templates have changed since.

    Raises: `NotFoundError` when a template is gone.
    """
    st.header("Preview", anchor=False)
    _show(shop, emails_of(shop, campaign))


def _show(shop: Shop, emails: Mapping[str, CampaignEmail]) -> None:
    previews = {key: _preview(shop, email) for key, email in emails.items()}
    for key, preview in previews.items():
        _subject_line(key, preview)
    made = {key: preview.email for key, preview in previews.items() if preview.email is not None}
    if not made:
        return
    shown = next(iter(made))
    if len({email.html for email in made.values()}) > 1:
        shown = _choose(list(made))
    label = f"Variant {shown}" if shown else "Email preview"
    view.show_html(made[shown].html, label, key="campaign_preview")


def _choose(keys: list[str]) -> str:
    return st.segmented_control(
        "Email",
        keys,
        default=keys[0],
        required=True,
        format_func=formats.legible(lambda key: f"Variant {key}"),
        key=f"campaign_preview_{len(keys)}",
        label_visibility="collapsed",
    )


def _preview(shop: Shop, email: CampaignEmail) -> Preview:
    version = email.version
    recipient = Recipient(fields=email.fields)
    return render_preview(shop, version.facts.name, source=version.source, number=version.number, recipient=recipient)


def _subject_line(key: str, preview: Preview) -> None:
    variant = f"{formats.badge(f'Variant {key}', 'violet')} " if key else ""
    if preview.email is None:
        sentence = preview.problem.sentence if preview.problem else "This email cannot be rendered."
        st.error(variant + formats.plain(sentence), icon=":material/error:")
        return
    st.markdown(
        f"{variant}**{formats.plain(preview.email.subject)}**  \n:gray[{formats.plain(preview.email.preheader)}]"
    )
