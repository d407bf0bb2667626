"""Brings our suppression list and that of the provider's account together, by a worker; pages ask and look on.

One piece of work at a time, under a lease that a crashed worker loses. It may be begun again at any point: every step
finds what is there already.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from backend.domain.account_sync import Comparison, SampleLine, Sync, SyncAction, SyncState
from backend.domain.leases import Lease
from backend.domain.suppression import Suppression
from backend.domain.team import COMMAND_LINE, Actor, Permission
from backend.email.transports.account_list import LARGEST_PAGE, REASONS, AccountList
from backend.errors import BackendError, ConflictError, InvalidInputError, StoreBusyError, StoreUnreachableError
from backend.records.suppression import comparison_from, comparison_item, sync_from, sync_item
from backend.services.concurrency.leases import LeaseLostError, Leases
from backend.services.context import Shop
from backend.services.suppression.account_list import SyncStep, push, read_account_list, take_over
from backend.services.suppression.entries import list_suppressions
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.port import Absent, AllOf, AnyOf, Equals, Put

_SYNC = schema.meta_key("account-sync")
_COMPARISON = schema.meta_key("account-comparison")
_LEASES = Leases(timedelta(seconds=120), "Another worker has taken over.")
"""Longer than a step takes: 50 requests to SES at a few a second."""
_FRESH = timedelta(hours=24)
"""How old a comparison may be whose counts somebody confirms."""
_SAMPLE = 100
_PAGE = 500


@dataclass(slots=True)
class _Held:
    """The work as this worker has written it last, with the lease that it holds."""

    shop: Shop
    sync: Sync

    def keep(self, after: Sync) -> None:
        """Notes how far the work is, with a new lease.

        Raises: `LeaseLostError`.
        """
        self._put(after, self.sync.lease.renewed(self.shop.clock(), _LEASES.length))

    def give_back(self) -> None:
        self._put(self.sync, self.sync.lease.released())

    def shorten(self) -> None:
        """Bounds a lease that a clock gave which is ahead. Its holder loses the work, which anybody may begin again."""
        shorter = self.sync.lease.shortened(self.shop.clock(), _LEASES.length)
        if shorter is not None:
            self._put(self.sync, shorter)

    def finish(self, state: SyncState, error: str = "") -> None:
        self._put(replace(self.sync, state=state, error=error, cursor=None), self.sync.lease.released())

    def _put(self, after: Sync, lease: Lease) -> None:
        before, after = self.sync, replace(after, lease_until=lease.until)
        held = AllOf((Equals("id", before.id), Equals("state", before.state.value), _LEASES.is_held(before.lease)))
        self.shop.store.put(Put(_SYNC, sync_item(after), held, _LEASES.error()))
        self.sync = after


def last_sync(shop: Shop) -> Sync | None:
    """The work that was asked for last, whether it is over or not; None also where it cannot be read."""
    return read_one(shop, _SYNC, lambda _, item: sync_from(item))


def last_comparison(shop: Shop) -> Comparison | None:
    return read_one(shop, _COMPARISON, lambda _, item: comparison_from(item))


def ask_for(shop: Shop, actor: Actor, action: SyncAction, key: str, *, typed_count: int = 0) -> Sync:
    """Asks a worker for it; the same key again asks for nothing new. `typed_count` confirms what is to be changed.

    Raises: `PermissionDeniedError`; `InvalidInputError` when the count is not that of a comparison of the last day;
    `ConflictError` when other work is not over yet; `UnreadableItemError`.
    """
    actor.require(Permission.MANAGE_SUPPRESSION)
    item = shop.store.get(_SYNC)
    before = None if item is None else sync_from(item)
    if before is not None and before.id == key:
        return before
    if action is not SyncAction.COMPARE:
        _check_count(shop, action, typed_count)
    sync = Sync(key, action, actor.username, actor.role, shop.clock())
    busy = ConflictError("Work on the two lists is still under way. Wait until it is over.")
    over = [Equals("state", state.value) for state in (SyncState.DONE, SyncState.FAILED)]
    shop.store.put(Put(_SYNC, sync_item(sync), AnyOf((Absent(), *over)), busy))
    return sync


def _check_count(shop: Shop, action: SyncAction, typed: int) -> None:
    found = last_comparison(shop)
    if found is None or shop.clock() - found.at > _FRESH:
        raise InvalidInputError("Compare the two lists first; the last comparison is too old.", "count")
    if not found.count_for(action):
        raise InvalidInputError("There is nothing to do.", "count")
    if typed != found.count_for(action):
        raise InvalidInputError(f"Type {found.count_for(action)} to confirm the number of addresses.", "count")


# --- the worker's side -------------------------------------------------------------------------------------------


def work_on_sync(shop: Shop, account: AccountList, stop: threading.Event) -> bool:
    """Does what was asked for, if anything was and nobody else does it. Returns whether there was something to do.

    Raises: `StoreBusyError`, `StoreUnreachableError`; the work is taken up again later.
    """
    waiting = last_sync(shop)
    if waiting is None or not waiting.is_open:
        return False
    mine = _Held(shop, waiting)
    try:
        if not waiting.lease.is_free(shop.clock()):
            mine.shorten()
            return False
        mine.keep(waiting)
        _do(shop, account, mine, stop)
    except LeaseLostError:
        return False
    return True


def _do(shop: Shop, account: AccountList, held: _Held, stop: threading.Event) -> None:
    try:
        if held.sync.action is SyncAction.COMPARE:
            _compare(shop, account, held)
        else:
            _step_on(shop, account, held, stop)
    except (LeaseLostError, StoreBusyError, StoreUnreachableError):
        raise
    except BackendError as error:
        held.finish(SyncState.FAILED, error.sentence)
        return
    if stop.is_set():
        held.give_back()
    else:
        held.finish(SyncState.DONE)


def _step_on(shop: Shop, account: AccountList, held: _Held, stop: threading.Event) -> None:
    """One step after the other, each kept."""
    sync = held.sync
    step = take_over if sync.action is SyncAction.TAKE_OVER else push
    while not stop.is_set():
        done: SyncStep = step(shop, sync.actor, account, cursor=sync.cursor)
        after = replace(sync, seen=sync.seen + done.seen, changed=sync.changed + done.changed, cursor=done.cursor)
        held.keep(after)
        sync = held.sync
        if done.finished:
            break


def _compare(shop: Shop, account: AccountList, held: _Held) -> None:
    """Reads both lists once. A worker that takes over begins again, because counting is quick."""
    there = missing = 0
    sample: list[SampleLine] = []
    cursor: str | None = None
    while True:
        page = read_account_list(shop, held.sync.actor, account, limit=LARGEST_PAGE, cursor=cursor)
        there, missing = there + len(page.lines), missing + sum(not line.here for line in page.lines)
        lines = page.lines[: _SAMPLE - len(sample)]
        sample += [SampleLine(line.address, line.reason, line.here) for line in lines]
        held.keep(replace(held.sync, seen=there))
        cursor = page.cursor
        if cursor is None:
            break
    ours = 0
    for entries in _our_pages(shop):
        ours += sum(_belongs_there(entry) for entry in entries)
        held.keep(held.sync)
    shop.store.put(Put(_COMPARISON, comparison_item(Comparison(shop.clock(), there, missing, ours, tuple(sample)))))


def _our_pages(shop: Shop) -> Iterator[list[Suppression]]:
    cursor: str | None = None
    while True:
        page = list_suppressions(shop, COMMAND_LINE, limit=_PAGE, cursor=cursor)
        yield page.entries
        cursor = page.cursor
        if cursor is None:
            return


def _belongs_there(entry: Suppression) -> bool:
    """The account's list knows bounces and complaints only."""
    return any(cause.reason in REASONS.values() for cause in entry.causes)
