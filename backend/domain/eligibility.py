"""What customers want, and whether we may email them: one pure rule for preflight, the send itself and the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.domain.customers import Customer
from backend.domain.emails import Kind
from backend.domain.messages import SkipReason

PAUSE = timedelta(days=30)

TOPICS: dict[str, str] = {
    "News": "News from the shop",
    "Offers": "Offers and discounts",
    "Reviews": "Questions about your orders",
}
"""Topics that marketing templates may name, with the words that customers read."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """Topics that the customer does not want, and until when all marketing mail pauses."""

    topics_off: tuple[str, ...] = ()
    paused_until: datetime | None = None

    def paused(self, now: datetime) -> bool:
        return self.paused_until is not None and self.paused_until > now

    def wants(self, topic: str) -> bool:
        return topic not in self.topics_off


DEFAULT = Preferences()


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a customer at this moment.

    `suppressed` are the reasons of the suppression list that hold for the kind of mail in question;
    `marketing_sent` are the keys of the marketing messages within the cap's window.
    """

    customer: Customer
    suppressed: Sequence[SkipReason] = ()
    preferences: Preferences = field(default=DEFAULT)
    marketing_sent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MarketingLimits:
    """How much marketing mail somebody gets: `cap` messages in `window`, none in quiet hours of the shop's time.

    A cap of 0 means no cap; equal ends of the quiet hours mean none.
    """

    cap: int = 0
    window: timedelta = timedelta(days=7)
    quiet_from: time = time(0)
    quiet_to: time = time(0)


def reasons_against(
    kind: Kind, topic: str, situation: Situation, limits: MarketingLimits, now: datetime, key: str = ""
) -> list[SkipReason]:
    """Every reason not to send, the most lasting first; none means that it may be sent.

    `key` is that of the message in question, which may have been tried before and does not count against itself.
    """
    customer = situation.customer
    found: list[SkipReason] = []
    if not customer.email:
        found.append(SkipReason.NO_ADDRESS)
    found += situation.suppressed
    if customer.archived:
        found.append(SkipReason.ARCHIVED)
    if kind is Kind.MARKETING:
        found += _against_marketing(topic, situation, limits, now, key)
    return list(dict.fromkeys(found))


def _against_marketing(
    topic: str, situation: Situation, limits: MarketingLimits, now: datetime, key: str
) -> list[SkipReason]:
    found: list[SkipReason] = []
    consent = situation.customer.consent
    if consent is None or not consent.given:
        found.append(SkipReason.NO_CONSENT)
    if topic and not situation.preferences.wants(topic):
        found.append(SkipReason.UNSUBSCRIBED)
    if situation.preferences.paused(now):
        found.append(SkipReason.PAUSED)
    if limits.cap and len(situation.marketing_sent - {key}) >= limits.cap:
        found.append(SkipReason.CAP_REACHED)
    return found


def quiet_until(kind: Kind, limits: MarketingLimits, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When quiet hours end that hold marketing mail back now; None when nothing holds it back."""
    start, end = limits.quiet_from, limits.quiet_to
    if kind is not Kind.MARKETING or start == end:
        return None
    local = now.astimezone(zone)
    clock = local.time()
    quiet = start <= clock < end if start < end else clock >= start or clock < end
    if not quiet:
        return None
    day = local.date() if clock < end else local.date() + timedelta(days=1)
    return datetime.combine(day, end, tzinfo=zone).astimezone(now.tzinfo)
