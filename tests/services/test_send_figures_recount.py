"""The figures of sending equal a recount of the messages, of a campaign and single emails, whatever became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from backend.domain.campaigns import CampaignState
from backend.domain.deliverability import Rates, rates_of
from backend.domain.delivery import Mailbox, Outcome, mailbox_of
from backend.domain.messages import Message, MessageStatus
from backend.email.transports.recording import LoseReply, RecordingTransport, Refuse, at_random
from backend.records.messages import message_from
from backend.services.campaigns.results import rates_by_campaign
from backend.services.context import Shop
from backend.services.deliverability.account import health_of, newest_days
from backend.services.events.consequences import EventPolicy
from backend.services.events.intake import take_in
from backend.services.sending.delivery import deliver_due
from backend.services.sending.requests import SendRequest, new_click_key, request_message
from backend.services.statistics.sending import ChartStep, SendFigures, problems_of, send_figures
from backend.store import schema
from tests.campaigns.support import Desk, draft, prepare_shop
from tests.events.samples import event
from tests.recount import everything
from tests.services.test_deliverability import USE
from tests.support import STAFF, TestClock, opened_shop

TODAY = TestClock().now.date()
DOMAINS = ("gmail.com", "web.de", "outlook.com", "shop.example")
REPORTED = ("Delivery", "Bounce", "Complaint", "Open", "Click", "DeliveryDelay")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop whose campaign and single emails met refusals, lost replies, bounces, complaints, clicks and openings."""
    clock = TestClock()
    with opened_shop(clock=clock, data_dir=Path(tmp_path_factory.mktemp("shop"))) as shop:
        prepare_shop(shop)
        work(shop, clock)
        yield shop


def work(shop: Shop, clock: TestClock) -> None:
    """A campaign and single emails, with refusals, lost replies, and reports that come twice and in any order."""
    chance = Random(5)
    plan = at_random({LoseReply(): 0.1, Refuse("The address is wrong."): 0.06}, seed="figures")
    desk = Desk(shop, RecordingTransport(plan))
    for number in range(120):
        desk.people(1, email=f"user{number}@{chance.choice(DOMAINS)}", consent=number % 9 > 0)
    campaign = desk.finished(desk.started(draft()))
    assert campaign.state is CampaignState.FINISHED
    for number in range(30):
        address = f"single{number}@{chance.choice(DOMAINS)}" if number % 7 else ""
        (customer,) = desk.people(1, email=address, consent=None)
        request_message(shop, desk.mailer, STAFF, SendRequest("verify-address", new_click_key(), customer.id))
    for _ in range(10):
        clock.forward(seconds=2)  # the rate window has room again
        deliver_due(shop, desk.mailer)
    bodies = [event(kind, message, seconds=seconds) for message, kind, seconds in _reports(messages_in(shop), chance)]
    chance.shuffle(bodies)
    bodies += chance.choices(bodies, k=40)
    for start in range(0, len(bodies), 25):
        take_in(shop, bodies[start : start + 25], "test", EventPolicy())


def _reports(messages: list[Message], chance: Random) -> Iterator[tuple[Message, str, float]]:
    """What is reported of messages that went out, or may have; of some unknown ones nothing ever comes."""
    for message in messages:
        if message.status is MessageStatus.SENT or (message.status is MessageStatus.UNKNOWN and chance.random() < 0.5):
            yield message, "Send", 1
            for kind in chance.sample(REPORTED, k=chance.randint(0, 3)):
                yield message, kind, chance.uniform(2, 4000)


def messages_in(shop: Shop) -> list[Message]:
    rows = (row for row in everything(shop, schema.MAIL) if row.key.pk.startswith("C#") and row.key.sk.startswith("E#"))
    return [message_from(row.key, row.item) for row in rows]


def recounted(messages: list[Message]) -> Rates:
    """The rates by the words of the design, from the messages alone."""
    outcomes = Counter(outcome for message in messages for outcome in message.outcomes)
    return Rates(
        sent=sum(message.status is MessageStatus.SENT for message in messages),
        delivered=outcomes[Outcome.DELIVERED],
        soft_bounced=outcomes[Outcome.SOFT_BOUNCED],
        bounced=outcomes[Outcome.BOUNCED],
        complained=outcomes[Outcome.COMPLAINED],
        opened=outcomes[Outcome.OPENED],
        bot_opened=outcomes[Outcome.BOT_OPENED],
        clicked=outcomes[Outcome.CLICKED],
        bot_clicked=outcomes[Outcome.BOT_CLICKED],
        unsubscribed=outcomes[Outcome.UNSUBSCRIBED],
    )


def figures_of(shop: Shop, template: str = "") -> SendFigures:
    return send_figures(shop, TODAY, TODAY + timedelta(days=1), ChartStep.HOUR, template)


def test_the_story_holds_every_kind_of_ending(shop: Shop) -> None:
    totals = figures_of(shop).totals
    assert all(totals[name] > 0 for name in ("sent", "failed", "unknown", "skipped", "delivered", "bounced"))
    assert all(totals[name] > 0 for name in ("complained", "opened", "clicked"))
    assert any(message.resolved for message in messages_in(shop))


def test_totals_equal_the_messages(shop: Shop) -> None:
    found, messages = figures_of(shop), messages_in(shop)
    statuses = Counter(message.status.value for message in messages)
    assert {name: found.totals[name] for name in statuses} == statuses
    assert rates_of(found.totals) == recounted(messages)
    reasons = Counter(message.reason for message in messages if message.status is MessageStatus.SKIPPED)
    assert {reason.value: number for reason, number in found.skips} == reasons


@pytest.mark.parametrize("template", ["announcement", "verify-address"])
def test_each_template_equals_its_messages(shop: Shop, template: str) -> None:
    mine = [message for message in messages_in(shop) if message.template == template]
    assert rates_of(figures_of(shop, template).totals) == recounted(mine)
    assert rates_of(figures_of(shop).templates[template]) == recounted(mine)


@pytest.mark.parametrize("mailbox", [Mailbox.GMAIL, Mailbox.GMX, Mailbox.MICROSOFT, Mailbox.OTHER])
def test_each_mailbox_provider_equals_its_messages(shop: Shop, mailbox: Mailbox) -> None:
    found = rates_of(figures_of(shop).totals, f"{mailbox.value}:")
    wanted = recounted([message for message in messages_in(shop) if mailbox_of(message.to) is mailbox])
    assert (found.sent, found.delivered, found.bounced) == (wanted.sent, wanted.delivered, wanted.bounced)
    assert (found.complained, found.opened, found.clicked) == (wanted.complained, wanted.opened, wanted.clicked)


def test_the_campaign_equals_its_messages(shop: Shop) -> None:
    (campaign,) = rates_by_campaign(shop, STAFF, TODAY, TODAY + timedelta(days=1))
    assert campaign.name == "Mugs"
    assert campaign.rates == recounted([message for message in messages_in(shop) if message.campaign])


def test_campaigns_of_other_days_are_left_out(shop: Shop) -> None:
    assert rates_by_campaign(shop, STAFF, TODAY, TODAY + timedelta(days=1), "another-email") == []
    assert rates_by_campaign(shop, STAFF, TODAY - timedelta(days=9), TODAY - timedelta(days=1)) == []


def test_failures_and_unknowns_equal_the_lists_of_what_needs_attention(shop: Shop) -> None:
    problems = problems_of(shop, TODAY, TODAY + timedelta(days=1)).reasons
    totals = figures_of(shop).totals
    assert sum(problem.failed for problem in problems) == totals["failed"]
    assert sum(problem.unknown for problem in problems) == totals["unknown"]


def test_the_health_of_mail_rests_on_the_same_numbers(shop: Shop) -> None:
    health = health_of(newest_days(shop), USE)
    messages = messages_in(shop)
    assert health.sample.rates == recounted(messages)
    assert health.gmail.sent == recounted([m for m in messages if mailbox_of(m.to) is Mailbox.GMAIL]).sent
