"""What an automation would have sent in the last 30 days, and what not and why. Nothing is sent or written.

Orders are used as they were when each email was due, by their history; whether a customer has ordered again, by the
orders of today. Customers and the suppression list are those of today, the frequency cap is ignored, and no email is
rendered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from backend.domain.automation_rules import Facts, exit_that_holds, is_taken_back, unmet
from backend.domain.automations import Automation, Condition, Ending, Exit, Fact, TriggerKind
from backend.domain.customers import Customer
from backend.domain.eligibility import MarketingLimits, reasons_against
from backend.domain.messages import SkipReason
from backend.domain.team import Actor, Permission
from backend.services.automations.facts import membership
from backend.services.automations.history import Past, PastEvent, as_at, past_of
from backend.services.context import Shop
from backend.services.sending.eligibility import situations_of
from backend.services.templates import catalogue
from backend.store.meter import access_pattern

DAYS = 30
SAMPLE = 10
_NO_LIMITS = MarketingLimits()


@dataclass(frozen=True, slots=True)
class WouldSend:
    """One email that would have gone out. `step` counts from 0."""

    at: datetime
    step: int
    template: str
    customer_id: str
    customer_name: str
    order_id: str = ""
    order_number: str = ""


@dataclass(frozen=True, slots=True)
class DryRun:
    """The result. `left_out` counts emails that would not have gone out, by the sentence that says why."""

    first: date
    last: date
    by_day: dict[date, int]
    left_out: dict[str, int]
    sample: list[WouldSend] = field(default_factory=list)
    complete: bool = True

    @property
    def total(self) -> int:
        return sum(self.by_day.values())


def dry_run(shop: Shop, actor: Actor, automation: Automation) -> DryRun:
    """Runs the given automation (saved or not) on the last 30 days.

    It looks at the newest 20,000 orders or customers and at 2,000 events at most; `complete` says whether that was
    enough. Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.VIEW_EMAIL)
    now = shop.clock()
    since = now - timedelta(days=DAYS)
    with access_pattern("automation dry run"):
        past = past_of(shop, automation, since)
        against = _against(shop, automation, past)
        segments = _segments(shop, automation, past)
    found: list[WouldSend] = []
    left: Counter[str] = Counter()
    sent: set[tuple[str, str, int]] = set()
    for event in sorted(past.events, key=lambda event: event.at):
        for would, reason in _steps(automation, event, past, (since, now), against, segments):
            if reason:
                left[reason] += 1
            elif automation.kind is TriggerKind.ORDER_REFUNDED or _is_first(would, sent):
                found.append(would)
    days = Counter(would.at.astimezone(shop.zone).date() for would in found)
    found.sort(key=lambda would: would.at, reverse=True)
    first, last = since.astimezone(shop.zone).date(), now.astimezone(shop.zone).date()
    return DryRun(first, last, dict(sorted(days.items())), dict(left.most_common()), found[:SAMPLE], past.complete)


def _is_first(would: WouldSend, sent: set[tuple[str, str, int]]) -> bool:
    """A status that is set again is the same event, whose emails are sent once."""
    this = (would.customer_id, would.order_id, would.step)
    is_first = this not in sent
    sent.add(this)
    return is_first


_Against = dict[tuple[str, str], SkipReason | None]
"""By customer id and template, the reason against sending."""


def _against(shop: Shop, automation: Automation, past: Past) -> _Against:
    people: dict[str, Customer] = {event.customer.id: event.customer for event in past.events}
    found: _Against = {}
    for template in {step.template for step in automation.steps}:
        facts = catalogue.state_of(shop, template).facts
        situations = situations_of(shop, list(people.values()), facts.kind, _NO_LIMITS)
        for customer_id, situation in situations.items():
            reasons = reasons_against(facts.kind, facts.topic, situation, _NO_LIMITS, shop.clock())
            found[customer_id, template] = reasons[0] if reasons else None
    return found


def _segments(shop: Shop, automation: Automation, past: Past) -> dict[str, dict[str, bool]]:
    """By customer id and segment id, the current membership in the segments of the steps."""
    ids = [each.value for step in automation.steps for each in step.conditions if each.fact is Fact.SEGMENT]
    people = {event.customer.id: event.customer for event in past.events}
    return membership(shop, [(customer, ids) for customer in people.values()]) if ids else {}


def _steps(
    automation: Automation,
    event: PastEvent,
    past: Past,
    between: tuple[datetime, datetime],
    against: _Against,
    segments: dict[str, dict[str, bool]],
) -> Iterator[tuple[WouldSend, str]]:
    """The steps of an event that were due in the period, each with the reason why it would not be sent, or ""."""
    due = event.at
    for number, step in enumerate(automation.steps):
        due += step.delay
        if due > between[1] or (event.again_at is not None and due >= event.again_at):
            return
        facts = _facts(automation, event, past, due)
        if facts is None:
            return
        facts = replace(facts, segments=segments.get(event.customer.id, {}))
        left: Exit | Ending | None = exit_that_holds(automation.all_exits, facts)
        if left is None and is_taken_back(automation.kind, facts.order):
            left = Ending.TAKEN_BACK
        if due >= between[0]:
            order = event.order
            would = WouldSend(
                due,
                number,
                step.template,
                event.customer.id,
                event.customer.name,
                order.id if order else "",
                order.number if order else "",
            )
            yield would, _reason(left, unmet(step.conditions, facts), against[event.customer.id, step.template])
        if left:
            return


def _reason(left: Exit | Ending | None, missed: Condition | None, against: SkipReason | None) -> str:
    if left:
        return left.value
    if missed:
        return f"a condition was not met: {missed.fact}"
    if against is SkipReason.BOUNCED:
        return "mail to the customer's address bounced"
    return f"the customer {against}" if against else ""


def _facts(automation: Automation, event: PastEvent, past: Past, due: datetime) -> Facts | None:
    """The facts when a step was due; None without an address to confirm."""
    if automation.kind is TriggerKind.NOT_VERIFIED and not event.customer.email:
        return None
    order = as_at(event.order, due) if event.order else None
    placed = [at for at in past.placed.get(event.customer.id, []) if at <= due]
    answer = event.customer.consent
    known = event.customer if answer is None or answer.at <= due else replace(event.customer, consent=None)
    return Facts(known, order, max(placed, default=None))
