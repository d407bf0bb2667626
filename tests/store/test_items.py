"""What goes into the store comes out of it, and what DynamoDB would refuse is refused everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from backend.errors import InvalidInputError, ItemTooLargeError
from backend.store.port import MAX_ITEM_BYTES, Delete, Item, Key, Put, Store, Update, Value
from backend.store.schema import MAIL, SHOP

KEY = Key(SHOP, "P", "s")


def largest_item(key: Key, name: str = "text") -> Item:
    """An item of exactly 400 KB, the key included."""
    return {name: "x" * (MAX_ITEM_BYTES - len(name) - len(key.pk) - len(key.sk) - 4)}


def test_an_absent_item_is_none(store: Store) -> None:
    assert store.get(KEY) is None


@pytest.mark.parametrize(
    "value",
    [
        "text",
        "",
        "Zoë 東京 🧁 \u202e\x00\n",
        '{"$bytes": "no"}',
        0,
        -1,
        2**53 + 1,
        2**63,
        10**38 - 1,
        -(10**38) + 1,
        True,
        False,
        None,
        b"\x00\xff",
        b"",
        [],
        [1, "1", True, None, b"1", [2], {"a": {"b": [3]}}],
        {},
        {"$bytes": "eA=="},
        {"$": {"$$bytes": 1}, "name": "reserved", "a.b": 1, "#": 2},
    ],
    ids=repr,
)
def test_a_value_comes_back_as_it_was_with_its_type(store: Store, value: Value) -> None:
    store.put(Put(KEY, {"value": value}))
    found = store.get(KEY)
    assert found is not None
    assert repr(found["value"]) == repr(value)


def test_attributes_may_have_any_name_that_is_not_empty(store: Store) -> None:
    item: Item = {"size": 1, "SHARD": 2, "a b": 3, "$bytes": 4, "ключ": 5, "a.b[0]": 6, ":v": 7, "#n": 8}
    store.put(Put(KEY, item))
    assert store.get(KEY) == item


def test_an_item_may_have_no_attributes(store: Store) -> None:
    store.put(Put(KEY, {}))
    assert store.get(KEY) == {}


def test_a_put_replaces_the_whole_item(store: Store) -> None:
    store.put(Put(KEY, {"a": 1, "b": 2}))
    store.put(Put(KEY, {"b": 3}))
    assert store.get(KEY) == {"b": 3}


def test_a_stored_item_does_not_change_with_the_dictionary_it_came_from(store: Store) -> None:
    inner: list[Value] = [1]
    store.put(Put(KEY, {"list": inner}))
    inner.append(2)
    assert store.get(KEY) == {"list": [1]}


def test_a_deleted_item_is_gone_and_may_be_deleted_again(store: Store) -> None:
    store.put(Put(KEY, {"a": 1}))
    store.delete(Delete(KEY))
    store.delete(Delete(KEY))
    assert store.get(KEY) is None


def test_tables_partitions_and_sort_keys_are_apart(store: Store) -> None:
    keys = [Key(SHOP, "P", "s"), Key(MAIL, "P", "s"), Key(SHOP, "p", "s"), Key(SHOP, "P", "S"), Key(SHOP, "Ps", "s")]
    for number, key in enumerate(keys):
        store.put(Put(key, {"number": number}))
    assert [store.get(key) for key in keys] == [{"number": number} for number in range(len(keys))]


def test_keys_may_be_as_long_as_dynamodb_allows_and_no_longer(store: Store) -> None:
    longest = Key(SHOP, "é" * 1024, "é" * 512)
    store.put(Put(longest, {"a": 1}))
    assert store.get(longest) == {"a": 1}
    for key in (Key(SHOP, "é" * 1024 + "e", "s"), Key(SHOP, "P", "é" * 512 + "e")):
        with pytest.raises(ItemTooLargeError):
            store.put(Put(key, {}))
        with pytest.raises(ItemTooLargeError):
            store.get(key)


@pytest.mark.parametrize(
    "key", [Key(SHOP, "", "s"), Key(SHOP, "P", ""), Key(SHOP, "P\x00", "s"), Key(SHOP, "P", "\ud800")]
)
def test_an_empty_key_and_one_that_not_every_engine_can_hold_are_refused(store: Store, key: Key) -> None:
    with pytest.raises(InvalidInputError):
        store.put(Put(key, {"a": 1}))
    with pytest.raises(InvalidInputError):
        store.update(Update(key, set={"a": 1}))
    with pytest.raises(InvalidInputError):
        store.delete(Delete(key))
    with pytest.raises(InvalidInputError):
        store.get(key)
    with pytest.raises(InvalidInputError):
        store.get_many([key])
    with pytest.raises(InvalidInputError):
        store.write_batch([Put(key, {"a": 1})])
    with pytest.raises(InvalidInputError):
        store.transact([Put(key, {"a": 1})])


@dataclass
class _Foreign:
    pass


@pytest.mark.parametrize(
    "value",
    [1.5, float("nan"), {1, 2}, (1, 2), _Foreign(), 10**38, -(10**38), "\ud800"],
    ids=lambda value: str(type(value)),
)
def test_values_that_dynamodb_has_no_type_for_are_refused_wherever_they_are(store: Store, value: Value) -> None:
    for item in ({"a": value}, {"a": [value]}, {"a": {"b": {"c": value}}}):
        with pytest.raises(InvalidInputError):
            store.put(Put(KEY, item))
        with pytest.raises(InvalidInputError):
            store.update(Update(KEY, set=item))
        with pytest.raises(InvalidInputError):
            store.transact([Put(KEY, item)])
        with pytest.raises(InvalidInputError):
            store.write_batch([Put(KEY, item)])
    assert store.get(KEY) is None


def test_an_attribute_without_a_name_is_refused(store: Store) -> None:
    with pytest.raises(InvalidInputError):
        store.put(Put(KEY, {"": 1}))
    with pytest.raises(InvalidInputError):
        store.update(Update(KEY, set={"": 1}))


@pytest.mark.parametrize("name", ["pk", "sk"])
def test_the_key_does_not_belong_into_the_item(store: Store, name: str) -> None:
    with pytest.raises(InvalidInputError):
        store.put(Put(KEY, {name: "x"}))
    with pytest.raises(InvalidInputError):
        store.update(Update(KEY, set={name: "x"}))
    with pytest.raises(InvalidInputError):
        store.update(Update(KEY, remove=[name]))


@pytest.mark.emulator_differs("dynamodb-moto", "takes 405,000 bytes at most, and AWS 409,600")
def test_an_item_may_have_400_kilobytes_and_no_byte_more(store: Store) -> None:
    item = largest_item(KEY)
    store.put(Put(KEY, item))
    assert store.get(KEY) == item
    with pytest.raises(ItemTooLargeError):
        store.put(Put(KEY, {**item, "b": ""}))
    with pytest.raises(ItemTooLargeError):
        store.transact([Put(KEY, {**item, "b": ""})])
    with pytest.raises(ItemTooLargeError):
        store.write_batch([Put(KEY, {**item, "b": ""})])
    assert store.get(KEY) == item


def test_an_update_cannot_grow_an_item_beyond_400_kilobytes(store: Store) -> None:
    store.put(Put(KEY, {"a": "x" * 300_000}))
    with pytest.raises(ItemTooLargeError):
        store.update(Update(KEY, set={"b": "x" * 300_000}))
    with pytest.raises(ItemTooLargeError):
        store.transact([Update(KEY, set={"b": "x" * 300_000})])
    found = store.get(KEY)
    assert found is not None
    assert found.keys() == {"a"}


@pytest.mark.parametrize(
    "item",
    [
        {"board": 1, "rank_revenue": 1},
        {"board": "B", "rank_revenue": "1"},
        {"board": "B", "rank_revenue": True},
        {"line": "L", "line_at": 1},
        {"line": "", "line_at": "x"},
        {"line": "L", "line_at": ""},
        {"line": None, "line_at": "x"},
        {"line": "L\x00", "line_at": "x"},
    ],
    ids=repr,
)
def test_an_index_key_of_the_wrong_type_or_empty_is_refused(store: Store, item: Item) -> None:
    with pytest.raises(InvalidInputError):
        store.put(Put(KEY, item))
    with pytest.raises(InvalidInputError):
        store.transact([Put(KEY, item)])
    with pytest.raises(InvalidInputError):
        store.update(Update(KEY, set=item))
    assert store.get(KEY) is None


def test_an_index_key_is_as_long_as_a_key_at_most(store: Store) -> None:
    for item in ({"line": "x" * 2049, "line_at": "x"}, {"line": "x", "line_at": "x" * 1025}):
        with pytest.raises(InvalidInputError):
            store.put(Put(KEY, item))
        with pytest.raises(InvalidInputError):
            store.update(Update(KEY, set=item))
