"""Reports change messages, statistics and suppressions once, in any order, and so that a recount agrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.domain.delivery import Outcome
from backend.domain.messages import Message, MessageStatus
from backend.domain.suppression import SuppressionReason
from backend.records.events import link_in
from backend.services.context import Shop
from backend.services.customers.customers import get_customer, set_consent
from backend.services.events.consequences import EventPolicy
from backend.services.events.intake import Intake, take_in
from backend.services.events.lookup import received_events
from backend.services.reconcile import Reconciliation
from backend.services.reconcile.messages import reconcile_mail
from backend.services.sending import campaign_ledger, ledger
from backend.services.suppression.entries import find_suppression, unsuppress
from backend.store import schema
from backend.store.port import Item, Put, Query, Update
from tests.events import samples
from tests.events.samples import enveloped, event, feedback
from tests.recount import everything
from tests.services.test_ledger import a_message, all_counts, claimed
from tests.support import NOW, STAFF, TestClock, add_customer, opened_shop, shop_on

POLICY = EventPolicy()


def took(shop: Shop, *bodies: bytes) -> Intake:
    return take_in(shop, bodies, "test", POLICY)


def sent(shop: Shop, key: str = "click-1", **changes: object) -> Message:
    mine = claimed(shop, ledger.request(shop, a_message(key, **changes)).message)
    ledger.record(shop, [replace(mine, status=MessageStatus.SENT, sent_at=NOW, provider_id=f"ses-{key}")])
    return ledger.get_message(shop, mine.id)


def unknown(shop: Shop, key: str = "click-1", **changes: object) -> Message:
    mine = claimed(shop, ledger.request(shop, a_message(key, **changes)).message)
    ledger.record(shop, [replace(mine, status=MessageStatus.UNKNOWN, reason="No answer.")])
    return ledger.get_message(shop, mine.id)


def now(shop: Shop, message: Message) -> Message:
    return ledger.get_message(shop, message.id)


def drift(shop: Shop) -> list[str]:
    found = Reconciliation()
    reconcile_mail(shop, found, pause=lambda _: None)
    return [each.what for each in found.drift]


def stats_of(shop: Shop, campaign: str) -> dict[str, int]:
    total: dict[str, int] = {}
    for row in shop.store.query(Query(schema.MAIL, f"K#{campaign}", begins_with="STAT#")).rows:
        for name, value in row.item.items():
            total[name] = total.get(name, 0) + int(str(value))
    return total


OUTCOMES = {
    "Send": set(),
    "Delivery": {Outcome.DELIVERED},
    "Bounce": {Outcome.BOUNCED},
    "Complaint": {Outcome.COMPLAINED},
    "Reject": {Outcome.REJECTED},
    "Rendering Failure": {Outcome.REJECTED},
    "DeliveryDelay": {Outcome.DELAYED},
    "Open": {Outcome.OPENED},
    "Click": {Outcome.CLICKED},
    "Subscription": {Outcome.UNSUBSCRIBED},
}


@pytest.mark.parametrize("kind", OUTCOMES)
def test_each_type_of_event_is_noted_once_with_its_moment(shop: Shop, kind: str) -> None:
    message = sent(shop)
    body = event(kind, message)
    assert took(shop, body).applied == 1
    assert took(shop, body, enveloped(body)).seen == 2
    found = now(shop, message)
    assert set(found.outcomes) == OUTCOMES[kind]
    moment = NOW + timedelta(seconds=2 if kind in samples.WITHOUT_MOMENT else 30)
    assert set(found.outcomes.values()) <= {moment}
    for outcome in OUTCOMES[kind]:
        assert all_counts(shop)[outcome.counter] == 1
    (kept,) = received_events(shop, message)
    assert (kept.event.type.value, kept.body, kept.source) == (kind, body, "test")
    assert drift(shop) == []


def test_copies_in_one_batch_are_applied_once(shop: Shop) -> None:
    message = sent(shop)
    body = event("Delivery", message)
    intake = took(shop, body, body, enveloped(body))
    assert (intake.applied, intake.seen) == (1, 2)
    assert all_counts(shop)["delivered"] == 1


def test_two_deliveries_at_different_moments_count_once_with_the_earlier(shop: Shop) -> None:
    message = sent(shop)
    took(shop, event("Delivery", message, seconds=400))
    took(shop, event("Delivery", message, seconds=20))
    assert now(shop, message).outcomes == {Outcome.DELIVERED: NOW + timedelta(seconds=20)}
    counts = all_counts(shop)
    assert (counts["delivered"], counts["arrived_30"], counts.get("arrived_900")) == (1, 1, None)
    assert drift(shop) == []


def test_a_later_open_does_not_cover_a_complaint(shop: Shop) -> None:
    message = sent(shop)
    took(shop, event("Complaint", message))
    took(shop, event("Open", message, seconds=90))
    assert now(shop, message).outcome is Outcome.COMPLAINED


def test_a_message_keeps_why_it_bounced_in_few_words_and_without_the_address(shop: Shop) -> None:
    message = sent(shop)
    words = "smtp; 550 5.1.1 <maria@example.com>: nobody\x00here " + "x" * 5000
    recipient = {"emailAddress": "maria@example.com", "status": "5.1.1", "diagnosticCode": words}
    took(shop, event("Bounce", message, bouncedRecipients=[recipient]), event("DeliveryDelay", message))
    kept = now(shop, message)
    assert kept.failure is Outcome.BOUNCED
    assert kept.diagnostic.startswith("smtp; 550 5.1.1 <(address)>: nobody here x")
    assert len(kept.diagnostic) == 300


@pytest.mark.parametrize("kinds", [*permutations(("DeliveryDelay", "Bounce", "Delivery"))])
def test_the_reason_is_that_of_the_worst_failure_in_any_order(shop: Shop, kinds: Sequence[str]) -> None:
    message = sent(shop)
    for kind in kinds:
        took(shop, event(kind, message))
    assert now(shop, message).diagnostic == "smtp; 550 5.1.1 nobody here"


def test_an_unknown_message_is_resolved_by_a_report(shop: Shop) -> None:
    message = unknown(shop)
    took(shop, event("Send", message))
    found = now(shop, message)
    assert (found.status, found.resolved, found.reason) == (MessageStatus.SENT, True, "")
    assert (found.provider_id, found.sent_at) == (samples.PROVIDER_ID, NOW + timedelta(seconds=2))
    assert all_counts(shop) == {"sent": 1, "took_2": 1, "other:sent": 1}
    assert shop.store.query(Query(schema.MAIL, "ATTENTION#unknown", index="work")).rows == []
    assert drift(shop) == []


def test_a_message_that_is_being_sent_keeps_its_status_and_is_settled_by_its_sender(shop: Shop) -> None:
    mine = claimed(shop, ledger.request(shop, a_message()).message)
    took(shop, event("Send", mine), event("Delivery", mine))
    found = now(shop, mine)
    assert (found.status, found.lease_until) == (MessageStatus.WAITING, mine.lease_until)
    assert ledger.record(shop, [replace(mine, status=MessageStatus.SENT, sent_at=NOW, provider_id="p")]) == 1
    assert set(now(shop, mine).outcomes) == {Outcome.DELIVERED}
    assert drift(shop) == []


@pytest.mark.parametrize("kind", ["Send", "Delivery", "Bounce"])
def test_a_lease_that_runs_out_after_a_report_makes_the_message_sent(shop: Shop, clock: TestClock, kind: str) -> None:
    mine = claimed(shop, ledger.request(shop, a_message()).message)
    took(shop, event(kind, mine))
    clock.forward(seconds=ledger.LEASE.total_seconds())
    assert len(ledger.expire(shop, [mine])) == 1  # as read before the report
    found = now(shop, mine)
    assert (found.status, found.sent_at) == (MessageStatus.SENT, NOW + timedelta(seconds=2))
    assert all_counts(shop)["sent"] == 1
    assert drift(shop) == []


def test_a_sender_without_an_answer_learns_from_a_report_that_came_before(shop: Shop) -> None:
    mine = claimed(shop, ledger.request(shop, a_message()).message)
    took(shop, event("Delivery", mine))
    assert ledger.record(shop, [replace(mine, status=MessageStatus.UNKNOWN, reason="No answer.")]) == 1
    assert now(shop, mine).status is MessageStatus.SENT
    assert all_counts(shop).get("unknown") is None
    assert drift(shop) == []


def test_a_feedback_notification_without_tags_finds_its_message_by_the_recipient(shop: Shop) -> None:
    customer = add_customer(shop, email="maria@example.com")
    message = sent(shop, "k7", recipient=customer.id, customer_id=customer.id)
    assert took(shop, feedback("Bounce", message)).applied == 1
    assert now(shop, message).outcome is Outcome.BOUNCED


def test_mail_that_is_not_ours_is_counted_and_dropped(shop: Shop) -> None:
    message = a_message("never-requested")
    intake = took(shop, event("Delivery", message), feedback("Bounce", message), event("Send", a_message("x y")))
    assert (intake.foreign, intake.total) == (3, 3)
    (row,) = [row for row in everything(shop, schema.MAIL) if row.key.pk.startswith("EVENTS#")]
    assert row.item["foreign"] == 3


@pytest.mark.parametrize(
    ("kind", "details", "reason"),
    [
        ("Bounce", {}, SuppressionReason.HARD_BOUNCE),
        ("Bounce", {"bounceSubType": "OnAccountSuppressionList"}, SuppressionReason.HARD_BOUNCE),
        ("Bounce", {"bounceSubType": "UnsubscribedRecipient"}, SuppressionReason.UNSUBSCRIBED),
        ("Bounce", {"bounceType": "Transient", "bounceSubType": "MailboxFull"}, None),
        ("Bounce", {"bounceType": "Undetermined", "bounceSubType": "Undetermined"}, None),
        ("Complaint", {}, SuppressionReason.COMPLAINT),
        ("Complaint", {"complaintFeedbackType": None}, SuppressionReason.COMPLAINT),
        ("Complaint", {"complaintSubType": "OnAccountSuppressionList"}, SuppressionReason.COMPLAINT),
        ("Complaint", {"complaintFeedbackType": "not-spam"}, None),
        ("Delivery", {}, None),
    ],
)
def test_bounces_for_good_and_complaints_suppress_at_once(
    shop: Shop, kind: str, details: dict[str, object], reason: SuppressionReason | None
) -> None:
    message = sent(shop)
    took(shop, event(kind, message, **details))
    entry = find_suppression(shop, message.to)
    assert (entry and entry.reason) == reason
    if entry:
        assert entry.causes[0].source.endswith(f"of {message.id}")


def test_a_complaint_after_a_bounce_in_one_batch_is_noted_too(shop: Shop) -> None:
    message = sent(shop)
    assert took(shop, event("Bounce", message), event("Complaint", message)).applied == 2
    entry = find_suppression(shop, message.to)
    assert entry is not None
    assert {cause.reason for cause in entry.causes} == {SuppressionReason.COMPLAINT, SuppressionReason.HARD_BOUNCE}


def test_two_messages_to_one_address_that_bounce_together_are_both_applied(shop: Shop) -> None:
    messages = [sent(shop, f"k{number}") for number in range(4)]
    assert took(shop, *(event("Bounce", message) for message in messages)).applied == 4
    assert all_counts(shop)["bounced"] == 4


def test_tests_are_noted_but_neither_counted_nor_suppressed(shop: Shop) -> None:
    message = sent(shop, test=True)
    took(shop, event("Bounce", message))
    assert now(shop, message).outcome is Outcome.BOUNCED
    assert find_suppression(shop, message.to) is None
    assert "bounced" not in all_counts(shop)
    assert drift(shop) == []


SOFT = {"bounceType": "Transient", "bounceSubType": "MailboxFull"}


def test_an_address_that_keeps_bouncing_softly_is_suppressed(shop: Shop) -> None:
    messages = [sent(shop, f"k{number}") for number in range(5)]
    for message in messages[:4]:
        took(shop, event("Bounce", message, **SOFT))
    assert find_suppression(shop, messages[0].to) is None
    took(shop, event("Bounce", messages[4], **SOFT))
    entry = find_suppression(shop, messages[0].to)
    assert entry is not None
    assert entry.reason is SuppressionReason.HARD_BOUNCE


@pytest.mark.parametrize("kind", ["Permanent", "Transient"])
@pytest.mark.parametrize("sub_type", ["ContentRejected", "AttachmentRejected", "MessageTooLarge"])
def test_bounces_about_the_message_never_suppress_the_address(shop: Shop, kind: str, sub_type: str) -> None:
    details = {"bounceType": kind, "bounceSubType": sub_type}
    took(shop, *(event("Bounce", sent(shop, f"k{number}"), **details) for number in range(6)))
    assert find_suppression(shop, "maria@example.com") is None


def test_bounces_about_the_message_do_not_count_towards_those_about_the_address(shop: Shop) -> None:
    for number in range(5):
        details = SOFT if number else SOFT | {"bounceSubType": "MessageTooLarge"}
        took(shop, event("Bounce", sent(shop, f"k{number}"), **details))
    assert find_suppression(shop, "maria@example.com") is None
    took(shop, event("Bounce", sent(shop, "k5"), **SOFT))
    assert find_suppression(shop, "maria@example.com") is not None


def test_a_bounce_off_the_account_s_own_list_is_rejected_and_counts_in_no_bounce_rate(shop: Shop) -> None:
    message = sent(shop)
    took(shop, event("Bounce", message, bounceType="Permanent", bounceSubType="OnAccountSuppressionList"))
    assert now(shop, message).outcome is Outcome.REJECTED
    assert "bounced" not in all_counts(shop)
    assert find_suppression(shop, message.to) is not None


def test_soft_bounces_of_one_batch_count_together(shop: Shop) -> None:
    messages = [sent(shop, f"k{number}") for number in range(5)]
    took(shop, *(event("Bounce", message, **SOFT) for message in messages))
    assert find_suppression(shop, messages[0].to) is not None


def test_a_message_that_cannot_be_read_does_not_hold_up_the_soft_bounces_of_others(shop: Shop) -> None:
    messages = [sent(shop, f"k{number}") for number in range(6)]
    took(shop, *(event("Bounce", message, **SOFT) for message in messages[:4]))
    shop.store.update(Update(schema.message_key("AAAAAAAAAA", "k5"), set={"status": "strange"}))
    assert took(shop, event("Bounce", messages[4], **SOFT)).applied == 1
    assert find_suppression(shop, messages[0].to) is not None


@pytest.mark.parametrize("forgiven", [False, True])
def test_soft_bounces_count_wherever_they_are_among_two_thousand_messages(shop: Shop, forgiven: bool) -> None:
    old = [sent(shop, "a0")]
    item = shop.store.get(schema.message_key("AAAAAAAAAA", "a0")) or {}
    shop.store.write_batch([Put(schema.message_key("AAAAAAAAAA", f"b{n:05}"), item) for n in range(2_000)])
    messages = [*old, *(sent(shop, f"z{number}") for number in range(5))]
    for number, message in enumerate(messages):
        if number == 3 and forgiven:
            took(shop, event("Delivery", message, seconds=30 + number))
        elif number:
            took(shop, event("Bounce", message, seconds=30 + number, **SOFT))
    assert (find_suppression(shop, messages[0].to) is None) is forgiven


def test_a_delivery_between_forgives_soft_bounces(shop: Shop) -> None:
    messages = [sent(shop, f"k{number}") for number in range(6)]
    for number, message in enumerate(messages):
        kind, details = ("Delivery", {}) if number == 3 else ("Bounce", SOFT)
        took(shop, event(kind, message, seconds=30 + number, **details))
    assert find_suppression(shop, messages[0].to) is None


def test_out_of_office_replies_do_not_count_as_soft_bounces(shop: Shop) -> None:
    for number in range(6):
        message = sent(shop, f"k{number}")
        took(shop, event("Delivery", message), event("Bounce", message, seconds=35, **SOFT))
    assert find_suppression(shop, "maria@example.com") is None


def test_old_soft_bounces_do_not_count(shop: Shop, clock: TestClock) -> None:
    for number in range(6):
        message = sent(shop, f"k{number}", requested_at=clock(), due_at=clock())
        took(shop, event("Bounce", message, **SOFT))
        clock.forward(days=9)
    assert find_suppression(shop, "maria@example.com") is None


def test_whoever_was_taken_off_the_list_is_not_put_back_for_what_bounced_before(shop: Shop, clock: TestClock) -> None:
    messages = [sent(shop, f"k{number}") for number in range(5)]
    bodies = [event("Bounce", message, **SOFT) for message in messages]
    clock.forward(minutes=5)
    took(shop, *bodies)
    clock.forward(minutes=5)
    unsuppress(shop, STAFF, messages[0].to, why="The mailbox has room again")
    later = [sent(shop, f"l{number}", requested_at=clock(), due_at=clock()) for number in range(5)]
    clock.forward(minutes=5)
    took(shop, *bodies, *(event("Bounce", message, **SOFT) for message in later[:4]))
    assert find_suppression(shop, messages[0].to) is None
    took(shop, event("Bounce", later[4], **SOFT))
    assert find_suppression(shop, messages[0].to) is not None


def test_who_unsubscribes_at_the_provider_is_unsubscribed_here(shop: Shop, clock: TestClock) -> None:
    customer = set_consent(shop, STAFF, *_ref(add_customer(shop)), given=True)
    message = sent(shop, recipient=customer.id, customer_id=customer.id, to=customer.email)
    clock.forward(minutes=5)
    body = event("Subscription", message, seconds=60)
    took(shop, body)
    assert not get_customer(shop, customer.id).consent.given  # type: ignore[union-attr]
    entry = find_suppression(shop, message.to)
    assert entry is not None
    assert entry.reason is SuppressionReason.UNSUBSCRIBED


def test_a_late_copy_does_not_unsubscribe_whoever_has_subscribed_again(shop: Shop, clock: TestClock) -> None:
    customer = set_consent(shop, STAFF, *_ref(add_customer(shop)), given=True)
    message = sent(shop, recipient=customer.id, customer_id=customer.id, to=customer.email)
    clock.forward(minutes=5)
    body = event("Subscription", message, seconds=60)
    took(shop, body)
    clock.forward(minutes=5)
    set_consent(shop, STAFF, *_ref(get_customer(shop, customer.id)), given=True)
    took(shop, body)
    assert get_customer(shop, customer.id).consent.given  # type: ignore[union-attr]


def _ref(customer: object) -> tuple[str, int]:
    return customer.id, customer.version  # type: ignore[attr-defined]


# --- clicks ------------------------------------------------------------------------------------------------------


def links_of(shop: Shop, campaign: str) -> dict[str, tuple[int, int]]:
    rows = shop.store.query(Query(schema.MAIL, f"K#{campaign}", begins_with="LINK#")).rows
    sums: dict[str, tuple[int, int]] = {}
    for each in (link_in(row.item) for row in rows):
        clicks, programs = sums.get(each.link, (0, 0))
        sums[each.link] = (clicks + each.clicks, programs + each.programs)
    return sums


@pytest.mark.parametrize(
    ("seconds", "agent", "outcome"),
    [
        (60, samples.FIREFOX, Outcome.CLICKED),
        (35, samples.FIREFOX, Outcome.BOT_CLICKED),
        (60, "Barracuda Sentinel (EE)", Outcome.BOT_CLICKED),
        (60, "", Outcome.BOT_CLICKED),
        (60, "python-requests/2.32", Outcome.BOT_CLICKED),
    ],
)
def test_clicks_of_programs_are_distinguished_by_haste_and_name(
    shop: Shop, seconds: int, agent: str, outcome: Outcome
) -> None:
    message = sent(shop, campaign="CAMPAIGN1")
    took(shop, event("Delivery", message), event("Click", message, seconds=seconds, userAgent=agent))
    assert set(now(shop, message).outcomes) == {Outcome.DELIVERED, outcome}


def test_clicks_are_counted_by_link_without_what_is_personal(shop: Shop) -> None:
    first, second = sent(shop, "k1", campaign="CAMPAIGN1"), sent(shop, "k2", campaign="CAMPAIGN1")
    for number, message in enumerate((first, second)):
        link = f"https://shop.example/tea?customer=C{number}&utm_source=news#top"
        took(shop, event("Click", message, seconds=60, link=link), event("Click", message, seconds=90, link=link))
    assert links_of(shop, "CAMPAIGN1") == {"https://shop.example/tea?utm_source=news": (4, 0)}
    assert stats_of(shop, "CAMPAIGN1")["clicked"] == 2


def test_a_delivery_that_is_reported_late_judges_earlier_clicks_again(shop: Shop) -> None:
    message = sent(shop, campaign="CAMPAIGN1")
    took(shop, event("Click", message, seconds=33), event("Click", message, seconds=300))
    assert set(now(shop, message).outcomes) == {Outcome.CLICKED}
    took(shop, event("Delivery", message, seconds=30))
    found = now(shop, message).outcomes
    assert found[Outcome.CLICKED] == NOW + timedelta(seconds=300)
    assert found[Outcome.BOT_CLICKED] == NOW + timedelta(seconds=33)
    assert list(links_of(shop, "CAMPAIGN1").values()) == [(1, 1)]
    assert drift(shop) == []


# --- campaigns ---------------------------------------------------------------------------------------------------


def test_a_campaign_counts_outcomes_by_variant_and_mailbox_and_what_was_resolved(shop: Shop) -> None:
    message = unknown(shop, campaign="CAMPAIGN1", variant="B", to="maria@gmail.com")
    took(shop, event("Delivery", message))
    expected = {"delivered": 1, "delivered~B": 1, "gmail:delivered": 1, "resolved": 1}
    assert stats_of(shop, "CAMPAIGN1") == expected
    assert drift(shop) == []
    key = schema.campaign_stat_key("CAMPAIGN1", message.id)
    shop.store.update(Update(key, set={"delivered": 5, "orders": 2}))
    found = Reconciliation()
    reconcile_mail(shop, found, fix=True, pause=lambda _: None)
    assert found.fixed_count == 1
    assert stats_of(shop, "CAMPAIGN1") == {**expected, "orders": 2}


# --- any order ---------------------------------------------------------------------------------------------------


def story(message: Message) -> list[bytes]:
    """All that may be reported about one message, and more than once."""
    return [
        event("Send", message),
        event("Delivery", message, seconds=30),
        event("Delivery", message, seconds=45),
        event("Open", message, seconds=50),
        event("Click", message, seconds=36),
        event("Click", message, seconds=500),
        event("Bounce", message, seconds=20, **SOFT),
        event("Complaint", message, seconds=900),
        event("DeliveryDelay", message, seconds=10),
    ]


def picture(shop: Shop) -> dict[str, Item]:
    """Everything that reports leave, without the moments at which they came."""
    left = {}
    for row in everything(shop, schema.MAIL):
        if row.key.pk.startswith("EVENTS#") or row.key.sk.startswith("H#"):
            continue
        item = {name: value for name, value in row.item.items() if name not in ("stamp", "received_at")}
        left[" ".join(row.key)] = {name: value for name, value in item.items() if value != 0}
    return left


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.permutations(range(9)), st.integers(1, 9), st.booleans(), st.randoms())
def test_the_order_and_number_of_reports_change_nothing(
    order: Sequence[int], size: int, doubted: bool, chance: Random
) -> None:
    pictures = []
    for places in (range(9), order):
        with opened_shop() as shop:
            made = unknown if doubted else sent
            message = made(shop, campaign="CAMPAIGN1", variant="A")
            bodies = [story(message)[place] for place in places]
            if places is order:
                bodies += [chance.choice(bodies) for _ in range(3)]
            for start in range(0, len(bodies), size):
                took(shop, *bodies[start : start + size])
            assert drift(shop) == []
            pictures.append(picture(shop))
    assert pictures[0] == pictures[1]


def test_a_report_before_the_end_of_a_lease_or_after_it_counts_the_same() -> None:
    """Whether the lease runs out before or after a report, the message ends as sent and is counted once."""
    for steps in permutations(("report", "expire", "answer")):
        clock = TestClock()
        with opened_shop(clock=clock) as shop:
            mine = claimed(shop, ledger.request(shop, a_message()).message)
            for step in steps:
                if step == "report":
                    took(shop, event("Send", mine))
                elif step == "expire":
                    clock.forward(minutes=3)
                    ledger.expire(shop, [mine])
                else:
                    ledger.record(shop, [replace(mine, status=MessageStatus.SENT, sent_at=NOW, provider_id="p")])
            assert now(shop, mine).status is MessageStatus.SENT, steps
            counts = all_counts(shop)
            assert (counts["sent"], counts.get("unknown")) == (1, None), steps
            assert drift(shop) == [], steps


@pytest.mark.parametrize("seed", range(4))
def test_counters_equal_a_recount_after_any_mix(shop: Shop, clock: TestClock, seed: int) -> None:
    chance = Random(seed)
    kinds = [kind for kind in samples.DETAILS if kind != "Subscription"]
    messages = []
    for number in range(60):
        clock.forward(minutes=chance.uniform(0, 30))
        made = chance.choice((sent, unknown))
        more = {"campaign": chance.choice(("", "CAMPAIGN1")), "variant": chance.choice(("", "A"))}
        to = chance.choice(("a@gmail.com", "b@gmx.de", "c@shop.example"))
        messages.append(made(shop, f"k{number}", requested_at=clock(), due_at=clock(), to=to, **more))
    bodies = [event(chance.choice(kinds), chance.choice(messages), seconds=chance.uniform(1, 9000)) for _ in range(300)]
    bodies += chance.choices(bodies, k=60)
    while bodies:
        size = chance.randint(1, 40)
        took(shop, *bodies[:size])
        bodies = bodies[size:]
    assert drift(shop) == []
    assert {"delivered", "bounced", "complained", "opened", "clicked"} <= set(all_counts(shop)) | {"bot_clicked"}


# --- two at once and in the middle -------------------------------------------------------------------------------


class _Meddling:
    """A store in which something happens right before the first write of reports."""

    def __init__(self, inner: object, action: object) -> None:
        self._inner = inner
        self._action = action

    def transact_each(self, transactions: Sequence[Sequence[object]]) -> object:
        action, self._action = self._action, None
        if action:
            action()  # type: ignore[operator]
        return self._inner.transact_each(transactions)  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


def test_a_message_that_is_settled_meanwhile_is_read_again(shop: Shop, clock: TestClock) -> None:
    mine = claimed(shop, ledger.request(shop, a_message()).message)
    answer = replace(mine, status=MessageStatus.UNKNOWN, reason="No answer.")
    meddling = shop_on(_Meddling(shop.store, lambda: ledger.record(shop, [answer])), clock=clock)
    assert took(meddling, event("Delivery", mine)).applied == 1
    found = now(shop, mine)
    assert (found.status, found.resolved) == (MessageStatus.SENT, True)
    assert drift(shop) == []


def test_two_that_apply_the_same_reports_at_once_count_them_once(shop: Shop, clock: TestClock) -> None:
    message = sent(shop)
    bodies = story(message)
    other = lambda: took(shop, *reversed(bodies))  # noqa: E731
    meddling = shop_on(_Meddling(shop.store, other), clock=clock)
    assert took(meddling, *bodies).seen == len(bodies)
    assert drift(shop) == []


def test_a_message_that_cannot_be_read_leads_its_reports_to_the_dead_letters(shop: Shop) -> None:
    good, bad = sent(shop, "k1"), sent(shop, "k2")
    key = schema.message_key(bad.recipient, bad.key)
    shop.store.put(Put(key, {"status": "strange"}))
    intake = took(shop, event("Delivery", good), event("Delivery", bad))
    assert (intake.applied, intake.dead) == (1, 1)
    assert "cannot be read" in intake.reasons[0]


def test_the_lag_is_counted_from_event_to_now(shop: Shop, clock: TestClock) -> None:
    message = sent(shop)
    clock.forward(seconds=40)
    took(shop, event("Delivery", message, seconds=30))
    (row,) = [row for row in everything(shop, schema.MAIL) if row.key.pk.startswith("EVENTS#")]
    assert (row.item["applied"], row.item["lag_10"], row.item["type:Delivery"]) == (1, 1, 1)


def test_more_reports_of_one_message_than_a_transaction_holds_are_all_applied(shop: Shop) -> None:
    message = sent(shop)
    at: datetime = message.requested_at
    bodies = [event("Open", message, seconds=60 + number) for number in range(150)]
    assert took(shop, *bodies).applied == 150
    assert now(shop, message).outcomes == {Outcome.OPENED: at + timedelta(seconds=60)}
    assert len(received_events(shop, message)) == 150


def test_a_message_of_a_campaign_whose_worker_died_is_sent_if_it_was_reported(shop: Shop, clock: TestClock) -> None:
    at = shop.clock()
    reported, silent = (a_message(f"K{n}", campaign="CAMPAIGN1", hour=ledger.hour_of(shop, at)) for n in range(2))
    assert len(campaign_ledger.claim(shop, [reported, silent])) == 2
    took(shop, event("Send", reported))
    clock.forward(seconds=ledger.LEASE.total_seconds())
    ended = {key: campaign_ledger.look(shop, key, ["AAAAAAAAAA"]).ended["AAAAAAAAAA"] for key in ("K0", "K1")}
    assert (ended["K0"].status, ended["K0"].sent_at) == (MessageStatus.SENT, NOW + timedelta(seconds=2))
    assert ended["K1"].status is MessageStatus.UNKNOWN
    assert [now(shop, each).status for each in (reported, silent)] == [MessageStatus.SENT, MessageStatus.UNKNOWN]
