"""Webhooks out: written with what they report, signed, tried again, and given up."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import orjson
import pytest
from standardwebhooks import Webhook

from backend.domain.campaigns import Campaign, CampaignState, Draft
from backend.domain.connections import SECRET_OVERLAP
from backend.domain.emails import Kind
from backend.domain.messages import MessageStatus
from backend.domain.orders import LineItem, OrderStatus
from backend.domain.outgoing import LARGEST_PAYLOAD, WAITS, Endpoint, EventKind, OutgoingState
from backend.domain.suppression import IMPORTED, SuppressionReason
from backend.email.web import Reached, Unreached
from backend.errors import InvalidInputError, PermissionDeniedError
from backend.services.campaigns import saved
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.customers.customers import Profile
from backend.services.orders import orders, refunds
from backend.services.orders.orders import OrderDraft
from backend.services.outgoing import delivery, endpoints, log, writes
from backend.services.sending import campaign_ledger, ledger
from backend.services.suppression import entries
from tests.connections.door import KEY, Sender
from tests.connections.payloads import shopify_order
from tests.events.samples import event
from tests.events.test_applying import sent, took
from tests.services.test_ledger import a_message, claimed
from tests.support import ENGINEER, MANAGER, NOW, STAFF, TestClock, add_customer, ref

URL = "https://hooks.example.com/tillpost"


@dataclass
class Receiver:
    """The other program: notes what it is posted, and answers as it is told."""

    answer: Reached | Unreached = field(default_factory=lambda: Reached(204))
    got: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> Reached | Unreached:
        assert url == URL
        self.got.append((body, headers))
        return self.answer

    @property
    def kinds(self) -> list[str]:
        return [orjson.loads(body)["type"] for body, _ in self.got]


@pytest.fixture
def shop(shared_shop: Shop) -> Shop:
    """In a file, because events are posted from several threads."""
    return shared_shop


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def endpoint(shop: Shop, *kinds: EventKind) -> Endpoint:
    return endpoints.add_endpoint(shop, ENGINEER, KEY, URL, kinds or [EventKind.ORDER_CREATED])[0]


def deliver(shop: Shop, receiver: Receiver) -> int:
    return delivery.deliver_due(shop, KEY, threading.Event(), receiver)


def place(shop: Shop, status: OrderStatus = OrderStatus.PENDING, lines: int = 1) -> orders.Placed:
    customer = add_customer(shop)
    draft = OrderDraft(customer.id, tuple(LineItem(f"Mug {n}", 2, 1000) for n in range(lines)), status=status)
    return orders.place_order(shop, STAFF, draft, orders.new_idempotency_key(shop))


def state_of(shop: Shop, it: Endpoint) -> list[OutgoingState]:
    return [event.state for event in log.list_events(shop, ENGINEER, it.id).events]


def test_an_order_is_sent_signed_with_its_content(
    shop: Shop, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    it, secret = endpoints.add_endpoint(shop, ENGINEER, KEY, URL, [EventKind.ORDER_CREATED, EventKind.ORDER_PAID])
    placed = place(shop, OrderStatus.PAID)
    assert deliver(shop, receiver) == 2
    assert sorted(receiver.kinds) == ["order.created", "order.paid"]
    body, headers = receiver.got[0]
    told = orjson.loads(body)["data"]
    assert (told["id"], told["total"], told["lines"][0]["quantity"]) == (
        f"{placed.order.customer_id}-{placed.order.id}",
        2000,
        2,
    )
    now = shop.clock()
    monkeypatch.setattr("standardwebhooks.webhooks.datetime", _Now(now))
    Webhook(secret).verify(body, headers)
    assert state_of(shop, it) == [OutgoingState.DELIVERED] * 2
    assert deliver(shop, receiver) == 0


class _Now:
    """The library's clock, at the moment of the test."""

    def __init__(self, now: object) -> None:
        self._now = now

    def now(self, tz: object = None) -> object:
        return self._now

    def fromtimestamp(self, stamp: float, tz: object = None) -> object:
        return datetime.fromtimestamp(stamp, tz)  # type: ignore[arg-type]  # passed on


def test_changes_are_named_by_what_they_are(shop: Shop, receiver: Receiver) -> None:
    endpoint(shop, *(kind for kind in EventKind if kind.value.startswith("order.")))
    order = place(shop).order
    order = orders.change_status(shop, STAFF, ref(order), OrderStatus.PAID)
    refunds.refund_order(shop, STAFF, ref(order), 500, "Broken", "refund-1")
    deliver(shop, receiver)
    assert sorted(receiver.kinds) == ["order.created", "order.paid", "order.refunded"]


def test_an_order_of_a_connected_shop_is_reported_and_history_is_not(shop: Shop, receiver: Receiver) -> None:
    endpoint(shop)
    sender = Sender(shop)
    sender.send("orders/create", shopify_order(1001))
    sender.send("orders/updated", shopify_order(1002, created_at="2026-11-01T06:55:00-05:00"))
    deliver(shop, receiver)
    assert [orjson.loads(body)["data"]["number"] for body, _ in receiver.got] == ["#1001"]


def test_what_was_rolled_back_is_not_told(shop: Shop, receiver: Receiver) -> None:
    endpoint(shop)
    order = place(shop).order
    again = OrderDraft(order.customer_id, order.lines)
    assert orders.place_order(shop, STAFF, again, order.id).duplicate
    assert deliver(shop, receiver) == 1


@pytest.mark.parametrize("answer", [Reached(301), Reached(500), Reached(429), Unreached("cannot be reached")])
def test_a_failure_is_tried_again_for_three_days(
    shop: Shop, receiver: Receiver, clock: TestClock, answer: Reached | Unreached
) -> None:
    it = endpoint(shop)
    place(shop)
    receiver.answer = answer
    assert deliver(shop, receiver) == 1
    assert state_of(shop, it) == [OutgoingState.WAITING]
    assert deliver(shop, receiver) == 0
    for wait in WAITS:
        clock.forward(seconds=wait * 1.2 + 1)
        deliver(shop, receiver)
    assert state_of(shop, it) == [OutgoingState.FAILED]
    off = endpoints.get_endpoint(shop, it.id)
    assert off.off
    assert "failed since" in off.off_reason
    assert len({headers["webhook-id"] for _, headers in receiver.got}) == 1
    assert len(receiver.got) == len(WAITS) + 1


def test_a_success_ends_the_count_of_failures(shop: Shop, receiver: Receiver, clock: TestClock) -> None:
    it = endpoint(shop)
    place(shop)
    receiver.answer = Reached(500)
    deliver(shop, receiver)
    assert endpoints.get_endpoint(shop, it.id).failing_since is not None
    receiver.answer = Reached(200)
    clock.forward(seconds=10)
    deliver(shop, receiver)
    assert endpoints.get_endpoint(shop, it.id).failing_since is None
    assert state_of(shop, it) == [OutgoingState.DELIVERED]


def test_an_answer_of_410_switches_the_endpoint_off(shop: Shop, receiver: Receiver) -> None:
    it = endpoint(shop)
    place(shop)
    receiver.answer = Reached(410)
    deliver(shop, receiver)
    assert endpoints.get_endpoint(shop, it.id).off
    place(shop)
    assert state_of(shop, it) == [OutgoingState.FAILED]
    endpoints.switch(shop, ENGINEER, it.id, on=True)
    receiver.answer = Reached(200)
    assert log.replay_span(shop, ENGINEER, it.id, shop.clock() - timedelta(days=1), shop.clock()) == 1
    deliver(shop, receiver)
    assert state_of(shop, it) == [OutgoingState.DELIVERED]
    (event,) = log.list_events(shop, ENGINEER, it.id).events
    log.replay_event(shop, ENGINEER, event)
    assert deliver(shop, receiver) == 1


def test_after_a_rotation_events_are_signed_with_both_secrets(shop: Shop, receiver: Receiver, clock: TestClock) -> None:
    it = endpoint(shop)
    endpoints.rotate_secret(shop, ENGINEER, KEY, it.id)
    place(shop)
    deliver(shop, receiver)
    clock.now += SECRET_OVERLAP
    place(shop)
    deliver(shop, receiver)
    assert [len(headers["webhook-signature"].split()) for _, headers in receiver.got] == [2, 1]


def test_a_large_order_is_reported_with_fewer_lines(shop: Shop, receiver: Receiver) -> None:
    endpoint(shop)
    place(shop, lines=500)
    deliver(shop, receiver)
    ((body, _),) = receiver.got
    assert len(body) < LARGEST_PAYLOAD
    assert orjson.loads(body)["data"]["line_count"] == 500


@pytest.mark.parametrize(
    "url",
    ["http://example.com", "https://", "https://a:b@example.com", "ftp://example.com", "https://example.com/#a", "x"],
)
def test_an_address_that_is_not_https_is_refused(shop: Shop, url: str) -> None:
    with pytest.raises(InvalidInputError):
        endpoints.add_endpoint(shop, ENGINEER, KEY, url, [EventKind.ORDER_CREATED])


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[64:ff9b::a9fe:a9fe]"])
def test_only_public_addresses_are_connected_to(host: str) -> None:
    answer = delivery.post_publicly(f"https://{host}/", b"{}", {})
    assert isinstance(answer, Unreached)
    assert answer.why == "is not at a public address"


def test_who_may_manage_endpoints(shop: Shop) -> None:
    with pytest.raises(PermissionDeniedError):
        endpoints.add_endpoint(shop, MANAGER, KEY, URL, [EventKind.ORDER_CREATED])
    it = endpoint(shop)
    with pytest.raises(PermissionDeniedError):
        log.list_events(shop, STAFF, it.id)
    endpoints.remove_endpoint(shop, ENGINEER, it.id)
    assert writes.all_endpoints(shop) == []


def test_an_email_is_shown_from_its_sending_to_its_report(shop: Shop, receiver: Receiver) -> None:
    endpoint(shop, *(kind for kind in EventKind if kind.value.startswith("message.")))
    message = sent(shop, customer_id="C7")
    took(shop, event("Delivery", message), event("Complaint", message), event("Delivery", message))
    mine = claimed(shop, ledger.request(shop, a_message("click-2")).message)
    ledger.record(shop, [replace(mine, status=MessageStatus.FAILED, reason="Refused.")])
    took(shop, event("Delivery", message))
    deliver(shop, receiver)
    assert sorted(receiver.kinds) == ["message.complained", "message.delivered", "message.failed", "message.sent"]
    told = [orjson.loads(body)["data"] for body, _ in receiver.got]
    assert {each["id"] for each in told} == {message.id, mine.id}
    assert message.to not in str(told)


def test_an_email_of_a_campaign_is_reported(shop: Shop, receiver: Receiver) -> None:
    endpoint(shop, EventKind.MESSAGE_SENT)
    mine = campaign_ledger.claim(shop, [a_message("campaign-1", campaign="campaign-1")])
    campaign_ledger.record(shop, [replace(each, status=MessageStatus.SENT, sent_at=NOW) for each in mine])
    deliver(shop, receiver)
    assert receiver.kinds == ["message.sent"]


def test_customers_are_sent_with_their_answer_about_marketing(shop: Shop, receiver: Receiver) -> None:
    endpoint(shop, *EventKind)
    made = customers.create_customer(shop, STAFF, Profile("Ada", "ada@example.com"))
    customers.set_consent(shop, STAFF, made.id, made.version, True)
    deliver(shop, receiver)
    assert sorted(receiver.kinds) == ["customer.consent_changed", "customer.created", "customer.updated"]
    told = [orjson.loads(body)["data"] for body, _ in receiver.got]
    assert {each["email"] for each in told} == {"ada@example.com"}
    assert [each["consent"]["given"] for each in told if each["consent"]] == [True, True]


def test_suppressions_are_sent_and_those_of_a_file_are_not(shop: Shop, receiver: Receiver) -> None:
    endpoint(shop, *EventKind)
    entries.suppress(shop, STAFF, "ada@example.com")
    entries.add_suppression(shop, "ada@example.com", SuppressionReason.COMPLAINT, source="event")
    entries.add_suppression(shop, "bob@example.com", SuppressionReason.MANUAL, source=IMPORTED)
    entries.unsuppress(shop, STAFF, "ada@example.com", why="Asked", reason=SuppressionReason.MANUAL)
    entries.unsuppress(shop, STAFF, "ada@example.com", why="Asked")
    deliver(shop, receiver)
    told = [orjson.loads(body) for body, _ in receiver.got]
    assert sorted((each["type"], each["data"]["left"]) for each in told) == [
        ("suppression.added", ["complaint", "manual"]),
        ("suppression.added", ["manual"]),
        ("suppression.removed", []),
        ("suppression.removed", ["complaint"]),
    ]
    assert {each["data"]["address"] for each in told} == {"ada@example.com"}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (CampaignState.SCHEDULED, CampaignState.PREPARING, ["campaign.started"]),
        (CampaignState.PREPARING, CampaignState.RUNNING, []),
        (CampaignState.RUNNING, CampaignState.PAUSED, ["campaign.paused"]),
        (CampaignState.PAUSED, CampaignState.PREPARING, ["campaign.resumed"]),
        (CampaignState.STOPPED, CampaignState.RUNNING, ["campaign.resumed"]),
        (CampaignState.RUNNING, CampaignState.STOPPED, ["campaign.stopped"]),
        (CampaignState.RUNNING, CampaignState.FINISHED, ["campaign.finished"]),
        (CampaignState.PAUSED, CampaignState.CANCELLED, ["campaign.cancelled"]),
        (CampaignState.RUNNING, CampaignState.RUNNING, []),
    ],
)
def test_a_campaign_is_sent_when_its_state_changes(
    shop: Shop, receiver: Receiver, before: CampaignState, after: CampaignState, told: list[str]
) -> None:
    endpoint(shop, *EventKind)
    held = Campaign("abc", Draft("Sale", "newsletter", "s"), Kind.MARKETING, 1, "", "", before, NOW, "mia", NOW)
    saved.create(shop, MANAGER, held, "created a campaign")
    saved.change(shop, MANAGER, held, replace(held, state=after))
    deliver(shop, receiver)
    assert receiver.kinds == told
