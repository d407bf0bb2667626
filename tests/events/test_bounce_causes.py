"""What a bounce is about: the address, the message, or the provider's own list."""

from __future__ import annotations

import pytest

from backend.domain.delivery import Outcome
from backend.domain.suppression import SuppressionReason
from backend.services.context import Shop
from backend.services.suppression.entries import find_suppression
from tests.events.samples import event
from tests.events.test_applying import drift, now, sent, stats_of, took

ABOUT_THE_MESSAGE = [
    ("ContentRejected", ""),
    ("AttachmentRejected", ""),
    ("MessageTooLarge", "5.1.1"),
    ("General", "5.3.4"),
    ("General", "5.2.3"),
    ("Undetermined", "5.6.0"),
]


def bounce(kind: str, sub_type: str, status: str) -> dict[str, object]:
    recipient = {"emailAddress": "maria@example.com", "status": status}
    return {"bounceType": kind, "bounceSubType": sub_type, "bouncedRecipients": [recipient]}


@pytest.mark.parametrize(("sub_type", "status"), ABOUT_THE_MESSAGE)
def test_a_permanent_bounce_about_the_message_suppresses_nobody(shop: Shop, sub_type: str, status: str) -> None:
    message = sent(shop)
    assert took(shop, event("Bounce", message, **bounce("Permanent", sub_type, status))).applied == 1
    assert set(now(shop, message).outcomes) == {Outcome.BOUNCED}
    assert find_suppression(shop, message.to) is None
    assert drift(shop) == []


@pytest.mark.parametrize(("sub_type", "status"), ABOUT_THE_MESSAGE)
def test_soft_bounces_about_messages_never_add_up_to_a_suppression(shop: Shop, sub_type: str, status: str) -> None:
    messages = [sent(shop, f"k{number}") for number in range(8)]
    for message in messages[:7]:
        took(shop, event("Bounce", message, **bounce("Transient", sub_type, status)))
    took(shop, event("Bounce", messages[7], **bounce("Transient", "MailboxFull", "4.2.2")))
    assert find_suppression(shop, messages[0].to) is None


def test_soft_bounces_about_the_address_count_among_those_about_messages(shop: Shop) -> None:
    messages = [sent(shop, f"k{number}") for number in range(8)]
    for message in messages[:3]:
        took(shop, event("Bounce", message, **bounce("Transient", "ContentRejected", "")))
    for message in messages[3:]:
        took(shop, event("Bounce", message, **bounce("Transient", "MailboxFull", "4.2.2")))
    assert find_suppression(shop, messages[0].to) is not None


def test_a_bounce_off_the_account_s_list_is_rejected_and_no_bounce(shop: Shop) -> None:
    message = sent(shop, campaign="spring")
    took(shop, event("Bounce", message, **bounce("Permanent", "OnAccountSuppressionList", "5.1.1")))
    assert set(now(shop, message).outcomes) == {Outcome.REJECTED}
    counted = stats_of(shop, "spring")
    assert counted.get("rejected") == 1
    assert "bounced" not in counted
    found = find_suppression(shop, message.to)
    assert found is not None
    assert found.reason is SuppressionReason.HARD_BOUNCE


@pytest.mark.parametrize(("sub_type", "status"), [("General", "5.1.1"), ("NoEmail", "5.6.0"), ("General", "5.6.7")])
def test_a_permanent_bounce_about_the_address_suppresses(shop: Shop, sub_type: str, status: str) -> None:
    message = sent(shop)
    took(shop, event("Bounce", message, **bounce("Permanent", sub_type, status)))
    assert find_suppression(shop, message.to) is not None
