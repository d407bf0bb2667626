"""Stops all sending for a while, when the provider has said that it takes nothing from this account at present."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.domain.time import from_text, to_text
from backend.records.values import text
from backend.services.context import Shop
from backend.store import schema
from backend.store.port import Delete, Put


@dataclass(frozen=True, slots=True)
class Pause:
    """Why nothing is sent, and until when."""

    reason: str
    until: datetime


def current_pause(shop: Shop) -> Pause | None:
    """The pause that holds now, if any."""
    item = shop.store.get(schema.meta_key("mail-pause"))
    if item is None:
        return None
    pause = Pause(text(item, "reason"), from_text(text(item, "until")))
    return pause if pause.until > shop.clock() else None


def is_paused(shop: Shop) -> bool:
    return current_pause(shop) is not None


def pause(shop: Shop, reason: str, until: datetime) -> None:
    """Stops sending in every process until then; a later pause replaces an earlier one."""
    shop.store.put(Put(schema.meta_key("mail-pause"), {"reason": reason, "until": to_text(until)}))


def resume(shop: Shop) -> None:
    """Lets sending go on at once."""
    shop.store.delete(Delete(schema.meta_key("mail-pause")))
