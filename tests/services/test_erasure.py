"""Erasing a customer: nothing personal is left anywhere, every total stays, and a restored backup is erased again."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from backend.bootstrap import open_store
from backend.domain.addresses import Address, KnownAddress
from backend.domain.connections import Delivery, DeliveryState
from backend.domain.customers import ConsentMethod, ConsentProof, Customer
from backend.domain.erasure import ERASED_NAME, ErasureStep
from backend.domain.messages import MessageStatus
from backend.domain.orders import OrderStatus
from backend.domain.outgoing import EventKind
from backend.errors import ConflictError, PermissionDeniedError
from backend.records.connections import delivery_items
from backend.records.events import dead_letter_item
from backend.services.backup.backup import make_backup
from backend.services.backup.restore import restore_backup
from backend.services.context import Shop
from backend.services.customer_data import erasing
from backend.services.customer_data.erasure import (
    ErasureRefusedError,
    erase_customer,
    find_erasure,
    ledger,
    preview_erasure,
)
from backend.services.customers.addresses import save_address
from backend.services.customers.customers import add_note, get_customer, record_consent
from backend.services.orders import orders
from backend.services.outgoing import endpoints
from backend.services.sending import ledger as messages
from backend.services.suppression.entries import find_suppression, list_suppressions, suppress, unsuppress
from backend.store import schema
from backend.store.port import Put, Store, UnreadableItem
from backend.store.sql import SqlStore
from tests.connections.door import KEY
from tests.recount import assert_totals_hold
from tests.services.test_ledger import a_message, claimed
from tests.support import ENGINEER, MANAGER, NOW, STAFF, TestClock, add_customer, add_order, draft, ref, shop_on

_numbers = count(1)
PERSONAL = (
    *("maria", "lopez", "calle sol", "sevilla-ost", "34911234567", "likes assam", "asked at the fair", "4930999"),
    "192.0.2.77",
)


def a_store(engine: str, request: pytest.FixtureRequest) -> Store:
    name = f"er{os.getpid()}_{next(_numbers)}_"
    if engine == "sqlite":
        return SqlStore(f"sqlite:///{request.getfixturevalue('tmp_path')}/{name}.db")
    if engine == "postgres":
        return SqlStore(request.getfixturevalue("postgres_url"), prefix=name)
    return open_store(f"dynamodb://{name}?endpoint={request.getfixturevalue('ministack_address')}")


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("dynamodb", marks=pytest.mark.ministack),
    ]
)
def each_shop(request: pytest.FixtureRequest, clock: TestClock, tmp_path: Path) -> Iterator[Shop]:
    store = a_store(request.param, request)
    store.create_tables()
    try:
        yield shop_on(store, clock=clock, data_dir=tmp_path)
    finally:
        store.close()


def people(shop: Shop) -> tuple[Customer, Customer]:
    """Maria, whose traces are wherever a customer's can be, and Olga, who stays."""
    endpoints.add_endpoint(shop, ENGINEER, KEY, "https://hooks.example.com/", list(EventKind))
    olga = add_customer(shop, "Olga Petrova", "olga@example.com", country="DE")
    add_order(shop, olga, 700)
    maria = add_customer(
        shop, "Maria Lopez", "Maria.Lopez@example.com", country="ES", city="Sevilla-Ost", phone="+34911234567",
        tags=["tea"],
    )  # fmt: skip
    home = Address(name="Maria Lopez", street="Calle Sol 1", city="Sevilla-Ost", country="ES", phone="+4930999")
    save_address(shop, STAFF, maria.id, 0, KnownAddress("HOME01", home), default=True)
    asked = ConsentProof(True, shop.clock(), ConsentMethod.FORM, "Maria asked at the fair", "fair", "192.0.2.77")
    record_consent(shop, STAFF, maria.id, asked)
    add_note(shop, STAFF, maria.id, "Maria likes Assam")
    for amount in (1000, 2500):
        placed = orders.place_order(
            shop, STAFF, draft(maria, amount, note="For Maria"), orders.new_idempotency_key(shop)
        ).order
        orders.change_status(shop, STAFF, ref(placed), OrderStatus.FULFILLED)
    suppress(shop, STAFF, "maria.lopez@example.com", note="Maria called")
    unsuppress(shop, STAFF, "maria.lopez@example.com", why="Maria called again")
    message = replace(
        a_message("welcome-1"), recipient=maria.id, customer_id=maria.id, to="Maria.Lopez@example.com",
        name="Maria Lopez", data=b'{"name": "Maria"}',
    )  # fmt: skip
    erasable = [
        Put(schema.identity_key("phone#+34911234567"), {"customer": maria.id}),
        Put(*dead_letter_item(b'{"to": "MARIA.lopez@example.com"}', "odd", "sns", NOW)),
        Put(schema.idempotency_key("key", "ab"), {"body": zlib.compress(b'{"email": "maria.lopez@example.com"}')}),
    ]
    delivery = Delivery(
        "SHOP", "d1", "orders/create", NOW, DeliveryState.FAILED, b'{"email": "maria.lopez@example.com"}'
    )
    erasable += [Put(key, item) for key, item in delivery_items(delivery, NOW)]
    other = replace(delivery, id="d2", body=b'{"email": "olga@example.com"}')
    erasable += [Put(key, item) for key, item in delivery_items(other, NOW)]
    for put in erasable:
        shop.store.put(put)
    (shop.data_dir / "uploads").mkdir()
    (shop.data_dir / "uploads" / "one.csv").write_text("Email\nmaria.lopez@example.com\n")
    (shop.data_dir / "uploads" / "two.csv").write_text("Email\nolga@example.com\n")
    mine = claimed(shop, messages.request(shop, message).message)
    messages.record(shop, [replace(mine, status=MessageStatus.SENT, sent_at=NOW, provider_id="p1")])
    return get_customer(shop, maria.id), olga


def stored(shop: Shop) -> str:
    """All that is in the store and in its folder, as one text in lower case."""
    found = []
    for table in (schema.SHOP, schema.MAIL):
        cursor: str | None = None
        while True:
            page = shop.store.scan(table, cursor=cursor)
            for key, item in page.rows:
                assert not isinstance(item, UnreadableItem)
                found.append(repr(key) + json.dumps(item, default=_opened))
            cursor = page.cursor
            if cursor is None:
                break
    found += [file.read_text() for file in (shop.data_dir / "uploads").iterdir()]
    return "\n".join(found).casefold()


def _opened(value: object) -> str:
    assert isinstance(value, bytes)
    try:
        return zlib.decompress(value).decode()
    except zlib.error:
        return value.decode(errors="replace")


def erase(shop: Shop, customer: Customer) -> None:
    erase_customer(shop, MANAGER, customer.id)
    while erasing.work_on_erasures(shop):
        pass


def test_nothing_personal_is_left_and_every_total_stays(each_shop: Shop) -> None:
    maria, olga = people(each_shop)
    before = stored(each_shop)
    assert all(value in before for value in PERSONAL)
    erase(each_shop, maria)
    after = stored(each_shop)
    assert [value for value in PERSONAL if value in after] == []
    assert "olga@example.com" in after
    assert_totals_hold(each_shop)
    erased = get_customer(each_shop, maria.id)
    assert (erased.name, erased.orders, erased.revenue) == (ERASED_NAME, 2, 3500)
    assert get_customer(each_shop, olga.id).name == "Olga Petrova"
    assert find_suppression(each_shop, "maria.lopez@EXAMPLE.com") is not None
    assert [entry.step for entry in ledger(each_shop)] == [ErasureStep.DONE]


def test_the_preview_counts_what_goes_and_says_what_is_in_the_way(shop: Shop) -> None:
    maria, _ = people(shop)
    preview = preview_erasure(shop, MANAGER, maria.id)
    assert (preview.orders, preview.messages, preview.addresses, preview.reasons) == (2, 1, 1, ())
    add_order(shop, maria)
    assert "neither fulfilled nor cancelled" in preview_erasure(shop, MANAGER, maria.id).reasons[0]
    with pytest.raises(ErasureRefusedError):
        erase_customer(shop, MANAGER, maria.id)
    assert get_customer(shop, maria.id).email
    with pytest.raises(PermissionDeniedError):
        erase_customer(shop, STAFF, maria.id)


def test_nothing_is_added_to_an_erased_customer_and_a_second_erasure_changes_nothing(shop: Shop) -> None:
    maria, _ = people(shop)
    erase(shop, maria)
    first = find_erasure(shop, maria.id)
    assert erase_customer(shop, MANAGER, maria.id) == first
    for refused in (
        lambda: add_note(shop, STAFF, maria.id, "Again"),
        lambda: save_address(
            shop, STAFF, maria.id, 0, KnownAddress("X", Address(street="Calle Sol 1", city="Sevilla"))
        ),
        lambda: add_order(shop, maria),
    ):
        with pytest.raises(ConflictError):
            refused()
    record_consent(shop, STAFF, maria.id, ConsentProof(True, shop.clock(), ConsentMethod.FORM, "Again"))
    assert get_customer(shop, maria.id).consent is None
    back = add_customer(shop, "Maria Lopez", "maria.lopez@example.com")
    assert back.id != maria.id
    page = list_suppressions(shop, STAFF)
    assert [entry.is_erased for entry in page.entries] == [True]


def test_an_erasure_that_ends_anywhere_is_finished_by_another_worker(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    maria, _ = people(shop)
    monkeypatch.setattr(erasing, "PAGE", 2)
    erase_customer(shop, MANAGER, maria.id)
    real = erasing._write
    calls = count(1)

    def failing(here: Shop, transactions: Callable[[], object]) -> None:
        real(here, transactions)  # type: ignore[arg-type]  # passed on
        if next(calls) % 3 == 0:
            raise ZeroDivisionError  # the process ends after the page, before the cursor is kept

    monkeypatch.setattr(erasing, "_write", failing)
    for _ in range(60):
        try:
            if not erasing.work_on_erasures(shop):
                break
        except ZeroDivisionError:
            continue
    assert [value for value in PERSONAL if value in stored(shop)] == []
    assert_totals_hold(shop)


def test_a_backup_from_before_is_erased_again_when_it_is_restored(shop: Shop, tmp_path: Path) -> None:
    maria, _ = people(shop)
    backup = make_backup(shop, tmp_path / "backups")
    erase(shop, maria)
    (tmp_path / "other" / "uploads").mkdir(parents=True)
    (tmp_path / "other" / "erasures.jsonl").write_bytes((tmp_path / "erasures.jsonl").read_bytes())
    target = replace(shop, store=open_store(f"sqlite:///{tmp_path}/restored.db"), data_dir=tmp_path / "other")
    try:
        assert restore_backup(target, backup).erased == 1
        assert [value for value in PERSONAL if value in stored(target)] == []
        assert_totals_hold(target)
    finally:
        target.store.close()
