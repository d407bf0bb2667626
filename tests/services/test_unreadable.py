"""One item that cannot be read costs itself: the rest of its list is there, and the item is noted until repaired."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from backend.domain.team import COMMAND_LINE, Actor
from backend.domain.time import to_text
from backend.errors import (
    ConditionFailedError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from backend.services.audit.log import AuditFilter, list_entries
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.customers.lists import CustomerFilter, Sort, list_customers
from backend.services.events.dead_letters import add_dead_letter, list_dead_letters
from backend.services.exports import export_customers
from backend.services.reconcile.run import reconcile
from backend.services.system.unreadable_items import (
    delete_unreadable,
    retry_unreadable,
    rewrite_unreadable,
    stored_form,
)
from backend.services.unreadable.items import unreadable_records
from backend.store import schema
from backend.store.port import AsStored, Key, Put, Query
from tests.recount import everything
from tests.support import ADMIN, ENGINEER, MANAGER, STAFF, TestClock, add_customer

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
    assert stored_form(shared_shop, COMMAND_LINE, record.id).text == "{not JSON"
    retry_unreadable(shared_shop, ADMIN, record.id)
    assert unreadable_records(shared_shop) == []
    clock.forward(minutes=2)
    list_customers(shared_shop, CustomerFilter(sort=Sort.NEWEST))
    assert [each.key for each in unreadable_records(shared_shop)] == [key]
    delete_unreadable(shared_shop, ADMIN, record.id)
    assert shared_shop.store.get(key) is None
    with pytest.raises(NotFoundError):
        customers.get_customer(shared_shop, customer.id)
    assert unreadable_records(shared_shop) == []
    assert audit_entries(shared_shop) == [
        "deleted a record that could not be read",
        "looked at a record that could not be read",
    ]


def noted(shop: Shop, path: Path, how: str) -> tuple[str, str]:
    """A customer whose record is damaged, and the id of the note."""
    customer = add_customer(shop, "Ann Ash")
    damage(path, schema.customer_key(customer.id), "created_at", how)
    list_customers(shop, CustomerFilter(sort=Sort.NEWEST))
    [record] = unreadable_records(shop)
    return customer.id, record.id


def audit_entries(shop: Shop) -> list[str]:
    found = list_entries(shop, COMMAND_LINE, AuditFilter(f"{shop.clock():%Y-%m}")).entries
    return sorted(each.action for each in found if "could not be read" in each.action)


@pytest.mark.parametrize("how", DAMAGES)
def test_a_record_is_written_again_as_it_was_shown_and_repaired(shared_shop: Shop, tmp_path: Path, how: str) -> None:
    before = add_customer(shared_shop, "Bea Birch")
    whole = shared_shop.store.get(schema.customer_key(before.id))
    customer_id, record = noted(shared_shop, tmp_path / "tillpost.db", how)
    shown = stored_form(shared_shop, ADMIN, record)
    repaired = json.loads(shown.text) if how != "not JSON" else dict(whole or {})
    repaired |= {"created_at": to_text(shared_shop.clock()), "name": "Ann Ash"}
    rewrite_unreadable(shared_shop, ADMIN, record, json.dumps(repaired), seen=shown.seen)
    assert customers.get_customer(shared_shop, customer_id).name == "Ann Ash"
    assert unreadable_records(shared_shop) == []
    assert "rewrote a record that could not be read" in audit_entries(shared_shop)


@pytest.mark.parametrize(
    "text", ["{", "[]", "7", '{"name": 1.5}', '{"name": {"$bytes": "?"}}', '{"created_at": "yesterday"}', "[" * 99_999]
)
def test_what_could_not_be_read_either_is_not_stored(shared_shop: Shop, tmp_path: Path, text: str) -> None:
    customer_id, record = noted(shared_shop, tmp_path / "tillpost.db", "wrong type")
    before = shared_shop.store.get(schema.customer_key(customer_id))
    with pytest.raises(InvalidInputError):
        rewrite_unreadable(shared_shop, ADMIN, record, text)
    assert shared_shop.store.get(schema.customer_key(customer_id)) == before
    assert len(unreadable_records(shared_shop)) == 1


@pytest.mark.parametrize("how", ["wrong type", "not JSON"])
def test_a_record_that_somebody_has_changed_since_it_was_seen_is_not_overwritten(
    shared_shop: Shop, tmp_path: Path, how: str
) -> None:
    whole = shared_shop.store.get(schema.customer_key(add_customer(shared_shop, "Bea Birch").id))
    customer_id, record = noted(shared_shop, tmp_path / "tillpost.db", how)
    seen = stored_form(shared_shop, ADMIN, record).seen
    shared_shop.store.put(Put(schema.customer_key(customer_id), {**(whole or {}), "name": "Repaired by another"}))
    with pytest.raises(ConflictError):
        rewrite_unreadable(shared_shop, ADMIN, record, json.dumps(whole), seen=seen)
    assert customers.get_customer(shared_shop, customer_id).name == "Repaired by another"


def test_text_that_is_not_json_is_overwritten_only_as_it_was_found(shared_shop: Shop, tmp_path: Path) -> None:
    customer_id, _ = noted(shared_shop, tmp_path / "tillpost.db", "not JSON")
    key = schema.customer_key(customer_id)
    with pytest.raises(ConditionFailedError):
        shared_shop.store.put(Put(key, {"a": 1}, AsStored("{other")))
    shared_shop.store.put(Put(key, {"a": 1}, AsStored("{not JSON")))
    assert shared_shop.store.get(key) == {"a": 1}


@pytest.mark.parametrize("actor", [MANAGER, STAFF, ENGINEER])
def test_only_admins_see_and_change_what_is_stored(shared_shop: Shop, tmp_path: Path, actor: Actor) -> None:
    _, record = noted(shared_shop, tmp_path / "tillpost.db", "wrong type")
    for action in (stored_form, retry_unreadable, delete_unreadable):
        with pytest.raises(PermissionDeniedError):
            action(shared_shop, actor, record)
    with pytest.raises(PermissionDeniedError):
        rewrite_unreadable(shared_shop, actor, record, "{}")


def test_bytes_are_shown_and_written_in_base_64(shared_shop: Shop) -> None:
    add_dead_letter(shared_shop, b"{1", "This is not JSON.", "sqs")
    [row] = shared_shop.store.query(Query(schema.MAIL, "DEADLETTERS")).rows
    shared_shop.store.put(Put(row.key, {**row.item, "tries": "many"}))
    list_dead_letters(shared_shop, COMMAND_LINE)
    [record] = unreadable_records(shared_shop)
    repaired = json.loads(stored_form(shared_shop, ADMIN, record.id).text) | {"tries": 1}
    rewrite_unreadable(shared_shop, ADMIN, record.id, json.dumps(repaired))
    assert shared_shop.store.get(row.key) == row.item


def test_what_leads_to_a_deleted_record_is_taken_away_by_reconcile(shared_shop: Shop, tmp_path: Path) -> None:
    _, record = noted(shared_shop, tmp_path / "tillpost.db", "not JSON")
    assert list_customers(shared_shop, CustomerFilter(search="ash")).customers == []
    delete_unreadable(shared_shop, ADMIN, record)
    reconcile(shared_shop, fix=True, pause=lambda _: None)
    rows = [row.key for row in everything(shared_shop, schema.SHOP) if row.key.pk[:2] in ("S#", "E#", "T#", "N#")]
    assert rows == []
