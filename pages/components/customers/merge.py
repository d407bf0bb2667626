"""The dialog that merges another customer into the one whose page it is: a search, a preview, and the decision."""

from __future__ import annotations

import streamlit as st

from backend.domain.customers import Customer
from backend.domain.team import Permission
from backend.services.customer_data import merge, merging
from backend.services.customer_data.merge import MergePreview
from pages.components.customers.search import search_customers
from pages.components.ui import actions, formats
from pages.components.ui.dialogs import Dialog
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop
from pages.components.ui.state import Slot

_OTHER: Slot[tuple[str, str]] = Slot("merge.other")
"""For whom somebody was chosen, and who."""
_SECONDS = 5.0
"""How long the page itself works on a merge; a worker does the rest."""


def _merge(seen: Customer) -> None:
    shop, (chosen_for, other) = current_shop(), _OTHER.get() or ("", "")
    if chosen_for != seen.id:
        hint = "Find the customer who is the same person. They become part of this one."
        search_customers(shop, "Merge with", lambda found: _OTHER.set((seen.id, found)), hint=hint)
        return
    st.button("Choose another", icon=":material/arrow_back:", type="tertiary", on_click=_OTHER.clear)
    preview = merge.preview_merge(shop, require(Permission.ERASE_CUSTOMERS), seen.id, other)
    _show(preview)
    if preview.reasons:
        return
    two = False
    with st.form(f"merge_{seen.id}", border=False):
        if preview.has_two_accounts:
            two = st.checkbox("Both have an account at a shop. They are one person all the same.")
        missing = "" if two or not preview.has_two_accounts else "Confirm that they are one person."
        pressed = actions.submitted("Merge", key="merge_now", missing=missing, icon=":material/merge:")
    if pressed:
        done = actions.attempt(
            Permission.ERASE_CUSTOMERS,
            lambda actor: merging.finish_merge(
                shop, merge.begin_merge(shop, actor, seen.id, other, two_accounts=two), seconds=_SECONDS
            ),
            "Merged. A worker moves what is left within minutes.",
        )
        _OTHER.clear()
        MERGE.finish(done)


def _show(preview: MergePreview) -> None:
    shop, gone, after = current_shop(), preview.gone, preview.after
    name = formats.plain(formats.name_of(gone.name, "This customer"))
    st.markdown(f"**{name}** :gray[{formats.plain(gone.email or 'no address')}] becomes part of this one.")
    moves = (
        formats.counted(shop, preview.orders, "order"),
        formats.counted(shop, preview.messages, "email"),
        formats.counted(shop, preview.notes, "note or change", "notes and changes"),
        formats.counted(shop, preview.addresses, "postal address", "postal addresses"),
        formats.counted(shop, len(preview.new_tags), "tag"),
    )
    consent = "not asked" if after.consent is None else "agreed" if after.consent.given else "declined"
    blocked = ", ".join(reason.label for reason in preview.suppressions) or "none"
    st.markdown(f"**Moves:** {', '.join(moves)}.")
    st.markdown(f"**Afterwards:** marketing email: {consent}, the stricter answer. Blocked addresses: {blocked}.")
    st.caption("Shops, imports and links that name the other customer find this one. Totals stay as they are.")
    for reason in preview.reasons:
        st.warning(reason, icon=":material/block:")


MERGE = Dialog[Customer]("merge_customer", "Merge with another customer", _merge, icon=":material/merge:")
