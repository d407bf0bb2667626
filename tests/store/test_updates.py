"""Updates change what they name, leave the rest, and say how the item is afterwards."""

from __future__ import annotations

import pytest

from backend.errors import InvalidInputError
from backend.store.port import Equals, Exists, Key, Plus, Put, Store, Update, Value
from backend.store.schema import SHOP

KEY = Key(SHOP, "P", "s")
OTHER = Key(SHOP, "P", "other")

_SHORT_SUMS = pytest.mark.emulator_differs("dynamodb-ministack", "rounds sums to 28 digits")


def test_an_update_sets_adds_and_removes_at_once_and_leaves_the_rest(store: Store) -> None:
    store.put(Put(KEY, {"a": 1, "n": 2, "gone": 3, "rest": 4}))
    after = store.update(Update(KEY, set={"a": "x", "new": [1]}, add={"n": Plus(40)}, remove=["gone", "never"]))
    assert after == {"a": "x", "n": 42, "new": [1], "rest": 4}
    assert store.get(KEY) == after


def test_an_update_creates_an_absent_item(store: Store) -> None:
    assert store.update(Update(KEY, set={"a": 1}, add={"n": Plus(2)})) == {"a": 1, "n": 2}
    assert store.get(KEY) == {"a": 1, "n": 2}


def test_removing_from_an_absent_item_creates_an_empty_one(store: Store) -> None:
    assert store.update(Update(KEY, remove=["a"])) == {}
    assert store.get(KEY) == {}


def test_an_update_that_requires_the_item_does_not_create_it(store: Store) -> None:
    with pytest.raises(Exception, match="nothing was written"):
        store.update(Update(KEY, set={"a": 1}, condition=Exists()))
    assert store.get(KEY) is None


@pytest.mark.parametrize(
    ("before", "plus", "after"),
    [
        (None, Plus(5), 5),
        (None, Plus(-5), -5),
        (None, Plus(5, 100), 105),
        (None, Plus(0, 7), 7),
        (1, Plus(5, 100), 6),
        (0, Plus(5, 100), 5),
        (-3, Plus(3), 0),
        (10**27, Plus(1), 10**27 + 1),
        pytest.param(10**37, Plus(1), 10**37 + 1, marks=_SHORT_SUMS),
        pytest.param(10**38 - 2, Plus(1), 10**38 - 1, marks=_SHORT_SUMS),
        (-(2**63), Plus(-1), -(2**63) - 1),
    ],
)
@pytest.mark.parametrize("in_transaction", [False, True])
def test_an_addition_starts_where_it_is_asked_and_goes_on_from_what_is_there(
    store: Store, before: int | None, plus: Plus, after: int, in_transaction: bool
) -> None:
    if before is not None:
        store.put(Put(KEY, {"n": before}))
    update = Update(KEY, add={"n": plus})
    if in_transaction:
        store.transact([update])
    else:
        assert store.update(update) == {"n": after}
    assert store.get(KEY) == {"n": after}


@pytest.mark.parametrize("value", ["5", True, None, [], b"5"], ids=repr)
@pytest.mark.emulator_differs("dynamodb-ministack", "leaves what is not a number as it is instead of refusing")
def test_nothing_is_added_under_a_condition_to_what_is_not_a_number(store: Store, value: Value) -> None:
    store.put(Put(KEY, {"n": value, "a": 1}))
    update = Update(KEY, set={"a": 2}, add={"n": Plus(1)}, condition=Exists())
    with pytest.raises(InvalidInputError):
        store.update(update)
    with pytest.raises(InvalidInputError):
        store.transact([update])
    assert store.get(KEY) == {"n": value, "a": 1}


@pytest.mark.parametrize("value", ["5", True, None, [], b"5"], ids=repr)
@pytest.mark.parametrize("in_transaction", [False, True])
@pytest.mark.emulator_differs("dynamodb-ministack", "leaves what is not a number as it is instead of refusing")
def test_a_counter_that_is_not_a_number_begins_again_and_holds_up_nothing(
    store: Store, value: Value, in_transaction: bool
) -> None:
    store.put(Put(KEY, {"n": value, "m": 3, "a": 1}))
    update, other = Update(KEY, set={"a": 2}, add={"n": Plus(1, 10), "m": Plus(1)}), Put(OTHER, {"a": 1})
    if in_transaction:
        store.transact([other, update])
        assert store.get(OTHER) == {"a": 1}
    else:
        store.update(update)
    assert store.get(KEY) == {"n": 11, "m": 4, "a": 2}


@pytest.mark.parametrize("plus", [Plus(10**38), Plus(1, 10**38), Plus(1.5), Plus("1")], ids=repr)  # type: ignore[arg-type]
def test_what_is_added_is_an_integer_that_can_be_stored(store: Store, plus: Plus) -> None:
    with pytest.raises(InvalidInputError):
        store.update(Update(KEY, add={"n": plus}))


@pytest.mark.emulator_differs("dynamodb-moto", "computes with numbers of any length")
@_SHORT_SUMS
def test_a_sum_beyond_38_digits_is_refused(store: Store) -> None:
    store.put(Put(KEY, {"n": 10**38 - 1}))
    with pytest.raises(InvalidInputError):
        store.update(Update(KEY, add={"n": Plus(10**38 - 1)}))
    assert store.get(KEY) == {"n": 10**38 - 1}


@pytest.mark.parametrize(
    "update",
    [
        Update(KEY, set={"a": 1}, add={"a": Plus(1)}),
        Update(KEY, set={"a": 1}, remove=["a"]),
        Update(KEY, add={"a": Plus(1)}, remove=["a"]),
        Update(KEY, remove=["a", "a"]),
    ],
    ids=repr,
)
def test_an_update_names_each_attribute_once(store: Store, update: Update) -> None:
    store.put(Put(KEY, {"a": 5}))
    with pytest.raises(InvalidInputError):
        store.update(update)
    with pytest.raises(InvalidInputError):
        store.transact([update])
    assert store.get(KEY) == {"a": 5}


def test_an_update_that_changes_nothing_is_refused(store: Store) -> None:
    with pytest.raises(InvalidInputError):
        store.update(Update(KEY))
    with pytest.raises(InvalidInputError):
        store.transact([Update(KEY, condition=Exists())])


def test_an_update_may_name_many_attributes(store: Store) -> None:
    many: dict[str, Value] = {f"attribute {number}": number for number in range(60)}
    assert store.update(Update(KEY, set=many)) == many
    assert store.get(KEY) == many


def test_the_condition_of_an_update_sees_the_item_as_it_was(store: Store) -> None:
    store.put(Put(KEY, {"version": 1, "n": 5}))
    after = store.update(Update(KEY, set={"version": 2}, add={"n": Plus(1)}, condition=Equals("version", 1)))
    assert after == {"version": 2, "n": 6}
