"""Whether mail arrives: how far the account is from the lines that SES and Gmail draw, and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from backend.domain.deliverability import (
    GMAIL_BULK,
    GMAIL_NEAR,
    REPRESENTATIVE_DAYS,
    REPRESENTATIVE_SENDS,
    SES_BOUNCES,
    SES_COMPLAINTS,
    USED_UP,
    Level,
    Line,
    Rates,
    rates_of,
    sent_in,
    worst,
)
from backend.domain.delivery import Mailbox
from backend.services.context import Shop
from backend.services.sending.account import AccountUse
from backend.services.statistics.counters import summed
from backend.services.statistics.days import DayStats, stats_by_day


@dataclass(frozen=True, slots=True)
class Gauge:
    """How near something is to its lines: so many of so many. Where nothing is known, `volume` is 0."""

    events: int
    volume: int
    line: Line

    @property
    def share(self) -> float | None:
        return self.events / self.volume if self.volume else None

    @property
    def level(self) -> Level:
        return self.line.level(self.events, self.volume)


@dataclass(frozen=True, slots=True)
class Sample:
    """The newest mail, enough of it to judge by. `counts` are the counters of its days."""

    first: date
    last: date
    counts: dict[str, int]

    @property
    def rates(self) -> Rates:
        return rates_of(self.counts)


@dataclass(frozen=True, slots=True)
class GmailDay:
    """The day of the last 30 on which most mail went to Gmail. `is_bulk`: it made the shop a bulk sender there."""

    day: date
    sent: int

    @property
    def is_bulk(self) -> bool:
        return self.sent >= GMAIL_BULK

    @property
    def is_near(self) -> bool:
        """Google counts any 24 hours and "close to" the line; we count by day."""
        return not self.is_bulk and self.sent >= GMAIL_BULK * GMAIL_NEAR


@dataclass(frozen=True, slots=True)
class Concern:
    """What is wrong or may become so, in a sentence for anybody, and what to do."""

    level: Level
    sentence: str
    advice: str


@dataclass(frozen=True, slots=True)
class Health:
    """The state of mail. `concerns` are those that somebody should act upon, the worst first."""

    sample: Sample
    bounces: Gauge
    complaints: Gauge
    quota: Gauge
    rate: Gauge
    gmail: GmailDay
    concerns: list[Concern]

    @property
    def level(self) -> Level:
        levels: list[Level] = [concern.level for concern in self.concerns]
        known = [gauge.level for gauge in (self.bounces, self.complaints) if gauge.level is not Level.UNKNOWN]
        levels += known or [Level.UNKNOWN]
        return worst(levels)


def newest_days(shop: Shop) -> list[DayStats]:
    """The days that mail is judged by, today included. Costs a query for each that is not in memory."""
    today = shop.clock().astimezone(shop.zone).date()
    return stats_by_day(shop, today - timedelta(days=REPRESENTATIVE_DAYS - 1), today)


def health_of(days: Sequence[DayStats], use: AccountUse) -> Health:
    """The state of mail, by its newest days and by what the provider says of the account."""
    sample = _sample(days)
    rates = sample.rates
    known = rates.sent if rates.reported else 0
    bounces = Gauge(rates.bounced, known, SES_BOUNCES)
    complaints = Gauge(rates.complained, known, SES_COMPLAINTS)
    quota = Gauge(use.used, use.daily_quota or 0, USED_UP)
    rate = Gauge(use.last_second, math.ceil(use.per_second or 0), _FULL_SPEED)
    by_day = [GmailDay(stats.day, stats.counts().get(f"{Mailbox.GMAIL.value}:sent", 0)) for stats in days]
    gmail = max(by_day, key=lambda each: each.sent)
    concerns = [*_of_account(use), *_of_rates(bounces, complaints), *_of_volume(quota, gmail)]
    concerns.sort(key=lambda concern: -concern.level.weight)
    return Health(sample, bounces, complaints, quota, rate, gmail, concerns)


_FULL_SPEED = Line(watch=math.inf, bad=math.inf)
"""Sending at the full rate is what a campaign does; it is nothing to worry about."""


def _sample(days: Sequence[DayStats]) -> Sample:
    """The newest days until they hold enough sends, or all that there are."""
    taken: list[dict[str, int]] = []
    sent, first = 0, days[-1].day
    for stats in reversed(days):
        counts = stats.counts()
        taken.append(counts)
        sent, first = sent + sent_in(counts), stats.day
        if sent >= REPRESENTATIVE_SENDS:
            break
    return Sample(first, days[-1].day, summed(taken))


# --- concerns ----------------------------------------------------------------------------------------------------


def _of_account(use: AccountUse) -> list[Concern]:
    """What the provider says about the account, in words. The statuses are those of SES's GetAccount."""
    if use.account is None:
        unknown = use.unknown or "The mail provider does not say what state the account is in."
        return [Concern(Level.BAD, unknown, "No mail goes out until it answers.")]
    found = []
    if use.account.status == "SHUTDOWN" or not use.account.sending_enabled:
        found.append(
            Concern(
                Level.BAD,
                "The mail provider has stopped all sending for this account.",
                "Read the case that it opened in the AWS Support Center, fix the cause, and answer there. Sending "
                "goes on here by itself once the provider allows it.",
            )
        )
    elif use.account.status == "PROBATION":
        found.append(
            Concern(
                Level.BAD,
                "The mail provider has put this account under review.",
                "Mail still goes out. Read the case in the AWS Support Center, and stop marketing mail until the cause "
                "(bounces, complaints, or a purchased list) is gone.",
            )
        )
    if use.account.sandbox:
        found.append(
            Concern(
                Level.WATCH,
                "The account is in the sandbox: only verified addresses get mail.",
                "Ask for production access in the SES console (Account dashboard). AWS answers within about a day.",
            )
        )
    return found


def _of_rates(bounces: Gauge, complaints: Gauge) -> list[Concern]:
    found = []
    if bounces.level in (Level.WATCH, Level.BAD):
        found.append(
            Concern(
                bounces.level,
                "Too many emails come back because the address does not exist.",
                "Stop writing to lists that have not been used for long, or that did not come from your own "
                "customers. SES reviews accounts from 5% on, and may stop them from 10% on.",
            )
        )
    if complaints.level in (Level.WATCH, Level.BAD):
        found.append(
            Concern(
                complaints.level,
                "Too many people mark our mail as spam.",
                "Pause marketing mail. Write to those alone who agreed, less often, and say in the first lines why "
                "they get it. SES reviews accounts from 0.1% on, and may stop them from 0.5% on.",
            )
        )
    return found


def _of_volume(quota: Gauge, gmail: GmailDay) -> list[Concern]:
    found = []
    if quota.level in (Level.WATCH, Level.BAD):
        found.append(
            Concern(
                quota.level,
                "The daily quota is nearly used up." if quota.level is Level.WATCH else "The daily quota is used up.",
                "What does not fit goes out later by itself. Ask for a higher quota in the AWS Service Quotas console "
                "if this happens often.",
            )
        )
    if gmail.is_near:
        found.append(
            Concern(
                Level.WATCH,
                "We are about to count as a bulk sender at Gmail.",
                "Once is for good. See below what Gmail demands, and have all of it in place before.",
            )
        )
    return found
