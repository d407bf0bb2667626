"""The first orders of an upload as they would come in, for looking at before anything is written."""

from __future__ import annotations

from itertools import islice
from typing import BinaryIO

from backend.domain.imports import Fault, ImportedOrder, OrderMapping, Skipped
from backend.domain.phones import region_of
from backend.services.context import Shop
from backend.services.imports.dates import date_order_of
from backend.services.imports.dialect import open_table
from backend.services.imports.encoding import encoding_in
from backend.services.imports.order_file import OrderCandidate, OrderFile, batches_of
from backend.services.imports.order_mapping import checked_mapping
from backend.services.imports.preview import beginning_of
from backend.services.imports.workbooks import as_csv_source


def first_orders(
    shop: Shop,
    source: BinaryIO,
    mapping: OrderMapping,
    *,
    encoding: str = "",
    dates: str = "",
    sheet: str = "",
    count: int = 5,
) -> list[ImportedOrder | Fault | Skipped]:
    """The first orders of a mapped table; rewinds it afterwards.

    Raises: `InvalidInputError` when the mapping lacks what an order needs, or the dates can be read in two ways.
    """
    with as_csv_source(source, sheet) as table, beginning_of(table) as path:
        found = encoding_in(table, encoding).shown
        table.seek(0)
        checked = checked_mapping(open_table(path, found).header, mapping)
        file = OrderFile(
            path,
            found,
            shop.currency,
            shop.zone,
            shop.clock(),
            date_order_of(dates),
            region_of(shop.zone, shop.locale),
            checked,
        )
        items = (item for batch in batches_of(file) for item in batch.items)
        return [item.order if isinstance(item, OrderCandidate) else item for item in islice(items, count)]
