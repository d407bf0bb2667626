"""Reports of the mail provider in the words of people."""

from __future__ import annotations

from backend.domain.events import BounceType, EventType, MailEvent
from backend.email.links import without_tokens
from pages.components.ui import formats

LABELS = {
    EventType.SEND: "Accepted by the provider",
    EventType.DELIVERY: "Delivered",
    EventType.BOUNCE: "Bounced",
    EventType.COMPLAINT: "Marked as spam",
    EventType.REJECT: "Rejected by the provider",
    EventType.RENDERING_FAILURE: "Could not be rendered",
    EventType.DELIVERY_DELAY: "Delayed",
    EventType.OPEN: "Opened",
    EventType.CLICK: "Clicked",
    EventType.SUBSCRIPTION: "Subscription changed",
}
_ICONS = {
    EventType.SEND: ":material/outgoing_mail:",
    EventType.DELIVERY: ":material/inbox:",
    EventType.BOUNCE: ":material/undo:",
    EventType.COMPLAINT: ":material/report:",
    EventType.REJECT: ":material/gpp_bad:",
    EventType.RENDERING_FAILURE: ":material/error:",
    EventType.DELIVERY_DELAY: ":material/hourglass_top:",
    EventType.OPEN: ":material/drafts:",
    EventType.CLICK: ":material/ads_click:",
    EventType.SUBSCRIPTION: ":material/unsubscribe:",
}
_COLORS = {
    EventType.DELIVERY: "green",
    EventType.OPEN: "green",
    EventType.CLICK: "green",
    EventType.SEND: "blue",
    EventType.DELIVERY_DELAY: "orange",
    EventType.SUBSCRIPTION: "orange",
}
_BOUNCES = {
    BounceType.PERMANENT: "Hard bounce",
    BounceType.TRANSIENT: "Soft bounce",
    BounceType.UNDETERMINED: "Bounced, reason unknown",
}


def badge(kind: EventType, label: str = "") -> str:
    """Markdown: icon, word and colour say the same."""
    return formats.badge(label or LABELS[kind], _COLORS.get(kind, "red"), _ICONS[kind])


def event_badge(event: MailEvent) -> str:
    """Markdown for what a report says."""
    if event.bounce is not None:
        return badge(event.type, _BOUNCES[event.bounce])
    return badge(event.type)


def detail_of(event: MailEvent) -> str:
    """What the provider or the recipient's server said about it, on one line; "" when they said nothing."""
    link = without_tokens(event.link)
    parts = (event.sub_type, event.status, event.feedback, event.detail, link, event.user_agent)
    return " · ".join(part for part in parts if part)
