"""API keys as items."""

from __future__ import annotations

from backend.domain.api_keys import ApiKey
from backend.records.conversion import key_of_row, reads
from backend.records.declared import Record
from backend.store.port import Item, Row

_KEY = Record(ApiKey, given=("prefix",), needed=("version",))


def api_key_item(key: ApiKey) -> Item:
    return _KEY.item(key)


@reads(key_of_row)
def api_key_from(row: Row) -> ApiKey:
    return _KEY.read(row.item, prefix=row.key.sk)
