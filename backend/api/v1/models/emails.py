"""Messages, campaigns and suppressions as the API takes and gives them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field

from backend.api.v1.models.common import Address, Given, Moment, Shown
from backend.domain.campaign_figures import CampaignProgress
from backend.domain.campaigns import Campaign, CampaignState
from backend.domain.delivery import Outcome
from backend.domain.emails import Kind
from backend.domain.events import EventType
from backend.domain.messages import Message, ShownStatus
from backend.domain.suppression import SuppressionReason
from backend.services.sending.message_log import summary_of


class MessageIn(Given):
    """One email to one customer, by `customer_id` or by their address. `data` fills the fields of the template."""

    template: Annotated[str, Field(min_length=1, max_length=100)]
    customer_id: Annotated[str, Field(max_length=20)] = ""
    to: Address = ""
    order_id: Annotated[str, Field(max_length=60, description="For a template about an order.")] = ""
    data: dict[Annotated[str, Field(max_length=100)], Annotated[str, Field(max_length=20_000)]] = {}
    again: Annotated[str, Field(max_length=200, description="Why the customer gets it a second time.")] = ""


class MessageListed(Shown):
    """What lists show of a message. `outcome` is what matters most of what was reported."""

    id: str
    template: str
    kind: Kind
    status: ShownStatus
    reason: str
    outcome: Outcome | None
    requested_at: Moment
    campaign: str


class EventOut(Shown):
    """One report of the mail provider. Clicks of a program are outcomes of their own, "bot clicked"."""

    type: EventType
    at: Moment
    detail: str
    link: str


class MessageOut(MessageListed):
    """A message. `events` are there when they were asked for with `expand=events`."""

    customer_id: str
    order_id: str
    sent_at: Moment | None
    attempts: int
    outcomes: dict[str, Moment]
    events: list[EventOut] | None = None

    @classmethod
    def of_message(cls, message: Message, events: list[EventOut] | None = None) -> Self:
        return cls.read(
            message,
            **MessageListed.read(summary_of(message)).model_dump(),
            order_id=f"{message.customer_id}-{message.order_id}" if message.order_id else "",
            outcomes={outcome.value: at for outcome, at in message.outcomes.items()},
            events=events,
        )


class ProgressOut(Shown):
    """How far a campaign is: audience = sent + failed + unknown + skipped + remaining."""

    audience: int
    holdout: int
    sent: int
    failed: int
    unknown: int
    skipped: dict[str, int]
    remaining: int
    delivered: int
    bounced: int
    complained: int
    opened: int
    clicked: int
    unsubscribed: int


class CampaignOut(Shown):
    """A campaign. `reason` says why it was paused or stopped; `progress` is there when one campaign is read."""

    id: str
    name: str
    state: CampaignState
    kind: Kind
    template: str
    segment_id: str
    segment_name: str
    created_at: Moment
    start_at: Moment | None
    started_at: Moment | None
    ended_at: Moment | None
    planned_recipients: int | None
    reason: str
    version: int
    progress: ProgressOut | None = None

    @classmethod
    def of(cls, campaign: Campaign, progress: CampaignProgress | None = None) -> Self:
        return cls.read(
            campaign,
            template=campaign.draft.template,
            segment_id=campaign.draft.segment_id,
            progress=ProgressOut.read(progress) if progress else None,
        )


class PauseIn(Given):
    """Why a campaign is paused."""

    reason: Annotated[str, Field(max_length=200)] = ""


class SuppressionIn(Given):
    """An address that gets no email; with the reason "unsubscribed", no marketing email."""

    address: Address
    reason: SuppressionReason = SuppressionReason.MANUAL
    note: Annotated[str, Field(max_length=200)] = ""


class SuppressionRemoval(Given):
    """One reason that no longer holds, or all of them. `why` is kept in the history of the address."""

    address: Address
    reason: SuppressionReason | None = None
    why: Annotated[str, Field(min_length=1, max_length=200)]


class CauseOut(Shown):
    """One reason for suppressing an address."""

    reason: SuppressionReason
    at: Moment
    source: str
    by: str
    note: str


class SuppressionOut(Shown):
    """An address on the list, with its reasons, the strongest first; none for one that is not on it."""

    address: str
    causes: list[CauseOut]
