"""What conditions and updates mean, as pure functions on items.

The SQL engine runs them; DynamoDB has them built in.
"""

from __future__ import annotations

from collections.abc import Sequence

from loguru import logger

from backend.errors import BackendError, ConditionFailedError, InvalidInputError, named_key
from backend.store.limits import attributes_bytes, check_index_keys, check_item, check_key, check_size, check_value
from backend.store.port import (
    MAX_TRANSACTION_BYTES,
    MAX_TRANSACTION_WRITES,
    Absent,
    AllOf,
    AnyOf,
    AsStored,
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
    UnreadableItem,
    Update,
    Write,
)


def holds(condition: Condition, item: Item | None) -> bool:
    """Whether the condition is true of the item as it is (None: absent)."""
    match condition:
        case Absent():
            return item is None
        case Exists():
            return item is not None
        case AsStored(raw):
            return isinstance(item, UnreadableItem) and item.raw == raw
        case AllOf(conditions):
            return all(holds(each, item) for each in conditions)
        case Equals(attribute, value):
            return item is not None and attribute in item and same(item[attribute], value)
        case Missing(attribute):
            return item is None or attribute not in item
        case Below(attribute, value):
            return _compared(item, attribute, value) < 0
        case AtLeast(attribute, value):
            return 0 <= _compared(item, attribute, value) <= 1
        case AnyOf(conditions):
            return any(holds(each, item) for each in conditions)


def same(left: object, right: object) -> bool:
    """Equal in value and type, also within lists and dictionaries (to Python, True and 1 are equal)."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(mine, other) for mine, other in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(mine, right[name]) for name, mine in left.items())
    return type(left) is type(right) and left == right


def _compared(item: Item | None, attribute: str, value: str | int) -> int:
    """-1, 0 or 1; 2 when the attribute is not there or of another type (no comparison holds)."""
    found = None if item is None else item.get(attribute)
    if isinstance(value, str) and isinstance(found, str):
        mine, other = found.encode(), value.encode()
        return (mine > other) - (mine < other)
    if isinstance(value, int) and isinstance(found, int) and not isinstance(found, bool):
        return (found > value) - (found < value)
    return 2


def applied(write: Write, item: Item | None) -> Item | None:
    """The item after the write; the given item is left as it is.

    Raises: the error attached to the write when its condition does not hold, `InvalidInputError` and
    `ItemTooLargeError` for what DynamoDB would refuse.
    """
    if write.condition is not None and not holds(write.condition, item):
        raise failure_of(write)
    match write:
        case Put():
            return write.item
        case Update():
            return _updated(write, item)
        case Delete():
            return None
        case Check():
            return item


def _updated(update: Update, item: Item | None) -> Item:
    if isinstance(item, UnreadableItem) and update.add and update.condition is None:
        report_damage(update.key)
        item = None
    new = {**item, **update.set} if item else {**update.set}
    if damaged := damaged_counters(update, new):
        if update.condition is not None:
            raise InvalidInputError(f"The attribute {min(damaged)} is not a number, so nothing can be added to it.")
        report_damage(update.key)
        new |= damaged
    for name, plus in update.add.items():
        before = new.get(name, plus.start)
        new[name] = before + plus.delta if isinstance(before, int) else plus.delta
    for name in update.remove:
        new.pop(name, None)
    if update.add:
        check_index_keys(update.key.table, {name: new[name] for name in update.add})
    check_size(update.key, new)
    return new


def damaged_counters(update: Update, item: Item) -> Item:
    """Which counters that the update adds to are no numbers, each with where it begins."""
    return {name: plus.start for name, plus in update.add.items() if name in item and type(item[name]) is not int}


def report_damage(key: Key) -> None:
    """A counter begins again, and what it counts goes on; reconcile counts it from what is there."""
    logger.error("The counter {} could not be read and begins again. Run reconcile.", named_key(key))


def failure_of(write: Write) -> BackendError:
    """A new error to raise when the condition of the write does not hold: a write may be tried several times."""
    if write.otherwise is not None:
        return write.otherwise.copy()
    return ConditionFailedError("The item was not in the expected state; nothing was written.")


_NO_ATTRIBUTES = frozenset(("pk", "sk", ""))


def check_write(write: Write) -> int:
    """The bytes that the write sends; of an update those that it sets.

    Raises: `InvalidInputError` or `ItemTooLargeError` for keys, items and updates that DynamoDB would refuse.
    """
    if write.condition is not None:
        _check_condition(write.condition)
    if isinstance(write, Put):
        return check_item(write.key, write.item)
    check_key(write.key)
    return _check_update(write) if isinstance(write, Update) else 0


def _check_update(update: Update) -> int:
    names = [*update.set, *update.add, *update.remove]
    if not names:
        raise InvalidInputError("An update changes nothing.")
    if len(set(names)) != len(names):
        raise InvalidInputError("An update names an attribute twice.")
    if not _NO_ATTRIBUTES.isdisjoint(names):
        raise InvalidInputError("An update names the key, or an attribute without a name.")
    check_index_keys(update.key.table, update.set)
    for plus in update.add.values():
        if type(plus.delta) is not int or type(plus.start) is not int:
            raise InvalidInputError("Only an integer can be added.")
        check_value(plus.delta)
        check_value(plus.start)
    return attributes_bytes(update.set)


def _check_condition(condition: Condition) -> None:
    match condition:
        case Absent() | Exists() | AsStored():
            return
        case Equals(_, value) | Below(_, value) | AtLeast(_, value):
            check_value(value)
        case AllOf(conditions) | AnyOf(conditions):
            for each in conditions:
                _check_condition(each)


def check_transaction(writes: Sequence[Write]) -> None:
    """Raises: `InvalidInputError` for too many or too large writes, or two on one key (as DynamoDB would)."""
    if len(writes) > MAX_TRANSACTION_WRITES:
        raise InvalidInputError(f"A transaction has {len(writes)} writes; {MAX_TRANSACTION_WRITES} are possible.")
    if len({write.key for write in writes}) != len(writes):
        raise InvalidInputError("A transaction writes one item twice.")
    if sum(map(check_write, writes)) > MAX_TRANSACTION_BYTES:
        raise InvalidInputError("A transaction is larger than 4 MB.")
