"""The shop's emails at a glance, and previews as whole messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest

from backend.domain.emails import Kind
from backend.domain.messages import Message, MessageStatus
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.sending import ledger
from backend.services.shop_settings import get_shop_facts, save_shop_facts
from backend.services.templates.overview import USAGE_DAYS, EmailCard, email_overview
from backend.services.templates.previews import Recipient, headers_of, preview_message, render_preview
from tests.services.emails import edited, published
from tests.support import ADMIN, TestClock, add_customer, opened_shop


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def shop(clock: TestClock) -> Iterator[Shop]:
    with opened_shop(clock=clock) as opened:
        yield opened


def card(shop: Shop, name: str) -> EmailCard:
    (found,) = [card for card in email_overview(shop) if card.state.facts.name == name]
    return found


def sent(shop: Shop, template: str, key: str) -> None:
    """One email of this template that was sent now."""
    now = shop.clock()
    message = Message(
        recipient="7K2M9QXW4D",
        key=key,
        template=template,
        version=0,
        kind=Kind.TRANSACTIONAL,
        status=MessageStatus.WAITING,
        to="maria@example.com",
        name="Maria",
        requested_at=now,
        requested_by="sam",
        due_at=now,
    )
    (claimed,) = ledger.claim(shop, [ledger.request(shop, message).message])
    ledger.record(shop, [replace(claimed, status=MessageStatus.SENT, sent_at=now, provider_id="x")])


def test_usage_counts_the_last_thirty_days_of_each_template(shop: Shop, clock: TestClock) -> None:
    sent(shop, "refund", "too-old")
    clock.forward(days=1)
    sent(shop, "refund", "old")
    clock.forward(days=USAGE_DAYS - 1)
    sent(shop, "refund", "new")
    assert card(shop, "refund").usage.sent == 2
    assert card(shop, "welcome").usage.sent == 0


def test_the_look_is_that_of_the_version_in_use(shop: Shop) -> None:
    before = card(shop, "refund").email
    edited(shop, "refund", subject="Money for {{ customer.first_name }}")
    assert card(shop, "refund").email == before
    published(shop, "refund", subject="Money for {{ customer.first_name }}")
    after = card(shop, "refund").email
    assert after is not None
    assert after.subject == "Money for Maria"


def test_changed_shop_settings_change_the_look_and_what_can_be_sent(shop: Shop) -> None:
    assert any("postal address" in problem for problem in card(shop, "newsletter").problems)
    facts = replace(get_shop_facts(shop), postal_address="12 Harbour Road\nLisbon")
    save_shop_facts(shop, ADMIN, facts)
    changed = card(shop, "newsletter")
    assert not changed.problems
    assert changed.email is not None
    assert "12 Harbour Road" in changed.email.html


def test_a_preview_as_a_message_has_the_shop_as_sender_and_marketing_its_way_out(shop: Shop) -> None:
    facts = replace(get_shop_facts(shop), sender_name="Fern & Fig", reply_to="help@fern.example")
    save_shop_facts(shop, ADMIN, facts)
    raw = preview_message(shop, "shop@fern.example", render_preview(shop, "newsletter"))
    message = message_from_bytes(raw, policy=default)
    assert message["From"] == "Fern & Fig <shop@fern.example>"
    assert message["Reply-To"] == "help@fern.example"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "List-Unsubscribe" not in headers_of(
        preview_message(shop, "shop@fern.example", render_preview(shop, "refund"))
    )
    assert "\r" not in headers_of(raw)


def test_without_an_address_there_is_no_message(shop: Shop) -> None:
    nobody = add_customer(shop, "Nobody", email="")
    preview = render_preview(shop, "welcome", recipient=Recipient(nobody.id))
    with pytest.raises(InvalidInputError, match="no email address"):
        preview_message(shop, "shop@fern.example", preview)
