"""What the shop says about itself, and how it numbers orders, as items.

What was never set comes from the settings of the installation.
"""

from __future__ import annotations

from dataclasses import replace

from backend.domain.draft_orders import DraftSettings
from backend.domain.numbering import Numbering
from backend.domain.shop import ShopFacts, clean_colour
from backend.domain.switches import Switch
from backend.records.conversion import key_given, reads
from backend.records.declared import Record
from backend.records.values import number, text, without_empty
from backend.store import schema
from backend.store.port import Item, Key

_STORED = (
    "name",
    "logo_url",
    "brand",
    "postal_address",
    "sender_name",
    "sender_address",
    "reply_to",
    "url",
    "support_url",
)


def shop_item(facts: ShopFacts) -> Item:
    return without_empty({**{name: getattr(facts, name) for name in _STORED}, "version": facts.version})


@reads(lambda defaults, item: schema.meta_key("shop"))
def shop_from(defaults: ShopFacts, item: Item | None) -> ShopFacts:
    """The facts that were saved; what was emptied stays empty, but name and colour always have a value."""
    if item is None:
        return defaults
    saved = {name: text(item, name, "") for name in _STORED}
    kept = {name: value for name, value in saved.items() if value or name not in ("name", "brand")}
    clean_colour(kept.get("brand", defaults.brand))
    return replace(defaults, **kept, version=number(item, "version"))


_NUMBERING = Record(Numbering, keep_empty=True)

numbering_item = _NUMBERING.item


@reads(lambda item: schema.meta_key("order-numbers"))
def numbering_from(item: Item) -> Numbering:
    return _NUMBERING.read(item)


_DRAFTS = Record(DraftSettings, keep_empty=True)

draft_settings_item = _DRAFTS.item


@reads(lambda item: schema.meta_key("draft-orders"))
def draft_settings_from(item: Item) -> DraftSettings:
    return _DRAFTS.read(item)


_SWITCH = Record(Switch, keep_empty=True)

switch_item = _SWITCH.item


@reads(key_given)
def switch_from(_: Key, item: Item) -> Switch:
    return _SWITCH.read(item)
