"""The words for campaigns: their states as icon, word and colour, and the reasons for skipping a customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from backend.domain.campaigns import Campaign, CampaignState
from backend.domain.messages import SkipReason
from backend.services.context import Shop
from pages.components.ui import formats
from pages.components.ui.caching import who

STATE_LABELS = {
    CampaignState.DRAFT: "Draft",
    CampaignState.PLANNED: "Planned",
    CampaignState.AWAITING_APPROVAL: "Awaiting approval",
    CampaignState.SCHEDULED: "Scheduled",
    CampaignState.OVERDUE: "Missed its time",
    CampaignState.PREPARING: "Preparing",
    CampaignState.RUNNING: "Sending",
    CampaignState.PAUSED: "Paused",
    CampaignState.STOPPED: "Stopped automatically",
    CampaignState.FINISHED: "Finished",
    CampaignState.CANCELLED: "Cancelled",
}
STATE_ICONS = {
    CampaignState.DRAFT: ":material/edit_note:",
    CampaignState.PLANNED: ":material/task_alt:",
    CampaignState.AWAITING_APPROVAL: ":material/how_to_reg:",
    CampaignState.SCHEDULED: ":material/schedule_send:",
    CampaignState.OVERDUE: ":material/running_with_errors:",
    CampaignState.PREPARING: ":material/hourglass_top:",
    CampaignState.RUNNING: ":material/outgoing_mail:",
    CampaignState.PAUSED: ":material/pause_circle:",
    CampaignState.STOPPED: ":material/front_hand:",
    CampaignState.FINISHED: ":material/check_circle:",
    CampaignState.CANCELLED: ":material/cancel:",
}
_STATE_COLORS = {
    CampaignState.DRAFT: "gray",
    CampaignState.PLANNED: "blue",
    CampaignState.AWAITING_APPROVAL: "violet",
    CampaignState.SCHEDULED: "blue",
    CampaignState.OVERDUE: "orange",
    CampaignState.PREPARING: "blue",
    CampaignState.RUNNING: "blue",
    CampaignState.PAUSED: "orange",
    CampaignState.STOPPED: "red",
    CampaignState.FINISHED: "green",
    CampaignState.CANCELLED: "gray",
}
_HOUR = 3600


def state_badge(state: CampaignState) -> str:
    """Markdown for the badge of a state."""
    return formats.badge(*look_of(state))


def look_of(state: CampaignState) -> tuple[str, str, str]:
    """Word, colour and icon of a state."""
    return STATE_LABELS[state], _STATE_COLORS[state], STATE_ICONS[state]


def why_not(name: str) -> str:
    """A reason by which customers are counted ("no_consent"), as a beginning of a sentence about them."""
    try:
        reason = SkipReason[name.upper()].value
    except KeyError:
        reason = name.replace("_", " ")
    return reason[:1].upper() + reason[1:]


def reasons(shop: Shop, counts: Mapping[str, int]) -> str:
    """Markdown: why customers do not get it, the most frequent reason first."""
    ranked = sorted(counts.items(), key=lambda pair: -pair[1])
    lines = [
        f"- {formats.plain(why_not(name))}: **{formats.count(shop, number)}**" for name, number in ranked if number
    ]
    return "\n".join(lines)


def lasting(shop: Shop, seconds: float) -> str:
    """A duration for people, such as "about 3 hours"."""
    if seconds < 90:
        return "about a minute"
    if seconds < 2 * _HOUR:
        return f"about {formats.count(shop, round(seconds / 60))} minutes"
    if seconds < 48 * _HOUR:
        return f"about {formats.count(shop, round(seconds / _HOUR))} hours"
    return f"about {formats.count(shop, round(seconds / 24 / _HOUR))} days"


def short_lasting(seconds: float) -> str:
    """A duration for a card, such as "3 h"."""
    if seconds < 2 * _HOUR:
        return f"{max(round(seconds / 60), 1)} min"
    return f"{round(seconds / _HOUR)} h" if seconds < 48 * _HOUR else f"{round(seconds / 24 / _HOUR)} days"


def waiting(wait: timedelta) -> str:
    """A waiting time that was chosen, such as "4 hours"."""
    minutes = round(wait.total_seconds() / 60)
    if minutes % 60 or not minutes:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    return "1 hour" if minutes == 60 else f"{minutes // 60} hours"


def summary(shop: Shop, campaign: Campaign) -> str:
    """Markdown: what is sent to whom, by whom it was planned, in a line."""
    made = formats.moment(shop, campaign.created_at)
    kind = campaign.kind.value.capitalize()
    words = f"{kind} to “{campaign.segment_name}” · created by {who(campaign.created_by)}, {made}"
    return f":gray[{formats.plain(words)}]"
