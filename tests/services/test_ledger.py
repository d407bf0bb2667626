"""The ledger: one message a recipient and key, one claim a message, one outcome, and statistics that match."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from backend.domain.emails import Kind
from backend.domain.messages import Message, MessageStatus, SkipReason, check_message_key, split_id
from backend.errors import InvalidInputError, NotFoundError
from backend.services.context import Shop
from backend.services.sending import ledger
from backend.services.sending.message_log import LogFilter, find_message, list_messages, messages_of, needing_attention
from backend.services.statistics.counters import stats_by_hour, summed
from backend.store import schema
from backend.store.port import Put, Value
from tests.support import NOW, TestClock, opened_shop

TODAY = date(2026, 11, 26)


def a_message(key: str = "click-1", **changes: object) -> Message:
    message = Message(
        recipient="AAAAAAAAAA",
        key=key,
        template="welcome",
        version=0,
        kind=Kind.TRANSACTIONAL,
        status=MessageStatus.WAITING,
        to="maria@example.com",
        name="Maria Lopez",
        requested_at=NOW,
        requested_by="sam",
        due_at=NOW,
        customer_id="AAAAAAAAAA",
    )
    return replace(message, **changes)  # type: ignore[arg-type]  # the tests name the fields


def counts(shop: Shop) -> dict[str, int]:
    """The counters of today, without those by mailbox and by reason."""
    return {name: n for name, n in all_counts(shop).items() if ":" not in name}


def all_counts(shop: Shop) -> dict[str, int]:
    return {name: n for name, n in summed(stats.counts for stats in stats_by_hour(shop, TODAY, TODAY)).items() if n}


def claimed(shop: Shop, message: Message) -> Message:
    (mine,) = ledger.claim(shop, [message])
    return mine


def test_the_same_key_requests_one_message(shop: Shop) -> None:
    first = ledger.request(shop, a_message())
    second = ledger.request(shop, a_message(to="other@example.com"))
    assert not first.duplicate
    assert second.duplicate
    assert second.message.to == "maria@example.com"


def test_a_message_comes_back_as_it_was_written(shop: Shop) -> None:
    message = a_message(data=b"\x00\xff", facts="abc", order_id="O1", reason="Sent again: lost")
    ledger.request(shop, message)
    assert ledger.get_message(shop, message.id) == message


def test_an_unknown_id_is_not_found(shop: Shop) -> None:
    for wrong in ("", "nothing", "AAAAAAAAAA-", "-x", "AAAAAAAAAA-click-2"):
        with pytest.raises(NotFoundError):
            ledger.get_message(shop, wrong)


def test_a_message_is_claimed_once(shop: Shop) -> None:
    message = ledger.request(shop, a_message()).message
    assert len(ledger.claim(shop, [message])) == 1
    assert ledger.claim(shop, [message]) == []


def test_sixteen_workers_claim_each_message_once(tmp_path: Path) -> None:
    with opened_shop(f"sqlite:///{tmp_path}/shop.db") as shop:
        messages = [ledger.request(shop, a_message(f"click-{n}")).message for n in range(20)]
        with ThreadPoolExecutor(16) as pool:
            won = list(pool.map(lambda _: ledger.claim(shop, messages), range(16)))
        ids = [message.id for each in won for message in each]
        assert sorted(ids) == sorted(message.id for message in messages)


def test_a_sent_message_is_counted_with_its_time(shop: Shop) -> None:
    mine = claimed(shop, ledger.request(shop, a_message()).message)
    sent = replace(mine, status=MessageStatus.SENT, sent_at=NOW + timedelta(seconds=3), provider_id="p-1", digest="d")
    assert ledger.record(shop, [sent]) == 1
    found = ledger.get_message(shop, sent.id)
    assert (found.status, found.provider_id, found.digest, found.lease_until) == (MessageStatus.SENT, "p-1", "d", None)
    assert counts(shop) == {"sent": 1, "took_5": 1}


def test_an_outcome_is_recorded_and_counted_once(shop: Shop) -> None:
    mine = claimed(shop, ledger.request(shop, a_message()).message)
    sent = replace(mine, status=MessageStatus.SENT, sent_at=NOW)
    assert ledger.record(shop, [sent]) == 1
    assert ledger.record(shop, [sent]) == 0
    assert ledger.record(shop, [replace(mine, status=MessageStatus.FAILED)]) == 0
    assert counts(shop)["sent"] == 1


PROVIDER_ID = "0100019abc12def0-2f1c6a3e-000000"


@pytest.mark.parametrize("shown", [PROVIDER_ID, f" <{PROVIDER_ID}@eu-west-1.amazonses.com> "])
def test_a_sent_message_is_found_by_the_providers_id_as_it_is_shown_anywhere(shop: Shop, shown: str) -> None:
    mine = claimed(shop, ledger.request(shop, a_message()).message)
    other = claimed(shop, ledger.request(shop, a_message("click-2")).message)
    assert find_message(shop, shown) is None
    sent = replace(mine, status=MessageStatus.SENT, sent_at=NOW, provider_id=PROVIDER_ID)
    ledger.record(shop, [sent, replace(other, status=MessageStatus.SENT, sent_at=NOW, provider_id=f"{PROVIDER_ID}1")])
    found = find_message(shop, shown)
    assert found is not None
    assert found.id == mine.id


def test_a_message_is_found_by_our_own_id_and_by_nothing_else(shop: Shop) -> None:
    mine = ledger.request(shop, a_message()).message
    assert find_message(shop, f" {mine.id} ") == ledger.get_message(shop, mine.id)
    for wrong in ("", " ", "<>", "@", "NOBODY-click-1", "nonsense", "x" * 5000, "-"):
        assert find_message(shop, wrong) is None


def test_an_unknown_message_that_was_sent_after_all_is_found_by_the_providers_id(shop: Shop, clock: TestClock) -> None:
    mine = claimed(shop, ledger.request(shop, a_message()).message)
    clock.forward(seconds=ledger.LEASE.total_seconds())
    ledger.expire(shop, [mine])
    ledger.record(shop, [replace(mine, status=MessageStatus.SENT, sent_at=clock(), provider_id=PROVIDER_ID)])
    assert needing_attention(shop, MessageStatus.UNKNOWN) == []
    found = find_message(shop, PROVIDER_ID)
    assert found is not None
    assert found.id == mine.id


def test_a_message_that_may_be_tried_again_waits_and_can_be_claimed(shop: Shop) -> None:
    mine = claimed(shop, ledger.request(shop, a_message()).message)
    ledger.record(shop, [replace(mine, due_at=NOW + timedelta(minutes=1), reason="Busy")])
    waiting = ledger.get_message(shop, mine.id)
    assert (waiting.status, waiting.attempts, waiting.reason) == (MessageStatus.WAITING, 1, "Busy")
    assert claimed(shop, waiting).attempts == 2
    assert counts(shop) == {}


def test_a_lease_that_runs_out_makes_the_message_unknown_and_never_claimable(shop: Shop, clock: TestClock) -> None:
    mine = claimed(shop, ledger.request(shop, a_message()).message)
    assert len(ledger.expire(shop, [mine])) == 0
    clock.forward(seconds=ledger.LEASE.total_seconds())
    assert len(ledger.expire(shop, [mine])) == 1
    assert len(ledger.expire(shop, [mine])) == 0
    found = ledger.get_message(shop, mine.id)
    assert found.status is MessageStatus.UNKNOWN
    assert ledger.claim(shop, [found]) == []
    assert counts(shop) == {"unknown": 1}


def test_an_answer_after_the_lease_puts_the_unknown_right(shop: Shop, clock: TestClock) -> None:
    mine = claimed(shop, ledger.request(shop, a_message()).message)
    clock.forward(seconds=ledger.LEASE.total_seconds())
    ledger.expire(shop, [mine])
    assert ledger.record(shop, [replace(mine, status=MessageStatus.SENT, sent_at=clock())]) == 1
    assert ledger.get_message(shop, mine.id).status is MessageStatus.SENT
    assert counts(shop) == {"sent": 1, "took_300": 1}


def test_a_late_doubt_does_not_cover_what_is_known(shop: Shop, clock: TestClock) -> None:
    mine = claimed(shop, ledger.request(shop, a_message()).message)
    ledger.record(shop, [replace(mine, status=MessageStatus.SENT, sent_at=NOW)])
    clock.forward(seconds=ledger.LEASE.total_seconds())
    assert len(ledger.expire(shop, [mine])) == 0
    assert ledger.get_message(shop, mine.id).status is MessageStatus.SENT


def test_who_gets_nothing_is_in_the_ledger_with_the_reason(shop: Shop) -> None:
    message = ledger.skipped(a_message(), SkipReason.NO_CONSENT)
    ledger.request(shop, message)
    found = ledger.get_message(shop, message.id)
    assert (found.status, found.reason) == (MessageStatus.SKIPPED, "has not agreed to marketing")
    assert all_counts(shop) == {"skipped": 1, "skip:no_consent": 1}


def test_what_was_sent_is_counted_by_the_provider_of_the_mailbox_but_tests_are_not(shop: Shop) -> None:
    for key, to, test in (("k1", "a@gmail.com", False), ("k2", "b@shop.example", False), ("k3", "c@gmail.com", True)):
        mine = claimed(shop, ledger.request(shop, a_message(key, to=to, test=test)).message)
        ledger.record(shop, [replace(mine, status=MessageStatus.SENT, sent_at=NOW)])
    assert all_counts(shop) == {"sent": 3, "took_1": 3, "tests": 1, "gmail:sent": 1, "other:sent": 1}


def test_failed_and_unknown_messages_are_in_lists_of_their_own(shop: Shop) -> None:
    for n, status in enumerate((MessageStatus.FAILED, MessageStatus.UNKNOWN, MessageStatus.SENT)):
        mine = claimed(shop, ledger.request(shop, a_message(f"click-{n}")).message)
        ledger.record(shop, [replace(mine, status=status, sent_at=NOW)])
    assert [found.id for found in needing_attention(shop, MessageStatus.FAILED)] == ["AAAAAAAAAA-click-0"]
    assert [found.id for found in needing_attention(shop, MessageStatus.UNKNOWN)] == ["AAAAAAAAAA-click-1"]


def test_the_log_lists_by_day_template_and_status_without_gaps(shop: Shop) -> None:
    for n in range(25):
        at = NOW - timedelta(hours=5 * n)
        template = "welcome" if n % 2 else "refund"
        ledger.request(shop, a_message(f"click-{n}", requested_at=at, due_at=at, template=template))
    wanted = LogFilter(TODAY - timedelta(days=10), TODAY)
    found, cursor = [], None
    while True:
        page = list_messages(shop, wanted, limit=7, cursor=cursor)
        found += page.messages
        cursor = page.cursor
        if cursor is None:
            break
    assert [message.id for message in found] == [f"AAAAAAAAAA-click-{n}" for n in range(25)]
    odd = list_messages(shop, replace(wanted, template="welcome"), limit=50).messages
    assert {message.template for message in odd} == {"welcome"}
    assert len(odd) == 12
    assert list_messages(shop, replace(wanted, status=MessageStatus.SENT)).messages == []
    assert len(messages_of(shop, "AAAAAAAAAA")) == 25


def test_a_foreign_page_link_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidInputError):
        list_messages(shop, LogFilter(TODAY, TODAY), cursor="garbage")


def test_message_ids_and_keys_are_what_ses_allows_in_a_tag() -> None:
    assert split_id("AAAAAAAAAA-click-1") == ("AAAAAAAAAA", "click-1")
    for wrong in ("", "a b", "x" * 101, "ä", "a\n", "a/b"):
        with pytest.raises(InvalidInputError):
            check_message_key(wrong)
    for wrong in ("AAAA", "-x", "A A-x", "AAAA-", "AAAA-\n"):
        with pytest.raises(InvalidInputError):
            split_id(wrong)


@pytest.mark.parametrize("bad", ["nonsense", None, ["nonsense"], True])
def test_a_counter_that_is_no_number_keeps_no_message_from_being_settled(
    shop: Shop, clock: TestClock, bad: Value
) -> None:
    lost = claimed(shop, ledger.request(shop, a_message()).message)
    key = schema.hours_key(ledger.hour_of(shop, NOW), lost.template, lost.id)
    shop.store.put(Put(key, {"kind": "transactional", "unknown": bad}))
    clock.forward(seconds=ledger.LEASE.total_seconds() + 1)
    assert [each.status for each in ledger.expire(shop, [lost])] == [MessageStatus.UNKNOWN]
    assert counts(shop) == {"unknown": 1}
