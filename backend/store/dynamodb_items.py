"""DynamoDB's typed JSON and back: `{"S": "text"}` is a string, `{"N": "12"}` a number, and so on.

Rules: AWS, "Supported data types and naming rules in Amazon DynamoDB".
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TypeAlias, cast

from backend.errors import InvalidInputError
from backend.store.port import Item, Key, Value

Wire: TypeAlias = "Mapping[str, object]"
"""One typed value: a dictionary with one entry, the type's letter."""
WireItem: TypeAlias = Mapping[str, Wire]


def to_wire(value: Value) -> Wire:
    """The typed form of a value that `limits.check_value` accepts."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if value is None:
        return {"NULL": True}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, list):
        return {"L": [to_wire(element) for element in value]}
    return {"M": {name: to_wire(element) for name, element in value.items()}}


def from_wire(wire: Wire) -> Value:
    """The value of a typed form.

    Raises: `InvalidInputError` for types that Tillpost never writes (sets, fractions).
    """
    [(kind, raw)] = wire.items()
    match kind:
        case "S" | "BOOL" | "B":
            return cast("Value", raw)
        case "N":
            return _integer(str(raw))
        case "NULL":
            return None
        case "L":
            return [from_wire(element) for element in cast("list[Wire]", raw)]
        case "M":
            return {name: from_wire(element) for name, element in cast("WireItem", raw).items()}
    raise InvalidInputError(f"The table holds a value of type {kind}, which Tillpost does not write.")


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = Decimal(text)
        if number == number.to_integral_value():
            return int(number)
    except InvalidOperation:
        pass
    raise InvalidInputError("The table holds a number that is not an integer, which Tillpost does not write.")


def key_to_wire(key: Key) -> WireItem:
    """The two key attributes."""
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def item_to_wire(key: Key, item: Item) -> WireItem:
    """The whole item, key attributes included."""
    return {**key_to_wire(key), **{name: to_wire(value) for name, value in item.items()}}


def item_from_wire(table: str, wire: WireItem) -> tuple[Key, Item]:
    """Key and item, of the table that the port calls `table`."""
    key = Key(table, str(from_wire(wire["pk"])), str(from_wire(wire["sk"])))
    return key, {name: _readable(value) for name, value in wire.items() if name not in ("pk", "sk")}


def _readable(wire: Wire) -> Value:
    """The value; the text of one of a foreign type, so that it costs the items' reader this item and no other."""
    try:
        return from_wire(wire)
    except InvalidInputError:
        return str(wire)
