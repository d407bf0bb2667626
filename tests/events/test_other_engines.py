"""Events on PostgreSQL and DynamoDB: applied once, also when several take in the same ones at the same moment."""

from __future__ import annotations

from functools import partial
from random import Random

from backend.domain.delivery import Outcome
from backend.services.context import Shop
from backend.services.events.dead_letters import add_dead_letter, list_dead_letters
from backend.services.events.health import event_health, link_clicks
from backend.services.events.intake import Intake
from backend.services.events.replay import replay_all
from backend.services.suppression.entries import find_suppression
from tests.events.samples import event
from tests.events.test_applying import drift, now, sent, took, unknown
from tests.services.test_other_engines import engine_shop
from tests.support import ENGINEER, outcomes_of

__all__ = ["engine_shop"]


def test_three_that_take_in_the_same_events_at_once_apply_each_once(engine_shop: Shop) -> None:
    shop = engine_shop
    messages = [
        (unknown if number % 4 == 0 else sent)(shop, f"k{number}", campaign="CAMPAIGN1", to=f"a{number}@example.com")
        for number in range(12)
    ]
    bodies = [event(kind, message) for message in messages for kind in ("Send", "Delivery", "Click")]
    bodies += [event("Complaint", messages[0]), event("Bounce", messages[1])]
    orders = [Random(seed).sample(bodies, len(bodies)) for seed in range(3)]
    intakes = outcomes_of([partial(took, shop, *order) for order in orders])
    assert all(isinstance(each, Intake) for each in intakes), intakes
    assert sum(each.applied for each in intakes if isinstance(each, Intake)) == len(bodies)
    assert all({Outcome.DELIVERED, Outcome.BOT_CLICKED} <= set(now(shop, each).outcomes) for each in messages)
    assert all(now(shop, each).resolved == (number % 4 == 0) for number, each in enumerate(messages))
    assert find_suppression(shop, "a0@example.com") is not None
    assert find_suppression(shop, "a1@example.com") is not None
    assert [(each.clicks, each.programs) for each in link_clicks(shop, "CAMPAIGN1")] == [(0, 12)]
    assert drift(shop) == []


def test_dead_letters_and_health_are_kept(engine_shop: Shop) -> None:
    message = sent(engine_shop)
    add_dead_letter(engine_shop, event("Delivery", message), "It was not known.", "sqs")
    add_dead_letter(engine_shop, b"nonsense", "This is not JSON.", "sqs")
    done = replay_all(engine_shop, ENGINEER)
    assert (done.done, done.dead) == (1, 1)
    assert [letter.body for letter in list_dead_letters(engine_shop, ENGINEER).letters] == [b"nonsense"]
    assert event_health(engine_shop).applied == 1
