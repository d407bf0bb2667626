"""What the columns of a table of orders mean, as an item."""

from __future__ import annotations

from backend.domain.imports import OrderMapping
from backend.records.conversion import key_given, reads
from backend.records.declared import Record
from backend.store.port import Item, Key

_MAPPING = Record(OrderMapping, blank=("label",))

mapping_item = _MAPPING.item


@reads(key_given)
def mapping_from(key: Key, item: Item) -> OrderMapping:
    return _MAPPING.read(item)
