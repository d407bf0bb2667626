"""How long records are kept: the form, and what would go before it is saved."""

from __future__ import annotations

import streamlit as st

from backend.domain.retention import EVENT_DAYS, MOST_DAYS, Kept, Retention
from backend.domain.team import Permission
from backend.services.context import Shop
from backend.services.customer_data.retention import (
    MOST_COUNTED,
    change_retention,
    preview_retention,
    retention_of,
)
from pages.components.ui import actions, formats
from pages.components.ui.actions import Trouble
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop

_LABELS = {
    Kept.MESSAGES: ("Recipients and contents of emails", "What was sent, when, and what became of it stays."),
    Kept.EVENTS: ("Reports about emails", f"The provider's reports as they came; {EVENT_DAYS} days at most."),
    Kept.AUDIT: ("Audit log", "At least 365 days. The seals stay, so that the rest can still be verified."),
}


def show_retention(shop: Shop) -> None:
    """Renders the form. Saving shows first what would go."""
    seen = retention_of(shop)
    form = Form("retention", str(seen.version))
    with form.area():
        days = {kind: _days(form, kind, seen.days(kind)) for kind in Kept}
        st.caption("Days. 0 keeps them for good. Totals and statistics stay.")
        wanted = Retention(days[Kept.MESSAGES], days[Kept.EVENTS], days[Kept.AUDIT], seen.version)
        pressed = form.pressed("Preview", changed=wanted != seen, stretch=False)
    if pressed:
        preview = actions.attempt(Permission.MANAGE_TEAM, lambda actor: preview_retention(shop, actor, wanted), "")
        if isinstance(preview, Trouble):
            actions.show_trouble(preview)
        else:
            RETENTION.open((wanted, preview))
            st.rerun()


def _days(form: Form, kind: Kept, days: int) -> int:
    label, hint = _LABELS[kind]
    most = EVENT_DAYS if kind is Kept.EVENTS else MOST_DAYS
    least = 1 if kind is Kept.EVENTS else 0
    key = form.key(kind.value)
    return int(st.number_input(label, least, most, days, help=hint, key=key, persist_state="session"))


def _confirm(subject: tuple[Retention, dict[Kept, int]]) -> None:
    shop, (wanted, going) = current_shop(), subject
    for kind, number in going.items():
        shown = formats.count(shop, number) + (" or more" if number >= MOST_COUNTED else "")
        st.markdown(f"**{_LABELS[kind][0]}:** {shown} go, older than {wanted.days(kind):,} days.")
    if not any(going.values()):
        st.markdown("Nothing goes now.")
    st.caption("A worker removes them in the background. This cannot be undone.")
    if st.button("Save", type="primary", icon=":material/auto_delete:", width="stretch"):
        saved = actions.attempt(Permission.MANAGE_TEAM, lambda actor: change_retention(shop, actor, wanted), "Saved.")
        RETENTION.finish(saved)


RETENTION = Dialog[tuple[Retention, dict[Kept, int]]](
    "retention", "Change how long records are kept?", _confirm, icon=":material/auto_delete:"
)
