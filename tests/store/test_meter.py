"""A meter that looks at a few calls tells about the same units as one that looks at all, and the same requests."""

from __future__ import annotations

import pytest

from backend.bootstrap import open_store
from backend.store.meter import Meter, Usage
from backend.store.port import Key, Plus, Put, Query, Update
from backend.store.schema import SHOP


def used(sample: int) -> Usage:
    """What six hundred rounds of the usual calls use."""
    meter = Meter(sample)
    store = open_store("sqlite://", meter=meter)
    store.create_tables()
    for number in range(600):
        key = Key(SHOP, "C#1", f"O#{number:03}")
        store.transact([Put(key, {"name": "x" * 900}), Update(Key(SHOP, "C#1", "A"), add={"n": Plus(1)})])
        store.get(key)
        store.get_many([key, Key(SHOP, "C#1", "A")])
        store.query(Query(SHOP, "C#1", begins_with="O#", limit=5))
    store.close()
    return meter.usage()["other"]


@pytest.mark.parametrize("sample", [2, 4])
def test_a_sample_makes_the_same_requests_and_about_the_same_units(sample: int) -> None:
    exact, sampled = used(1), used(sample)
    assert sampled.requests == exact.requests
    assert sampled.write_units + sampled.read_units == pytest.approx(exact.write_units + exact.read_units, rel=0.5)
