"""Each condition, on items that satisfy it and on those that do not."""

from __future__ import annotations

import pytest

from backend.errors import ConditionFailedError, ConflictError, InvalidInputError, NotFoundError
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
    Put,
    Store,
    Update,
)
from backend.store.schema import MAIL, SHOP

KEY = Key(SHOP, "P", "s")
WITNESS = Key(MAIL, "witness", "w")
ITEM: Item = {
    "n": 5,
    "big": 10**37,
    "low": -5,
    "text": "m",
    "yes": True,
    "none": None,
    "bytes": b"m",
    "list": [1, {"a": "b"}],
    "map": {"a": [1], "b": None},
    "empty": "",
    "size": "reserved word",
}

_LOOSE = "compares as Python does, where True is 1 and what is absent is None"
_TYPES = "cannot compare values of different types"


def _moto(condition: Condition, how: str) -> object:
    """A condition that moto does not judge as AWS does."""
    return pytest.param(condition, id=repr(condition), marks=pytest.mark.emulator_differs("dynamodb-moto", how))


TRUE: list[Condition] = [
    Exists(),
    Missing("other"),
    Equals("n", 5),
    Equals("big", 10**37),
    Equals("text", "m"),
    Equals("yes", True),
    Equals("none", None),
    Equals("bytes", b"m"),
    Equals("list", [1, {"a": "b"}]),
    Equals("map", {"b": None, "a": [1]}),
    Equals("empty", ""),
    Equals("size", "reserved word"),
    Below("n", 6),
    Below("low", -4),
    Below("big", 10**37 + 1),
    Below("text", "n"),
    Below("text", "ma"),
    Below("text", "é"),
    Below("empty", "a"),
    AtLeast("n", 5),
    AtLeast("n", 4),
    AtLeast("low", -6),
    AtLeast("big", 10**37),
    AtLeast("text", "m"),
    AtLeast("text", "M"),
    AtLeast("empty", ""),
    AllOf((Exists(), Equals("n", 5), Below("n", 6))),
    AnyOf((Absent(), Equals("n", 5))),
    AnyOf((AllOf((Exists(), Missing("n"))), AllOf((Exists(), Missing("m"))))),
    AllOf((AnyOf((Absent(), Exists())), AnyOf((Equals("n", 4), Equals("n", 5))))),
    AllOf(()),
    AllOf((AllOf((AnyOf((Exists(),)),)),)),
    AnyOf((AllOf(()), AnyOf(()))),
]

FALSE: list[object] = [
    Absent(),
    Missing("n"),
    Missing("none"),
    Equals("n", 4),
    Equals("n", "5"),
    _moto(Equals("yes", 1), _LOOSE),
    Equals("yes", False),
    Equals("none", ""),
    Equals("text", "M"),
    Equals("text", b"m"),
    Equals("list", [1]),
    _moto(Equals("list", [True, {"a": "b"}]), _LOOSE),
    Equals("map", {"a": [1]}),
    _moto(Equals("other", None), _LOOSE),
    Below("n", 5),
    _moto(Below("n", "9"), _TYPES),
    _moto(Below("text", 9), _TYPES),
    _moto(Below("yes", 9), _TYPES),
    Below("none", 9),
    Below("none", "z"),
    _moto(Below("bytes", "z"), _TYPES),
    _moto(Below("list", "z"), _TYPES),
    Below("other", 9),
    Below("text", "m"),
    AtLeast("n", 6),
    _moto(AtLeast("n", ""), _TYPES),
    _moto(AtLeast("text", 0), _TYPES),
    _moto(AtLeast("yes", 0), _TYPES),
    _moto(AtLeast("bytes", ""), _TYPES),
    AtLeast("other", 0),
    AtLeast("text", "é"),
    AllOf((Exists(), Equals("n", 4))),
    AnyOf((Absent(), Equals("n", 4))),
    AnyOf(()),
]

TRUE_OF_NOTHING: list[Condition] = [
    Absent(),
    Missing("n"),
    AllOf((Absent(), Missing("n"))),
    AnyOf((Exists(), Absent())),
]
FALSE_OF_NOTHING: list[object] = [
    Exists(),
    Equals("n", 5),
    _moto(Equals("n", None), _LOOSE),
    Below("n", 9),
    AtLeast("n", 0),
]


def outcomes(store: Store, key: Key, item: Item | None, condition: Condition) -> set[bool]:
    """Whether the condition let each kind of write happen."""

    def happens(write: Put | Update | Delete | Check, *, alone: bool) -> bool:
        store.write_batch([Put(key, item) if item is not None else Delete(key)])
        try:
            if alone and isinstance(write, Put):
                store.put(write)
            elif alone and isinstance(write, Update):
                store.update(write)
            elif alone and isinstance(write, Delete):
                store.delete(write)
            else:
                store.transact([write, Put(WITNESS, {})])
        except ConditionFailedError:
            assert store.get(key) == item
            return False
        return True

    writes: list[Put | Update | Delete] = [
        Put(key, {"new": 1}, condition),
        Update(key, set={"new": 1}, condition=condition),
        Delete(key, condition),
    ]
    alone = {happens(write, alone=True) for write in writes}
    return alone | {happens(write, alone=False) for write in [*writes, Check(key, condition)]}


@pytest.mark.parametrize("condition", TRUE, ids=repr)
def test_a_write_happens_when_its_condition_holds(store: Store, condition: Condition) -> None:
    assert outcomes(store, KEY, ITEM, condition) == {True}


@pytest.mark.parametrize("condition", FALSE, ids=repr)
def test_a_write_does_not_happen_when_its_condition_does_not_hold(store: Store, condition: Condition) -> None:
    assert outcomes(store, KEY, ITEM, condition) == {False}


@pytest.mark.parametrize("condition", TRUE_OF_NOTHING, ids=repr)
def test_some_conditions_hold_for_an_absent_item(store: Store, condition: Condition) -> None:
    assert outcomes(store, KEY, None, condition) == {True}


@pytest.mark.parametrize("condition", FALSE_OF_NOTHING, ids=repr)
def test_other_conditions_do_not_hold_for_an_absent_item(store: Store, condition: Condition) -> None:
    assert outcomes(store, KEY, None, condition) == {False}


def test_the_error_attached_to_a_write_is_raised_when_its_condition_fails(store: Store) -> None:
    mine = ConflictError("Somebody was faster.")
    store.put(Put(KEY, {}))
    for attempt in (
        lambda: store.put(Put(KEY, {}, Absent(), mine)),
        lambda: store.update(Update(KEY, set={"a": 1}, condition=Absent(), otherwise=mine)),
        lambda: store.delete(Delete(KEY, Absent(), mine)),
        lambda: store.transact([Check(KEY, Absent(), mine)]),
    ):
        with pytest.raises(ConflictError) as raised:
            attempt()
        assert raised.value.sentence == mine.sentence


def test_in_a_transaction_the_first_failing_write_says_the_error(store: Store) -> None:
    first, second = NotFoundError("first"), ConflictError("second")
    fine = Put(Key(SHOP, "P", "a"), {}, Absent(), InnocentWriteError())
    with pytest.raises(NotFoundError, match="first"):
        store.transact([fine, Check(KEY, Exists(), first), Check(WITNESS, Exists(), second)])
    store.put(Put(KEY, {}))
    with pytest.raises(ConflictError, match="second"):
        store.transact([fine, Check(KEY, Exists(), first), Check(WITNESS, Exists(), second)])
    with pytest.raises(ConditionFailedError):
        store.transact([fine, Check(KEY, Exists(), first), Check(WITNESS, Exists())])
    assert store.get(fine.key) is None


class InnocentWriteError(ConflictError):
    """Attached to a write whose condition holds."""

    def __init__(self) -> None:
        super().__init__("This write was not at fault.")


@pytest.mark.parametrize("value", [1.5, 10**38, "\ud800"], ids=repr)
def test_a_condition_on_a_value_that_cannot_be_stored_is_refused(store: Store, value: str) -> None:
    with pytest.raises(InvalidInputError):
        store.put(Put(KEY, {}, Equals("a", value)))
    with pytest.raises(InvalidInputError):
        store.transact([Put(KEY, {}, AllOf((Exists(), AnyOf((Equals("a", value),)))))])
