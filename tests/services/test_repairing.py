"""What people do about failed and unknown messages: handled ones leave the list, unknown ones go again once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from backend.domain.audit import AuditEntry
from backend.domain.delivery import Outcome
from backend.domain.messages import Message, MessageStatus
from backend.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from backend.records.messages import key_of, message_item
from backend.records.system import audit_from
from backend.services.context import Shop
from backend.services.sending import ledger, repair
from backend.services.sending.message_log import needing_attention
from backend.services.sending.repair import Repaired, mark_handled, send_again, that_may_go_again
from backend.store import schema
from backend.store.port import Plus, Put, Query, Update
from tests.services.test_ledger import a_message
from tests.support import ENGINEER, MANAGER, NOW, STAFF, opened_shop, outcomes_of

YESTERDAY = NOW - timedelta(days=1)


def settled(shop: Shop, key: str, status: MessageStatus = MessageStatus.UNKNOWN, **changes: object) -> Message:
    """A message in the ledger that ended like this, a day ago unless told."""
    asked = {"requested_at": YESTERDAY, "due_at": YESTERDAY, "reason": "No answer.", **changes}
    message = a_message(key, status=status, **asked)
    shop.store.put(Put(key_of(message), message_item(message, ledger.hour_of(shop, message.requested_at))))
    return message


def reported(shop: Shop, at: datetime = YESTERDAY) -> None:
    """Makes the provider have reported another email of that time."""
    key = schema.hours_key(ledger.hour_of(shop, at), "welcome", "AAAAAAAAAA-other")
    shop.store.update(Update(key, set={"kind": "transactional"}, add={"delivered": Plus(1)}))


def audit_entries(shop: Shop) -> list[AuditEntry]:
    return [audit_from(row) for row in shop.store.query(Query(schema.SHOP, "AUDIT#2026-11")).rows]


def listed(shop: Shop, status: MessageStatus) -> list[str]:
    return [summary.id for summary in needing_attention(shop, status)]


@pytest.mark.parametrize("status", [MessageStatus.UNKNOWN, MessageStatus.FAILED])
def test_a_handled_message_leaves_the_list_and_keeps_its_status(shop: Shop, status: MessageStatus) -> None:
    message = settled(shop, "click-1", status)
    assert listed(shop, status) == [message.id]
    assert mark_handled(shop, ENGINEER, [message.id], "Asked the customer.") == Repaired(1, 0)
    assert listed(shop, status) == []
    found = ledger.get_message(shop, message.id)
    assert found.status is status
    assert found.handled is not None
    assert (found.handled.by, found.handled.at, found.handled.note) == ("eli", NOW, "Asked the customer.")


def test_handling_is_in_the_audit_log_without_the_note(shop: Shop) -> None:
    message = settled(shop, "click-1")
    mark_handled(shop, STAFF, [message.id], "Wrote to maria@example.com.")
    (entry,) = audit_entries(shop)
    assert (entry.actor, entry.action, entry.target) == ("sam", "marked a message as handled", f"message:{message.id}")
    assert "maria" not in entry.detail


def test_of_many_those_that_need_it_are_handled_once(shop: Shop) -> None:
    wanted = [settled(shop, f"click-{n}") for n in range(5)]
    sent = settled(shop, "click-9", MessageStatus.SENT)
    ids = [message.id for message in [*wanted, sent]]
    assert mark_handled(shop, STAFF, ids, "All of them arrived.") == Repaired(5, 1)
    assert mark_handled(shop, ENGINEER, ids, "Again.") == Repaired(0, 6)
    assert {entry.actor for entry in audit_entries(shop)} == {"sam"}


def test_two_people_at_once_handle_each_message_once(tmp_path: Path) -> None:
    with opened_shop(f"sqlite:///{tmp_path}/shop.db") as shop:
        ids = [settled(shop, f"click-{n}").id for n in range(20)]
        done = outcomes_of([lambda: mark_handled(shop, STAFF, ids, "Seen.") for _ in range(4)])
        assert sum(each.done for each in done if isinstance(each, Repaired)) == 20
        assert len(audit_entries(shop)) == 20


def test_who_may_not_repair_handles_nothing(shop: Shop) -> None:
    message = settled(shop, "click-1")
    with pytest.raises(PermissionDeniedError):
        mark_handled(shop, MANAGER, [message.id], "Seen.")
    with pytest.raises(PermissionDeniedError):
        send_again(shop, ENGINEER, [message.id], "Lost.")
    assert listed(shop, MessageStatus.UNKNOWN) == [message.id]


@pytest.mark.parametrize("note", ["", "  ", "x" * 301])
def test_a_note_is_asked_for(shop: Shop, note: str) -> None:
    message = settled(shop, "click-1")
    with pytest.raises(InvalidInputError):
        mark_handled(shop, STAFF, [message.id], note)


def test_too_many_and_none_are_refused_with_a_sentence(shop: Shop) -> None:
    with pytest.raises(InvalidInputError, match="100 messages at most"):
        mark_handled(shop, STAFF, [f"AAAAAAAAAA-click-{n}" for n in range(101)], "Seen.")
    with pytest.raises(NotFoundError):
        mark_handled(shop, STAFF, ["AAAAAAAAAA-click-1"], "Seen.")


def test_a_late_answer_puts_a_handled_message_back_into_the_list(shop: Shop) -> None:
    message = ledger.request(shop, a_message()).message
    (claimed,) = ledger.claim(shop, [message])
    ledger.record(shop, [replace(claimed, status=MessageStatus.UNKNOWN, reason="No answer.")])
    mark_handled(shop, STAFF, [message.id], "Waiting for the answer.")
    ledger.record(shop, [replace(claimed, status=MessageStatus.FAILED, reason="Refused.")])
    assert listed(shop, MessageStatus.FAILED) == [message.id]


def again(shop: Shop, message: Message) -> Message:
    return ledger.get_message(shop, f"{message.recipient}-{repair.key_again(message)}")


def test_an_unknown_message_goes_again_as_it_was_and_the_old_one_is_handled(shop: Shop) -> None:
    reported(shop)
    old = settled(shop, "click-1", data=b"\x01", facts="f", edition="e", order_id="O1", attempts=2, campaign="K1")
    assert send_again(shop, STAFF, [old.id], "SES never reported them.") == Repaired(1, 0)
    new = again(shop, old)
    assert (new.status, new.data, new.facts, new.edition, new.order_id) == (
        MessageStatus.WAITING,
        b"\x01",
        "f",
        "e",
        "O1",
    )
    assert (new.attempts, new.campaign, new.requested_by) == (0, "", "sam")
    assert new.reason == "Sent again: SES never reported them."
    before = ledger.get_message(shop, old.id)
    assert before.status is MessageStatus.UNKNOWN
    assert before.handled is not None
    assert [entry.action for entry in audit_entries(shop)] == ["sent an unknown message again"]
    assert ledger.claim(shop, [new])


def test_several_people_who_send_the_same_again_send_it_once(tmp_path: Path) -> None:
    with opened_shop(f"sqlite:///{tmp_path}/shop.db") as shop:
        reported(shop)
        ids = [settled(shop, f"click-{n}").id for n in range(10)]
        done = outcomes_of([lambda: send_again(shop, STAFF, ids, "Never reported.") for _ in range(4)])
        assert sum(each.done for each in done if isinstance(each, Repaired)) == 10
        assert listed(shop, MessageStatus.UNKNOWN) == []


def _not_for_sending_again(shop: Shop) -> Sequence[Message]:
    return [
        settled(shop, "late", due_at=NOW - timedelta(hours=23)),
        settled(shop, "delivered", outcomes={Outcome.DELIVERED: NOW}),
        settled(shop, "failed", MessageStatus.FAILED),
        settled(shop, "sent", MessageStatus.SENT),
        settled(shop, "test", test=True),
    ]


def test_while_the_provider_reported_nothing_at_all_nothing_goes_again(shop: Shop) -> None:
    old = settled(shop, "click-1")
    assert send_again(shop, STAFF, [old.id], "Never reported.") == Repaired(0, 1)


def test_only_what_was_silent_for_a_day_goes_again(shop: Shop) -> None:
    reported(shop)
    for message in _not_for_sending_again(shop):
        assert that_may_go_again(shop, [message]) == []
        assert send_again(shop, STAFF, [message.id], "Never reported.") == Repaired(0, 1)
    assert audit_entries(shop) == []
