"""Whatever is written in whatever order, every engine gives the answers of a model that is a dictionary.

All engines are led through the same steps, so what agrees with the model agrees with the other engines too.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from backend.errors import BackendError, ConflictError
from backend.store.port import (
    Absent,
    AllOf,
    AnyOf,
    AtLeast,
    Below,
    Check,
    Condition,
    Delete,
    Equals,
    Exists,
    Item,
    Key,
    Missing,
    Page,
    Plus,
    Put,
    Query,
    Store,
    Update,
    Value,
    Write,
)
from backend.store.schema import INDEXES, MAIL, SHOP
from tests.store.model import Model, exact

Outcome: TypeAlias = object

_runs = itertools.count(1)

# Few keys, attributes and values, so that the steps meet each other.
TEXTS = st.sampled_from(["", "a", "b", "ab", "é", "\uffff", "😀"])
NUMBERS = st.sampled_from([0, 1, -1, 7, 10**16, -(10**20), 2**63])
VALUES: st.SearchStrategy[Value] = st.recursive(
    TEXTS | NUMBERS | st.booleans() | st.none() | st.sampled_from([b"", b"a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "$b"]), inner, max_size=2),
    max_leaves=4,
)
PARTITIONS = st.sampled_from(["P", "Q"])
SORT_KEYS = st.sampled_from(["a", "ab", "b", "é", "😀"])
SMALL = st.sampled_from([-3, 0, 5])


class Agreement(RuleBasedStateMachine):
    """Does each step on a store and on the model and compares what they say."""

    store: Store

    @initialize()
    def begin(self) -> None:
        self.model = Model()
        self.own = f"{next(_runs)}:"

    @rule(data=st.data())
    def write_one(self, data: st.DataObject) -> None:
        write = data.draw(self._writes(checks=False))
        match write:
            case Put():
                self._agree(lambda: self.store.put(write), lambda: self.model.transact([write]))
            case Delete():
                self._agree(lambda: self.store.delete(write), lambda: self.model.transact([write]))
            case Update():
                self._agree(lambda: self.store.update(write), lambda: self._updated(write))

    @rule(data=st.data())
    def transact(self, data: st.DataObject) -> None:
        writes = data.draw(st.lists(self._writes(), max_size=5))
        self._agree(lambda: self.store.transact(writes), lambda: self.model.transact(writes))

    @rule(data=st.data())
    def transact_each(self, data: st.DataObject) -> None:
        transactions = data.draw(st.lists(st.lists(self._writes(), max_size=3), max_size=5))
        found = self.store.transact_each(transactions)
        assert [_said(error) for error in found] == [_said(error) for error in self.model.transact_each(transactions)]

    @rule(data=st.data())
    def write_batch(self, data: st.DataObject) -> None:
        puts = data.draw(st.lists(self._writes(checks=False), max_size=8, unique_by=lambda write: write.key))
        writes = [replace(write, condition=None) for write in puts if isinstance(write, Put | Delete)]
        self.store.write_batch(writes)
        self.model.transact_each([[write] for write in writes])

    @rule(data=st.data())
    def query(self, data: st.DataObject) -> None:
        query = data.draw(self._queries())
        expected = self.model.query(query)
        index = INDEXES[query.table, query.index] if query.index else None
        rows, sizes = [], []
        cursor: str | None = None
        while True:
            page: Page = self.store.query(replace(query, cursor=cursor))
            rows += page.rows
            sizes.append(len(page.rows))
            cursor = page.cursor
            if cursor is None:
                break
        # The order of equal sort keys of an index is not promised, so the sort keys and the rows are compared apart.
        at = [row.item[index.sort] if index else row.key.sk for row in rows]
        assert at == [row.item[index.sort] if index else row.key.sk for row in expected]
        assert {row.key: exact(row.item) for row in rows} == {row.key: exact(row.item) for row in expected}
        full, rest = divmod(len(expected), query.limit)
        assert sizes == ([query.limit] * full + [rest] * (rest > 0) or [0])

    @invariant()
    def every_item_is_the_same(self) -> None:
        if not hasattr(self, "model"):
            return
        keys = [Key(table, f"{self.own}{pk}", sk) for table in (SHOP, MAIL) for pk in "PQ" for sk in _SORT_KEYS]
        found = self.store.get_many(keys)
        assert {key: exact(item) for key, item in found.items()} == {
            key: exact(item) for key, item in self.model.items.items()
        }

    def _updated(self, update: Update) -> Item:
        self.model.transact([update])
        return self.model.items[update.key]

    def _agree(self, mine: Callable[[], Item | None], models: Callable[[], Item | None]) -> None:
        assert _outcome(mine) == _outcome(models)

    def _keys(self) -> st.SearchStrategy[Key]:
        return st.builds(Key, st.sampled_from([SHOP, SHOP, MAIL]), PARTITIONS.map(self.own.__add__), SORT_KEYS)

    def _items(self) -> st.SearchStrategy[Item]:
        own = PARTITIONS.map(self.own.__add__)
        optional: dict[str, st.SearchStrategy[Value]] = {
            "board": own,
            "rank_revenue": NUMBERS,
            "line": own,
            "line_at": SORT_KEYS,
            "n": NUMBERS,
            "text": TEXTS,
            "any": VALUES,
            "name": VALUES,
        }
        return st.fixed_dictionaries({}, optional=optional)

    def _writes(self, *, checks: bool = True) -> st.SearchStrategy[Write]:
        conditions = st.none() | CONDITIONS
        errors = st.none() | st.sampled_from("xyz").map(ConflictError)
        kinds: list[st.SearchStrategy[Write]] = [
            st.builds(Put, self._keys(), self._items(), conditions, errors),
            st.builds(_update, self._keys(), self._items(), ADDITIONS, REMOVALS, conditions, errors),
            st.builds(Delete, self._keys(), conditions, errors),
        ]
        return st.one_of(*kinds, *([st.builds(Check, self._keys(), CONDITIONS, errors)] if checks else []))

    def _queries(self) -> st.SearchStrategy[Query]:
        partition = PARTITIONS.map(self.own.__add__)
        limit, descending = st.integers(1, 6), st.booleans()
        text_ranges = st.fixed_dictionaries({}, optional={"begins_with": TEXTS}) | st.fixed_dictionaries(
            {"between": st.tuples(SORT_KEYS, SORT_KEYS)}
        )
        number_ranges = st.fixed_dictionaries({}, optional={"between": st.tuples(NUMBERS, NUMBERS)})

        def build(place: tuple[str, str], by: str, narrowed: dict[str, object], most: int, down: bool) -> Query:
            return Query(place[0], by, index=place[1], limit=most, descending=down, **narrowed)  # type: ignore[arg-type]

        texts = st.sampled_from([(SHOP, ""), (MAIL, ""), (SHOP, "timeline")])
        numbers = st.just((SHOP, "by_revenue"))
        return st.builds(build, texts, partition, text_ranges, limit, descending) | st.builds(
            build, numbers, partition, number_ranges, limit, descending
        )


_SORT_KEYS = ["a", "ab", "b", "é", "😀"]
_SIMPLE: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Exists),
    st.builds(Absent),
    st.builds(Missing, st.sampled_from(["n", "text", "any"])),
    st.builds(Equals, st.just("n"), NUMBERS),
    st.builds(Equals, st.just("any"), VALUES),
    st.builds(Below, st.sampled_from(["n", "text", "any"]), NUMBERS | TEXTS),
    st.builds(AtLeast, st.sampled_from(["n", "text", "any"]), NUMBERS | TEXTS),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    _SIMPLE,
    lambda inner: st.lists(inner, max_size=3).map(tuple).map(AllOf) | st.lists(inner, max_size=3).map(tuple).map(AnyOf),
    max_leaves=4,
)
ADDITIONS = st.dictionaries(st.sampled_from(["n", "rank_revenue"]), st.builds(Plus, SMALL, SMALL), max_size=2)
REMOVALS = st.lists(st.sampled_from(["n", "board", "line", "any"]), max_size=3, unique=True)


def _update(
    key: Key,
    new: Item,
    add: dict[str, Plus],
    remove: list[str],
    condition: Condition | None,
    otherwise: BackendError | None,
) -> Update:
    """An update that names each attribute once, and one at least."""
    add = {name: plus for name, plus in add.items() if name not in new}
    remove = [name for name in remove if name not in new and name not in add]
    if not (new or add or remove):
        new = {"text": "a"}
    return Update(key, new, add, remove, condition, otherwise)


def _outcome(action: Callable[[], Item | None]) -> Outcome:
    try:
        result = action()
    except BackendError as error:
        return _said(error)
    return "done" if result is None else exact(result)


def _said(error: BackendError | None) -> Outcome:
    """What an error is compared by; sentences count only where the test attached them."""
    return error and (type(error), error.sentence if isinstance(error, ConflictError) else "")


def test_an_engine_answers_like_the_model(shared_store: Store) -> None:
    class OnThisStore(Agreement):
        store = shared_store

    # A failing run is printed as it is: to shrink one takes minutes.
    steps = settings(
        max_examples=20,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(OnThisStore, settings=steps)
