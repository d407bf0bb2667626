"""Whether mail arrives, as rates and as distances to the lines that providers draw. Pure rules on counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from backend.domain.delivery import Mailbox, Outcome


@dataclass(frozen=True, slots=True)
class Rates:
    """The outcomes of `sent` messages, as numbers and shares (0 to 1; None where there is nothing to divide by).

    Tests do not count: trying things out spoils no rate. Bounces and complaints are of what was sent, as SES counts
    them; what people did is of what was delivered.
    """

    sent: int
    delivered: int
    soft_bounced: int
    bounced: int
    complained: int
    opened: int
    bot_opened: int
    clicked: int
    bot_clicked: int
    unsubscribed: int

    @property
    def reported(self) -> bool:
        """Whether the provider has reported anything about them; without reports, shares would look like news."""
        return any(
            (
                self.delivered,
                self.soft_bounced,
                self.bounced,
                self.complained,
                self.opened,
                self.bot_opened,
                self.clicked,
            )
        )

    @property
    def delivery_rate(self) -> float | None:
        return _share(self.delivered, self.sent)

    @property
    def bounce_rate(self) -> float | None:
        return _share(self.bounced, self.sent)

    @property
    def soft_bounce_rate(self) -> float | None:
        return _share(self.soft_bounced, self.sent)

    @property
    def complaint_rate(self) -> float | None:
        return _share(self.complained, self.sent)

    @property
    def open_rate(self) -> float | None:
        """An estimate, without the opens that programs have likely made: some mail apps never load images."""
        return _share(self.opened, self.delivered)

    @property
    def click_rate(self) -> float | None:
        """Without the clicks that scanners have likely made."""
        return _share(self.clicked, self.delivered)

    @property
    def unsubscribe_rate(self) -> float | None:
        return _share(self.unsubscribed, self.delivered)


def rates_of(counts: Mapping[str, int], prefix: str = "") -> Rates:
    """The rates of counters; `prefix` ("gmail:") picks those of one provider of mailboxes."""

    def number(name: str) -> int:
        return counts.get(prefix + name, 0)

    return Rates(
        sent=number("sent") if prefix else sent_in(counts),
        delivered=number(Outcome.DELIVERED.counter),
        soft_bounced=number(Outcome.SOFT_BOUNCED.counter),
        bounced=number(Outcome.BOUNCED.counter),
        complained=number(Outcome.COMPLAINED.counter),
        opened=number(Outcome.OPENED.counter),
        bot_opened=number(Outcome.BOT_OPENED.counter),
        clicked=number(Outcome.CLICKED.counter),
        bot_clicked=number(Outcome.BOT_CLICKED.counter),
        unsubscribed=number(Outcome.UNSUBSCRIBED.counter),
    )


def rates_of_campaign(counts: Mapping[str, int]) -> Rates:
    """The rates of a campaign's counters, in which messages that turned out to be sent still count as unknown."""
    return replace(rates_of(counts), sent=counts.get("sent", 0) + counts.get("resolved", 0))


def sent_in(counts: Mapping[str, int]) -> int:
    """How many messages were sent that were no tests: what all providers of mailboxes got."""
    return sum(counts.get(f"{mailbox.value}:sent", 0) for mailbox in Mailbox)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


# --- gauges ------------------------------------------------------------------------------------------------------


class Level(StrEnum):
    """How good a figure is, the best first."""

    GOOD = "good"
    UNKNOWN = "unknown"
    WATCH = "watch"
    BAD = "bad"

    @property
    def weight(self) -> int:
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Line:
    """Two lines that a share should stay below: from `watch` on somebody should act, from `bad` on the provider does.

    `least` is the volume below which a share says nothing.
    """

    watch: float
    bad: float
    least: int = 0

    def level(self, events: int, volume: int) -> Level:
        """The level of so many events among so many messages. Where one event crosses a line, it is unknown."""
        if not volume or volume < self.least:
            return Level.UNKNOWN
        share = events / volume
        if share < self.watch:
            return Level.GOOD
        if events == 1:
            return Level.UNKNOWN
        return Level.BAD if share >= self.bad else Level.WATCH


SES_BOUNCES = Line(watch=0.05, bad=0.10, least=100)
"""AWS, "Amazon SES enforcement FAQs": under review from 5% on, and sending may be paused from 10% on."""
SES_COMPLAINTS = Line(watch=0.001, bad=0.005, least=100)
"""AWS, same place: under review from 0.1% on, and sending may be paused from 0.5% on."""
USED_UP = Line(watch=0.8, bad=1.0)
"""Of a quota: above four fifths a busy day may reach its end."""

REPRESENTATIVE_SENDS = 10_000
REPRESENTATIVE_DAYS = 30
"""SES looks at "a representative volume" of mail rather than at a fixed time, and says no number (AWS, "Announcing
the Reputation Dashboard"). We take the newest days until they hold 10,000 sends, 30 days at most."""

GMAIL_BULK = 5000
"""Google, "Email sender guidelines FAQ": who once sends close to this many messages within 24 hours to personal
Gmail accounts, from one primary domain, counts as a bulk sender for good."""
GMAIL_NEAR = 0.8
GMAIL_SPAM_RATE = Line(watch=0.001, bad=0.003)
"""Google, same place: below 0.10% as Postmaster Tools shows it, and never 0.30%. Gmail reports no single complaints,
so only Postmaster Tools has this number."""


def worst(levels: list[Level]) -> Level:
    """The worst of some levels; what is not known counts less than what is wrong."""
    return max(levels, key=lambda level: level.weight, default=Level.GOOD)
