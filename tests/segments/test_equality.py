"""Rules mean one thing: the snapshot, the re-check of one customer and an evaluation by hand agree, for any rule."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from backend.domain.customers import Customer
from backend.domain.segment_text import rule_from_text, rule_json, rule_text
from backend.records.customers import customer_from
from backend.services.context import Shop
from backend.services.segments.audience import audience_ids, count_segment, still_matches, today
from backend.services.segments.ready import READY
from backend.services.snapshots.build import make_snapshot
from tests.segments.by_hand import ByHand, people_of
from tests.segments.random_shops import RandomRules, fill
from tests.support import TestClock, opened_shop

CASES = [(1, "UTC"), (2, "America/New_York"), (3, "Pacific/Auckland")]


def everybody(shop: Shop, by_hand: ByHand) -> list[Customer]:
    return [customer_from(person.id, person.item) for person in by_hand.people]


@pytest.mark.parametrize(("seed", "zone"), CASES)
def test_the_snapshot_the_store_and_a_count_by_hand_agree_on_every_rule(seed: int, zone: str, tmp_path: Path) -> None:
    chance, clock = Random(seed), TestClock()
    with opened_shop(clock=clock, zone=zone, data_dir=tmp_path) as shop:
        for part in (15, 15, 10):  # the second and the third snapshot follow what has changed
            fill(shop, clock, chance, part)
            clock.forward(seconds=1)
            made = make_snapshot(shop)
        assert made is not None
        assert not made.is_whole
        by_hand = ByHand(people_of(shop), today(shop))
        people = everybody(shop, by_hand)
        by_chance = RandomRules(chance, today(shop), by_hand.people)
        rules = [by_chance.rule() for _ in range(40)] + [by_chance.single() for _ in range(120)]
        rules += [segment.rule for segment in READY]
        sizes = set()
        for rule in rules:
            wanted = by_hand.belonging(rule_json(rule))
            found = [customer_id for ids in audience_ids(shop, rule, 7) for customer_id in ids]
            assert found == sorted(wanted), rule_text(rule)
            assert count_segment(shop, rule) == len(wanted)
            belongs = still_matches(shop, rule, people)
            assert {customer_id for customer_id, yes in belongs.items() if yes} == wanted, rule_text(rule)
            assert rule_from_text(rule_text(rule)) == rule
            sizes.add(len(wanted))
    assert len(sizes) > 15
