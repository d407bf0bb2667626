"""The ledger of erasures as items. An erasure that is not done yet is in a list of work."""

from __future__ import annotations

from backend.domain.erasure import Erasure
from backend.records.conversion import key_given, reads
from backend.records.declared import Record
from backend.store import schema
from backend.store.port import Item, Key

_ERASURE = Record(Erasure, given=("customer",))


def erasure_item(erasure: Erasure) -> Item:
    work: Item = {} if erasure.is_done else {"work": schema.ERASURES, "work_at": erasure.customer}
    return _ERASURE.item(erasure, **work)


@reads(key_given)
def erasure_from(key: Key, item: Item) -> Erasure:
    return _ERASURE.read(item, customer=key.sk)
