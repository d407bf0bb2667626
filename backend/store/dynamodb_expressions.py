"""The port's conditions, updates and queries as DynamoDB expressions.

Attribute names always travel as placeholders, because hundreds of plain words (`name`, `status`, `shard`) are
reserved in expressions. See AWS, "Using expressions in DynamoDB".
"""

from __future__ import annotations

from typing import TypeAlias

from backend.store.dynamodb_items import Wire, item_to_wire, key_to_wire, to_wire
from backend.store.port import (
    Absent,
    AllOf,
    AnyOf,
    AsStored,
    AtLeast,
    Below,
    Condition,
    Delete,
    Equals,
    Exists,
    Missing,
    Put,
    Query,
    Update,
    Value,
    Write,
)
from backend.store.schema import Index

Parameters: TypeAlias = dict[str, object]


class _Placeholders:
    """Hands out `#0`, `#1` … for names and `:0`, `:1` … for values, and collects what they mean."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Wire] = {}

    def name(self, attribute: str) -> str:
        return self._names.setdefault(attribute, f"#{len(self._names)}")

    def value(self, value: Value) -> str:
        placeholder = f":{len(self._values)}"
        self._values[placeholder] = to_wire(value)
        return placeholder

    def parameters(self) -> Parameters:
        parameters: Parameters = {}
        if self._names:
            parameters["ExpressionAttributeNames"] = {short: name for name, short in self._names.items()}
        if self._values:
            parameters["ExpressionAttributeValues"] = self._values
        return parameters


def write_parameters(write: Write, table_name: str) -> Parameters:
    """Parameters of PutItem, UpdateItem, DeleteItem or ConditionCheck for one write; the same in a transaction."""
    places = _Placeholders()
    parameters: Parameters = {"TableName": table_name}
    if isinstance(write, Put):
        parameters["Item"] = item_to_wire(write.key, write.item)
    else:
        parameters["Key"] = key_to_wire(write.key)
    if isinstance(write, Update):
        parameters["UpdateExpression"] = _update_text(write, places)
    if write.condition is not None:
        parameters["ConditionExpression"] = _condition_text(write.condition, places)
    return parameters | places.parameters()


def action_of(write: Write) -> str:
    """The name of the write's kind within TransactWriteItems."""
    match write:
        case Put():
            return "Put"
        case Update():
            return "Update"
        case Delete():
            return "Delete"
        case _:
            return "ConditionCheck"


def _update_text(update: Update, places: _Placeholders) -> str:
    assignments = [f"{places.name(name)} = {places.value(value)}" for name, value in update.set.items()]
    for name, plus in update.add.items():
        attribute = places.name(name)
        start = f"if_not_exists({attribute}, {places.value(plus.start)})"
        assignments.append(f"{attribute} = {start} + {places.value(plus.delta)}")
    clauses = [f"SET {', '.join(assignments)}"] if assignments else []
    if update.remove:
        clauses.append(f"REMOVE {', '.join(places.name(name) for name in update.remove)}")
    return " ".join(clauses)


def _condition_text(condition: Condition, places: _Placeholders) -> str:
    match condition:
        case Exists():
            return f"attribute_exists({places.name('pk')})"
        case Absent():
            return f"attribute_not_exists({places.name('pk')})"
        case Missing(attribute):
            return f"attribute_not_exists({places.name(attribute)})"
        case Equals(attribute, value):
            return f"{places.name(attribute)} = {places.value(value)}"
        case Below(attribute, value):
            return f"{places.name(attribute)} < {places.value(value)}"
        case AtLeast(attribute, value):
            return f"{places.name(attribute)} >= {places.value(value)}"
        case AsStored():  # DynamoDB's items can always be read
            return _joined(" AND ", (Exists(), Absent()), places)
        case AllOf(conditions):
            return _joined(" AND ", conditions, places) or _joined(" OR ", (Exists(), Absent()), places)
        case AnyOf(conditions):
            return _joined(" OR ", conditions, places) or _joined(" AND ", (Exists(), Absent()), places)


def _joined(word: str, conditions: tuple[Condition, ...], places: _Placeholders) -> str:
    """The conditions in parentheses; empty when there are none (what "all of none" means is the caller's).

    A single one gets none, because DynamoDB refuses redundant parentheses.
    """
    texts = [_condition_text(condition, places) for condition in conditions]
    return f"({word.join(texts)})" if len(texts) > 1 else "".join(texts)


def query_parameters(query: Query, index: Index | None, table_name: str) -> Parameters:
    """Parameters of Query without its limit and its place."""
    places = _Placeholders()
    partition, sort = (index.partition, index.sort) if index else ("pk", "sk")
    key_condition = f"{places.name(partition)} = {places.value(query.partition)}"
    if query.begins_with:
        key_condition += f" AND begins_with({places.name(sort)}, {places.value(query.begins_with)})"
    if query.between is not None:
        low, high = query.between
        # A key value is never empty, so an empty lower end (which DynamoDB refuses) is no limit at all.
        key_condition += (
            f" AND {places.name(sort)} <= {places.value(high)}"
            if low == ""
            else f" AND {places.name(sort)} BETWEEN {places.value(low)} AND {places.value(high)}"
        )
    return {
        "TableName": table_name,
        **({"IndexName": index.name} if index else {}),
        "KeyConditionExpression": key_condition,
        "ScanIndexForward": not query.descending,
        "ConsistentRead": query.consistent,
        **places.parameters(),
    }
