"""Why a customer can or cannot be emailed, in sentences that say what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend.domain.customers import Customer
from backend.domain.emails import Kind
from backend.domain.messages import SkipReason
from backend.services.context import Shop
from backend.services.sending.eligibility import can_we_email
from pages.components.ui.shell import mailer

WHY = {
    SkipReason.NO_ADDRESS: "There is no email address. Add one to the customer.",
    SkipReason.BOUNCED: "Mail to this address bounced. Ask the customer for another address.",
    SkipReason.COMPLAINED: "They marked our mail as spam. Do not email them unless they ask.",
    SkipReason.SUPPRESSED: "The address is on the suppression list.",
    SkipReason.UNSUBSCRIBED: "They unsubscribed. Only they can change that.",
    SkipReason.NO_CONSENT: "They have not agreed to marketing email.",
    SkipReason.ARCHIVED: "The customer is archived. Restore them first.",
    SkipReason.CAP_REACHED: "They have reached the limit for marketing email.",
    SkipReason.PAUSED: "They paused marketing email.",
    SkipReason.CUSTOMER_GONE: "This customer no longer exists.",
}
KIND_LABELS = {Kind.TRANSACTIONAL: "About their orders", Kind.MARKETING: "Marketing"}


def show_answers(shop: Shop, customer: Customer) -> None:
    """The answer for each kind of email at this moment."""
    for kind, against in can_we_email(shop, customer, mailer().limits).items():
        st.markdown(f"**{KIND_LABELS[kind]}**  \n{answer(against)}")


def answer(against: Sequence[SkipReason]) -> str:
    """Markdown: yes, or no with every reason."""
    if not against:
        return ":material/check_circle: Yes"
    return ":material/block: No" + "".join(f"  \n:gray[{WHY[reason]}]" for reason in against)
