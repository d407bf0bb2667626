"""A customer's preferences about marketing mail, as the preference centre and staff read and change them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from backend.domain.eligibility import DEFAULT, PAUSE, TOPICS, Preferences
from backend.domain.time import from_text, to_text
from backend.errors import InvalidInputError
from backend.records.conversion import key_given, reads
from backend.records.values import optional_text, texts, without_empty
from backend.services.context import Shop
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Item, Key, Put

_NOTHING_WANTED = Preferences(tuple(sorted(TOPICS)), datetime(9000, 1, 1, tzinfo=UTC))
"""Used for preferences that cannot be read: the customer may have said no."""
_TO_CHOOSE_AGAIN = Preferences(tuple(sorted(TOPICS)))
"""What is shown for them; saving it, or another choice, repairs them."""


def get_preferences(shop: Shop, customer_id: str) -> Preferences:
    """What the customer has chosen; everything is wanted by default, and nothing if it cannot be read."""
    key = schema.preferences_key(customer_id)
    item = shop.store.get(key)
    if item is None:
        return DEFAULT
    return next(readable(shop, [(key, item)], _preferences_from), _TO_CHOOSE_AGAIN)


def preferences_of(shop: Shop, customer_ids: Sequence[str]) -> dict[str, Preferences]:
    """The preferences of many customers; those who have not chosen anything are left out."""
    keys = {schema.preferences_key(customer_id): customer_id for customer_id in customer_ids}
    found = shop.store.get_many(list(keys))
    chosen = dict(readable(shop, found.items(), lambda key, item: (key, _preferences_from(key, item))))
    return {keys[key]: chosen.get(key, _NOTHING_WANTED) for key in found}


def set_topics_off(shop: Shop, customer_id: str, topics_off: Sequence[str]) -> Preferences:
    """Replaces the topics that the customer does not want.

    Raises: `InvalidInputError` for an unknown topic.
    """
    if unknown := [topic for topic in topics_off if topic not in TOPICS]:
        raise InvalidInputError(f"There is no topic “{unknown[0][:30]}”.", "topics")
    before = get_preferences(shop, customer_id)
    return keep(shop, customer_id, Preferences(tuple(sorted(set(topics_off))), before.paused_until))


def pause(shop: Shop, customer_id: str) -> Preferences:
    """No marketing mail for 30 days from now."""
    before = get_preferences(shop, customer_id)
    return keep(shop, customer_id, Preferences(before.topics_off, shop.clock() + PAUSE))


def resume(shop: Shop, customer_id: str) -> Preferences:
    """Ends a pause."""
    before = get_preferences(shop, customer_id)
    return keep(shop, customer_id, Preferences(before.topics_off, None))


def keep(shop: Shop, customer_id: str, preferences: Preferences) -> Preferences:
    """Stores what the customer has chosen."""
    until = to_text(preferences.paused_until) if preferences.paused_until else ""
    item: Item = without_empty({"topics_off": list(preferences.topics_off), "paused_until": until})
    shop.store.put(Put(schema.preferences_key(customer_id), item))
    return preferences


@reads(key_given)
def _preferences_from(_: Key, item: Item) -> Preferences:
    until = optional_text(item, "paused_until")
    return Preferences(texts(item, "topics_off"), from_text(until) if until else None)
