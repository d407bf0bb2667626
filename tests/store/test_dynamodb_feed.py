"""Streams as AWS has them and emulators do not: shards that end and have others after them, lost records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from backend.store import schema
from backend.store.dynamodb_calls import Caller, Patience
from backend.store.dynamodb_feed import DynamoFeed
from backend.store.dynamodb_items import item_to_wire, key_to_wire
from backend.store.dynamodb_tables import Tables
from backend.store.port import Item, Key

MARIA = schema.customer_key("maria")
JO = schema.customer_key("jo")


@dataclass
class Shard:
    parent: str = ""
    closed: bool = False
    pages: list[list[dict[str, Any]]] = field(default_factory=list)


@dataclass
class Streams:
    """A client for the streams of two tables; that of `mail` has one shard without records."""

    shards: dict[str, Shard]
    refused: str = ""
    stream: str = "stream-1"
    view: str = "NEW_IMAGE"

    def described(self, table: str) -> dict[str, Any]:
        """Stands for `Tables`."""
        wanted = {"StreamEnabled": True, "StreamViewType": self.view}
        return {"StreamSpecification": wanted, "LatestStreamArn": f"{self.stream}/{table}"}

    def describe_stream(self, **given: str) -> dict[str, Any]:
        if given["StreamArn"].endswith(schema.MAIL):
            return {"StreamDescription": {"Shards": [{"ShardId": "m", "SequenceNumberRange": {}}]}}
        names = sorted(name for name in self.shards if name > given.get("ExclusiveStartShardId", ""))
        described = {"Shards": [self._described(name) for name in names[:2]]}  # two a page
        return {"StreamDescription": described | ({"LastEvaluatedShardId": names[1]} if len(names) > 2 else {})}

    def _described(self, name: str) -> dict[str, Any]:
        shard = self.shards[name]
        numbers = {"StartingSequenceNumber": "1"} | ({"EndingSequenceNumber": "9"} if shard.closed else {})
        return {"ShardId": name, "SequenceNumberRange": numbers} | (
            {"ParentShardId": shard.parent} if shard.parent else {}
        )

    def get_shard_iterator(self, **given: str) -> dict[str, Any]:
        if self.refused:
            raise ClientError({"Error": {"Code": self.refused}}, "GetShardIterator")
        return {"ShardIterator": f"{given['ShardId']}|0|{given.get('SequenceNumber', 0)}"}

    def get_records(self, **given: Any) -> dict[str, Any]:
        name, page, after = given["ShardIterator"].split("|")
        shard = self.shards.get(name, Shard())
        left = [
            [record for record in each if int(record["dynamodb"]["SequenceNumber"]) > int(after)]
            for each in shard.pages
        ]
        number = int(page)
        more = number + 1 < len(left) or not shard.closed
        following = {"NextShardIterator": f"{name}|{min(number + 1, len(left))}|{after}"} if more else {}
        return {"Records": left[number] if number < len(left) else []} | following

    def close(self) -> None:
        pass


def record(number: int, key: Key, item: Item | None) -> dict[str, Any]:
    image = {} if item is None else {"NewImage": item_to_wire(key, item)}
    name = "REMOVE" if item is None else "MODIFY"
    return {"eventName": name, "dynamodb": {"SequenceNumber": f"{number}", "Keys": key_to_wire(key), **image}}


def feed_of(streams: Streams) -> DynamoFeed:
    caller = Caller(cast(Any, streams), patience=Patience(seconds=0.0, sleep=lambda _: None))
    return DynamoFeed(caller, cast(Tables, streams))


def beginning(feed: DynamoFeed) -> str:
    cursor = feed.read(None, 100).cursor
    assert cursor is not None
    return cursor


def test_shards_that_follow_one_that_has_ended_are_read_after_it() -> None:
    streams = Streams({"a": Shard(pages=[[record(1, MARIA, {"n": 1})], [], [record(2, MARIA, {"n": 2})]])})
    feed = feed_of(streams)
    since = beginning(feed)
    streams.shards["a"].closed = True
    streams.shards |= {
        "b": Shard("a", pages=[[record(11, MARIA, {"n": 3})]], closed=True),
        "c": Shard("a", pages=[[record(12, JO, {"n": 1})]]),
        "d": Shard("b", pages=[[], [], [record(21, MARIA, None)]]),
    }
    rows: list[tuple[Key, Item | None]] = []
    for _ in range(6):  # each reading of a shard ends at an empty page
        page = feed.read(since, 100)
        rows, since = rows + page.rows, page.cursor or ""
    assert dict(rows) == {MARIA: None, JO: {"n": 1}}
    assert [item for key, item in rows if key == MARIA] == [{"n": 1}, {"n": 2}, {"n": 3}, None]
    streams.shards["c"].pages.append([record(13, JO, {"n": 2})])
    assert feed.read(since, 100).rows == [(JO, {"n": 2})]


def test_a_page_ends_at_its_limit_and_the_next_goes_on() -> None:
    streams = Streams({"a": Shard(pages=[[record(n, MARIA, {"n": n})] for n in range(1, 5)])})
    feed = feed_of(streams)
    first = feed.read(beginning(feed), 3)
    assert ([item for _, item in first.rows], first.more) == ([{"n": 1}, {"n": 2}, {"n": 3}], True)
    second = feed.read(first.cursor, 3)
    assert ([item for _, item in second.rows], second.more) == ([{"n": 4}], False)


@pytest.mark.parametrize("code", ["TrimmedDataAccessException", "ExpiredIteratorException", "AccessDeniedException"])
def test_records_that_are_lost_or_forbidden_make_the_place_unknown(code: str) -> None:
    streams = Streams({"a": Shard()})
    feed = feed_of(streams)
    since = beginning(feed)
    streams.refused = code
    assert feed.read(since, 100) == ([], None, False)


def test_a_shard_that_is_gone_and_a_new_stream_make_the_place_unknown() -> None:
    streams = Streams({"a": Shard()})
    feed = feed_of(streams)
    since = beginning(feed)
    streams.shards = {"b": Shard("a")}
    assert feed.read(since, 100).cursor is None
    streams.shards = {"a": Shard()}
    streams.stream = "stream-2"
    assert feed.read(since, 100).cursor is None


def test_without_whole_items_in_the_stream_there_is_no_feed() -> None:
    assert feed_of(Streams({}, view="KEYS_ONLY")).read(None, 100).cursor is None
