"""How long records are kept, as an item."""

from __future__ import annotations

from backend.domain.retention import Retention
from backend.records.conversion import reads
from backend.records.declared import Record
from backend.store import schema
from backend.store.port import Item

_RETENTION = Record(Retention, keep_empty=True)

retention_item = _RETENTION.item


@reads(lambda item: schema.meta_key("retention"))
def retention_from(item: Item) -> Retention:
    return _RETENTION.read(item)
