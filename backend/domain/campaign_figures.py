"""The figures of campaigns: preflight, plan, progress and results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import NormalDist

from backend.domain.campaigns import CampaignState, Measure
from backend.domain.delivery import Mailbox
from backend.domain.lift import Buying, Lift, lift_of

MOST_LISTED = 1000
"""Broken recipients that a preflight lists by name; all are counted."""


class PreflightStatus(StrEnum):
    """The state of a preflight."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Broken:
    """A recipient whose email cannot be made, and on which field; `sentence` says it to people."""

    customer_id: str
    name: str
    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Preflight:
    """The emails of a whole audience, rendered before any is sent.

    `checked` of `total` customers of the segment were looked at. `recipients` may get the email, which renders
    or is among the `broken`; `holdout` are held back, and `excluded` counts the others by `SkipReason` name
    ("no_consent"). `broken_fields` and
    `empty_fields` count recipients by field: what breaks, and what is empty in their email ("customer.city"). `listed`
    are the first thousand broken ones. It belongs to the campaign's `content`, and `is_current` says if it still does.
    `error` says why it failed.
    """

    status: PreflightStatus
    content: int
    asked_at: datetime
    finished_at: datetime | None = None
    checked: int = 0
    total: int = 0
    recipients: int = 0
    holdout: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    broken: int = 0
    broken_fields: Mapping[str, int] = field(default_factory=dict)
    empty_fields: Mapping[str, int] = field(default_factory=dict)
    listed: tuple[Broken, ...] = ()
    as_of: datetime | None = None
    seconds: float = 0.0
    error: str = ""
    is_current: bool = True

    @property
    def share(self) -> float:
        """How much is done, between 0 and 1."""
        if self.status is PreflightStatus.DONE:
            return 1.0
        return min(self.checked / self.total, 1.0) if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What will happen when a campaign is sent. Money is in cents of US dollars, because AWS bills in them.

    `audience` is the segment, `recipients` who is left after `excluded` (by `SkipReason` name) and the `holdout`.
    `per_second` None is no limit; `quota` None is no daily limit, `quota_left` what is free of it now.
    `finishes_at` None is not known, and `no_end` says why.
    `days` are the days on which it sends. The store's cost counts only beyond the always-free tier.
    """

    audience: int
    recipients: int
    holdout: int
    excluded: Mapping[str, int]
    broken: int
    per_second: float | None
    quota: int | None
    quota_left: int | None
    starts_at: datetime
    finishes_at: datetime | None
    days: int
    mail_cost: float
    store_cost: float
    needs_approval: bool
    as_of: datetime | None = None
    no_end: str = ""

    @property
    def duration(self) -> timedelta | None:
        return self.finishes_at - self.starts_at if self.finishes_at is not None else None

    @property
    def quota_share(self) -> float | None:
        """The recipients as a share of the daily quota; None where there is none."""
        return self.recipients / self.quota if self.quota else None

    @property
    def cost(self) -> float:
        """Cents of US dollars, altogether."""
        return self.mail_cost + self.store_cost


@dataclass(frozen=True, slots=True)
class CampaignProgress:
    """How far a campaign is. `audience` = sent + failed + unknown + skipped + remaining, always.

    `skipped` counts by `SkipReason` name. `retrying` of the `remaining` are being sent, or were
    refused for now and are tried again.
    `rate` is in emails a second lately, and over all of it once it has ended. `seconds_left` None is not known.
    `held_until` and `held_for` say until when it waits, and why. The outcomes are what the provider has reported;
    opens are an estimate. `resolved` were unknown until a report showed that they had been sent.
    """

    state: CampaignState
    audience: int
    holdout: int = 0
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    resolved: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    remaining: int = 0
    retrying: int = 0
    rate: float = 0.0
    seconds_left: float | None = None
    held_until: datetime | None = None
    held_for: str = ""
    delivered: int = 0
    bounced: int = 0
    soft_bounced: int = 0
    complained: int = 0
    opened: int = 0
    clicked: int = 0
    unsubscribed: int = 0
    reason: str = ""

    @property
    def went_out(self) -> int:
        """How many were sent, including those that a later report showed to be sent."""
        return self.sent + self.resolved

    @property
    def skipped_total(self) -> int:
        return sum(self.skipped.values())

    @property
    def share(self) -> float:
        """How much of the audience is through, between 0 and 1."""
        return 1 - self.remaining / self.audience if self.audience else 0.0


@dataclass(frozen=True, slots=True)
class VariantResult:
    """The results of one variant. `orders` and `revenue` (minor units) came from its recipients after the send.

    `subject` is what a sample customer reads, `email` the title of the template.
    """

    key: str
    subject: str
    email: str
    sent: int
    delivered: int
    opened: int
    clicked: int
    unsubscribed: int
    orders: int
    revenue: int
    is_winner: bool = False

    def by(self, measure: Measure) -> int:
        return {Measure.OPENS: self.opened, Measure.CLICKS: self.clicked, Measure.ORDERS: self.orders}[measure]


def chance_of_difference(variants: Sequence[VariantResult], measure: Measure) -> float | None:
    """The probability that chance puts the best variant that far ahead of the next one, between 0 and 1.

    None while there is nothing to compare. The counts are taken as Poisson, which suits orders, where one customer may
    place several; for opens and clicks it errs towards chance.
    """
    sent = [each for each in variants if each.sent]
    if len(sent) < 2 or not any(each.by(measure) for each in sent):
        return None
    best, second = sorted(sent, key=lambda each: each.by(measure) / each.sent, reverse=True)[:2]
    return _chance((best.by(measure), best.sent), (second.by(measure), second.sent))


def _chance(one: tuple[int, int], other: tuple[int, int]) -> float:
    """The probability that two shares of so many differ that much by chance."""
    (count, of), (count2, of2) = one, other
    spread = math.sqrt(count / of**2 + count2 / of2**2)
    return 2 * (1 - NormalDist().cdf(abs(count / of - count2 / of2) / spread)) if spread else 1.0


@dataclass(frozen=True, slots=True)
class LinkResult:
    """How many messages a link was clicked in. `url` is without what is personal."""

    url: str
    clicks: int


@dataclass(frozen=True, slots=True)
class MailboxResult:
    """The figures of one provider of mailboxes."""

    mailbox: Mailbox
    sent: int
    delivered: int
    bounced: int
    complained: int
    opened: int
    clicked: int


@dataclass(frozen=True, slots=True)
class OrdersAfter:
    """Orders in the days after a campaign: those who got it, beside the holdout.

    `clicked` are the orders, and their revenue in minor units, of customers who had clicked in the email before: what
    tools report that credit the last click. None in counts of an older version.
    """

    days: int
    got: Buying
    holdout: Buying
    counted_at: datetime
    final: bool
    clicked: tuple[int, int] | None = None

    @property
    def lift(self) -> Lift | None:
        """What the email brought; None without a holdout."""
        return lift_of(self.got, self.holdout)


@dataclass(frozen=True, slots=True)
class Results:
    """The results of a campaign. `orders` is None until a worker has counted."""

    progress: CampaignProgress
    variants: tuple[VariantResult, ...] = ()
    links: tuple[LinkResult, ...] = ()
    mailboxes: tuple[MailboxResult, ...] = ()
    orders: OrdersAfter | None = None
