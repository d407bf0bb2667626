"""How orders are numbered, as one item that all processes take numbers from."""

from __future__ import annotations

from backend.domain.numbering import Numbering
from backend.records.conversion import reads
from backend.records.declared import Record
from backend.store import schema
from backend.store.port import Item

_NUMBERING = Record(Numbering, keep_empty=True)


def numbering_item(numbering: Numbering) -> Item:
    return _NUMBERING.item(numbering)


@reads(lambda item: schema.meta_key("order-numbers"))
def numbering_from(item: Item) -> Numbering:
    return _NUMBERING.read(item)
