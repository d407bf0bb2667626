"""Sending through the ledger: who gets it, what becomes of it, and what repeats, doubts and limits do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from backend.domain.customers import Customer
from backend.domain.eligibility import MarketingLimits
from backend.domain.emails import Kind
from backend.domain.messages import Message, MessageStatus, SkipReason
from backend.domain.suppression import SuppressionReason
from backend.email.links import Links, Purpose
from backend.email.rate import RatePolicy, RateWindow
from backend.email.transports.recording import (
    Accept,
    LoseReply,
    NeverArrive,
    RecordingTransport,
    Refuse,
    ResponsePlan,
    always,
    in_turn,
)
from backend.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from backend.records.messages import key_of
from backend.services.context import Shop
from backend.services.customers.customers import get_customer, set_consent
from backend.services.customers.preferences import pause, set_topics_off
from backend.services.sending import account, email_choices, ledger
from backend.services.sending.composition import email_of, is_as_sent
from backend.services.sending.delivery import deliver_due, deliver_one
from backend.services.sending.eligibility import can_we_email
from backend.services.sending.mailer import Mailer
from backend.services.sending.requests import SendRequest, last_sent, new_click_key, request_message
from backend.services.sending.submissions import LONGEST_DETAIL, MOST_ATTEMPTS, retry_delay
from backend.services.shop_settings import get_shop_facts, save_shop_facts
from backend.services.statistics.counters import stats_by_hour, summed
from backend.services.suppression.entries import add_suppression
from backend.services.templates import catalogue
from backend.store.port import Update
from tests.support import ADMIN, MANAGER, STAFF, TestClock, add_customer, add_order

Post = Callable[..., Mailer]
TODAY = date(2026, 11, 26)


def mailer_on(
    shop: Shop, plan: ResponsePlan | None = None, *, rate: int = 1000, quota: int = -1, **more: object
) -> Mailer:
    transport = RecordingTransport(plan or always(Accept()))
    window = RateWindow(shop.store, "recording", transport.account, RatePolicy(rate, quota), clock=shop.clock)
    links = Links(b"k" * 32, "https://shop.example", shop.clock)
    return Mailer(transport, window, links, "shop@example.com", concurrency=1, **more)  # type: ignore[arg-type]


def submissions(mailer: Mailer) -> int:
    transport = mailer.transport
    assert isinstance(transport, RecordingTransport)
    return len(transport.submitted)


def requested(
    shop: Shop, mailer: Mailer, customer: Customer, template: str = "verify-address", **more: object
) -> Message:
    wanted = SendRequest(template, new_click_key(), customer.id, **more)  # type: ignore[arg-type]
    return request_message(shop, mailer, STAFF, wanted).message


def counts(shop: Shop) -> dict[str, int]:
    """The counters by status."""
    sums = summed(stats.counts for stats in stats_by_hour(shop, TODAY, TODAY + timedelta(days=3)))
    return {name: n for name, n in sums.items() if n and not name.startswith("took") and ":" not in name}


def marketing_shop(shop: Shop) -> None:
    facts = replace(get_shop_facts(shop), postal_address="1 Mill Lane\nBath")
    save_shop_facts(shop, ADMIN, facts)


def agreeing(shop: Shop, **more: object) -> Customer:
    customer = add_customer(shop, **more)  # type: ignore[arg-type]
    return set_consent(shop, STAFF, customer.id, customer.version, given=True)


def newsletter(shop: Shop, mailer: Mailer, customer: Customer) -> Message:
    facts = catalogue.current_version(shop, "newsletter").facts
    fields = {field.name: "https://shop.example" if field.is_url else "Words" for field in facts.fields}
    return requested(shop, mailer, customer, "newsletter", fields=fields)


def test_a_request_is_sent_once_by_the_worker(shop: Shop) -> None:
    mailer, customer = mailer_on(shop), add_customer(shop)
    message = requested(shop, mailer, customer)
    assert submissions(mailer) == 0
    deliver_due(shop, mailer)
    deliver_due(shop, mailer)
    found = ledger.get_message(shop, message.id)
    assert found.status is MessageStatus.SENT
    assert submissions(mailer) == 1
    assert counts(shop) == {"sent": 1}


def test_a_double_click_sends_one_email(shop: Shop) -> None:
    mailer, customer = mailer_on(shop), add_customer(shop)
    wanted = SendRequest("verify-address", new_click_key(), customer.id)
    first = request_message(shop, mailer, STAFF, wanted)
    second = request_message(shop, mailer, STAFF, wanted)
    assert (first.duplicate, second.duplicate) == (False, True)
    deliver_due(shop, mailer)
    assert submissions(mailer) == 1


def test_the_log_gives_exactly_what_was_sent_although_everything_changed_since(shop: Shop) -> None:
    mailer, customer = mailer_on(shop), add_customer(shop)
    message = deliver_one(shop, mailer, requested(shop, mailer, customer))
    sent = mailer.transport.submitted[0]  # type: ignore[attr-defined]
    save_shop_facts(shop, ADMIN, replace(get_shop_facts(shop), name="Another name", brand="#aa0000"))
    again = email_of(shop, ledger.get_message(shop, message.id))
    assert (again.subject, again.html, again.text) == (sent.subject, sent.html, sent.text)
    assert is_as_sent(ledger.get_message(shop, message.id), again)


def test_an_order_email_needs_its_order(shop: Shop) -> None:
    mailer, customer = mailer_on(shop), add_customer(shop)
    with pytest.raises(InvalidInputError, match="order"):
        requested(shop, mailer, customer, "order-confirmation")
    order = add_order(shop, customer)
    message = requested(shop, mailer, customer, "order-confirmation", order_id=order.id)
    assert deliver_one(shop, mailer, message).status is MessageStatus.SENT
    sent = last_sent(shop, customer.id, "order-confirmation", order.id)
    assert sent is not None
    assert sent.id == message.id


def test_only_those_who_may_send_can_send(shop: Shop) -> None:
    customer = add_customer(shop)
    with pytest.raises(PermissionDeniedError):
        request_message(shop, mailer_on(shop), MANAGER, SendRequest("verify-address", "k", customer.id))


def test_an_unknown_address_is_reported(shop: Shop) -> None:
    with pytest.raises(NotFoundError):
        request_message(shop, mailer_on(shop), STAFF, SendRequest("verify-address", "k", to="nobody@example.com"))


@pytest.mark.parametrize(
    ("reason", "kinds"),
    [
        (SuppressionReason.HARD_BOUNCE, {Kind.TRANSACTIONAL, Kind.MARKETING}),
        (SuppressionReason.COMPLAINT, {Kind.TRANSACTIONAL, Kind.MARKETING}),
        (SuppressionReason.MANUAL, {Kind.TRANSACTIONAL, Kind.MARKETING}),
        (SuppressionReason.UNSUBSCRIBED, {Kind.MARKETING}),
    ],
)
def test_the_suppression_list_stops_the_kinds_of_mail_that_it_should(
    shop: Shop, reason: SuppressionReason, kinds: set[Kind]
) -> None:
    customer = agreeing(shop)
    add_suppression(shop, customer.email or "", reason, source="test")
    answers = can_we_email(shop, customer, MarketingLimits())
    assert {kind for kind, against in answers.items() if against} == kinds


def test_a_suppression_between_request_and_send_counts(shop: Shop) -> None:
    mailer, customer = mailer_on(shop), add_customer(shop)
    message = requested(shop, mailer, customer)
    add_suppression(shop, customer.email or "", SuppressionReason.HARD_BOUNCE, source="test")
    deliver_due(shop, mailer)
    found = ledger.get_message(shop, message.id)
    assert (found.status, found.reason) == (MessageStatus.SKIPPED, SkipReason.BOUNCED.value)
    assert submissions(mailer) == 0
    assert counts(shop) == {"skipped": 1}


def test_marketing_needs_consent_topic_and_no_pause(shop: Shop) -> None:
    marketing_shop(shop)
    mailer = mailer_on(shop)
    silent, agreed = add_customer(shop), agreeing(shop)
    assert newsletter(shop, mailer, silent).reason == SkipReason.NO_CONSENT.value
    topic = catalogue.topic_of(shop, "newsletter")
    set_topics_off(shop, agreed.id, [topic])
    assert newsletter(shop, mailer, agreed).reason == SkipReason.UNSUBSCRIBED.value
    set_topics_off(shop, agreed.id, [])
    pause(shop, agreed.id)
    assert newsletter(shop, mailer, agreed).reason == SkipReason.PAUSED.value


def test_marketing_mail_carries_the_way_out(shop: Shop) -> None:
    marketing_shop(shop)
    mailer, customer = mailer_on(shop), agreeing(shop)
    message = newsletter(shop, mailer, customer)
    assert deliver_one(shop, mailer, message).status is MessageStatus.SENT
    sent = mailer.transport.submitted[0]  # type: ignore[attr-defined]
    url = sent.headers["List-Unsubscribe"].strip("<>")
    assert sent.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in sent.html
    target = mailer.links.read(Purpose.UNSUBSCRIBE, url.rsplit("/", 1)[1])
    email_choices.unsubscribe(shop, target)  # type: ignore[arg-type]
    email_choices.unsubscribe(shop, target)  # type: ignore[arg-type]
    after = get_customer(shop, customer.id)
    assert after.consent is not None
    assert not after.consent.given
    assert newsletter(shop, mailer, after).status is MessageStatus.SKIPPED


def test_the_cap_counts_what_went_out_within_a_week(shop: Shop, clock: TestClock) -> None:
    marketing_shop(shop)
    mailer, customer = mailer_on(shop, limits=MarketingLimits(cap=1)), agreeing(shop)
    deliver_one(shop, mailer, newsletter(shop, mailer, customer))
    assert newsletter(shop, mailer, customer).reason == SkipReason.CAP_REACHED.value
    clock.forward(days=8)
    assert newsletter(shop, mailer, customer).status is MessageStatus.WAITING


def test_a_round_counts_expired_leases_as_they_ended(shop: Shop, clock: TestClock) -> None:
    mailer, customer = mailer_on(shop), add_customer(shop)
    doubted, reported, settled = (requested(shop, mailer, customer) for _ in range(3))
    ledger.claim(shop, [doubted, reported, settled])
    shop.store.update(Update(key_of(reported), set={"provider": "ses-1"}))
    clock.forward(seconds=ledger.LEASE.total_seconds() + 1)
    assert deliver_due(shop, mailer).settled == {MessageStatus.UNKNOWN: 2, MessageStatus.SENT: 1}
    assert counts(shop) == {"unknown": 2, "sent": 1}


def test_quiet_hours_put_marketing_off_and_not_orders(shop: Shop, clock: TestClock) -> None:
    marketing_shop(shop)
    limits = MarketingLimits(quiet_from=time(11), quiet_to=time(14))
    mailer, customer = mailer_on(shop, limits=limits), agreeing(shop)
    marketing = deliver_one(shop, mailer, newsletter(shop, mailer, customer))
    assert (marketing.status, marketing.due_at - clock()) == (MessageStatus.WAITING, timedelta(hours=2))
    assert deliver_one(shop, mailer, requested(shop, mailer, customer)).status is MessageStatus.SENT
    clock.forward(hours=2)
    deliver_due(shop, mailer)
    assert ledger.get_message(shop, marketing.id).status is MessageStatus.SENT


def test_what_is_refused_for_good_fails_with_the_reason(shop: Shop) -> None:
    mailer, customer = mailer_on(shop, always(Refuse("Not verified."))), add_customer(shop)
    found = deliver_one(shop, mailer, requested(shop, mailer, customer))
    assert (found.status, found.reason) == (MessageStatus.FAILED, "Not verified.")


def test_what_is_refused_for_now_is_tried_again_later(shop: Shop, clock: TestClock) -> None:
    mailer = mailer_on(shop, in_turn(Refuse("Busy.", retryable=True), Accept()))
    message = requested(shop, mailer, add_customer(shop))
    deliver_due(shop, mailer)
    waiting = ledger.get_message(shop, message.id)
    assert (waiting.status, waiting.attempts) == (MessageStatus.WAITING, 1)
    deliver_due(shop, mailer)
    assert ledger.get_message(shop, message.id).attempts == 1
    clock.forward(minutes=1)
    deliver_due(shop, mailer)
    found = ledger.get_message(shop, message.id)
    assert (found.status, found.attempts) == (MessageStatus.SENT, 2)


def test_trying_again_ends(shop: Shop, clock: TestClock) -> None:
    mailer = mailer_on(shop, always(Refuse("Busy.", retryable=True)))
    message = requested(shop, mailer, add_customer(shop))
    for _ in range(MOST_ATTEMPTS + 2):
        deliver_due(shop, mailer)
        clock.forward(hours=2)
    found = ledger.get_message(shop, message.id)
    assert (found.status, found.attempts) == (MessageStatus.FAILED, MOST_ATTEMPTS)
    assert "Given up" in found.reason


@pytest.mark.parametrize("behaviour", [LoseReply(), NeverArrive()])
def test_a_lost_reply_is_unknown_and_never_sent_again(
    shop: Shop, clock: TestClock, behaviour: LoseReply | NeverArrive
) -> None:
    mailer = mailer_on(shop, always(behaviour))
    message = requested(shop, mailer, add_customer(shop))
    for _ in range(5):
        deliver_due(shop, mailer)
        clock.forward(hours=5)
    assert ledger.get_message(shop, message.id).status is MessageStatus.UNKNOWN
    assert submissions(mailer) == (1 if isinstance(behaviour, LoseReply) else 0)


def test_a_refusal_of_the_account_stops_everything_until_the_pause_ends(shop: Shop, clock: TestClock) -> None:
    stop = Refuse("Sending is paused.", retryable=True, account_wide=True)
    mailer = mailer_on(shop, in_turn(stop, Accept()))
    messages = [requested(shop, mailer, add_customer(shop)) for _ in range(3)]
    deliver_due(shop, mailer)
    assert account.is_paused(shop)
    deliver_due(shop, mailer)
    assert {ledger.get_message(shop, message.id).status for message in messages} == {MessageStatus.WAITING}
    clock.forward(minutes=6)
    assert not account.is_paused(shop)


def test_the_rate_lets_through_no_more_than_it_allows(shop: Shop, clock: TestClock) -> None:
    mailer = mailer_on(shop, rate=5)
    for _ in range(20):
        requested(shop, mailer, add_customer(shop))
    worked = deliver_due(shop, mailer)
    assert submissions(mailer) <= 5
    assert worked.wait > 0
    for _ in range(40):
        clock.forward(seconds=0.5)
        deliver_due(shop, mailer)
    assert submissions(mailer) == 20


def test_a_reached_quota_puts_the_rest_off(shop: Shop) -> None:
    mailer = mailer_on(shop, quota=3)
    messages = [requested(shop, mailer, add_customer(shop)) for _ in range(5)]
    deliver_due(shop, mailer)
    statuses = [ledger.get_message(shop, message.id).status for message in messages]
    assert sorted(statuses) == [MessageStatus.SENT] * 3 + [MessageStatus.WAITING] * 2
    assert submissions(mailer) == 3


def test_retries_wait_longer_each_time_and_an_hour_at_most() -> None:
    for attempts in range(1, 30):
        longest = min(30 * 4 ** (attempts - 1), 3600)
        assert longest / 2 <= retry_delay(attempts).total_seconds() <= longest


def test_what_the_provider_said_is_kept_as_long_as_the_email_is_not_sent(shop: Shop, clock: TestClock) -> None:
    customer = add_customer(shop)
    mailer = mailer_on(shop, in_turn(Refuse(retryable=True, detail="Throttling: slow down. " * 50), Accept()))
    message = requested(shop, mailer, customer)
    waiting = deliver_one(shop, mailer, message)
    assert waiting.detail.startswith("Throttling: slow down.")
    assert len(waiting.detail) == LONGEST_DETAIL
    clock.forward(minutes=2)
    sent = deliver_one(shop, mailer, waiting)
    assert (sent.status, sent.detail) == (MessageStatus.SENT, "")


def test_what_the_provider_said_about_a_failed_email_stays(shop: Shop) -> None:
    mailer = mailer_on(shop, always(Refuse(detail="MessageRejected: no.")))
    failed = deliver_one(shop, mailer, requested(shop, mailer, add_customer(shop)))
    assert (failed.status, failed.detail) == (MessageStatus.FAILED, "MessageRejected: no.")
