"""Crashes, several imports at once, and stores that fail: nothing is lost, nothing is doubled."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from backend.domain.imports import ImportProgress, ImportResult
from backend.errors import BackendError, StoreBusyError
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.customers.leaderboards import Measure, top_customers
from backend.services.imports import import_orders
from backend.services.statistics.figures import counts_of, totals_by_day
from backend.store.port import Row, Write
from backend.store.sql import SqlStore
from benchmarks.shopify_file import write_shopify_file
from tests.engines import ROOT
from tests.services.imports.shopify_csv import imported, order
from tests.support import STAFF, TestClock, add_customer, opened_shop, outcomes_of, shop_on

ORDERS = 900


def everything(shop: Shop) -> object:
    """All that an import leaves behind, without the ids that chance decides."""
    sharded = ("DAYS", "COUNTS")  # in how many parts they lie follows from ids; their sums are compared below
    kinds = Counter(f"{row.key.pk[:2]}{row.key.sk[:2]}" for row in _rows(shop) if not row.key.pk.startswith(sharded))
    best = [(c.email, c.orders, c.revenue) for c in top_customers(shop, Measure.REVENUE, limit=1000)]
    days = [(day.day, day.totals) for day in totals_by_day(shop, date(2020, 1, 1), date(2026, 12, 31))]
    return kinds, sorted(best, key=str), days, counts_of(shop, "tag"), counts_of(shop, "country")


def _rows(shop: Shop) -> list[Row]:
    return shop.store.scan("shop", limit=1_000_000).rows


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "orders.csv"
    write_shopify_file(path, ORDERS)
    return path


@pytest.fixture(scope="module")
def whole(file: Path, tmp_path_factory: pytest.TempPathFactory) -> object:
    """What one undisturbed import leaves behind."""
    with opened_shop(data_dir=tmp_path_factory.mktemp("var")) as shop:
        assert import_orders(shop, STAFF, file).orders.created == ORDERS
        return everything(shop)


def test_an_import_that_is_killed_again_and_again_is_completed_by_running_it_again(
    file: Path, whole: object, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/tillpost.db"
    for lines, pause in ((1, 0.0), (2, 0.02), (3, 0.05), (3, 0.0)):
        _import_and_kill(url, file, tmp_path, lines, pause)
    with opened_shop(url, data_dir=tmp_path) as shop:
        result = import_orders(shop, STAFF, file)
        assert result.orders.failed == 0
        assert result.orders.created + result.orders.unchanged == ORDERS
        assert everything(shop) == whole


def _import_and_kill(url: str, file: Path, folder: Path, lines: int, pause: float) -> None:
    """Kills the process a moment after it has said for the n-th time how far it is."""
    command = [sys.executable, "-m", "tests.services.imports.importer", url, str(file), str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(lines):
            process.stdout.readline()
        time.sleep(pause)
        process.kill()


@pytest.mark.usefixtures("small_batches")
def test_two_imports_of_one_file_at_once_place_every_order_once(file: Path, whole: object, shared_shop: Shop) -> None:
    reports = [shared_shop.data_dir / f"{number}.csv" for number in (1, 2)]
    calls = [partial(import_orders, shared_shop, STAFF, file, report=report) for report in reports]

    results = [result for result in outcomes_of(calls) if isinstance(result, ImportResult)]

    assert [result.orders.failed for result in results] == [0, 0]
    assert sum(result.orders.created for result in results) == ORDERS
    assert everything(shared_shop) == whole


@pytest.mark.postgres
def test_an_import_on_postgresql_leaves_the_same(file: Path, whole: object, postgres_url: str, tmp_path: Path) -> None:
    store = SqlStore(postgres_url, prefix="imports_")
    store.create_tables()
    shop = shop_on(store, data_dir=tmp_path)
    assert import_orders(shop, STAFF, file).orders.created == ORDERS
    assert import_orders(shop, STAFF, file).orders.unchanged == ORDERS
    assert everything(shop) == whole
    store.close()


@pytest.mark.ministack
def test_an_import_on_dynamodb_leaves_the_same_as_on_sqlite(ministack_address: str, tmp_path: Path) -> None:
    from backend.store.dynamodb import DynamoStore

    small = tmp_path / "small.csv"
    write_shopify_file(small, 60)
    store = DynamoStore.open(f"dynamodb://imports?endpoint={ministack_address}")
    store.create_tables()
    shop = shop_on(store, data_dir=tmp_path)
    assert import_orders(shop, STAFF, small).orders.created == 60
    assert import_orders(shop, STAFF, small).orders.unchanged == 60
    with opened_shop(data_dir=tmp_path) as other:
        import_orders(other, STAFF, small)
        assert _figures(shop) == _figures(other)
    store.close()


def _figures(shop: Shop) -> object:
    days = [(day.day, day.totals) for day in totals_by_day(shop, date(2020, 1, 1), date(2026, 12, 31))]
    best = [(c.email, c.orders, c.revenue) for c in top_customers(shop, Measure.REVENUE, limit=100)]
    return sorted(best, key=str), days, counts_of(shop, "tag"), counts_of(shop, "country")


class MeddlingStore(SqlStore):
    """A store in which somebody does something just before the first bulk write."""

    def __init__(self) -> None:
        super().__init__("sqlite://")
        self.meddle: Callable[[], object] = lambda: None

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[BackendError | None]:
        meddle, self.meddle = self.meddle, lambda: None
        meddle()
        return super().transact_each(transactions)


@pytest.fixture
def meddled(clock: TestClock, tmp_path: Path) -> tuple[Shop, MeddlingStore]:
    store = MeddlingStore()
    store.create_tables()
    return shop_on(store, clock=clock, data_dir=tmp_path), store


def test_a_customer_whom_staff_adds_at_the_same_moment_gets_the_orders(meddled: tuple[Shop, MeddlingStore]) -> None:
    shop, store = meddled
    added = []
    store.meddle = lambda: added.append(add_customer(shop, "Maria", "maria@example.com"))

    result = imported(shop, order("#1"), order("#2"), order("#3", email="x@example.com"))

    assert (result.orders.created, result.orders.failed, result.customers.created) == (3, 0, 1)
    assert customers.get_customer(shop, added[0].id).orders == 2
    store.close()


def test_a_profile_that_staff_edits_at_the_same_moment_is_not_overwritten(meddled: tuple[Shop, MeddlingStore]) -> None:
    shop, store = meddled
    known = add_customer(shop, "Maria", "maria@example.com")
    store.meddle = lambda: customers.set_consent(shop, STAFF, known.id, known.version, False)

    imported(shop, order("#1", accepts_marketing="yes"), order("#2", accepts_marketing="yes"))

    now = customers.get_customer(shop, known.id)
    assert now.consent is not None
    assert (now.consent.given, now.orders) == (False, 2)
    store.close()


@pytest.mark.usefixtures("small_batches")
def test_a_store_that_stays_busy_ends_the_import_and_what_was_written_counts(
    file: Path, whole: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened_shop(data_dir=tmp_path) as shop:
        write, calls = shop.store.transact_each, []

        def busy_later(transactions: Sequence[Sequence[Write]]) -> list[BackendError | None]:
            calls.append(len(transactions))
            if len(calls) == 2:
                raise StoreBusyError("The store is busy.")
            return write(transactions)

        with monkeypatch.context() as patch:
            patch.setattr(shop.store, "transact_each", busy_later)
            with pytest.raises(StoreBusyError):
                import_orders(shop, STAFF, file)
        assert import_orders(shop, STAFF, file).orders.unchanged == calls[0]
        assert everything(shop) == whole


@pytest.mark.usefixtures("small_batches")
def test_a_listener_can_end_an_import_between_two_steps(file: Path, shop: Shop) -> None:
    class EnoughError(Exception):
        pass

    def listen(progress: ImportProgress) -> None:
        if progress.counts.created:
            raise EnoughError

    with pytest.raises(EnoughError):
        import_orders(shop, STAFF, file, progress=listen)
    assert 0 < sum(row.key.pk.startswith("R#") for row in _rows(shop)) < ORDERS
