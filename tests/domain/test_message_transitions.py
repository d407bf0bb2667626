"""The table of a message's transitions is what the ledger does: it records these, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from backend.domain.messages import NEEDS_A_PERSON, SETTLED, TRANSITIONS, Message, MessageStatus, ShownStatus
from backend.records.messages import key_of, message_item
from backend.services.context import Shop
from backend.services.sending import campaign_ledger, ledger
from backend.store.port import Put
from tests.services.test_ledger import a_message
from tests.support import NOW, opened_shop

EVERY_PAIR = list(product(MessageStatus, MessageStatus))


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened_shop() as shop:
        yield shop


def stored(shop: Shop, status: MessageStatus) -> Message:
    """A message that somebody has claimed, or that ended so after they had."""
    message = replace(
        a_message(), status=status, attempts=1, lease_until=NOW if status is MessageStatus.WAITING else None
    )
    shop.store.put(Put(key_of(message), message_item(message, "2026-11-26T12")))
    return replace(message, hour="2026-11-26T12", lease_until=NOW)


@pytest.mark.parametrize(("before", "after"), EVERY_PAIR)
def test_the_ledger_records_exactly_the_transitions_of_the_table(
    shop: Shop, before: MessageStatus, after: MessageStatus
) -> None:
    claimed = stored(shop, before)
    ledger.record(shop, [replace(claimed, status=after, sent_at=NOW)])
    by_the_ledger = TRANSITIONS[before] if before is not MessageStatus.FAILED else frozenset()
    assert ledger.get_message(shop, claimed.id).status is (after if after in by_the_ledger else before)


@pytest.mark.parametrize("before", MessageStatus)
def test_only_a_failed_message_of_a_campaign_waits_again(shop: Shop, before: MessageStatus) -> None:
    message = stored(shop, before)
    campaign_ledger.reopen(shop, [message])
    found = ledger.get_message(shop, message.id).status
    assert (found is MessageStatus.WAITING) == (MessageStatus.WAITING in TRANSITIONS[before])


def test_what_has_settled_and_what_needs_a_person_follow_from_the_statuses() -> None:
    assert MessageStatus.WAITING not in SETTLED
    assert {before for before in TRANSITIONS if TRANSITIONS[before]} - NEEDS_A_PERSON == {MessageStatus.WAITING}
    assert set(TRANSITIONS) == set(MessageStatus)


def test_people_see_each_stored_status_and_besides_what_is_being_sent() -> None:
    assert {*map(str, ShownStatus)} - {*map(str, MessageStatus)} == {"sending"}
    message = a_message()
    assert message.shown_status is ShownStatus.WAITING
    assert replace(message, lease_until=NOW).shown_status is ShownStatus.SENDING
