"""Importing a Shopify order export, beside loading the file's rows with pandas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from backend.bootstrap import open_store
from backend.domain.team import COMMAND_LINE
from backend.domain.time import utc_now
from backend.services.context import Shop
from backend.services.imports import import_orders
from benchmarks import naive
from benchmarks.results import Measurement, timed_once
from benchmarks.shopify_file import write_shopify_file

TARGET_SECONDS = 20.0
TARGET_ORDERS = 70_000
_WAY = "pandas read_csv and to_sql: rows only, no checks, customers or totals"


def measure(folder: Path, orders: int) -> Iterator[Measurement]:
    """Yields the seconds of importing a file, and of importing it again."""
    with TemporaryDirectory(dir=folder) as directory:
        file = Path(directory, "orders.csv")
        rows = write_shopify_file(file, orders)
        plain = timed_once(lambda: naive.import_by_pandas(file, Path(directory, "naive.db")))
        shop = Shop(
            open_store(f"sqlite:///{directory}/shop.db"), utc_now, ZoneInfo("UTC"), "USD", data_dir=Path(directory)
        )
        try:
            shop.store.create_tables()
            first = import_orders(shop, COMMAND_LINE, file)
            again = import_orders(shop, COMMAND_LINE, file)
        finally:
            shop.store.close()
    if (first.orders.created, again.orders.unchanged) != (orders, orders):
        raise AssertionError("The import did not take over what the file holds.")
    size = f"{orders:,} orders in {rows:,} rows"
    target = TARGET_SECONDS * 1000 * orders / TARGET_ORDERS
    yield Measurement("import", f"import of {size}", first.seconds * 1000, "ms", 1, plain, _WAY, target)
    yield Measurement("import", f"the same file again, {size}", again.seconds * 1000, "ms", 1)
