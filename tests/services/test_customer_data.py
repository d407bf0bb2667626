"""The export of one customer's data: everything of theirs, nothing of others, readable and harmless."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from backend.domain.addresses import Address, KnownAddress
from backend.domain.api_keys import Scope
from backend.domain.customers import ConsentMethod, ConsentProof
from backend.domain.suppression import SuppressionReason
from backend.errors import NotFoundError, PermissionDeniedError
from backend.services.api_keys.keys import create_key
from backend.services.context import Shop
from backend.services.customer_data.export import SECTIONS, customer_data, customer_data_file
from backend.services.customers.addresses import save_address
from backend.services.customers.customers import add_note, record_consent
from backend.services.draft_orders.drafts import create_draft, new_draft_key
from backend.services.sending.requests import SendRequest, request_message
from backend.services.suppression.entries import suppress
from backend.store import schema
from tests.mailing.processes import NoTransport
from tests.mailing.worker_script import mailer_on
from tests.services.test_repairing import audit_entries
from tests.support import ADMIN, STAFF, add_customer, add_order, draft

EVIL = "<script>alert(1)</script>"


def known_shop(shop: Shop) -> str:
    """Maria, of whom everything is known that can be."""
    maria = add_customer(shop, "Maria Lopez", "maria@example.com", tags=["tea"])
    save_address(shop, STAFF, maria.id, 0, KnownAddress("HOME01", Address(street="Calle Sol 1", city="Sevilla")))
    record_consent(
        shop, STAFF, maria.id, ConsentProof(True, shop.clock(), ConsentMethod.FORM, "Agreed at the checkout")
    )
    add_note(shop, STAFF, maria.id, f"Likes Assam {EVIL}")
    for amount in (1000, 2000):
        add_order(shop, maria, amount)
    create_draft(shop, STAFF, draft(maria, 3000), new_draft_key(shop))
    request_message(shop, mailer_on(shop, NoTransport()), STAFF, SendRequest("welcome", "welcome-1", maria.id))
    suppress(shop, STAFF, "maria@example.com", reason=SuppressionReason.UNSUBSCRIBED)
    return maria.id


def test_everything_of_the_customer_is_in_it_and_nothing_of_others(shop: Shop) -> None:
    maria = known_shop(shop)
    olga = add_customer(shop, "Olga Petrova", "olga@example.com")
    add_order(shop, olga, 99_999)
    data = customer_data(shop, STAFF, maria)
    said = json.dumps(data)
    assert all(data[section] for section in SECTIONS if section != "preferences")
    assert sorted(order["total"] for order in data["orders"]) == [1000, 2000]
    assert [(each["total"], each["state"]) for each in data["draft_orders"]] == [(3000, "open")]
    assert [email["template"] for email in data["emails"]] == ["welcome"]
    for part in ("Calle Sol 1", "Agreed at the checkout", "Likes Assam", "unsubscribed", "tea", "Assam tea"):
        assert part in said
    for part in ("Olga", "olga@example.com", "99999", "sam"):
        assert part not in said.replace("Assam", "").replace("sample", "")


def test_every_field_that_is_stored_of_a_customer_is_in_it(shop: Shop) -> None:
    """A kind of item that is added to a customer later has to be added here too."""
    maria = known_shop(shop)
    kinds = {
        row.key.sk[:2]
        for table in (schema.SHOP, schema.MAIL)
        for row in shop.store.scan(table).rows
        if row.key.pk == f"C#{maria}"
    }
    assert kinds <= {"A", "P", "V#", "O#", "D#", "E#", "M#"}


def test_the_zip_has_a_document_and_a_page_in_which_nothing_runs(shop: Shop) -> None:
    maria = known_shop(shop)
    with zipfile.ZipFile(io.BytesIO(customer_data_file(shop, STAFF, maria))) as archive:
        assert archive.namelist() == ["data.json", "data.html"]
        page = archive.read("data.html").decode()
        assert json.loads(archive.read("data.json")) == customer_data(shop, STAFF, maria)
    assert EVIL not in page
    assert "Calle Sol 1" in page
    assert "exported a customer's data" in [entry.action for entry in audit_entries(shop)]


def test_an_export_needs_the_right_to_see_all_of_it(shop: Shop) -> None:
    maria = known_shop(shop)
    key = create_key(shop, ADMIN, "Reader", [Scope.CUSTOMERS_READ]).key
    with pytest.raises(PermissionDeniedError, match="view orders"):
        customer_data(shop, key.actor, maria)
    with pytest.raises(NotFoundError):
        customer_data(shop, STAFF, "ZZZZZZZZZZ")
