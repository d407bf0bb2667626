"""The tables and their indexes, and how many parts a busy partition has."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

SHOP = "shop"
MAIL = "mail"

LEADERBOARD_SHARDS = 4
"""An index partition takes 1,000 write units a second (AWS); four carry about 2,000 orders a second."""
DAY_SHARDS = 4
COUNT_SHARDS = 4
CUSTOMER_LIST_SHARDS = 4
MESSAGE_SHARDS = 4
WORK_SHARDS = 4
HOUR_SHARDS = 4
SENT_SHARDS = 4
UNCOUNTED_SHARDS = 4

ID_BITS = 50
RANK_UNIT = 10**16
"""Larger than 2**ID_BITS, and a power of ten, so that a person sees the figure in the stored number."""


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index. `projected` lists the attributes beside the keys; `number` says the sort key's type."""

    name: str
    partition: str
    sort: str
    projected: tuple[str, ...]
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    indexes: tuple[Index, ...] = ()


_RANKED = ("name", "email", "country", "tags", "archived", "created_at", "rank_revenue", "rank_orders")

TABLES: tuple[Table, ...] = (
    Table(
        SHOP,
        (
            Index("by_revenue", "board", "rank_revenue", _RANKED, number=True),
            Index("by_orders", "board", "rank_orders", _RANKED, number=True),
            Index(
                "timeline",
                "line",
                "line_at",
                (
                    "name",
                    "email",
                    "country",
                    "tags",
                    "archived",
                    "number",
                    "status",
                    "total",
                    "refunded",
                    "source",
                    "net",
                ),
            ),
        ),
    ),
    Table(
        MAIL,
        (
            Index(
                "timeline",
                "line",
                "line_at",
                ("template", "kind", "status", "reason", "name", "requested_by", "test", "campaign", "outcome"),
            ),
            Index("work", "work", "work_at", ("template", "status", "reason", "name", "lease_until")),
        ),
    ),
)

INDEXES: dict[tuple[str, str], Index] = {(table.name, index.name): index for table in TABLES for index in table.indexes}


def shard_of(text: str, shards: int) -> int:
    """A stable shard for a text (the same on every machine and in every process)."""
    return zlib.crc32(text.encode()) % shards


def place_of(at: str, *ids: str) -> str:
    """The sort key of an item in a list by time: a moment, and the ids that tell items of one moment apart."""
    return "#".join((at, *ids))


def moment_in(place: str) -> str:
    """The moment with which a sort key of a list by time begins."""
    return place.partition("#")[0]


def id_in(place: str) -> str:
    """The id with which a sort key ends."""
    return place.rpartition("#")[2]
