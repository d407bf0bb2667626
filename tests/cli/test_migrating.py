"""`migrate` counts, does, and says how far it is."""

from __future__ import annotations

from backend.domain.time import utc_now
from backend.store import schema
from backend.store.port import Delete
from tests.cli.conftest import Run
from tests.services.test_migrations import from_before, number_of
from tests.support import opened_shop


def test_a_store_from_before_is_counted_and_brought_up_to_date_once(run: Run, store_url: str) -> None:
    with opened_shop(store_url, clock=utc_now) as shop:
        orders = from_before(shop, 2)
    assert [each["changed"] for each in run("migrate", "--dry-run", "--json").json] == [2]
    assert "pending" in run("migrate", "status").out
    assert [(each["stage"], each["changed"]) for each in run("migrate", "--json").json] == [("done", 2)]
    assert "Nothing is left to do." in run("migrate").out
    with opened_shop(store_url, clock=utc_now) as shop:
        shop.store.delete(Delete(schema.tracking_key(number_of(orders[0]))))
    assert [each["stage"] for each in run("migrate", "status", "--json").json] == ["done"]
