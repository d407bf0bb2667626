"""One item that cannot be read costs itself: the rest of its list is there, and the item is noted until repaired."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from backend.domain.team import COMMAND_LINE
from backend.errors import NotFoundError
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.customers.lists import CustomerFilter, Sort, list_customers
from backend.services.exports import export_customers
from backend.services.unreadable.items import unreadable_records
from backend.services.unreadable.repair import delete_unreadable, retry_unreadable, stored_form
from backend.store import schema
from backend.store.port import Key
from tests.support import ENGINEER, MANAGER, TestClock, add_customer

DAMAGES = ("not a date", "wrong type", "not JSON")


def damage(path: Path, key: Key, field: str, how: str) -> None:
    engine = sa.create_engine(f"sqlite:///{path}")
    table = sa.Table(key.table, sa.MetaData(), autoload_with=engine)
    mine = (table.c.pk == key.pk) & (table.c.sk == key.sk)
    with engine.begin() as connection:
        item: dict[str, Any] = json.loads(connection.execute(sa.select(table.c.doc).where(mine)).scalar_one())
        item[field] = "nonsense" if how == "not a date" else ["nonsense"]
        doc = "{not JSON" if how == "not JSON" else json.dumps(item)
        connection.execute(sa.update(table).where(mine).values(doc=doc))
    engine.dispose()


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_customer_costs_the_list_and_the_export_one_row(shared_shop: Shop, tmp_path: Path, how: str) -> None:
    ids = [add_customer(shared_shop, name).id for name in ("Ann Ash", "Bea Birch", "Cleo Cedar")]
    key = schema.customer_key(ids[1])
    damage(tmp_path / "tillpost.db", key, "created_at", how)
    listed = list_customers(shared_shop, CustomerFilter(sort=Sort.NEWEST))
    assert {each.id for each in listed.customers} == {ids[0], ids[2]}
    assert export_customers(shared_shop, MANAGER, tmp_path / "customers.csv", "csv") == 2
    assert [record.key for record in unreadable_records(shared_shop)] == [key]


def test_a_note_is_listed_tried_again_and_deleted_with_its_record(
    shared_shop: Shop, tmp_path: Path, clock: TestClock
) -> None:
    customer = add_customer(shared_shop)
    key = schema.customer_key(customer.id)
    damage(tmp_path / "tillpost.db", key, "created_at", "not JSON")
    list_customers(shared_shop, CustomerFilter(sort=Sort.NEWEST))
    [record] = unreadable_records(shared_shop)
    assert record.reason == "it is not JSON"
    assert stored_form(shared_shop, COMMAND_LINE, record.id) == "{not JSON"
    retry_unreadable(shared_shop, ENGINEER, record.id)
    assert unreadable_records(shared_shop) == []
    clock.forward(minutes=2)
    list_customers(shared_shop, CustomerFilter(sort=Sort.NEWEST))
    assert [each.key for each in unreadable_records(shared_shop)] == [key]
    delete_unreadable(shared_shop, ENGINEER, record.id)
    assert shared_shop.store.get(key) is None
    with pytest.raises(NotFoundError):
        customers.get_customer(shared_shop, customer.id)
    assert unreadable_records(shared_shop) == []
