"""A campaign sent again to those who did not open it, once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.domain.campaigns import Campaign, Measure, SplitTest, Variant, WrongStateError
from backend.domain.delivery import Outcome
from backend.domain.messages import SkipReason
from backend.records.messages import message_item
from backend.services.campaigns.actions import cancel
from backend.services.campaigns.drafts import duplicate_campaign, send_again, update_draft
from backend.services.campaigns.explanation import explain
from backend.services.campaigns.progress import progress_of
from backend.store import schema
from backend.store.port import Plus, Put, Update
from tests.campaigns.support import Desk, draft
from tests.support import MANAGER, STAFF, TestClock


def report(desk: Desk, campaign: Campaign, customer_id: str, outcome: Outcome) -> None:
    (message,) = [each for each in desk.messages(campaign) if each.recipient == customer_id]
    changed = replace(message, outcomes={**message.outcomes, outcome: desk.shop.clock()})
    desk.shop.store.put(Put(schema.message_key(customer_id, campaign.key), message_item(changed, changed.hour)))


def test_only_those_who_got_it_and_did_not_open_it_get_it_again(desk: Desk) -> None:
    people = desk.people(6)
    first = desk.finished(desk.started())
    opened = (Outcome.OPENED, Outcome.CLICKED, Outcome.BOT_OPENED)
    for person, outcome in zip(people, (*opened, Outcome.DELIVERED), strict=False):
        report(desk, first, person.id, outcome)
    (late,) = desk.people(1)
    desk.make_snapshot()
    again = desk.finished(desk.started(send_again(desk.shop, STAFF, first.id)))
    assert {each.recipient for each in desk.messages(again)} == {person.id for person in people[3:]}
    progress = progress_of(desk.shop, STAFF, again.id)
    assert dict(progress.skipped) == {"opened_before": 3, "not_sent_before": 1}
    assert explain(desk.shop, desk.mailer, STAFF, again.id, late.id).reasons == (SkipReason.NOT_SENT_BEFORE,)


def test_whoever_opens_it_before_the_second_is_sent_is_left_out(desk: Desk) -> None:
    people = desk.people(2)
    first = desk.finished(desk.started())
    again = desk.started(send_again(desk.shop, STAFF, first.id))
    report(desk, first, people[0].id, Outcome.OPENED)
    assert [each.recipient for each in desk.messages(desk.finished(again))] == [people[1].id]


def test_there_is_one_second_email_whoever_asks(desk: Desk) -> None:
    desk.people(1)
    first = desk.finished(desk.started())
    again = send_again(desk.shop, STAFF, first.id)
    assert send_again(desk.shop, MANAGER, first.id) == again
    with pytest.raises(WrongStateError, match="once"):
        duplicate_campaign(desk.shop, STAFF, again.id)
    again = desk.finished(desk.started(again))
    with pytest.raises(WrongStateError, match="once"):
        send_again(desk.shop, STAFF, again.id)


def test_one_that_was_cancelled_before_it_began_makes_room(desk: Desk) -> None:
    desk.people(1)
    first = desk.finished(desk.started())
    again = send_again(desk.shop, STAFF, first.id)
    cancel(desk.shop, STAFF, again.id)
    assert send_again(desk.shop, STAFF, first.id).id != again.id


def test_it_cannot_be_sent_again_while_it_is_sent(desk: Desk) -> None:
    desk.people(1)
    with pytest.raises(WrongStateError, match="finished"):
        send_again(desk.shop, STAFF, desk.started().id)


def test_a_change_of_the_draft_does_not_widen_it_to_everybody(desk: Desk) -> None:
    desk.people(1)
    first = desk.finished(desk.started())
    again = send_again(desk.shop, STAFF, first.id)
    changed = update_draft(desk.shop, STAFF, again.id, draft(subject="Once more"), seen_version=again.version)
    assert (changed.draft.subject, changed.draft.again) == ("Once more", first.id)


def test_the_second_email_is_the_better_variant(desk: Desk, clock: TestClock) -> None:
    desk.people(20)
    variants = (Variant("A", "Mugs"), Variant("B", "Blue mugs"))
    first = desk.started(draft(test=SplitTest(variants, share=50, measure=Measure.OPENS)))
    desk.send()
    for each in desk.messages(first):
        if each.variant == "B":
            desk.shop.store.update(Update(schema.campaign_stat_key(first.id, "x"), add={"opened~B": Plus(1)}))
    desk.tended(first)
    clock.forward(hours=5)
    first = desk.finished(desk.tended(first))
    again = send_again(desk.shop, STAFF, first.id)
    assert (first.winner, again.draft.subject, again.draft.test) == ("B", "Blue mugs", None)
