"""Files are streamed: what is in memory does not grow with them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from backend.services.context import Shop
from backend.services.imports import import_orders
from tests.services.imports.shopify_csv import HEADER, order, text_of
from tests.support import STAFF

MEGABYTE = 1 << 20


def peak_of_import(shop: Shop, path: Path) -> int:
    """The most bytes that Python had at once."""
    tracemalloc.start()
    try:
        import_orders(shop, STAFF, path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def file_of(path: Path, orders: int) -> Path:
    """Orders in a foreign currency with a long cell: all are read, parsed and reported, and none is written."""
    header = (*HEADER, "Note Attributes")

    def lines() -> Iterator[str]:
        yield text_of([], header=header)
        row = order("#NUMBER", currency="EUR") | {"Note Attributes": "A gift. " * 300}
        body = text_of([row], header=header).partition("\n")[2]
        for number in range(orders):
            yield body.replace("NUMBER", str(number))

    with path.open("w", encoding="utf-8") as file:
        file.writelines(lines())
    return path


def test_a_file_many_times_larger_takes_hardly_more_memory(shop: Shop, tmp_path: Path) -> None:
    small, large = file_of(tmp_path / "small.csv", 300), file_of(tmp_path / "large.csv", 9_000)
    assert large.stat().st_size > 20 * MEGABYTE
    import_orders(shop, STAFF, small)  # caches and lazily loaded modules do not count

    peaks = [peak_of_import(shop, path) for path in (small, large)]

    assert peaks[1] < peaks[0] + 2 * MEGABYTE
    assert peaks[1] < 10 * MEGABYTE
