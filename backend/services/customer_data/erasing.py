"""The steps of an erasure. Each works on a page at a time and may be repeated, by any number of workers.

1. Orders: name, addresses, notes and texts go; amounts, products and dates stay. Months, notes and addresses go too.
2. Mail: messages lose recipient and content and keep what is counted; their events, triggers and choices go.
3. and 4. Both tables are read whole for what is left elsewhere (`sweep`).
5. Files of imports and of the outbox that name the customer are deleted.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from loguru import logger

from backend.domain.erasure import ERASED_NAME, Erasure, ErasureStep, anonymised
from backend.records.erasures import erasure_from, erasure_item
from backend.records.orders import order_day, order_from, order_item
from backend.services.concurrency.retries import StaleReadError, settled
from backend.services.context import Shop
from backend.services.customer_data.erasure import keep_ledger
from backend.services.customer_data.sweep import left_of, without_person
from backend.services.orders.numbers import tracking_puts
from backend.services.outgoing.about import on_customer_erased
from backend.services.suppression.entries import forget_notes
from backend.services.unreadable.items import readable_due
from backend.store import schema
from backend.store.port import Delete, Equals, Exists, Put, Query, Row, Update, Write, pages_of

PAGE = 100
_SCAN = 1000
_SECONDS = 2.0
"""How long a worker goes on with one erasure before it looks at its other duties."""
_FOLDERS = ("uploads", "reports", "outbox")


def work_on_erasures(shop: Shop) -> bool:
    """Goes on with erasures that are not done; returns whether there may be more to do at once."""
    query = Query(schema.MAIL, schema.ERASURES, index="work", limit=10)
    found = readable_due(shop, [query], erasure_from)[0]
    for erasure in found:
        if finish(shop, erasure, seconds=_SECONDS).is_done:
            logger.info("The erasure of customer {} is done", erasure.customer)
    return bool(found)


def finish(shop: Shop, erasure: Erasure, *, seconds: float = float("inf")) -> Erasure:
    """Works on an erasure until it is done or the time is over; returns how far it is."""
    end = time.monotonic() + seconds
    while not erasure.is_done and time.monotonic() < end:
        erasure = _advanced(shop, erasure, _step(shop, erasure))
    return erasure


@settled
def _step(shop: Shop, erasure: Erasure) -> str | None:
    return _STEPS[erasure.step](shop, erasure)


def _advanced(shop: Shop, erasure: Erasure, cursor: str | None) -> Erasure:
    step = erasure.step if cursor else erasure.step.following
    after = replace(erasure, step=step, cursor=cursor or "", version=erasure.version + 1)
    told: list[Write] = []
    if after.is_done:
        after = replace(after, values=())
        told = on_customer_erased(shop, erasure.customer, erasure.at)
    key, moved = schema.erasure_key(erasure.customer), StaleReadError("Another worker goes on with this erasure.")
    try:
        shop.store.transact([Put(key, erasure_item(after), Equals("version", erasure.version), moved), *told])
    except StaleReadError:
        item = shop.store.get(key)
        return erasure if item is None else erasure_from(key, item)
    return after


def _orders(shop: Shop, erasure: Erasure) -> str | None:
    """All that is in the customer's partition of the shop's table, but for the profile."""
    partition = schema.customer_partition(erasure.customer)
    page = shop.store.query(Query(schema.SHOP, partition, limit=PAGE, cursor=erasure.cursor or None))
    _write(shop, (_of_shop(shop, row) for row in page.rows if row.key.sk != schema.PROFILE))
    return page.cursor


def _of_shop(shop: Shop, row: Row) -> list[Write]:
    key = row.key
    if schema.is_month(key):
        return [Update(key, set={"name": ERASED_NAME}, remove=["email", "country"], condition=Exists())]
    if not key.sk.startswith(schema.ORDERS):
        return [Delete(key)]
    before = order_from(key, row.item)
    after = replace(anonymised(before), version=before.version + 1)
    moved = StaleReadError("The order was changed at the same moment.")
    put = Put(key, order_item(after, shop.zone, order_day(row.item)), Equals("version", before.version), moved)
    return [put, *(Delete(each.key) for each in tracking_puts(before))]


def _mail(shop: Shop, erasure: Erasure) -> str | None:
    """All that is in the customer's partitions of the mail's table."""
    partition = schema.customer_partition(erasure.customer)
    page = shop.store.query(Query(schema.MAIL, partition, limit=PAGE, cursor=erasure.cursor or None))
    for row in page.rows:
        if row.key.sk.startswith(schema.MERGED):
            former = Query(schema.MAIL, schema.customer_partition(schema.merged_id(row.key)), limit=PAGE)
            _write(shop, (writes for each in pages_of(shop.store, former) if (writes := _of_mail(each))))
    _write(shop, (writes for row in page.rows if (writes := _of_mail(row))))
    if page.cursor is None:
        for address in (value for value in erasure.values if "@" in value):
            forget_notes(shop, address)
        choices = Query(schema.MAIL, schema.preferences_key(erasure.customer).pk)
        _write(shop, ([Delete(row.key)] for row in shop.store.query(choices).rows))
    return page.cursor


def _of_mail(row: Row) -> list[Write]:
    return without_person(row) if schema.is_message(row.key) else [Delete(row.key)]


def _shop_table(shop: Shop, erasure: Erasure) -> str | None:
    return _swept(shop, erasure, schema.SHOP)


def _mail_table(shop: Shop, erasure: Erasure) -> str | None:
    return _swept(shop, erasure, schema.MAIL)


def _swept(shop: Shop, erasure: Erasure, table: str) -> str | None:
    page = shop.store.scan(table, limit=_SCAN, cursor=erasure.cursor or None)
    _write(shop, ([write] for row in page.rows for write in left_of(shop, row, erasure)))
    return page.cursor


def _files(shop: Shop, erasure: Erasure) -> str | None:
    """Deletes files on this machine that name the customer; those of other machines go within their days.

    The ledger is written beside them too, for a store that is restored from a backup.
    """
    keep_ledger(shop, shop.data_dir)
    values = [value.encode() for value in erasure.values]
    for folder in _FOLDERS:
        for file in (shop.data_dir / folder).glob("**/*"):
            if file.is_file() and _names(file, values):
                file.unlink(missing_ok=True)
    return None


def _names(file: Path, values: list[bytes]) -> bool:
    longest, rest = max(map(len, values), default=0), b""
    with file.open("rb") as content:
        while block := content.read(1 << 20):
            found = rest + block.lower()
            if any(value in found for value in values):
                return True
            rest = found[-longest:]
    return False


def _write(shop: Shop, transactions: Iterable[list[Write]]) -> None:
    """Raises: the first error; whoever comes next repeats the page."""
    errors = [error for error in shop.store.transact_each([*transactions]) if error is not None]
    if errors:
        raise errors[0]


_STEPS = {
    ErasureStep.ORDERS: _orders,
    ErasureStep.MAIL: _mail,
    ErasureStep.SHOP_TABLE: _shop_table,
    ErasureStep.MAIL_TABLE: _mail_table,
    ErasureStep.FILES: _files,
}
