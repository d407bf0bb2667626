"""Campaigns: one email to everybody of a segment, and the states that it goes through.

    draft ─▶ planned ─▶ awaiting approval ─▶ planned ─▶ scheduled ─▶ preparing ─▶ running ⇄ paused ─▶ finished
                                                            └▶ overdue                └▶ stopped (by itself)

The audience is frozen while it is preparing, and sent to in waves: the canary, the test of variants, the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import IntEnum, StrEnum

from backend.domain.emails import Kind
from backend.errors import ConflictError

LATE = timedelta(minutes=30)
"""A campaign that could not begin for this long waits for a decision, so that it is not sent at a bad hour."""
RESULT_DAYS = 14
"""How long orders after a campaign are counted for it, unless it says otherwise."""


class CampaignState(StrEnum):
    """The state of a campaign. STOPPED means that its limits stopped it; OVERDUE waits for a person to decide."""

    DRAFT = "draft"
    PLANNED = "planned"
    AWAITING_APPROVAL = "awaiting approval"
    SCHEDULED = "scheduled"
    OVERDUE = "overdue"
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"
    CANCELLED = "cancelled"


_S = CampaignState
TRANSITIONS: dict[CampaignState, frozenset[CampaignState]] = {
    _S.DRAFT: frozenset({_S.PLANNED, _S.CANCELLED}),
    _S.PLANNED: frozenset({_S.DRAFT, _S.AWAITING_APPROVAL, _S.SCHEDULED, _S.CANCELLED}),
    _S.AWAITING_APPROVAL: frozenset({_S.DRAFT, _S.PLANNED, _S.CANCELLED}),
    _S.SCHEDULED: frozenset({_S.PLANNED, _S.OVERDUE, _S.PREPARING, _S.CANCELLED}),
    _S.OVERDUE: frozenset({_S.PLANNED, _S.SCHEDULED, _S.CANCELLED}),
    _S.PREPARING: frozenset({_S.PLANNED, _S.PAUSED, _S.RUNNING, _S.FINISHED, _S.CANCELLED}),
    _S.RUNNING: frozenset({_S.PAUSED, _S.STOPPED, _S.FINISHED, _S.CANCELLED}),
    _S.PAUSED: frozenset({_S.PREPARING, _S.RUNNING, _S.CANCELLED}),
    _S.STOPPED: frozenset({_S.RUNNING, _S.CANCELLED}),
    _S.FINISHED: frozenset({_S.RUNNING}),
    _S.CANCELLED: frozenset(),
}
"""From FINISHED it runs again to retry what failed."""

EDITABLE = frozenset({_S.DRAFT, _S.PLANNED, _S.AWAITING_APPROVAL})
"""A change takes the campaign back to a draft, and an approval with it."""
BEGUN = frozenset({_S.PREPARING, _S.RUNNING, _S.PAUSED, _S.STOPPED, _S.FINISHED})
"""Somebody has got, or may have got, an email of it; CANCELLED ones too, when they had begun."""


class WrongStateError(ConflictError):
    """The campaign is not in a state in which this can be done."""


class Measure(StrEnum):
    """By what the better variant is chosen. Opens are an estimate, because mail programs open by themselves."""

    OPENS = "opens (estimate)"
    CLICKS = "clicks"
    ORDERS = "orders"


class Wave(IntEnum):
    """Groups of recipients, in the order of sending. Each begins when the results of the one before were checked."""

    CANARY = 0
    TEST = 1
    REST = 2


VARIANT_KEYS = "ABCD"
"""How variants are called, in their order; there are no more of them in a test."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the emails that are compared. `key` is "A", "B", …; "" and None mean the campaign's own.

    `fields` are contents of its own, all of them: what is not there is empty. `version` belongs to a `template` of its
    own, and is filled in when the draft is saved: the one in use then.
    """

    key: str
    subject: str = ""
    template: str = ""
    version: int | None = None
    fields: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class SplitTest:
    """A/B test: `share` percent of the audience get the variants, evenly; after `wait` the rest get the best one."""

    variants: tuple[Variant, ...]
    share: int = 20
    wait: timedelta = timedelta(hours=4)
    measure: Measure = Measure.CLICKS


@dataclass(frozen=True, slots=True)
class Canary:
    """`share` percent of the audience get it first; the rest after `wait`, unless too many bounce or complain."""

    share: int = 5
    wait: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Hours:
    """When a campaign may send, in the shop's time: between two times of the day, perhaps on weekdays only."""

    start: time = time(9)
    end: time = time(18)
    weekdays_only: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """When a running campaign stops by itself: shares of what was sent. SES reviews accounts at 5% and 0.1%.

    Nothing is judged before `least` emails were sent, or by fewer than three complaints.
    """

    bounces: float = 0.04
    complaints: float = 0.0009
    least: int = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person decides about a campaign. `fields` are the values of its template's fields.

    `segment_id` names the segment whose rule is frozen with the campaign. `holdout` percent of those who could
    get it get nothing, so that what the others order can be compared with them. `again` is the id of a campaign whose
    recipients get this one unless they opened it; nobody else does.
    """

    name: str
    template: str
    segment_id: str
    subject: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    test: SplitTest | None = None
    canary: Canary | None = None
    holdout: int = 0
    hours: Hours | None = None
    limits: Limits = field(default_factory=Limits)
    result_days: int = RESULT_DAYS
    again: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """Who has agreed to a campaign for so many recipients, of a `segment` of so many customers."""

    by: str
    at: datetime
    recipients: int
    segment: int


@dataclass(frozen=True, slots=True)
class Audience:
    """The frozen recipients, as far as they are written down. `cursor` is the last customer id that was looked at.

    `size` are the recipients, without the `holdout`. `chunks` counts them by wave.
    """

    size: int = 0
    holdout: int = 0
    chunks: Mapping[Wave, int] = field(default_factory=dict)
    cursor: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign. `rule` is the segment's, as JSON, as it was when the draft was saved; `version` counts changes.

    `content` counts changes of what is sent, and to whom: preflight and plan belong to one of them.
    `planned_recipients` is the plan's count, of `planned_segment` customers; `needs_approval` says that it is a large
    one: for `approval_from` recipients or more (0: not known). `wave` is the one that is being sent, and `wave_done_at`
    when it was through, while its outcome is awaited; `winner` is the better variant.
    `forgiven` are bounces, complaints and sent emails that a person has seen when they let it go on after a stop.
    `due_at` is when a worker has to look at it next, None when there is nothing to do. `edited_by` is everybody who has
    changed what it sends since it was created.
    """

    id: str
    draft: Draft
    kind: Kind
    template_version: int
    segment_name: str
    rule: str
    state: CampaignState
    created_at: datetime
    created_by: str
    changed_at: datetime
    version: int = 1
    content: int = 1
    reason: str = ""
    planned_recipients: int | None = None
    planned_segment: int = 0
    needs_approval: bool = False
    approval_from: int = 0
    approval: Approval | None = None
    asked_by: str = ""
    start_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    audience: Audience = field(default_factory=Audience)
    wave: Wave = Wave.CANARY
    wave_done_at: datetime | None = None
    winner: str = ""
    forgiven: tuple[int, int, int] = (0, 0, 0)
    reopening: bool = False
    due_at: datetime | None = None
    edited_by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.draft.name

    @property
    def key(self) -> str:
        """The key of its messages in the ledger, so that no customer gets two of them."""
        return ledger_key(self.id)

    @property
    def authors(self) -> frozenset[str]:
        """Members who made or changed it, or requested the approval; none of them may approve it."""
        return frozenset({self.created_by, self.asked_by, *self.edited_by}) - {""}

    @property
    def may_start(self) -> bool:
        """Whether it may be started or scheduled now, as far as approval goes."""
        return self.state in (_S.PLANNED, _S.OVERDUE) and (not self.needs_approval or self.approval is not None)


def ledger_key(campaign_id: str) -> str:
    """The key that a campaign's messages have in the ledger."""
    return f"K{campaign_id}"


def check_transition(campaign: Campaign, to: CampaignState) -> None:
    """Raises: `WrongStateError` when the campaign cannot go from its state to this one."""
    if to not in TRANSITIONS[campaign.state]:
        raise WrongStateError(f"“{campaign.name}” is {campaign.state}, so it cannot become {to}.")


# --- Draws of lots: who gets the email when, and in which variant. They follow from the campaign alone. ------------

_WHOLE = 10_000


class Salt(StrEnum):
    """Draws of lots that must not depend on each other."""

    HOLDOUT = "holdout"
    WAVE = "wave"
    VARIANT = "variant"


def wave_of(campaign: Campaign, customer_id: str) -> Wave | None:
    """In which wave a customer gets the email; None when the lot holds them back. Always the same answer."""
    holdout = campaign.draft.holdout
    if holdout and _drawn(campaign, Salt.HOLDOUT, customer_id) < holdout * 100:
        return None
    return turn_of(campaign, customer_id)


def turn_of(campaign: Campaign, customer_id: str) -> Wave:
    """In which wave it is a customer's turn who is not held back, whatever the lot says."""
    draft = campaign.draft
    drawn = _drawn(campaign, Salt.WAVE, customer_id)
    if draft.canary is not None and drawn < draft.canary.share * 100:
        return Wave.CANARY
    if draft.test is not None and drawn < draft.test.share * 100:
        return Wave.TEST
    return Wave.REST


def variant_of(campaign: Campaign, wave: Wave, customer_id: str) -> str:
    """Which variant the customer gets; "" without a test. In the last wave it is the winner."""
    test = campaign.draft.test
    if test is None:
        return ""
    if wave is Wave.REST and campaign.winner:
        return campaign.winner
    drawn = _drawn(campaign, Salt.VARIANT, customer_id)
    return test.variants[drawn * len(test.variants) // _WHOLE].key


def _drawn(campaign: Campaign, salt: Salt, customer_id: str) -> int:
    """A number from 0 to 9,999 for the customer, the same in every process."""
    digest = hashlib.blake2b(f"{campaign.id}\0{salt}\0{customer_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % _WHOLE
