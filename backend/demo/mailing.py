"""What the demo shop has emailed in the last weeks, and what its customers did with it.

Everything follows from the customer, the order and the day, so loading the demo again gives the same emails.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.demo.behaviour import DemoCustomer
from backend.domain.campaigns import Draft, Measure, SplitTest, Variant
from backend.domain.customers import Customer
from backend.domain.delivery import Outcome
from backend.domain.orders import Order, OrderStatus

DAYS = 45
"""How far back the emails go."""
NEWS_DAYS_AGO, OFFER_DAYS_AGO = 36, 12
AUDIENCE = "ready-subscribers"
EMAILS_A_SECOND = 14
"""At which campaigns went out: what SES allows a young account."""
_DEAD, _DEAD_SINCE, _FULL, _ANNOYED = 0.011, 0.004, 0.006, 0.0006
"""Shares of addresses that are gone from the first and from the second campaign on, of mailboxes that are full, and of
marketing emails that are called spam."""


@dataclass(frozen=True, slots=True)
class OrderEmail:
    """An email about an order that sent itself. `template` says which; `at` is when."""

    template: str
    order: Order
    at: datetime
    marketing: bool = False


@dataclass(frozen=True, slots=True)
class DemoCampaign:
    """A campaign of the past, or a draft (`at` None). `liked` is how much each variant makes people click."""

    id: str
    draft: Draft
    at: datetime | None
    liked: Mapping[str, float]


def order_emails(made: DemoCustomer, now: datetime) -> Iterator[OrderEmail]:
    """What went out about the customer's orders since `DAYS` ago, in any order. Marketing only to who has agreed."""
    found = [email for order in made.orders for email in _about(order)]
    if made.orders:
        last = made.orders[-1]
        found.append(OrderEmail("win-back", last, last.placed_at + timedelta(days=90), marketing=True))
    for email in found:
        agreed = not email.marketing or may_get_news(made.customer, email.at)
        if made.customer.email and agreed and now - timedelta(days=DAYS) < email.at < now - timedelta(minutes=5):
            yield email


def _about(order: Order) -> Iterator[OrderEmail]:
    lots = _lots(order.id)
    yield OrderEmail("order-confirmation", order, order.placed_at + timedelta(seconds=1))
    if order.status is OrderStatus.FULFILLED:
        shipped = order.placed_at + timedelta(hours=lots.uniform(5, 60))
        yield OrderEmail("order-shipped", order, shipped)
        if not order.refunded:
            yield OrderEmail("review-request", order, order.placed_at + timedelta(days=14), marketing=True)


def may_get_news(customer: Customer, at: datetime) -> bool:
    """Whether the customer had agreed to marketing by then, and can be emailed."""
    consent = customer.consent
    return bool(customer.email) and consent is not None and consent.given and consent.at <= at


def gone_at(customer: Customer) -> int | None:
    """With which of the campaigns (0 or 1) it turned out that mail to the address bounces; None when it does not."""
    drawn = _lots(f"gone {customer.id}").random()
    return 0 if drawn < _DEAD else 1 if drawn < _DEAD + _DEAD_SINCE else None


def outcomes_of(
    message_id: str, sent_at: datetime, now: datetime, *, gone: bool = False, liked: float = 0.0
) -> dict[Outcome, datetime]:
    """What was reported about an email, up to now. `liked` is the share of marketing emails that is clicked."""
    lots = _lots(message_id)
    arrived = sent_at + timedelta(seconds=lots.uniform(0.6, 9))
    if gone:
        return {Outcome.BOUNCED: arrived}
    if lots.random() < _FULL:
        return {Outcome.SOFT_BOUNCED: arrived}
    found = {Outcome.DELIVERED: arrived}
    opened = arrived + timedelta(hours=min(lots.expovariate(1 / 7), 200))
    if lots.random() < (0.4 if liked else 0.63):
        found[Outcome.OPENED] = opened
        if liked and lots.random() < liked / 0.4:
            found[Outcome.CLICKED] = opened + timedelta(seconds=lots.uniform(4, 90))
    elif liked and lots.random() < _ANNOYED:
        found[Outcome.COMPLAINED] = opened
    return {outcome: at for outcome, at in found.items() if at < now}


def demo_campaigns(today: date, zone: ZoneInfo) -> list[DemoCampaign]:
    """Two that went out and one that somebody has begun to plan."""
    return [
        DemoCampaign("DEMONEWS", _NEWS, _moment(today, NEWS_DAYS_AGO, 1, zone), {"": 0.09}),
        DemoCampaign("DEMOOFFER", _OFFER, _moment(today, OFFER_DAYS_AGO, 3, zone), {"A": 0.06, "B": 0.13}),
        DemoCampaign("DEMOHOURS", _HOURS, None, {}),
    ]


def _moment(today: date, days_ago: int, weekday: int, zone: ZoneInfo) -> datetime:
    """At ten on that day of the week (0 is Monday), at least so many days ago."""
    day = today - timedelta(days=days_ago)
    return datetime.combine(day - timedelta(days=(day.weekday() - weekday) % 7), time(10), tzinfo=zone)


def _lots(name: str) -> random.Random:
    return random.Random(name)  # noqa: S311 - invented data, nothing secret


_NEWS = Draft(
    name="Newsletter: ink and tea",
    template="newsletter",
    segment_id=AUDIENCE,
    fields={
        "headline": "Ink, tea, and longer evenings",
        "greeting": "The evenings are long enough again for a letter and a pot of tea.",
        "first_title": "Moss green is back",
        "first_text": "The ink that was gone for months has arrived: 50 ml, made from the old recipe.",
        "first_url": "https://example.com/ink",
        "second_title": "First flush, first come",
        "second_text": "Forty bags of Darjeeling, picked in spring. When they are gone, they are gone.",
        "second_url": "https://example.com/tea",
    },
)
_OFFER = Draft(
    name="Gift boxes",
    template="announcement",
    segment_id=AUDIENCE,
    fields={
        "headline": "Gift boxes are here",
        "message": "Tea, shortbread and a card, packed by hand.\n\nOrder early: we pack two hundred, and no more.",
        "button_label": "See the boxes",
        "button_url": "https://example.com/gifts",
    },
    test=SplitTest((Variant("A"), Variant("B", "A present, packed already")), share=40, measure=Measure.CLICKS),
    holdout=10,
)
_HOURS = Draft(
    name="Opening hours over the holidays",
    template="announcement",
    segment_id=AUDIENCE,
    fields={
        "headline": "When we are open",
        "message": "We ship every day until the 23rd, and again from the 2nd of January on.",
    },
)
