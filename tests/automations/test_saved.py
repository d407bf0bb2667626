"""Making and changing automations: who may, what makes no sense, two people at once, and what comes with the demo."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.automations import Automation, Condition, Exit, Fact, Step, Trigger, TriggerKind
from backend.errors import ConflictError, InvalidInputError, NotFoundError, PermissionDeniedError
from backend.records.automations import automation_from, automation_item, trigger_from, trigger_item, trigger_key
from backend.services.audit import log as audit_log
from backend.services.audit.log import AuditFilter
from backend.services.automations import saved, waiting_triggers
from backend.services.automations.defaults import add_defaults
from backend.services.automations.duty import answer_due
from backend.services.context import Shop
from backend.services.demo import shop as demo
from backend.services.sending.delivery import deliver_due
from backend.services.sending.mailer import Mailer
from backend.services.triggers import active
from tests.automations.making import AT_ONCE, automation, messages, running, step
from tests.automations.making import waiting as all_waiting
from tests.services.signing import quick_hashes
from tests.support import ADMIN, ENGINEER, MANAGER, NOW, STAFF, TestClock, add_customer, add_order

__all__ = ["quick_hashes"]
DAY = timedelta(days=1)
WHOLE = Automation(
    "auto-12345678",
    "Grüße",
    TriggerKind.LAPSED,
    (
        Step("win-back", 90 * DAY, (Condition(Fact.SPENT, "1250"), Condition(Fact.CONSENT)), {"discount_code": "X"}),
        Step("order-confirmation", timedelta(minutes=5)),
    ),
    NOW,
    exits=frozenset({Exit.UNSUBSCRIBED, Exit.ORDER_REFUNDED}),
    on=True,
    active_from=NOW + timedelta(seconds=5),
    version=7,
)


def test_an_automation_and_a_trigger_are_read_back_as_they_were() -> None:
    assert automation_from(WHOLE.id, automation_item(WHOLE)) == WHOLE
    for kind in (TriggerKind.LAPSED, TriggerKind.ORDER_PAID):
        waits = Trigger("K7QX2M4P9A", WHOLE.id, kind, "E1", NOW, NOW - DAY, "O1", 2, 3, "It failed.")
        assert trigger_from(trigger_key(waits), trigger_item(waits)) == waits


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": " "}, "Name is missing"),
        ({"name": "x" * 81}, "too long"),
        ({"steps": ()}, "1 to 10 steps"),
        ({"steps": (step(),) * 11}, "1 to 10 steps"),
        ({"steps": (step(delay=-DAY),)}, "may wait"),
        ({"steps": (step(delay=401 * DAY),)}, "400 days at most"),
        ({"steps": (step(""),)}, "choose the email"),
        ({"steps": (step("no-such"),)}, "choose the email"),
        ({"steps": (step("team-invitation"),)}, "for the team"),
        ({"steps": (step("order-confirmation", AT_ONCE, *(11 * [Condition(Fact.CONSENT)])),)}, "10 conditions at most"),
        ({"steps": (step("order-confirmation", AT_ONCE, Condition(Fact.SPENT, "a lot")),)}, "needs a number"),
        ({"steps": (step("order-confirmation", AT_ONCE, Condition(Fact.SPENT, "-1")),)}, "needs a number"),
        ({"steps": (step("order-confirmation", AT_ONCE, Condition(Fact.TAG)),)}, "is missing"),
        ({"steps": (step("order-confirmation", AT_ONCE, Condition(Fact.STATUS, "lost")),)}, "never"),
        ({"kind": TriggerKind.LAPSED}, "a day or more"),
        ({"kind": TriggerKind.CUSTOMER_JOINED}, "is about an order"),
        (
            {
                "kind": TriggerKind.CUSTOMER_JOINED,
                "steps": (step("verify-address", AT_ONCE, Condition(Fact.TOTAL, "1")),),
            },
            "there is none yet",
        ),
        (
            {
                "kind": TriggerKind.CUSTOMER_JOINED,
                "steps": (step("verify-address"),),
                "exits": frozenset({Exit.ORDER_PAID}),
            },
            "there is no order yet",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(shop: Shop, changes: dict[str, object], said: str) -> None:
    good = Automation("auto-1", "Thanks", TriggerKind.ORDER_PLACED, (step(),), shop.clock())
    with pytest.raises(InvalidInputError, match=said):
        saved.create_automation(shop, MANAGER, replace(good, **changes))
    assert active.all_automations(shop) == []


def test_the_same_form_makes_one(shop: Shop) -> None:
    form = Automation(saved.new_automation_id(), "Thanks", TriggerKind.ORDER_PLACED, (step(),), shop.clock(), on=True)
    first = saved.create_automation(shop, MANAGER, form)
    assert saved.create_automation(shop, MANAGER, replace(form, name="Again")) == first
    assert [each.on for each in active.all_automations(shop)] == [False]


@pytest.mark.parametrize("actor", [STAFF, ENGINEER])
def test_only_managers_and_admins_change_automations(shop: Shop, actor: object) -> None:
    made = automation(shop)
    changes = (
        lambda: saved.create_automation(shop, actor, made),
        lambda: saved.change_automation(shop, actor, made),
        lambda: saved.switch_on(shop, actor, made.id, made.version),
        lambda: saved.switch_off(shop, actor, made.id, made.version),
        lambda: saved.delete_automation(shop, actor, made.id, made.version),
        lambda: add_defaults(shop, actor),
    )
    for change in changes:
        with pytest.raises(PermissionDeniedError):
            change()


def test_the_second_of_two_people_is_warned_and_overwrites_nothing(shop: Shop) -> None:
    made = automation(shop)
    saved.change_automation(shop, MANAGER, replace(made, name="First"))
    for change in (
        lambda: saved.change_automation(shop, ADMIN, replace(made, name="Second")),
        lambda: saved.switch_on(shop, ADMIN, made.id, made.version),
        lambda: saved.delete_automation(shop, ADMIN, made.id, made.version),
    ):
        with pytest.raises(ConflictError, match="Someone else has changed “"):
            change()
    assert [each.name for each in active.all_automations(shop)] == ["First"]


def test_what_is_on_keeps_its_trigger_and_stays(shop: Shop) -> None:
    made = running(shop)
    with pytest.raises(InvalidInputError, match="Switch the automation off"):
        saved.change_automation(shop, MANAGER, replace(made, kind=TriggerKind.ORDER_PAID))
    with pytest.raises(InvalidInputError, match="Switch the automation off"):
        saved.delete_automation(shop, MANAGER, made.id, made.version)
    assert saved.switch_on(shop, MANAGER, made.id, made.version) == made


def test_each_action_is_in_the_audit_log(shop: Shop) -> None:
    made = automation(shop)
    changed = saved.change_automation(shop, MANAGER, replace(made, name="Other"))
    on = saved.switch_on(shop, MANAGER, made.id, changed.version)
    off = saved.switch_off(shop, MANAGER, made.id, on.version)
    saved.delete_automation(shop, MANAGER, made.id, off.version)
    wanted = AuditFilter(f"{shop.clock():%Y-%m}", target=f"automation:{made.id}")
    actions = {entry.action for entry in audit_log.list_entries(shop, ADMIN, wanted).entries}
    assert actions == {
        "created an automation",
        "changed an automation",
        "switched on an automation",
        "switched off an automation",
        "deleted an automation",
    }
    with pytest.raises(NotFoundError):
        saved.get_automation(shop, made.id)


def test_what_waits_is_listed_page_by_page_in_the_order_in_which_it_is_due(shop: Shop, clock: TestClock) -> None:
    made = running(shop, TriggerKind.ORDER_PLACED, step(delay=DAY))
    running(shop, TriggerKind.ORDER_PAID, step(delay=DAY))
    for _ in range(7):
        clock.forward(minutes=1)
        add_order(shop, add_customer(shop, "Maria"))
    found, cursor = [], None
    for _ in range(4):
        page = waiting_triggers.list_waiting(shop, made.id, limit=2, cursor=cursor)
        found += page.triggers
        cursor = page.cursor
        if cursor is None:
            break
    assert len(found) == 7
    assert [trigger.due_at for trigger, _ in found] == sorted(trigger.due_at for trigger, _ in found)
    assert {name for _, name in found} == {"Maria"}
    assert waiting_triggers.count_waiting(shop).by_automation[made.id] == 7


def test_a_list_that_passes_over_many_of_others_says_so_and_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, clock: TestClock
) -> None:
    monkeypatch.setattr(waiting_triggers, "MOST_COUNTED", 3)
    running(shop, TriggerKind.ORDER_PAID, step(delay=DAY))
    made = running(shop, TriggerKind.ORDER_PLACED, step(delay=2 * DAY))
    for _ in range(4):
        clock.forward(minutes=1)
        add_order(shop, add_customer(shop))
    assert waiting_triggers.count_waiting(shop).more
    found, cursor = [], None
    while True:
        page = waiting_triggers.list_waiting(shop, made.id, cursor=cursor)
        found += page.triggers
        cursor = page.cursor
        if cursor is None:
            break
    assert len(found) == 4


def test_what_was_answered_meanwhile_cannot_be_called_off(shop: Shop, mailer: Mailer) -> None:
    running(shop)
    add_order(shop, add_customer(shop))
    (seen,) = all_waiting(shop)
    with pytest.raises(PermissionDeniedError):
        waiting_triggers.call_off(shop, STAFF, seen)
    answer_due(shop, mailer)
    with pytest.raises(NotFoundError, match="already processed"):
        waiting_triggers.call_off(shop, MANAGER, seen)
    assert len(messages(shop)) == 1


def test_overdue_triggers_are_reported_after_five_minutes(shop: Shop, mailer: Mailer, clock: TestClock) -> None:
    made = running(shop)
    for _ in range(3):
        add_order(shop, add_customer(shop))
    since = clock()
    clock.forward(minutes=4)
    assert waiting_triggers.stalled(shop) == []
    clock.forward(minutes=2)
    assert waiting_triggers.stalled(shop) == [waiting_triggers.Stalled(made.id, made.name, since, 3)]
    answer_due(shop, mailer)
    assert waiting_triggers.stalled(shop) == []


@pytest.mark.usefixtures("quick_hashes")
def test_the_demo_shop_sends_by_itself_where_emails_stay_here_and_nothing_of_it_remains(
    shop: Shop, mailer: Mailer, clock: TestClock
) -> None:
    demo.seed_demo(shop, customers=20)
    assert [each.on for each in active.all_automations(shop)] == [True] * 4
    for each in active.all_automations(shop):
        off = saved.switch_off(shop, ADMIN, each.id, each.version)
        saved.switch_on(shop, ADMIN, each.id, off.version)  # what cannot be sent would be refused here
    clock.forward(seconds=5)
    add_order(shop, add_customer(shop))
    answer_due(shop, mailer)
    deliver_due(shop, mailer)
    assert [message.status.value for message in messages(shop)] == ["sent"]
    demo.remove_demo(shop)
    assert active.all_automations(shop) == []
    demo.seed_demo(shop, customers=20, anyway=True, automations_on=False)
    assert not any(each.on for each in active.all_automations(shop))
