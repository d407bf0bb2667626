"""Migrations: interrupted and run again they do all of it once, on every engine, beside others that write."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import count

import pytest

from backend.bootstrap import open_store
from backend.domain.orders import Order
from backend.errors import BackendError, ConflictError
from backend.observability.measures import Measures
from backend.observability.ring import Ring
from backend.observability.rounds import Rounds
from backend.services.context import Shop
from backend.services.migrations import run
from backend.services.migrations.registry import MIGRATIONS
from backend.services.migrations.run import Stage, Standing
from backend.services.orders.fulfilments import Tracking, change_tracking, fulfil_order
from backend.services.orders.lists import find_order
from backend.services.system import heartbeats
from backend.store import schema
from backend.store.port import Delete, Store, Write
from backend.store.sql import SqlStore
from tests.services.test_repairing import audit_entries
from tests.support import ADMIN, STAFF, TestClock, add_customer, add_order, opened_shop, ref, shop_on

_numbers = count(1)
PAGE = 4
"""So small that a dozen orders need many pages."""


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("dynamodb-ministack", marks=pytest.mark.ministack),
    ]
)
def engine_shop(request: pytest.FixtureRequest, clock: TestClock) -> Iterator[Shop]:
    """An empty shop on the engine."""
    number = next(_numbers)
    store: Store
    if request.param == "sqlite":
        store = SqlStore("sqlite://")
    elif request.param == "postgres":
        store = SqlStore(request.getfixturevalue("postgres_url"), prefix=f"m{number}_")
    else:
        address = request.getfixturevalue("ministack_address")
        store = open_store(f"dynamodb://m{os.getpid()}-{number}?endpoint={address}")
    store.create_tables()
    try:
        yield shop_on(store, clock=clock)
    finally:
        store.close()


class Killed(BaseException):
    """What ends a process in the middle: nobody catches it, and nothing is tidied up."""


def number_of(order: Order) -> str:
    return order.fulfilments[0].tracking_number


def from_before(shop: Shop, orders: int = 12) -> list[Order]:
    """Orders with parcels, as they were before their tracking numbers led to them."""
    customer = add_customer(shop)
    made = [add_order(shop, customer, 1000) for _ in range(orders)]
    sent = [
        fulfil_order(shop, STAFF, ref(each), (1,), Tracking("DHL", f"0034{place:04}"), "P1")
        for place, each in enumerate(made)
    ]
    for each in sent:
        shop.store.delete(Delete(schema.tracking_key(number_of(each))))
    return sent


def found(shop: Shop, orders: list[Order]) -> int:
    return sum(find_order(shop, number_of(each)) == each for each in orders)


def migrated(shop: Shop) -> Standing:
    (standing,) = run.migrate(shop, ADMIN, lambda _: None, page=PAGE)
    return standing


def killed_after(shop: Shop, batches: int, patch: pytest.MonkeyPatch) -> None:
    """Migrates until the process dies in the middle of a page: it has written its changes, and not how far it is."""
    real, done = shop.store.transact_each, count(1)

    def dying(transactions: Sequence[Sequence[Write]]) -> list[BackendError | None]:
        result = real(transactions)
        if transactions and next(done) == batches:
            raise Killed
        return result

    with patch.context() as patched:
        patched.setattr(shop.store, "transact_each", dying)
        with pytest.raises(Killed):
            migrated(shop)


def stage(shop: Shop) -> Stage:
    (standing,) = run.standings(shop, ADMIN)
    return standing.stage


def test_a_killed_migration_goes_on_where_it_stopped_and_does_all_of_it_once(
    engine_shop: Shop, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = engine_shop
    orders = from_before(shop)
    before = run.preview(shop, ADMIN, lambda _: None, page=PAGE)
    assert ([each.changed for each in before], found(shop, orders), stage(shop)) == ([12], 0, Stage.PENDING)
    killed_after(shop, 2, monkeypatch)
    assert stage(shop) is Stage.RUNNING  # nobody knows yet that it is dead
    with pytest.raises(ConflictError, match="Another process is migrating"):
        migrated(shop)
    half = found(shop, orders)
    assert 0 < half < 12
    clock.forward(minutes=3)
    assert stage(shop) is Stage.INTERRUPTED
    steps: list[int] = []
    (done,) = run.migrate(shop, ADMIN, lambda at: steps.append(at.looked), page=PAGE)
    assert steps[0] > PAGE  # it does not begin again
    assert (done.stage, found(shop, orders)) == (Stage.DONE, 12)
    assert run.migrate(shop, ADMIN, lambda _: None) == run.preview(shop, ADMIN, lambda _: None) == []
    assert [entry.action for entry in audit_entries(shop) if entry.action == "finished a migration"] == [
        "finished a migration"
    ]


def test_an_order_that_changes_meanwhile_is_read_again(clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened_shop(clock=clock) as shop:
        (order,) = from_before(shop, 1)
        real = shop.store.transact_each

        def late(transactions: Sequence[Sequence[Write]]) -> list[BackendError | None]:
            monkeypatch.undo()
            change_tracking(shop, STAFF, ref(order), "P1", Tracking("DHL", "99990000X"))
            return real(transactions)

        monkeypatch.setattr(shop.store, "transact_each", late)
        assert migrated(shop).stage is Stage.DONE
        assert find_order(shop, number_of(order)) is None
        assert find_order(shop, "99990000X") is not None


def test_it_is_not_done_while_processes_of_another_version_run(
    clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened_shop(clock=clock) as shop:
        orders = from_before(shop, 2)
        monkeypatch.setattr(run, "version", lambda: "2.0.0")
        old = heartbeats.BeatingProcess("worker", "1.0.0", clock(), Measures(), Rounds(), Ring())
        heartbeats.beat(shop, old)
        assert migrated(shop).stage is stage(shop) is Stage.PENDING
        assert (found(shop, orders), run.others_running(shop)) == (2, ["1.0.0"])
        heartbeats.end(shop, old)
        clock.forward(seconds=1)
        assert migrated(shop).stage is stage(shop) is Stage.DONE


def test_names_of_migrations_are_unique_and_no_process_holds_one_for_long() -> None:
    assert len({each.name for each in MIGRATIONS}) == len(MIGRATIONS)
    assert timedelta(0) < run.LEASES.length < timedelta(minutes=10)
