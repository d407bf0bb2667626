"""Files are streamed: what is in memory does not grow with them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from backend.services.context import Shop
from backend.services.imports import import_orders
from backend.services.imports.seen import SeenNames
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


def test_names_are_remembered_with_the_line_on_which_they_stood_first() -> None:
    seen = SeenNames()
    first = {f"#{number}": number + 2 for number in range(20_000)}

    assert [seen.first_line(name, line) for name, line in first.items()] == [0] * len(first)
    assert {name: seen.first_line(name, 1_000_000) for name in first} == first


def test_a_million_names_fit_into_some_tens_of_megabytes() -> None:
    tracemalloc.start()
    try:
        seen = SeenNames()
        for number in range(100_000):
            seen.first_line(f"#{number}", number + 1)
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert used < 100_000 * 48 + MEGABYTE
