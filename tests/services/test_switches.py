"""Feature switches: for whom a feature is on, within seconds everywhere, and off at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.automations import TriggerKind
from backend.domain.switches import BACKFILL, Switch
from backend.domain.team import Actor, Role
from backend.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from backend.services.automations import backfill
from backend.services.automations.duty import answer_due
from backend.services.context import Shop
from backend.services.switches import saved
from tests.automations.making import messages, running, step
from tests.services.test_mailing import mailer_on
from tests.services.test_repairing import audit_entries
from tests.support import ENGINEER, MANAGER, STAFF, TestClock, add_customer, add_order


def test_a_feature_is_on_for_everyone_until_somebody_says_for_whom() -> None:
    olga = Actor("olga", Role.STAFF)
    for switch, is_on in (
        (Switch(), True),
        (Switch(on=False, members=("olga",)), False),
        (Switch(roles=(Role.MANAGER,)), False),
        (Switch(roles=(Role.MANAGER, Role.STAFF)), True),
        (Switch(members=("olga",)), True),
        (Switch(members=("pavel",), share=100), True),
    ):
        assert switch.includes(BACKFILL, olga) is is_on, switch


def test_a_larger_share_has_all_of_a_smaller_one() -> None:
    people = [Actor(f"member{number}", Role.STAFF) for number in range(400)]
    of = {share: {each for each in people if Switch(share=share).includes(BACKFILL, each)} for share in (5, 30, 100)}
    assert of[5] < of[30] < of[100] == set(people)
    assert 80 < len(of[30]) < 160


def test_a_change_holds_here_at_once_and_elsewhere_within_seconds(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(saved, "_seconds", lambda: now[0])
    assert saved.is_on(shop, BACKFILL, STAFF)
    here = saved._seen[shop.store].copy()
    saved.save_switch(shop, ENGINEER, BACKFILL, Switch(on=False))
    assert not saved.is_on(shop, BACKFILL, STAFF)
    saved._seen[shop.store] = here  # what another process had seen
    assert saved.is_on(shop, BACKFILL, STAFF)
    now[0] += saved.LOOK_SECONDS
    assert not saved.is_on(shop, BACKFILL, STAFF)
    (entry,) = [each for each in audit_entries(shop) if each.action == "changed a switch"]
    assert (entry.actor, entry.target, entry.detail) == (ENGINEER.username, "switch:backfill", "on for nobody")


def test_only_engineers_and_admins_change_switches_that_exist(shop: Shop) -> None:
    with pytest.raises(PermissionDeniedError):
        saved.save_switch(shop, MANAGER, BACKFILL, Switch(on=False))
    with pytest.raises(InvalidInputError):
        saved.save_switch(shop, ENGINEER, BACKFILL, Switch(share=101))
    with pytest.raises(NotFoundError, match="There are: backfill"):
        saved.feature_named("teleport")
    assert saved.all_switches(shop, ENGINEER) == [(BACKFILL, Switch())]


def test_a_backfill_is_refused_and_held_while_it_is_off_and_goes_on_after(shop: Shop, clock: TestClock) -> None:
    add_order(shop, add_customer(shop), placed_at=clock() - timedelta(days=100))
    made, mailer = running(shop, TriggerKind.LAPSED, step("verify-address", timedelta(days=90))).id, mailer_on(shop)
    saved.save_switch(shop, ENGINEER, BACKFILL, Switch(roles=(Role.STAFF,)))
    with pytest.raises(InvalidInputError, match="switched off for you"):
        backfill.ask_backfill(shop, MANAGER, made, 1)
    saved.save_switch(shop, ENGINEER, BACKFILL, Switch())
    backfill.ask_backfill(shop, MANAGER, made, 1)
    saved.save_switch(shop, ENGINEER, BACKFILL, Switch(on=False))
    for _ in range(3):
        answer_due(shop, mailer)
        clock.forward(seconds=40)
    found = backfill.find_backfill(shop, made)
    assert found is not None
    assert (found.written, found.ended, messages(shop)) == (0, False, [])
    saved.save_switch(shop, ENGINEER, BACKFILL, Switch())
    for _ in range(5):
        answer_due(shop, mailer)
        clock.forward(seconds=40)
    assert len(messages(shop)) == 1
