"""Alerts: rules that compare one figure with a threshold, and what becomes of one that is exceeded.

An alert is about a rule and a subject (a process, a list), and there is one at most for both. People are notified when
it opens, reminded while it stays, and notified when it is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum


class RuleName(StrEnum):
    """Rules by the word that keys and programs use."""

    WORKER = "worker"
    AUTOMATION = "automation"
    QUEUE = "queue"
    BOUNCES = "bounces"
    COMPLAINTS = "complaints"
    QUOTA = "quota"
    PROVIDER = "provider"
    THROTTLING = "throttling"
    ERRORS = "errors"
    DEAD_LETTERS = "dead-letters"
    EVENT_LAG = "event-lag"
    CONNECTIONS = "connections"
    BACKUP = "backup"
    TEST = "test"


class Unit(StrEnum):
    """What a threshold counts."""

    SECONDS = "seconds"
    PERCENT = "%"
    HOURS = "hours"
    COUNT = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `urgent` ones notify in quiet hours too; a fixed one can only be switched on and off."""

    name: RuleName
    title: str
    what: str
    unit: Unit
    threshold: float
    advice: str
    urgent: bool = False
    fixed: bool = False


RULES: tuple[Rule, ...] = (
    Rule(
        RuleName.WORKER,
        "Worker stalled",
        "How long a process has been silent, or stuck in one piece of work; or that nobody does a duty.",
        Unit.SECONDS,
        45,
        "Look at the log of the process, and restart it. What it was doing is taken over or shown as unknown.",
        urgent=True,
    ),
    Rule(
        RuleName.AUTOMATION,
        "Automation not firing",
        "How long an automation's email has been due without being requested.",
        Unit.SECONDS,
        300,
        "See on Automations which one it is, and in the log what it met.",
    ),
    Rule(
        RuleName.QUEUE,
        "Queue too old",
        "How long the first of the messages that are due has been waiting.",
        Unit.SECONDS,
        300,
        "See whether a worker runs, whether sending pauses, and whether the rate is too low for what is sent.",
        urgent=True,
    ),
    Rule(
        RuleName.BOUNCES,
        "Bounce rate",
        "Share of the emails of 24 hours that bounced (of 100 at least). SES reviews from 5% on, and may pause at 10%.",
        Unit.PERCENT,
        5,
        "Pause campaigns, and see on Deliverability whose addresses bounce. Old lists are the usual reason.",
    ),
    Rule(
        RuleName.COMPLAINTS,
        "Complaint rate",
        "Share of the emails of 24 hours marked as spam (of 200 at least). SES reviews at 0.1%, may pause at 0.5%.",
        Unit.PERCENT,
        0.1,
        "Pause campaigns, and see on Deliverability which one it was. Who did not ask for mail complains.",
    ),
    Rule(
        RuleName.QUOTA,
        "Quota nearly used",
        "How much of the provider's quota of 24 hours is used.",
        Unit.PERCENT,
        90,
        "Marketing mail stops before transactional mail does. Ask the provider for a higher quota.",
    ),
    Rule(
        RuleName.PROVIDER,
        "Sending is blocked",
        "That the provider has switched sending off, keeps the account in its sandbox, or does not answer; or a pause.",
        Unit.COUNT,
        0,
        "See System for what the provider says. Emails wait; none is lost.",
        urgent=True,
        fixed=True,
    ),
    Rule(
        RuleName.THROTTLING,
        "Store throttling",
        "How many requests the store has turned away in five minutes.",
        Unit.COUNT,
        10,
        "Raise the capacity of the tables, or see on System what uses it.",
    ),
    Rule(
        RuleName.ERRORS,
        "Error rate",
        "Share of the page runs, requests and imports of five minutes that failed on our side (of 20 at least).",
        Unit.PERCENT,
        5,
        "System lists the errors with their incident numbers; the log has the rest.",
    ),
    Rule(
        RuleName.DEAD_LETTERS,
        "Dead letters",
        "How many events of the provider could not be taken in.",
        Unit.COUNT,
        0,
        "See on Events why, and replay them when the reason is gone.",
    ),
    Rule(
        RuleName.EVENT_LAG,
        "Event lag",
        "How old the oldest event is that was not taken in.",
        Unit.SECONDS,
        300,
        "See whether a worker runs. Bounces and complaints are known too late, so campaigns go on for too long.",
    ),
    Rule(
        RuleName.CONNECTIONS,
        "Webhooks failing",
        "How many webhooks of a shop could not be applied; or that an endpoint was switched off.",
        Unit.COUNT,
        0,
        "See on Connections why, correct the cause, and replay what failed.",
    ),
    Rule(
        RuleName.BACKUP,
        "Backup too old",
        "How long ago the last good backup was made (where BACKUP_TO is set); or that a drill could not restore it.",
        Unit.HOURS,
        30,
        "System says why it failed. Correct that; a worker tries again every half an hour.",
        urgent=True,
    ),
)
BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in RULES}

RECOVERED_AFTER = timedelta(seconds=60)
"""An alert is over when its figure has been fine for so long: one that flickers is notified once."""


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What somebody decided about a rule."""

    threshold: float
    on: bool = True


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Who is notified, and when. Without `recipients` (usernames), all engineers and admins are.

    `quiet_from` and `quiet_to` are of the shop's time, equal where there are no quiet hours; `remind_hours` 0 is never.
    """

    rules: Mapping[str, Adjusted] = field(default_factory=dict)
    recipients: tuple[str, ...] = ()
    quiet_from: time = time(0)
    quiet_to: time = time(0)
    remind_hours: int = 4
    version: int = 0

    def of(self, rule: Rule) -> Adjusted:
        return self.rules.get(rule.name, Adjusted(rule.threshold))

    def is_quiet(self, local: time) -> bool:
        start, end = self.quiet_from, self.quiet_to
        if start == end:
            return False
        return start <= local < end if start < end else local >= start or local < end


@dataclass(frozen=True, slots=True)
class Reading:
    """What a rule has read about a subject: the figure, and a sentence for people."""

    rule: RuleName
    subject: str
    value: float
    sentence: str


class Stage(StrEnum):
    """What people are notified of next, or were last."""

    OPEN = "open"
    REMINDED = "still open"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. `step` grows with each thing to notify people of; `notified_step` is the last one that they got.

    `fine_since` is when its figure was fine again; `attempts` counts failed notifications; the next one may be tried
    from `held_until` on.
    """

    rule: RuleName
    subject: str
    id: str
    opened_at: datetime
    value: float
    sentence: str
    stage: Stage = Stage.OPEN
    step: int = 1
    notified_step: int = 0
    notified_at: datetime | None = None
    notified_by: str = ""
    fine_since: datetime | None = None
    recovered_at: datetime | None = None
    attempts: int = 0
    held_until: datetime | None = None
    version: int = 1

    @property
    def is_open(self) -> bool:
        return self.stage is not Stage.RECOVERED

    @property
    def needs_notice(self) -> bool:
        return self.notified_step < self.step

    @property
    def title(self) -> str:
        return BY_NAME[self.rule].title if self.rule in BY_NAME else "Test"

    @property
    def headline(self) -> str:
        """Such as "Queue too old" or "Recovered: Queue too old"."""
        before = {Stage.OPEN: "", Stage.REMINDED: "Still open: ", Stage.RECOVERED: "Recovered: "}[self.stage]
        return before + self.title
