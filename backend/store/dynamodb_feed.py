"""The change feed of DynamoDB: the streams of its tables, with each item as it was written. They cost no units.

A stream is made of shards, each of which ends after some hours and has others that follow it. A place in the feed says
for each table which shards are open and the last number that was read of them. AWS keeps records for 24 hours; who was
away for longer reads everything. Rules: AWS, "Change data capture for DynamoDB Streams".
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from backend.errors import ConfigurationError
from backend.store.dynamodb_calls import Caller, code_of
from backend.store.dynamodb_items import item_from_wire
from backend.store.dynamodb_tables import Tables
from backend.store.port import Changes, Item, Key
from backend.store.schema import TABLES, is_fed

_RECORDS_AT_ONCE = 1000
"""AWS: GetRecords gives 1,000 records or 1 MB."""
_ITERATOR_SECONDS = 300.0
"""AWS: an iterator can be used for 15 minutes."""
_LOST = {"TrimmedDataAccessException", "ExpiredIteratorException", "ResourceNotFoundException"}


class _LostPlaceError(Exception):
    """What follows a place in the feed is not known any more."""


@dataclass(slots=True)
class _Place:
    """A place in the stream of a table: the last number read of each shard, "" before its first record."""

    stream: str
    shards: dict[str, str] = field(default_factory=dict)


class DynamoFeed:
    """Reads the streams of all tables through a client for DynamoDB Streams."""

    def __init__(self, caller: Caller, tables: Tables) -> None:
        self._caller = caller
        self._tables = tables
        self._kept: dict[str, tuple[str, str, float]] = {}
        """Where reading a shard ended: after which number, the next iterator, and when."""

    def close(self) -> None:
        self._caller.close()

    def read(self, since: str | None, limit: int) -> Changes:
        """As `Store.changes`; the cursor is None where a table has no stream, or records are lost."""
        try:
            if since is None:
                return Changes([], _cursor({table.name: self._now(table.name) for table in TABLES}))
            return self._after(_places(since), limit)
        except _LostPlaceError:
            return Changes([], None)

    def _now(self, table: str) -> _Place:
        """Before everything in the open shards: some hours of it, which is too much rather than too little."""
        stream = self._stream(table)
        shards = self._shards(stream)
        return _Place(stream, {name: "" for name, shard in shards.items() if not _is_closed(shard)})

    def _after(self, places: dict[str, _Place], limit: int) -> Changes:
        rows: list[tuple[Key, Item | None]] = []
        for table, place in places.items():
            if place.stream != self._stream(table):
                raise _LostPlaceError
            shards = self._shards(place.stream)
            if place.shards.keys() - shards.keys():
                raise _LostPlaceError  # older than what is kept
            waiting = list(place.shards)
            while waiting and len(rows) < limit:
                shard = waiting.pop(0)
                ended = self._read_shard(table, place, shard, rows, limit)
                if ended:  # those that follow it hold later writes to the same items
                    del place.shards[shard]
                    following = [name for name, each in shards.items() if each.get("ParentShardId") == shard]
                    place.shards |= dict.fromkeys(following, "")
                    waiting += following
        return Changes(rows, _cursor(places), more=len(rows) >= limit)

    def _read_shard(
        self, table: str, place: _Place, shard: str, rows: list[tuple[Key, Item | None]], limit: int
    ) -> bool:
        """Adds what is in the shard to the rows, and says whether it has ended.

        An open shard may give an empty page although more follow; the next reading goes on behind it.
        """
        iterator: str | None = self._iterator(place.stream, shard, place.shards[shard])
        is_empty = False
        while iterator is not None and not is_empty and len(rows) < limit:
            answer = self._call("get_records", {"ShardIterator": iterator, "Limit": min(limit, _RECORDS_AT_ONCE)})
            is_empty, iterator = not answer["Records"], answer.get("NextShardIterator")
            for record in answer["Records"]:
                place.shards[shard] = str(record["dynamodb"]["SequenceNumber"])
                row = _row_of(table, record)
                if is_fed(row[0]):
                    rows.append(row)
        if iterator is not None:
            self._kept[shard] = (place.shards[shard], iterator, time.monotonic())
        return iterator is None

    def _iterator(self, stream: str, shard: str, after: str) -> str:
        number, iterator, at = self._kept.pop(shard, ("", "", 0.0))
        if iterator and number == after and time.monotonic() - at < _ITERATOR_SECONDS:
            return iterator
        wanted: dict[str, object] = {"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
        if after:
            wanted |= {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
        return str(self._call("get_shard_iterator", wanted)["ShardIterator"])

    def _stream(self, table: str) -> str:
        """The name of the table's stream. Raises: `_LostPlaceError` where there is none with whole items."""
        described = self._tables.described(table)
        wanted = described.get("StreamSpecification") or {}
        if not wanted.get("StreamEnabled") or wanted.get("StreamViewType") not in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
            raise _LostPlaceError
        return str(described["LatestStreamArn"])

    def _shards(self, stream: str) -> dict[str, Mapping[str, Any]]:
        """All shards of a stream by their names, the older ones first."""

        def pages() -> Iterator[Mapping[str, Any]]:
            last: str | None = None
            while True:
                start = {"ExclusiveStartShardId": last} if last else {}
                described = self._call("describe_stream", {"StreamArn": stream, **start})["StreamDescription"]
                yield described
                if (last := described.get("LastEvaluatedShardId")) is None:
                    return

        return {shard["ShardId"]: shard for page in pages() for shard in page["Shards"]}

    def _call(self, operation: str, parameters: Mapping[str, object]) -> Mapping[str, Any]:
        try:
            return self._caller.call(operation, parameters, repeatable=True)
        except ClientError as error:
            if code_of(error) in _LOST:
                raise _LostPlaceError from error
            raise
        except ConfigurationError as error:
            if isinstance(error.__cause__, ClientError):  # no such stream or shard, or no right to read it
                raise _LostPlaceError from error
            raise


def _row_of(table: str, record: Mapping[str, Any]) -> tuple[Key, Item | None]:
    change = record["dynamodb"]
    if record["eventName"] == "REMOVE":
        key, _ = item_from_wire(table, change["Keys"])
        return key, None
    return item_from_wire(table, {**change["Keys"], **change["NewImage"]})


def _is_closed(shard: Mapping[str, Any]) -> bool:
    return "EndingSequenceNumber" in shard["SequenceNumberRange"]


def _cursor(places: Mapping[str, _Place]) -> str:
    return json.dumps({table: [place.stream, place.shards] for table, place in places.items()})


def _places(cursor: str) -> dict[str, _Place]:
    try:
        places = {table: _Place(stream, dict(shards)) for table, (stream, shards) in json.loads(cursor).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise _LostPlaceError from error
    if places.keys() != {table.name for table in TABLES}:
        raise _LostPlaceError
    return places
