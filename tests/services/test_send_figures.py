"""Sending in figures: volumes, shares, reasons and times of a range, equal to a recount of the messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from backend.domain.deliverability import rates_of
from backend.domain.delivery import Mailbox
from backend.domain.messages import MessageStatus, SkipReason
from backend.email.transports.recording import LoseReply, Refuse, always
from backend.services.context import Shop
from backend.services.sending import ledger
from backend.services.sending.delivery import deliver_due, deliver_one
from backend.services.statistics.counters import took_percentile
from backend.services.statistics.days import stats_by_day
from backend.services.statistics.sending import ChartStep, problems_of, send_figures, steps_for
from backend.store import schema
from backend.store.port import Plus, Update
from tests.services.test_ledger import a_message, claimed
from tests.services.test_mailing import TODAY, mailer_on, requested
from tests.support import TestClock, add_customer


def test_volumes_are_counted_by_status_template_and_step(shop: Shop, clock: TestClock) -> None:
    mailer = mailer_on(shop)
    for _ in range(2):
        requested(shop, mailer, add_customer(shop))
    requested(shop, mailer, add_customer(shop), "welcome")
    deliver_due(shop, mailer)
    clock.forward(days=1)
    deliver_one(shop, mailer_on(shop, always(Refuse("No."))), requested(shop, mailer, add_customer(shop)))
    figures = send_figures(shop, TODAY, TODAY + timedelta(days=1), ChartStep.DAY)
    assert figures.steps == ["2026-11-26", "2026-11-27"]
    assert figures.by_status["sent"] == {"2026-11-26": 2, "2026-11-27": 0}
    assert figures.by_status["failed"]["2026-11-27"] == 1
    assert figures.by_template["verify-address"]["2026-11-26"] == 2
    assert (figures.totals["sent"], figures.totals["skipped"]) == (2, 1)
    months = send_figures(shop, TODAY, TODAY + timedelta(days=40), ChartStep.MONTH, "welcome")
    assert (months.steps, months.by_status["skipped"]) == (["2026-11", "2026-12", "2027-01"], {"2026-11": 1})
    hours = send_figures(shop, TODAY, TODAY, ChartStep.HOUR)
    assert (len(hours.steps), hours.by_status["sent"]) == (24, {"2026-11-26T12": 2})


@pytest.mark.parametrize(
    ("days", "first"), [(1, ChartStep.HOUR), (7, ChartStep.DAY), (62, ChartStep.DAY), (63, ChartStep.MONTH)]
)
def test_a_range_is_divided_as_suits_it(days: int, first: ChartStep) -> None:
    begin = date(2026, 1, 1)
    assert steps_for(begin, begin + timedelta(days=days - 1))[0] is first


def test_reasons_are_counted_most_frequent_first_and_only_of_the_days_that_are_asked_for(
    shop: Shop, clock: TestClock
) -> None:
    clock.forward(days=-1)
    deliver_one(shop, mailer_on(shop, always(Refuse("Before."))), requested(shop, mailer_on(shop), add_customer(shop)))
    clock.forward(days=1)
    for plan in (always(Refuse("No.")), always(Refuse("No.")), always(Refuse("Never.")), always(LoseReply())):
        deliver_one(shop, mailer_on(shop, plan), requested(shop, mailer_on(shop), add_customer(shop)))
    problems = problems_of(shop, TODAY, TODAY)
    found = [(each.reason, each.failed, each.unknown) for each in problems.reasons]
    assert found == [("No.", 2, 0), ("Never.", 1, 0), ("The reply was lost.", 0, 1)]
    assert problems.complete
    assert problems_of(shop, TODAY, TODAY, "welcome").reasons == []
    assert [
        each.reason for each in problems_of(shop, TODAY - timedelta(days=1), TODAY - timedelta(days=1)).reasons
    ] == ["Before."]


def test_what_kept_messages_back_is_counted_by_reason(shop: Shop) -> None:
    reasons = [SkipReason.NO_CONSENT, SkipReason.BOUNCED, SkipReason.NO_CONSENT]
    for number, reason in enumerate(reasons):
        ledger.request(shop, ledger.skipped(a_message(f"k{number}"), reason))
    figures = send_figures(shop, TODAY, TODAY, ChartStep.HOUR)
    assert figures.skips == [(SkipReason.NO_CONSENT, 2), (SkipReason.BOUNCED, 1)]


def test_mailbox_providers_are_distinguished(shop: Shop) -> None:
    for number, address in enumerate(("a@gmail.com", "b@gmail.com", "c@shop.example", "d@web.de")):
        message = claimed(shop, ledger.request(shop, a_message(f"k{number}", to=address)).message)
        ledger.record(shop, [replace(message, status=MessageStatus.SENT, sent_at=shop.clock())])
    figures = send_figures(shop, TODAY, TODAY, ChartStep.HOUR)
    sent = {mailbox: rates_of(figures.totals, f"{mailbox.value}:").sent for mailbox in Mailbox}
    assert {mailbox: number for mailbox, number in sent.items() if number} == {
        Mailbox.GMAIL: 2,
        Mailbox.OTHER: 1,
        Mailbox.GMX: 1,
    }
    assert rates_of(figures.totals).sent == 4


def test_days_that_are_over_are_read_again_when_they_are_old_enough(shop: Shop, clock: TestClock) -> None:
    key = schema.hours_key("2026-11-20T10", "welcome", "AAAAAAAAAA-k")

    def sent() -> int:
        (day,) = stats_by_day(shop, date(2026, 11, 20), date(2026, 11, 20))
        return day.counts().get("sent", 0)

    def add() -> None:
        shop.store.update(Update(key, set={"kind": "marketing"}, add={"sent": Plus(1)}))

    add()
    assert sent() == 1
    add()
    assert sent() == 1
    clock.forward(minutes=16)
    assert sent() == 2


def test_today_is_never_old(shop: Shop) -> None:
    for number in range(3):
        ledger.request(shop, ledger.skipped(a_message(f"k{number}"), SkipReason.ARCHIVED))
        (day,) = stats_by_day(shop, TODAY, TODAY)
        assert day.counts("welcome")["skipped"] == number + 1
        assert day.counts("another") == {}


def test_percentiles_of_arrival_are_read_from_their_own_classes() -> None:
    counts = {"took_1": 100, "arrived_10": 50, "arrived_60": 50}
    assert took_percentile(counts, 0.5) == 0.5
    assert took_percentile(counts, 0.5, "arrived") == 10
    assert took_percentile(counts, 0.99, "arrived") == pytest.approx(59.4)
    assert took_percentile({"took_1": 1}, 0.5, "arrived") is None
