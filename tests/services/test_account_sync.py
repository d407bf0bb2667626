"""Our suppression list and the account's are compared and joined by a worker; each asks for its count, once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from backend.domain.account_sync import SyncAction, SyncState
from backend.domain.suppression import SuppressionReason
from backend.email.transports.account_list import AccountListError, AccountPage, FileAccountList
from backend.errors import ConflictError, InvalidInputError, PermissionDeniedError
from backend.records.suppression import sync_from, sync_item
from backend.services.context import Shop
from backend.services.suppression import account_sync
from backend.services.suppression.account_sync import ask_for, last_comparison, last_sync, work_on_sync
from backend.services.suppression.entries import add_suppression, find_suppression
from tests.support import ENGINEER, MANAGER, STAFF, TestClock, outcomes_of

NEVER = threading.Event()
BOUNCE, COMPLAINT = SuppressionReason.HARD_BOUNCE, SuppressionReason.COMPLAINT


@pytest.fixture
def account(tmp_path: Path, clock: TestClock) -> FileAccountList:
    found = FileAccountList(tmp_path / "account.json", clock)
    for number in range(5):
        found.add(f"there{number}@example.com", BOUNCE)
    return found


def listed(shop: Shop) -> None:
    add_suppression(shop, "there0@example.com", BOUNCE, source="event")
    add_suppression(shop, "here@example.com", COMPLAINT, source="event")
    add_suppression(shop, "left@example.com", SuppressionReason.UNSUBSCRIBED, source="link")


def compared(shop: Shop, account: FileAccountList, key: str = "one") -> None:
    ask_for(shop, STAFF, SyncAction.COMPARE, key)
    assert work_on_sync(shop, account, NEVER)


def state(shop: Shop) -> SyncState:
    sync = last_sync(shop)
    assert sync is not None
    return sync.state


def test_comparing_counts_both_lists_and_changes_neither(shop: Shop, account: FileAccountList) -> None:
    listed(shop)
    compared(shop, account)
    found = last_comparison(shop)
    assert found is not None
    assert (found.there, found.missing_here, found.ours) == (5, 4, 2)
    assert [(line.address, line.here) for line in found.sample][:2] == [
        ("there0@example.com", True),
        ("there1@example.com", False),
    ]
    assert find_suppression(shop, "there1@example.com") is None
    assert state(shop) is SyncState.DONE
    assert not work_on_sync(shop, account, NEVER)


def test_taking_over_and_filling_ask_for_the_count(shop: Shop, account: FileAccountList) -> None:
    listed(shop)
    with pytest.raises(InvalidInputError, match="Compare the two lists first"):
        ask_for(shop, STAFF, SyncAction.TAKE_OVER, "none", typed_count=4)
    compared(shop, account)
    with pytest.raises(InvalidInputError, match="Type 4"):
        ask_for(shop, STAFF, SyncAction.TAKE_OVER, "two", typed_count=5)
    ask_for(shop, STAFF, SyncAction.TAKE_OVER, "two", typed_count=4)
    work_on_sync(shop, account, NEVER)
    sync = last_sync(shop)
    assert sync is not None
    assert (sync.state, sync.seen, sync.changed) == (SyncState.DONE, 5, 4)
    entry = find_suppression(shop, "there4@example.com")
    assert entry is not None
    assert (entry.reason, entry.causes[0].by) == (BOUNCE, "sam")
    ask_for(shop, STAFF, SyncAction.PUSH, "three", typed_count=2)
    work_on_sync(shop, account, NEVER)
    assert "here@example.com" in {each.address for each in account.page(50).entries}
    assert "left@example.com" not in {each.address for each in account.page(50).entries}


def test_an_old_comparison_confirms_nothing(shop: Shop, account: FileAccountList, clock: TestClock) -> None:
    compared(shop, account)
    clock.forward(hours=25)
    with pytest.raises(InvalidInputError, match="too old"):
        ask_for(shop, STAFF, SyncAction.TAKE_OVER, "two", typed_count=5)


def test_a_double_click_asks_once_and_other_work_waits(shop: Shop, account: FileAccountList) -> None:
    first = ask_for(shop, STAFF, SyncAction.COMPARE, "one")
    assert ask_for(shop, STAFF, SyncAction.COMPARE, "one") == first
    with pytest.raises(ConflictError, match="still under way"):
        ask_for(shop, ENGINEER, SyncAction.COMPARE, "two")
    work_on_sync(shop, account, NEVER)
    assert ask_for(shop, ENGINEER, SyncAction.COMPARE, "two").is_open


def test_who_may_not_change_the_list_asks_for_nothing(shop: Shop) -> None:
    with pytest.raises(PermissionDeniedError):
        ask_for(shop, MANAGER, SyncAction.COMPARE, "one")


class Failing(FileAccountList):
    """A provider that refuses."""

    def page(self, limit: int, cursor: str | None = None) -> AccountPage:
        raise AccountListError("SES does not let us read its list.")


def test_a_refusal_ends_the_work_with_its_sentence(shop: Shop, tmp_path: Path, clock: TestClock) -> None:
    ask_for(shop, STAFF, SyncAction.COMPARE, "one")
    assert work_on_sync(shop, Failing(tmp_path / "none.json", clock), NEVER)
    sync = last_sync(shop)
    assert sync is not None
    assert (sync.state, sync.error) == (SyncState.FAILED, "SES does not let us read its list.")


class FailingLater(FileAccountList):
    """A provider that takes its time and refuses after the first page."""

    def page(self, limit: int, cursor: str | None = None) -> AccountPage:
        if cursor is not None:
            raise AccountListError("SES does not let us read its list.")
        assert isinstance(self._clock, TestClock)
        self._clock.forward(seconds=5)
        return replace(super().page(limit, cursor), cursor="next")


@pytest.mark.parametrize("action", [SyncAction.COMPARE, SyncAction.TAKE_OVER])
def test_a_refusal_after_the_lease_was_renewed_ends_the_work_too(
    shop: Shop, account: FileAccountList, tmp_path: Path, clock: TestClock, action: SyncAction
) -> None:
    compared(shop, account)
    ask_for(shop, STAFF, action, "two", typed_count=5)
    assert work_on_sync(shop, FailingLater(tmp_path / "none.json", clock), NEVER)
    assert state(shop) is SyncState.FAILED


def test_a_worker_that_stops_gives_the_work_back_where_it_was(
    shop: Shop, account: FileAccountList, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared(shop, account)
    ask_for(shop, STAFF, SyncAction.TAKE_OVER, "two", typed_count=5)
    stop, real = threading.Event(), account_sync.take_over

    def one_step(*arguments: object, **more: object) -> object:
        stop.set()
        return real(*arguments, limit=2, **more)

    monkeypatch.setattr(account_sync, "take_over", one_step)
    work_on_sync(shop, account, stop)
    sync = last_sync(shop)
    assert sync is not None
    assert (sync.is_open, sync.seen, sync.lease_until) == (True, 2, None)
    monkeypatch.undo()
    assert work_on_sync(shop, account, NEVER)
    sync = last_sync(shop)
    assert sync is not None
    assert (sync.state, sync.seen, sync.changed) == (SyncState.DONE, 5, 5)


def test_a_lease_keeps_others_away_until_it_runs_out(shop: Shop, account: FileAccountList, clock: TestClock) -> None:
    ask_for(shop, STAFF, SyncAction.COMPARE, "one")
    sync = last_sync(shop)
    assert sync is not None
    account_sync._Held(shop, sync).keep(sync)
    assert not work_on_sync(shop, account, NEVER)
    clock.forward(minutes=3)
    assert work_on_sync(shop, account, NEVER)
    assert state(shop) is SyncState.DONE


def test_a_lease_of_a_clock_that_is_ahead_runs_out_as_any_other(
    shop: Shop, account: FileAccountList, clock: TestClock
) -> None:
    ask_for(shop, STAFF, SyncAction.COMPARE, "one")
    sync = last_sync(shop)
    assert sync is not None
    account_sync._Held(replace(shop, clock=TestClock(clock() + timedelta(minutes=10))), sync).keep(sync)
    assert not work_on_sync(shop, account, NEVER)
    clock.forward(minutes=3)
    assert work_on_sync(shop, account, NEVER)


def test_two_workers_do_the_work_once(shared_shop: Shop, account: FileAccountList) -> None:
    ask_for(shared_shop, STAFF, SyncAction.COMPARE, "one")
    results = outcomes_of([lambda: work_on_sync(shared_shop, account, NEVER)] * 4)
    assert results.count(True) == 1
    assert state(shared_shop) is SyncState.DONE


def test_work_is_read_back_as_it_was_written(shop: Shop) -> None:
    ask_for(shop, STAFF, SyncAction.COMPARE, "one")
    sync = last_sync(shop)
    assert sync is not None
    whole = replace(sync, seen=3, changed=1, cursor="x", error="No.", lease_until=shop.clock())
    assert sync_from(sync_item(whole)) == whole
