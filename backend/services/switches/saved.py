"""Reads and changes feature switches. A change holds in every process within a few seconds.

A process asks the store again only when its last look is too old, so that a page may ask as often as it likes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import MutableMapping
from weakref import WeakKeyDictionary

from backend.domain.switches import FEATURES, Feature, Switch
from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError, NotFoundError
from backend.records.shop import switch_from, switch_item
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.port import Key, Put, Store

LOOK_SECONDS = 3.0
_seconds = time.monotonic
_lock = threading.Lock()
_seen: MutableMapping[Store, dict[str, tuple[float, Switch]]] = WeakKeyDictionary()


def is_on(shop: Shop, feature: Feature, actor: Actor) -> bool:
    """Whether the actor may use the feature now."""
    return switch_of(shop, feature).includes(feature, actor)


def switch_of(shop: Shop, feature: Feature) -> Switch:
    """The switch as it was at most `LOOK_SECONDS` ago."""
    with _lock:
        looked_at, switch = _seen.get(shop.store, {}).get(feature.name, (-LOOK_SECONDS, Switch()))
    if _seconds() - looked_at < LOOK_SECONDS:
        return switch
    switch = _stored(shop, feature)
    with _lock:
        _seen.setdefault(shop.store, {})[feature.name] = (_seconds(), switch)
    return switch


def all_switches(shop: Shop, actor: Actor) -> list[tuple[Feature, Switch]]:
    """All features with their switches, as they are stored now.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.VIEW_SYSTEM)
    return [(feature, _stored(shop, feature)) for feature in FEATURES]


def feature_named(name: str) -> Feature:
    """Raises: `NotFoundError`."""
    found = next((feature for feature in FEATURES if feature.name == name), None)
    if found is None:
        raise NotFoundError(
            f"There is no switch “{name[:40]}”. There are: {', '.join(each.name for each in FEATURES)}."
        )
    return found


def save_switch(shop: Shop, actor: Actor, feature: Feature, switch: Switch) -> None:
    """Raises: `PermissionDeniedError`, `InvalidInputError`."""
    actor.require(Permission.VIEW_SYSTEM)
    if not 0 <= switch.share <= 100:
        raise InvalidInputError("A share is between 0 and 100 percent.", "share")
    entry = audit_log.entry(shop, actor, "changed a switch", f"switch:{feature.name}", f"on for {switch.audience}")
    shop.store.transact([Put(_key(feature), switch_item(switch)), entry])
    with _lock:
        _seen.get(shop.store, {}).pop(feature.name, None)


def _stored(shop: Shop, feature: Feature) -> Switch:
    """One that cannot be read is as if nobody had changed it."""
    return read_one(shop, _key(feature), switch_from) or Switch()


def _key(feature: Feature) -> Key:
    return schema.meta_key(f"switch-{feature.name}")
