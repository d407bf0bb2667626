"""Saved views as items."""

from __future__ import annotations

from backend.domain.views import View
from backend.records.conversion import key_of_row, reads
from backend.records.declared import Record
from backend.store.port import Row

_VIEW = Record(View, blank=("query",))

view_item = _VIEW.item


@reads(key_of_row)
def view_from(row: Row) -> View:
    return _VIEW.read(row.item)
