"""Reading a file by a second process gives the same, and leaves no process behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.imports import import_orders, parallel_reader
from backend.services.imports.order_file import OrderFile, batches_of
from backend.services.imports.parallel_reader import ReaderEndedError, batches_ahead
from benchmarks.shopify_file import write_shopify_file
from tests.services.imports.shopify_csv import faults, order, text_of, written
from tests.support import NOW, STAFF


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is large enough, and every machine has two cores."""
    monkeypatch.setattr(parallel_reader, "SMALLEST", 1)
    monkeypatch.setattr(parallel_reader, "_cores", lambda: 2)


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes that were started; at the end all have ended."""
    started: list[subprocess.Popen[bytes]] = []

    class Popen(subprocess.Popen[bytes]):
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)  # type: ignore[call-overload]
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Popen)
    yield started
    assert all(child.returncode is not None for child in started)


def file_at(path: Path) -> OrderFile:
    return OrderFile(path, "", "USD", ZoneInfo("Europe/Berlin"), NOW)


def found(batches: object) -> list[object]:
    return [
        (item.line, item.order, item.print) if hasattr(item, "order") and hasattr(item, "print") else item
        for batch in batches  # type: ignore[attr-defined]
        for item in batch.items
    ]


def test_another_process_finds_the_same(tmp_path: Path, children: list[subprocess.Popen[bytes]]) -> None:
    path = tmp_path / "orders.csv"
    write_shopify_file(path, 2_500)
    path.write_text(path.read_text().replace("USD", "EUR", 7))

    by_child = found(batches_ahead(file_at(path)))

    assert len(children) == 1
    assert len(by_child) == 2_500
    assert by_child == found(batches_of(file_at(path)))


def test_an_import_through_another_process_is_like_any_other(
    shop: Shop, tmp_path: Path, children: list[subprocess.Popen[bytes]]
) -> None:
    path = written(tmp_path, text_of([order("#1"), order("#2", total="?")]))
    result = import_orders(shop, STAFF, path)
    assert (result.orders.created, result.orders.failed, result.encoding) == (1, 1, "utf-8")
    assert faults(result)[0]["Column"] == "Total"
    assert len(children) == 1


def test_what_the_other_process_refuses_is_refused_here(
    shop: Shop, tmp_path: Path, children: list[subprocess.Popen[bytes]]
) -> None:
    with pytest.raises(InvalidInputError, match="day first or with the month first") as refused:
        import_orders(shop, STAFF, written(tmp_path, text_of([order(created_at="02/03/2026")])))
    assert refused.value.field == "dates"
    assert len(children) == 1


def test_whoever_stops_listening_leaves_no_process_behind(
    tmp_path: Path, children: list[subprocess.Popen[bytes]]
) -> None:
    path = tmp_path / "orders.csv"
    write_shopify_file(path, 5_000)
    with closing(batches_ahead(file_at(path))) as batches:
        next(batches)
    assert len(children) == 1


def test_a_reader_that_is_killed_ends_the_import_with_what_was_written_so_far(
    shop: Shop, tmp_path: Path, children: list[subprocess.Popen[bytes]]
) -> None:
    path = tmp_path / "orders.csv"
    write_shopify_file(path, 4_000)

    def kill_it(progress: object) -> None:
        children[0].send_signal(signal.SIGKILL)

    with pytest.raises(ReaderEndedError):
        import_orders(shop, STAFF, path, progress=kill_it)
    assert import_orders(shop, STAFF, path).orders.failed == 0


def test_a_reader_ends_by_itself_when_nobody_reads_any_more(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    write_shopify_file(path, 5_000)
    script = (
        "import os, sys\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from zoneinfo import ZoneInfo\n"
        "from backend.services.imports import parallel_reader\n"
        "from backend.services.imports.order_file import OrderFile\n"
        "file = OrderFile(Path(sys.argv[1]), '', 'USD', ZoneInfo('UTC'), datetime(2026, 11, 26, tzinfo=UTC))\n"
        "batches = parallel_reader._read_by_child(file)\n"
        "next(batches)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    parent = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        timeout=60,
    )
    # The pipe of its errors is closed only when the child has ended too, and it has said nothing.
    assert (parent.returncode, parent.stderr) == (-9, b"")


def test_the_moment_of_reading_is_the_shops_and_not_the_childs(tmp_path: Path) -> None:
    path = written(tmp_path, text_of([order(created_at="2026-11-30 10:00:00 +0000")]))
    early = OrderFile(path, "", "USD", ZoneInfo("UTC"), datetime(2026, 11, 1, tzinfo=UTC))
    (fault,) = found(batches_ahead(early))
    assert "in the future" in str(fault)


def test_one_core_reads_and_writes_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, children: list[subprocess.Popen[bytes]]
) -> None:
    monkeypatch.setattr(parallel_reader, "_cores", lambda: 1)
    assert len(found(batches_ahead(file_at(written(tmp_path, text_of([order()])))))) == 1
    assert children == []
