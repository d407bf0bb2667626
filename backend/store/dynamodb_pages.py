"""Places in a partition or a table: DynamoDB's start keys as opaque cursors, and back."""

from __future__ import annotations

from collections.abc import Mapping

from backend.store.dynamodb_expressions import Parameters
from backend.store.dynamodb_items import Wire, WireItem, to_wire
from backend.store.limits import decode_place, encode_cursor, foreign_cursor
from backend.store.port import Begins, Query, Row
from backend.store.schema import INDEXES, Index


def index_of(query: Query) -> Index | None:
    """The index that the query reads, or None for the table itself."""
    return INDEXES[query.table, query.index] if query.index else None


def is_empty(query: Query) -> bool:
    """Whether no sort key can be in the query's range; DynamoDB would refuse such a range."""
    if query.between is None:
        return False
    low, high = query.between
    return high == "" or sorted((low, high)) != [low, high]


def cursor_after(row: Row, index: Index | None) -> str:
    """The cursor of the page that begins after this row."""
    place: dict[str, str | int] = {"pk": row.key.pk, "sk": row.key.sk}
    if index:
        at = row.item[index.sort]
        place["at"] = at if isinstance(at, str | int) else ""
    return encode_cursor(place)


def place_of(query: Query, index: Index | None) -> Parameters:
    """The query's cursor as the parameter of a request; nothing when there is none.

    Raises: `InvalidInputError` when the cursor is not one of this partition.
    """
    if query.cursor is None:
        return {}
    place = decode_place(query.cursor, indexed=index is not None)
    key = {"pk": place["pk"], "sk": place["sk"]}
    if index is None:
        if place["pk"] != query.partition:
            raise foreign_cursor()
        return _start(key)
    if isinstance(place["at"], int) != index.number:
        raise foreign_cursor()
    return _start({**key, index.partition: query.partition, index.sort: place["at"]})


def scan_place(cursor: str | None) -> Parameters:
    """A scan's cursor as the parameter of a request. Raises: `InvalidInputError` when it is not one."""
    if cursor is None:
        return {}
    return _start(decode_place(cursor))


def scan_filter(only: Begins | None) -> Parameters:
    """What leaves out items of other kinds. AWS: the filter of a scan may name key attributes, that of a query not."""
    if only is None:
        return {}
    names = [f":s{place}" for place in range(len(only.sks))]
    any_sort = " OR ".join(f"begins_with(sk, {name})" for name in names)
    values = {":p": to_wire(only.pk)} | {name: to_wire(sk) for name, sk in zip(names, only.sks, strict=True)}
    return {"FilterExpression": f"begins_with(pk, :p) AND ({any_sort})", "ExpressionAttributeValues": values}


def scan_cursor(last: WireItem | None) -> str | None:
    """The cursor for where DynamoDB stopped scanning; None at the end."""
    return encode_cursor({name: str(value["S"]) for name, value in last.items()}) if last else None


def _start(key: Mapping[str, str | int]) -> Parameters:
    wire: dict[str, Wire] = {name: to_wire(value) for name, value in key.items()}
    return {"ExclusiveStartKey": wire}
