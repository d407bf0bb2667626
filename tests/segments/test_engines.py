"""The snapshot of a shop on PostgreSQL and on DynamoDB says the same as a count by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random

import pytest

from backend.bootstrap import open_store
from backend.config import Settings
from backend.domain.segment_text import rule_json
from backend.services.context import Shop
from backend.services.segments.audience import audience_ids, today
from backend.services.segments.ready import READY
from backend.services.snapshots.build import make_snapshot, read_here
from backend.store.sql import SqlStore
from backend.workers.snapshots import by_processes
from tests.segments.by_hand import ByHand, people_of
from tests.segments.random_shops import RandomRules, fill
from tests.support import TestClock, shop_on

_numbers = count(1)
EngineShop = tuple[Shop, str]


@pytest.fixture(
    params=[
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("dynamodb-ministack", marks=pytest.mark.ministack),
    ]
)
def engine_shop(request: pytest.FixtureRequest, clock: TestClock, tmp_path: Path) -> Iterator[EngineShop]:
    """An empty shop on the engine, and the URL under which other processes find it ("" when they cannot)."""
    number = next(_numbers)
    if request.param == "postgres":
        store, url = SqlStore(request.getfixturevalue("postgres_url"), prefix=f"g{number}_"), ""
    else:
        url = f"dynamodb://g{os.getpid()}-{number}?endpoint={request.getfixturevalue('ministack_address')}"
        store = open_store(url)  # type: ignore[assignment]
    store.create_tables()
    try:
        yield replace(shop_on(store, clock=clock), data_dir=tmp_path), url
    finally:
        store.close()


def test_the_snapshot_agrees_with_a_count_by_hand(engine_shop: EngineShop, clock: TestClock) -> None:
    shop, url = engine_shop
    chance = Random(11)
    for _ in range(2):  # where there is a change feed, the second snapshot follows what has changed
        fill(shop, clock, chance, 6)
        clock.forward(seconds=1)
        make_snapshot(shop, read=by_processes(Settings(store_url=url), 2) if url else read_here)
    by_hand = ByHand(people_of(shop), today(shop))
    by_chance = RandomRules(chance, by_hand.today, by_hand.people)
    for rule in [segment.rule for segment in READY] + [by_chance.rule() for _ in range(20)]:
        found = [customer_id for ids in audience_ids(shop, rule, 5) for customer_id in ids]
        assert found == sorted(by_hand.belonging(rule_json(rule)))
