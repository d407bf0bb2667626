"""What people see around sending: the outlook before a click, repeating on purpose, figures, limits and pauses."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from backend.domain.eligibility import MarketingLimits
from backend.domain.emails import Kind
from backend.domain.messages import SkipReason
from backend.email.rate import RatePolicy
from backend.errors import InvalidInputError, PermissionDeniedError
from backend.services.context import Shop
from backend.services.sending import account, by_hand
from backend.services.sending.delivery import deliver_due, deliver_one
from backend.services.sending.requests import SendRequest, new_click_key
from backend.services.templates import catalogue
from tests.services.test_mailing import agreeing, mailer_on, requested
from tests.support import ENGINEER, MANAGER, STAFF, TestClock, add_customer


def wanted(customer_id: str, **more: str) -> SendRequest:
    return SendRequest("verify-address", new_click_key(), customer_id, **more)


def test_the_outlook_names_every_reason_and_the_last_time(shop: Shop) -> None:
    mailer, customer = mailer_on(shop), add_customer(shop, email="")
    facts = catalogue.current_version(shop, "welcome").facts
    prospect = by_hand.send_check_of(shop, mailer, customer, facts)
    assert prospect.against == [SkipReason.NO_ADDRESS, SkipReason.NO_CONSENT]
    assert prospect.last is None
    maria = add_customer(shop)
    message = deliver_one(shop, mailer, requested(shop, mailer, maria))
    facts = catalogue.current_version(shop, "verify-address").facts
    last = by_hand.send_check_of(shop, mailer, maria, facts).last
    assert last is not None
    assert last.id == message.id


def test_the_outlook_says_when_quiet_hours_end(shop: Shop) -> None:
    limits = MarketingLimits(quiet_from=time(11), quiet_to=time(14))
    mailer, customer = mailer_on(shop, limits=limits), agreeing(shop)
    facts = catalogue.current_version(shop, "welcome").facts
    assert facts.kind is Kind.MARKETING
    until = by_hand.send_check_of(shop, mailer, customer, facts).waits_until
    assert until is not None
    assert until.hour == 14


def test_sending_again_needs_a_reason_but_a_double_click_does_not(shop: Shop) -> None:
    mailer, customer = mailer_on(shop), add_customer(shop)
    first = wanted(customer.id)
    by_hand.request_by_hand(shop, mailer, STAFF, first)
    assert by_hand.request_by_hand(shop, mailer, STAFF, first).duplicate
    with pytest.raises(InvalidInputError, match="Say why"):
        by_hand.request_by_hand(shop, mailer, STAFF, wanted(customer.id))
    again = by_hand.request_by_hand(shop, mailer, STAFF, wanted(customer.id, again="It got lost"))
    assert not again.duplicate
    with pytest.raises(PermissionDeniedError):
        by_hand.request_by_hand(shop, mailer, MANAGER, first)


def test_the_quota_counts_what_was_sent_in_24_hours(shop: Shop, clock: TestClock) -> None:
    mailer, policy = mailer_on(shop, quota=50), RatePolicy(5, 50)
    for _ in range(3):
        requested(shop, mailer, add_customer(shop))
    deliver_due(shop, mailer)
    mailer.window.settle()
    use = account.account_use(shop, mailer, policy)
    assert (use.transport, use.per_second, use.daily_quota, use.used) == ("recording", 5, 50, 3)
    clock.forward(hours=30)
    assert account.account_use(shop, mailer, policy).used == 0


def test_without_limits_there_are_none_to_show(shop: Shop) -> None:
    use = account.account_use(shop, mailer_on(shop), RatePolicy(0, -1))
    assert (use.per_second, use.daily_quota) == (1000.0, None)


def test_a_pause_is_ended_by_who_sends_or_runs_the_system(shop: Shop) -> None:
    mailer = mailer_on(shop)
    for actor in (STAFF, ENGINEER):
        account.pause(shop, "On hold.", shop.clock() + timedelta(minutes=5))
        pause = account.account_use(shop, mailer, RatePolicy(1, 1)).pause
        assert pause is not None
        assert pause.reason == "On hold."
        account.resume_sending(shop, actor)
        assert not account.is_paused(shop)
    with pytest.raises(PermissionDeniedError):
        account.resume_sending(shop, MANAGER)
