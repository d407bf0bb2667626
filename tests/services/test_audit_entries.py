"""Which actions are in the audit log: each together with what it changed, and none that was refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from backend.domain.orders import OrderStatus
from backend.domain.team import Role
from backend.errors import BackendError
from backend.services import shop_settings
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.orders import orders
from backend.services.orders.parts import new_part_id
from backend.services.team import members
from backend.services.templates import versions
from tests.services.emails import edited, published
from tests.services.signing import OTHER_PASSWORD, PASSWORD, quick_hashes
from tests.services.test_repairing import audit_entries
from tests.support import ADMIN, MANAGER, STAFF, add_customer, add_order, ref

pytestmark = pytest.mark.usefixtures("quick_hashes")
__all__ = ["quick_hashes"]


def told(shop: Shop) -> list[tuple[str, str, str, str]]:
    """Who did what to what, with the detail, sorted by what: the clock of these tests stands still."""
    found = [(entry.actor, entry.action, entry.target, entry.detail) for entry in audit_entries(shop)]
    return sorted(found, key=lambda each: each[1])


def test_orders_cancelled_and_refunded_are_reported_and_placing_and_paying_are_not(shop: Shop) -> None:
    order = add_order(shop, add_customer(shop), 1000, status=OrderStatus.PENDING)
    paid = orders.change_status(shop, STAFF, ref(order), OrderStatus.PAID)
    assert told(shop) == []
    refund_id = new_part_id()
    refunded = orders.refund_order(shop, MANAGER, ref(paid), 250, "Broken", refund_id)
    orders.refund_order(shop, MANAGER, ref(paid), 250, "Broken", refund_id)  # the second click of a pair
    orders.change_status(shop, STAFF, ref(refunded), OrderStatus.CANCELLED)
    target = f"order:{order.customer_id}-{order.id}"
    assert told(shop) == [
        ("sam", "cancelled an order", target, ""),
        ("mara", "refunded an order", target, "$2.50"),
    ]


def test_customers_archived_and_restored_are_reported_once(shop: Shop) -> None:
    customer = add_customer(shop)
    archived = customers.archive_customer(shop, STAFF, customer.id, 1)
    customers.archive_customer(shop, STAFF, customer.id, archived.version)
    customers.restore_customer(shop, STAFF, customer.id, archived.version)
    assert [(action, target) for _, action, target, _ in told(shop)] == [
        ("archived a customer", f"customer:{customer.id}"),
        ("restored a customer", f"customer:{customer.id}"),
    ]


def test_templates_published_and_restored_are_reported_with_version_and_note(shop: Shop) -> None:
    published(shop, "order-confirmation", subject="Thank you", note="Shorter")
    versions.restore(shop, STAFF, "order-confirmation", 0, seen_number=1)
    edited(shop, "order-confirmation", subject="Only a draft")
    assert told(shop) == [
        ("sam", "published a template", "template:order-confirmation", "Version 1. Shorter"),
        ("sam", "restored a version of a template", "template:order-confirmation", "Version 2. Restored version 0"),
    ]


def test_settings_that_changed_are_named_without_their_values(shop: Shop) -> None:
    before = shop_settings.get_shop_facts(shop)
    changed = replace(before, name="Tea & Co", reply_to="help@example.com")
    shop_settings.save_shop_facts(shop, ADMIN, changed)
    assert told(shop) == [("ada", "changed the shop's settings", "shop:settings", "name, reply to")]


def test_what_happens_to_members_is_reported_without_addresses_and_passwords(shop: Shop) -> None:
    members.add_member(shop, ADMIN, username="ada", name="Ada", email="ada@example.com", role=Role.ADMIN)
    members.add_member(shop, ADMIN, username="olga", name="Olga", email="olga@example.com", role=Role.STAFF)
    members.change_role(shop, ADMIN, "olga", Role.MANAGER)
    members.set_password(shop, ADMIN, "olga", PASSWORD)
    members.change_email(shop, ADMIN, "olga", "olga.p@example.com")
    members.disable(shop, ADMIN, "olga")
    members.enable(shop, ADMIN, "olga")
    members.rename(shop, ADMIN, "olga", "Olga Petrova")
    members.remove(shop, ADMIN, "olga")
    found = [(action, detail) for _, action, target, detail in told(shop) if target == "member:olga"]
    assert found == [
        ("added a member", "staff"),
        ("changed a member's address", ""),
        ("changed a member's role", "manager"),
        ("ended a member's access", ""),
        ("let a member sign in again", ""),
        ("removed a member", ""),
        ("renamed a member", ""),
        ("set a password", ""),
    ]
    assert not any(secret in repr(told(shop)) for secret in ("@", PASSWORD))


REFUSED: list[Callable[[Shop], object]] = [
    lambda shop: members.set_password(shop, STAFF, "olga", OTHER_PASSWORD),
    lambda shop: members.disable(shop, ADMIN, "ada"),
    lambda shop: versions.publish(shop, STAFF, "welcome", seen_revision=0, seen_number=0, note=""),
    lambda shop: shop_settings.save_shop_facts(shop, ADMIN, replace(shop_settings.get_shop_facts(shop), version=7)),
    lambda shop: orders.refund_order(
        shop, MANAGER, ref(add_order(shop, add_customer(shop), 100)), 101, "", new_part_id()
    ),
    lambda shop: customers.archive_customer(shop, MANAGER, add_customer(shop).id, 7),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_was_refused_is_not_told(shop: Shop, number: int) -> None:
    for username, role in (("ada", Role.ADMIN), ("olga", Role.STAFF)):
        members.add_member(shop, ADMIN, username=username, name=username, email=f"{username}@example.com", role=role)
    before = told(shop)
    with pytest.raises(BackendError):
        REFUSED[number](shop)
    assert told(shop) == before
