"""Stops all sending for a while, when the provider has said that it takes nothing from this account at present."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.domain.time import from_text, to_text
from backend.records.conversion import key_given, reads
from backend.records.values import text
from backend.services.context import Shop
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.port import Delete, Item, Key, Put

_KEY = schema.meta_key("mail-pause")


@dataclass(frozen=True, slots=True)
class Pause:
    """Why nothing is sent, and until when."""

    reason: str
    until: datetime


def current_pause(shop: Shop) -> Pause | None:
    """The pause that holds now, if any.

    One that cannot be read holds nothing up: if the provider still takes nothing, the next email brings it back.
    """
    pause = read_one(shop, _KEY, _pause_from)
    return pause if pause is not None and pause.until > shop.clock() else None


@reads(key_given)
def _pause_from(_: Key, item: Item) -> Pause:
    return Pause(text(item, "reason"), from_text(text(item, "until")))


def is_paused(shop: Shop) -> bool:
    return current_pause(shop) is not None


def pause(shop: Shop, reason: str, until: datetime) -> None:
    """Stops sending in every process until then; a later pause replaces an earlier one."""
    shop.store.put(Put(_KEY, {"reason": reason, "until": to_text(until)}))


def resume(shop: Shop) -> None:
    """Lets sending go on at once."""
    shop.store.delete(Delete(_KEY))
