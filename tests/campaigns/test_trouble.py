"""What a campaign does when the provider refuses, falls silent or has enough, and when too many bounce or complain."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.campaigns import Campaign, CampaignState, Hours, Limits
from backend.domain.messages import MessageStatus
from backend.email.transports.recording import GENEROUS, LoseReply, RecordingTransport, Refuse, always, in_turn
from backend.email.transports.recording import Accept as Take
from backend.services.campaigns import actions
from backend.services.campaigns.progress import figures_of, progress_of
from backend.services.context import Shop
from backend.services.reconcile.findings import Reconciliation
from backend.services.reconcile.messages import reconcile_mail
from backend.services.sending import account, chunks, eligibility
from backend.services.sending import campaign_ledger as ledger
from backend.services.sending.chunk_step import StepWork, do_step
from backend.services.sending.composition import email_of, is_as_sent, self_contained
from backend.services.sending.dispatch import Turn
from backend.services.sending.ledger import get_message
from backend.services.sending.message_log import needing_attention
from backend.services.sending.requests import SendRequest, request_message
from backend.services.sending.submissions import Worked
from backend.store import schema
from backend.store.port import Plus, Update
from backend.workers import mail
from tests.campaigns.support import Desk, draft
from tests.support import STAFF, TestClock

Sent = Callable[[RecordingTransport], Desk]
BUSY = Refuse("Busy.", retryable=True)


@pytest.fixture
def by(shop: Shop) -> Sent:
    return lambda transport: Desk(shop, transport)


def test_who_was_refused_for_now_is_tried_again_later(by: Sent, clock: TestClock) -> None:
    desk = by(RecordingTransport(in_turn(BUSY, Take())))
    desk.people(12)
    campaign = desk.started()
    desk.send()
    progress = progress_of(desk.shop, STAFF, campaign.id)
    assert (progress.sent, progress.remaining, progress.retrying) == (0, 12, 12)
    clock.forward(minutes=1)
    assert desk.finished(campaign).state is CampaignState.FINISHED
    progress = progress_of(desk.shop, STAFF, campaign.id)
    assert (progress.sent, progress.remaining, progress.retrying) == (12, 0, 0)


def test_a_lost_reply_is_unknown_and_never_sent_again(by: Sent, clock: TestClock) -> None:
    desk = by(RecordingTransport(always(LoseReply())))
    desk.people(5)
    campaign = desk.finished(desk.started())
    clock.forward(days=1)
    desk.send()
    assert progress_of(desk.shop, STAFF, campaign.id).unknown == 5
    assert max(desk.submitted.values()) == 1


def test_a_refusal_of_the_account_pauses_the_campaign(by: Sent, clock: TestClock) -> None:
    transport = RecordingTransport(always(Refuse("SES has suspended the account.", True, account_wide=True)))
    desk = by(transport)
    desk.people(5)
    campaign = desk.started()
    desk.send()
    campaign = desk.tended(campaign)
    assert (campaign.state, campaign.reason) == (CampaignState.PAUSED, "SES has suspended the account.")
    assert account.is_paused(desk.shop)
    transport.plan = always(Take())
    clock.forward(minutes=6)
    actions.resume(desk.shop, STAFF, campaign.id)
    assert desk.finished(campaign).state is CampaignState.FINISHED
    assert progress_of(desk.shop, STAFF, campaign.id).sent == 5


def test_only_what_failed_is_tried_again(by: Sent) -> None:
    transport = RecordingTransport()
    desk = by(transport)
    unlucky = desk.people(3)[0].email
    refused = Refuse("Not possible.")
    transport.plan = lambda email, attempt: refused if attempt == 1 and email.to == unlucky else Take()
    campaign = desk.finished(desk.started())
    assert progress_of(desk.shop, STAFF, campaign.id).failed == 1
    actions.retry_failed(desk.shop, STAFF, campaign.id, typed_count=1, seen_version=desk.version(campaign))
    campaign = desk.tended(campaign)
    assert desk.finished(campaign).state is CampaignState.FINISHED
    progress = progress_of(desk.shop, STAFF, campaign.id)
    assert (progress.sent, progress.failed, progress.remaining) == (3, 0, 0)
    assert set(desk.submitted.values()) == {1}
    assert_reconciled(desk)


def test_it_waits_for_the_daily_quota_and_goes_on_the_next_day(by: Sent, clock: TestClock) -> None:
    desk = by(RecordingTransport(account=replace(GENEROUS, daily_quota=10)))
    desk.people(15)
    campaign = desk.started()
    desk.send()
    progress = progress_of(desk.shop, STAFF, campaign.id)
    assert (progress.sent, progress.remaining, progress.held_for) == (10, 5, "the daily quota is used up")
    assert progress.held_until is not None
    clock.now = progress.held_until + timedelta(seconds=1)
    assert desk.finished(campaign).state is CampaignState.FINISHED
    assert len(desk.submitted) == 15


def test_a_machine_on_which_preparing_takes_all_the_time_still_sends(desk: Desk) -> None:
    desk.people(3)
    campaign = desk.started()
    turn = Turn(desk.work.pace.size, time.monotonic() - 1.0, desk.stop)
    work = StepWork(turn, desk.work.pace, Worked())
    held = chunks.take(desk.shop, campaign, campaign.wave)
    assert held is not None
    do_step(desk.shop, desk.mailer, campaign, held, work)
    assert len(desk.submitted) == 3


def test_it_sends_within_its_hours_only(desk: Desk, clock: TestClock) -> None:
    """The clock stands on a Thursday, at noon."""
    desk.people(2)
    campaign = desk.started(draft(hours=Hours()))
    clock.forward(days=2)
    assert desk.send() == 0
    progress = progress_of(desk.shop, STAFF, campaign.id)
    assert progress.held_until == clock().replace(hour=9) + timedelta(days=2)
    clock.now = progress.held_until
    assert desk.finished(campaign).state is CampaignState.FINISHED


@pytest.mark.parametrize(("counter", "word"), [("bounced", "bounced"), ("complained", "marked as spam")])
def test_it_stops_by_itself_when_too_many_bounce_or_complain(desk: Desk, counter: str, word: str) -> None:
    desk.people(20)
    campaign = desk.started(draft(limits=Limits(least=10)))
    desk.send()
    report(desk.shop, campaign, counter, 3)
    campaign = desk.tended(campaign)
    assert campaign.state is CampaignState.STOPPED
    assert word in campaign.reason
    actions.resume(desk.shop, STAFF, campaign.id)
    assert desk.tended(campaign).state is CampaignState.FINISHED


def test_a_message_says_exactly_what_was_sent_although_the_campaign_keeps_its_fields(desk: Desk) -> None:
    desk.people(1)
    (message,) = desk.messages(desk.finished(desk.started()))
    email = email_of(desk.shop, message)
    assert "They are blue" in email.html
    assert is_as_sent(message, email)


def test_an_unknown_message_that_is_sent_again_says_the_same(by: Sent) -> None:
    desk = by(RecordingTransport(always(LoseReply())))
    desk.people(1)
    (message,) = desk.messages(desk.finished(desk.started()))
    copy = replace(self_contained(desk.shop, message), campaign="")
    assert email_of(desk.shop, copy) == email_of(desk.shop, message)


def test_a_failure_that_is_known_late_ends_the_doubt(by: Sent) -> None:
    desk = by(RecordingTransport(always(LoseReply())))
    desk.people(2)
    campaign = desk.finished(desk.started())
    doubted, other = desk.messages(campaign)
    late = replace(doubted, status=MessageStatus.FAILED, reason="Not possible.", lease_until=desk.shop.clock())
    assert ledger.record(desk.shop, [late]) == []
    assert ledger.record(desk.shop, [late]) == []
    known = get_message(desk.shop, doubted.id)
    assert (known.status, known.reason, known.resolved) == (MessageStatus.FAILED, "Not possible.", True)
    assert [each.id for each in needing_attention(desk.shop, MessageStatus.FAILED, 10)] == [doubted.id]
    assert [each.id for each in needing_attention(desk.shop, MessageStatus.UNKNOWN, 10)] == [other.id]
    progress = progress_of(desk.shop, STAFF, campaign.id)
    assert (progress.unknown, progress.failed, progress.resolved, progress.remaining) == (2, 0, 0, 0)
    assert_reconciled(desk)


def test_the_cap_holds_across_campaigns(desk: Desk) -> None:
    desk.people(3)
    desk.mailer = replace(desk.mailer, limits=replace(desk.mailer.limits, cap=1))
    desk.finished(desk.started())
    second = desk.finished(desk.started(draft(name="More mugs")))
    assert progress_of(desk.shop, STAFF, second.id).skipped == {"cap_reached": 3}


def test_the_cap_holds_for_two_campaigns_that_decide_before_either_sends(
    desk: Desk, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sees nobody with an email: what they know when they decide is older than what they send."""
    people = desk.people(6)
    desk.mailer = replace(desk.mailer, limits=replace(desk.mailer.limits, cap=1))
    campaigns = [desk.started(), desk.started(draft(name="More mugs"))]
    with monkeypatch.context() as outdated:
        outdated.setattr(eligibility, "marketing_sent", lambda *_: {})
        desk.send()
    clock.forward(minutes=1)
    assert [desk.finished(each).state for each in campaigns] == [CampaignState.FINISHED] * 2
    progress = [progress_of(desk.shop, STAFF, each.id) for each in campaigns]
    assert sum(each.sent for each in progress) == len(people)
    assert sum(each.skipped.get("cap_reached", 0) for each in progress) == len(people)
    assert len({message_id.partition("-")[0] for message_id in desk.submitted}) == desk.submitted.total() == 6


def test_who_waited_for_another_attempt_is_settled_when_it_is_cancelled(by: Sent) -> None:
    desk = by(RecordingTransport(always(BUSY)))
    desk.people(3)
    campaign = desk.started()
    desk.send()
    actions.cancel(desk.shop, STAFF, campaign.id)
    desk.tended(campaign)
    assert {message.status for message in desk.messages(campaign)} == {MessageStatus.SKIPPED}
    assert progress_of(desk.shop, STAFF, campaign.id).skipped == {"cancelled": 3}
    assert_reconciled(desk)


def test_the_statistics_agree_with_the_messages(by: Sent) -> None:
    behaviours = (Take(), LoseReply(), Refuse("Not possible."))
    desk = by(RecordingTransport(lambda email, attempt: behaviours[len(email.message_id + email.to) % 3]))
    desk.people(12)
    desk.people(2, consent=False)
    desk.finished(desk.started())
    assert_reconciled(desk)


def test_transactional_mail_overtakes_a_campaign(desk: Desk) -> None:
    (person, *_) = desk.people(40)
    desk.started()
    requested = request_message(desk.shop, desk.mailer, STAFF, SendRequest("verify-address", "now", person.id))
    work = mail.MailWork(desk.shop, desk.mailer, desk.stop)
    work._campaigns = desk.work
    work.round()
    assert isinstance(desk.transport, RecordingTransport)
    sent = [email.message_id for email in desk.transport.submitted]
    assert sent[0] == requested.message.id
    assert len(sent) == 41


def report(shop: Shop, campaign: Campaign, counter: str, count: int) -> None:
    """As the provider's reports add up."""
    shop.store.update(Update(schema.campaign_stat_key(campaign.id, "x"), add={counter: Plus(count)}))
    assert figures_of(shop, campaign.id)[counter] == count


def assert_reconciled(desk: Desk) -> None:
    found = Reconciliation()
    reconcile_mail(desk.shop, found, pause=lambda _: None)
    assert found.drift == []
