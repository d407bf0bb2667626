"""Stops all sending for a while, when the provider has said that it takes nothing from this account at present."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.domain.time import from_text, to_text
from backend.errors import UnreadableItemError
from backend.records.conversion import reads
from backend.records.values import text
from backend.services.context import Shop
from backend.services.unreadable.items import set_aside
from backend.store import schema
from backend.store.port import Delete, Item, Put

_KEY = schema.meta_key("mail-pause")
_LOOK_AGAIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Pause:
    """Why nothing is sent, and until when."""

    reason: str
    until: datetime


def current_pause(shop: Shop) -> Pause | None:
    """The pause that holds now, if any."""
    item = shop.store.get(_KEY)
    if item is None:
        return None
    try:
        pause = _pause_from(item)
    except UnreadableItemError as error:  # a provider's refusal is not overlooked because of it
        set_aside(shop, _KEY, error.reason)
        return Pause("The account's pause cannot be read. System tells how to repair it.", shop.clock() + _LOOK_AGAIN)
    return pause if pause.until > shop.clock() else None


@reads(lambda item: _KEY)
def _pause_from(item: Item) -> Pause:
    return Pause(text(item, "reason"), from_text(text(item, "until")))


def is_paused(shop: Shop) -> bool:
    return current_pause(shop) is not None


def pause(shop: Shop, reason: str, until: datetime) -> None:
    """Stops sending in every process until then; a later pause replaces an earlier one."""
    shop.store.put(Put(_KEY, {"reason": reason, "until": to_text(until)}))


def resume(shop: Shop) -> None:
    """Lets sending go on at once."""
    shop.store.delete(Delete(_KEY))
