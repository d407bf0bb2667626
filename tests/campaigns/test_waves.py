"""The canary goes first, variants are compared, the best one goes to the rest, and the holdout gets nothing."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from backend.domain.campaigns import CampaignState, Canary, Measure, SplitTest, Variant, Wave
from backend.domain.lift import Buying
from backend.domain.messages import SkipReason
from backend.services.campaigns.actions import cancel
from backend.services.campaigns.explanation import explain
from backend.services.campaigns.orders_after import kept_orders
from backend.services.campaigns.oversight import winner_of
from backend.services.campaigns.plan import get_plan
from backend.services.campaigns.progress import progress_of
from backend.services.campaigns.results import results_of
from backend.store import schema
from backend.store.port import Plus, Update
from tests.campaigns.support import Desk, draft
from tests.support import STAFF, TestClock, add_order

TWO = (Variant("A", "Blue mugs"), Variant("B", "Mugs for {{ customer.first_name }}"))


def test_the_canary_goes_first_and_the_rest_waits_for_what_becomes_of_it(desk: Desk, clock: TestClock) -> None:
    desk.people(60)
    campaign = desk.started(draft(canary=Canary(share=30, wait=timedelta(minutes=30))))
    first = desk.send()
    assert 0 < first < 40
    campaign = desk.tended(campaign)
    assert (campaign.wave, desk.send()) == (Wave.CANARY, 0)
    clock.forward(minutes=31)
    campaign = desk.tended(campaign)
    assert campaign.wave is Wave.REST
    assert desk.send() == 60 - first
    assert desk.tended(campaign).state is CampaignState.FINISHED


def test_a_canary_that_bounces_stops_the_campaign(desk: Desk, clock: TestClock) -> None:
    desk.people(90)
    campaign = desk.started(draft(canary=Canary(share=40)))
    sent = desk.send()
    desk.shop.store.update(Update(schema.campaign_stat_key(campaign.id, "x"), add={"bounced": Plus(5)}))
    clock.forward(minutes=31)
    assert desk.tended(campaign).state is CampaignState.STOPPED
    assert (desk.send(), len(desk.submitted)) == (0, sent)


def test_the_better_variant_goes_to_the_rest(desk: Desk, clock: TestClock) -> None:
    desk.people(60)
    test = SplitTest(TWO, share=40, wait=timedelta(hours=4), measure=Measure.CLICKS)
    campaign = desk.started(draft(test=test))
    tested = desk.send()
    variants = Counter(message.variant for message in desk.messages(campaign))
    assert set(variants) == {"A", "B"}
    desk.shop.store.update(Update(schema.campaign_stat_key(campaign.id, "x"), add={"clicked~B": Plus(3)}))
    desk.tended(campaign)
    clock.forward(hours=5)
    campaign = desk.tended(campaign)
    assert campaign.winner == "B"
    assert desk.send() == 60 - tested
    campaign = desk.tended(campaign)
    variants = Counter(message.variant for message in desk.messages(campaign))
    results = {each.key: each for each in results_of(desk.shop, STAFF, campaign.id).variants}
    assert (results["A"].sent, results["B"].sent) == (variants["A"], variants["B"])
    assert results["B"].is_winner
    assert results["B"].clicked == 3


@pytest.mark.parametrize(
    ("figures", "winner"),
    [
        ({"sent~A": 10, "sent~B": 10}, "A"),
        ({"sent~A": 10, "sent~B": 10, "clicked~B": 1}, "B"),
        ({"failed~A": 10, "sent~B": 10}, "B"),
        ({"sent~A": 1, "failed~A": 9, "clicked~A": 1, "sent~B": 10, "clicked~B": 2}, "B"),
    ],
)
def test_a_variant_that_cannot_be_made_is_not_the_better_one(figures: dict[str, int], winner: str) -> None:
    assert winner_of(SplitTest(TWO), figures, {}) == winner


def test_a_canary_that_has_the_whole_test_in_it_waits_for_both(desk: Desk, clock: TestClock) -> None:
    desk.people(60)
    test = SplitTest(TWO, share=20, wait=timedelta(hours=4))
    campaign = desk.started(draft(canary=Canary(share=30, wait=timedelta(minutes=30)), test=test))
    desk.send()
    desk.tended(campaign)
    clock.forward(minutes=31)
    assert desk.tended(campaign).wave is Wave.CANARY
    progress = progress_of(desk.shop, STAFF, campaign.id)
    assert (progress.held_until, progress.held_for) == (
        clock() + timedelta(hours=3, minutes=29),
        "waiting for results of the test group",
    )
    clock.forward(hours=4)
    campaign = desk.tended(campaign)
    assert (campaign.wave, campaign.winner) == (Wave.REST, "A")


def test_each_variant_has_its_subject(desk: Desk) -> None:
    desk.people(12, name="Ada Byron")
    desk.finished(desk.started(draft(test=SplitTest(TWO, share=100))))
    subjects = {email.subject for email in desk.transport.submitted}
    assert subjects == {"Blue mugs", "Mugs for Ada"}


def test_the_holdout_gets_nothing_and_is_compared(desk: Desk, clock: TestClock) -> None:
    people = desk.people(40)
    campaign = desk.finished(desk.started(draft(holdout=25)))
    progress = progress_of(desk.shop, STAFF, campaign.id)
    assert progress.holdout > 0
    assert progress.audience + progress.holdout == 40
    got = {message.recipient for message in desk.messages(campaign)}
    clock.forward(days=1)
    for person in people:
        add_order(desk.shop, person, 1000 if person.id in got else 500)
    clock.forward(days=1)
    desk.tended(campaign)
    orders, _ = kept_orders(desk.shop, campaign.id)
    assert orders is not None
    assert orders.got == Buying(len(got), len(got), len(got), 1000 * len(got), 0)
    held = progress.holdout
    assert orders.holdout == Buying(held, held, held, 500 * held, 0)
    assert orders.lift is not None
    assert orders.lift.amount == 500 * len(got)
    assert orders.clicked == (0, 0)
    assert not orders.final


def test_only_who_could_have_got_it_is_held_back_and_compared(desk: Desk, clock: TestClock) -> None:
    """Those who have not agreed buy less; beside them every email would seem to bring orders."""
    agreed, refused = desk.people(60), desk.people(60, consent=False)
    planned = desk.planned(draft(holdout=50))
    preflight = get_plan(desk.shop, desk.mailer, STAFF, planned.id)
    campaign = desk.finished(desk.started(draft(holdout=50)))
    progress = progress_of(desk.shop, STAFF, campaign.id)
    assert preflight is not None
    assert preflight.recipients + preflight.holdout == len(agreed)
    assert preflight.excluded == {"no_consent": len(refused)} == dict(progress.skipped)
    assert progress.audience + progress.holdout == 120
    assert (progress.sent + progress.holdout, progress.remaining) == (60, 0)
    clock.forward(days=1)
    for person in agreed:
        add_order(desk.shop, person, 1000)
    desk.tended(campaign)
    orders, _ = kept_orders(desk.shop, campaign.id)
    assert orders is not None
    assert (orders.holdout.customers, orders.holdout.buyers) == (progress.holdout, progress.holdout)
    assert orders.lift is not None
    assert orders.lift.amount == 0
    answers = {explain(desk.shop, desk.mailer, STAFF, campaign.id, person.id).reasons for person in refused}
    assert answers == {(SkipReason.NO_CONSENT,)}


def test_orders_after_a_campaign_that_was_cancelled_on_the_way_are_counted_too(desk: Desk, clock: TestClock) -> None:
    people = desk.people(60)
    campaign = desk.started(draft(canary=Canary(share=30)))
    sent = desk.send()
    desk.tended(campaign)
    cancel(desk.shop, STAFF, campaign.id)
    clock.forward(days=1)
    for person in people:
        add_order(desk.shop, person)
    desk.tended(campaign)
    orders, _ = kept_orders(desk.shop, campaign.id)
    assert orders is not None
    assert (orders.got.customers, orders.got.orders, orders.final) == (sent, sent, False)
    clock.forward(days=15)
    assert desk.tended(campaign).due_at is None


def test_one_that_was_cancelled_before_anything_went_out_is_done_with(desk: Desk) -> None:
    desk.people(3)
    campaign = desk.started()
    cancel(desk.shop, STAFF, campaign.id)
    assert desk.tended(campaign).due_at is None


def test_orders_before_the_email_or_long_after_it_do_not_count(desk: Desk, clock: TestClock) -> None:
    (person,) = desk.people(1)
    add_order(desk.shop, person)
    clock.forward(hours=1)
    campaign = desk.finished(desk.started(draft(result_days=7)))
    clock.forward(days=8)
    add_order(desk.shop, person)
    desk.tended(campaign)
    orders, _ = kept_orders(desk.shop, campaign.id)
    assert orders is not None
    assert (orders.got.orders, orders.final) == (0, True)
    assert desk.tended(campaign).due_at is None
