"""After any mix of edits, undos and erasures, also interrupted ones, totals equal a recount."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from backend.domain.changes import ChangeEntry, ChangeState
from backend.errors import StoreUnreachableError
from backend.services.changes.reading import entries_of, get_change, list_changes
from backend.services.context import Shop
from backend.services.customer_data.erasing import finish
from backend.services.customer_data.erasure import ErasureRefusedError, erase_customer
from backend.services.customers import bulk
from backend.services.customers.customers import get_customer
from backend.services.undo.handlers import HANDLERS
from backend.services.undo.undoing import preview_undo, undo_change
from backend.store.port import Store, Write
from tests.forked import PROCESSES
from tests.recount import assert_totals_hold
from tests.services.test_totals_property import NUMBERS, TAGS, ShopMachine
from tests.support import ADMIN, MANAGER, STAFF, TestClock, add_customer, opened_shop, outcomes_of


class _Dying:
    """A store whose connection is lost at one of the next transactions, before or after it was stored."""

    def __init__(self, store: Store, lives: int, *, stored: bool) -> None:
        self._store, self._lives, self._stored = store, lives, stored

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def transact(self, writes: Sequence[Write]) -> None:
        self._lives -= 1
        if self._lives > 0 or self._stored:
            self._store.transact(writes)
        if self._lives <= 0:
            raise StoreUnreachableError("The store did not answer.")


class UndoMachine(ShopMachine):
    """What people may do, and taking any of it back."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.shop = replace(self.shop, data_dir=Path(self.folder.name))

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()

    @invariant()
    def changes_are_in_the_order_of_their_ids(self) -> None:
        self.clock.forward(seconds=1)

    @rule(choice=NUMBERS, tag=st.sampled_from(TAGS))
    def tag_many(self, choice: int, tag: str) -> None:
        change = bulk.add_tag if choice % 2 else bulk.remove_tag
        change(self.shop, STAFF, self.customers[choice % len(self.customers) :], tag)

    @precondition(lambda self: self._changes())
    @rule(which=NUMBERS)
    def undo(self, which: int) -> None:
        """What was taken back is as before; what a preview says happens."""
        change = self._change(which)
        before = {each.id: each for each in entries_of(self.shop, change)}
        said = preview_undo(self.shop, ADMIN, change)
        done = undo_change(self.shop, ADMIN, change)
        assert (done.taken_back, done.before) == (said.taken_back, said.before)
        assert {each.name for each in done.left} == {each.name for each in said.left}
        for entry in entries_of(self.shop, change):
            if entry.undone and not before[entry.id].undone:
                self._is_as_before(entry)

    @precondition(lambda self: self._changes())
    @rule(which=NUMBERS, lives=st.integers(1, 4), stored=st.booleans())
    def undo_interrupted_and_again(self, which: int, lives: int, stored: bool) -> None:
        change = self._change(which)
        dying = replace(self.shop, store=cast(Store, _Dying(self.store, lives, stored=stored)))
        try:
            undo_change(dying, ADMIN, change)
        except StoreUnreachableError:
            assert_totals_hold(self.shop)
        undo_change(self.shop, ADMIN, change)
        assert get_change(self.shop, ADMIN, change).state is ChangeState.UNDONE
        undone = sum(entry.undone for entry in entries_of(self.shop, change))
        assert get_change(self.shop, ADMIN, change).taken_back == undone

    @precondition(lambda self: len(self.customers) > 1)
    @rule(who=NUMBERS)
    def erase(self, who: int) -> None:
        customer = self._customer(who)
        try:
            finish(self.shop, erase_customer(self.shop, MANAGER, customer.id))
        except ErasureRefusedError:
            return
        self.customers.remove(customer.id)
        self.orders = [each for each in self.orders if each[0] != customer.id]
        for change in self._changes():
            for entry in entries_of(self.shop, change):
                if customer.id in entry.id:
                    assert entry.erased
                    assert (entry.name, entry.before, entry.after) == ("", None, None)

    def _changes(self) -> list[str]:
        return [change.id for change in list_changes(self.shop, ADMIN, limit=200).changes]

    def _change(self, number: int) -> str:
        known = sorted(self._changes())
        return known[number % len(known)]

    def _is_as_before(self, entry: ChangeEntry) -> None:
        (now,) = HANDLERS[entry.kind].current(self.shop, [entry])
        assert now is not None
        for name, value in (entry.before or {}).items():
            if name != "tags":
                assert now[name] == value
        if "tags" in (entry.before or {}):
            assert entry.before is not None
            assert entry.after is not None
            assert not (set(entry.after["tags"]) - set(entry.before["tags"])) & set(now["tags"])
            assert set(entry.before["tags"]) - set(entry.after["tags"]) <= set(now["tags"])


TestUndoAfterAnything = UndoMachine.TestCase
TestUndoAfterAnything.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def test_two_who_undo_and_one_who_erases_at_once_leave_nothing_half_done(tmp_path: Path) -> None:
    with opened_shop(f"sqlite:///{tmp_path}/tillpost.db", clock=TestClock(), data_dir=tmp_path) as shop:
        people = [add_customer(shop, country="DE").id for _ in range(20)]
        change = bulk.add_tag(shop, STAFF, people, "vip").change

        def erase(customer: str) -> None:
            finish(shop, erase_customer(shop, MANAGER, customer))

        outcomes_of(
            [
                *(partial(undo_change, shop, actor, change) for actor in (STAFF, MANAGER)),
                *(partial(erase, customer) for customer in people[8:12:3]),
            ]
        )
        undo_change(shop, STAFF, change)
        assert [get_customer(shop, each).tags for each in people] == 20 * [()]
        for entry in entries_of(shop, change):
            assert entry.undone or entry.erased
        assert_totals_hold(shop)


def _undo_and_tell(url: str, change: str, told: Connection) -> None:
    """In a process of its own: undoes, and reports each transaction."""
    with opened_shop(url, clock=TestClock()) as shop:
        telling = replace(shop, store=cast(Store, _Telling(shop.store, told)))
        undo_change(telling, STAFF, change)


class _Telling:
    """A store that reports each transaction to another process."""

    def __init__(self, store: Store, told: Connection) -> None:
        self._store, self._told = store, told

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def transact(self, writes: Sequence[Write]) -> None:
        self._store.transact(writes)
        self._told.send(len(writes))


def test_an_undo_whose_process_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/tillpost.db"
    with opened_shop(url, clock=TestClock()) as shop:
        people = [add_customer(shop, tags=("tea",)).id for _ in range(60)]
        change = bulk.remove_tag(shop, STAFF, people, "tea").change
        here, there = PROCESSES.Pipe()
        process = PROCESSES.Process(target=_undo_and_tell, args=(url, change, there))
        process.start()
        for _ in range(10):
            here.recv()
        process.kill()
        process.join()
        assert_totals_hold(shop)
        undone = _undone(shop, change)
        assert undone >= 9
        assert sum(get_customer(shop, each).tags == ("tea",) for each in people) == undone
        found = undo_change(shop, STAFF, change)
        assert (found.before, found.taken_back, found.left) == (undone, 60 - undone, ())
        assert [get_customer(shop, each).version for each in people] == 60 * [3]
        assert_totals_hold(shop)


def _undone(shop: Shop, change: str) -> int:
    return sum(entry.undone for entry in entries_of(shop, change))
