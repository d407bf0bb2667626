"""Actions on many customers and orders: what changes, what is refused and why, and one audit entry for all."""

from __future__ import annotations

import io

import pytest

from backend.domain.customers import MOST_TAGS
from backend.domain.orders import OrderStatus
from backend.errors import InvalidInputError, PermissionDeniedError
from backend.services import exports
from backend.services.audit import log as audit_log
from backend.services.audit.log import AuditFilter
from backend.services.bulk import MOST, Refused
from backend.services.context import Shop
from backend.services.customers import bulk as customers
from backend.services.customers.customers import activity_of, get_customer
from backend.services.customers.lists import CustomerFilter, Sort, list_customers
from backend.services.exports import Format
from backend.services.orders import bulk as orders
from backend.services.orders.changes import get_order
from backend.services.orders.orders import change_status
from tests.support import ENGINEER, MANAGER, STAFF, add_customer, add_order, ref


def noted(shop: Shop) -> list[tuple[str, str, str]]:
    """The audit log, newest first."""
    page = audit_log.list_entries(shop, MANAGER, AuditFilter(f"{shop.clock():%Y-%m}"))
    return [(entry.action, entry.target, entry.detail) for entry in page.entries]


def test_a_tag_is_added_to_each_that_lacks_it_with_one_audit_entry(shop: Shop) -> None:
    maria, jonas = add_customer(shop, "Maria", ""), add_customer(shop, "Jonas", "", tags=("vip",))
    full = add_customer(shop, "Ful Ltags", "", tags=tuple(f"t{n}" for n in range(MOST_TAGS)))
    result = customers.add_tag(shop, STAFF, [maria.id, jonas.id, full.id, "GONE"], " VIP ")
    assert (result.changed, result.unchanged) == ((maria.id,), 1)
    assert result.refused == (Refused("Ful Ltags", f"A customer can have {MOST_TAGS} tags at most."),)
    assert get_customer(shop, maria.id).tags == ("vip",)
    assert "tags" in [each.text for each in activity_of(shop, maria.id)]
    assert noted(shop) == [("added a tag", "tag:vip", "1 changed, 1 refused")]
    assert list_customers(shop, CustomerFilter(tag="vip", sort=Sort.NEWEST)).customers[0].id in (maria.id, jonas.id)


def test_what_was_changed_is_changed_back_by_its_ids(shop: Shop) -> None:
    people = [add_customer(shop, name, "") for name in ("Maria", "Jonas")]
    ids = [person.id for person in people]
    customers.add_tag(shop, STAFF, ids, "vip")
    assert customers.remove_tag(shop, STAFF, ids, "vip").changed == tuple(ids)
    assert get_customer(shop, ids[0]).tags == ()
    archived = customers.archive(shop, STAFF, ids)
    assert get_customer(shop, ids[1]).archived
    assert customers.archive(shop, STAFF, ids).unchanged == 2
    customers.restore(shop, STAFF, archived.changed)
    assert not get_customer(shop, ids[1]).archived
    actions = ["added a tag", "archived customers", "removed a tag", "restored customers"]
    assert sorted(action for action, _, _ in noted(shop)) == actions


def test_orders_are_fulfilled_and_those_that_cannot_be_are_reported(shop: Shop) -> None:
    maria = add_customer(shop)
    paid, gone = add_order(shop, maria), add_order(shop, maria)
    done = add_order(shop, maria, status=OrderStatus.FULFILLED)
    change_status(shop, STAFF, ref(gone), OrderStatus.CANCELLED)
    chosen = [(maria.id, order.id) for order in (paid, gone, done)]
    result = orders.mark_fulfilled(shop, STAFF, chosen, notify=False)
    assert (result.changed, result.unchanged) == ((paid.id,), 1)
    assert [each.name for each in result.refused] == [gone.number]
    assert "cannot become fulfilled" in result.refused[0].why
    assert get_order(shop, maria.id, paid.id).status is OrderStatus.FULFILLED
    assert "without email" in get_order(shop, maria.id, paid.id).history[-1].text
    assert ("marked orders as fulfilled", "orders", "1 changed, 1 refused") in noted(shop)


def test_who_may_not_edit_changes_nothing(shop: Shop) -> None:
    maria = add_customer(shop)
    order = add_order(shop, maria)
    with pytest.raises(PermissionDeniedError):
        customers.add_tag(shop, ENGINEER, [maria.id], "vip")
    with pytest.raises(PermissionDeniedError):
        orders.mark_fulfilled(shop, ENGINEER, [(maria.id, order.id)], notify=True)
    assert get_customer(shop, maria.id).tags == ()
    assert noted(shop) == []


def test_more_than_a_page_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.services.bulk.MOST", 1)
    ids = [add_customer(shop, name, "").id for name in ("Maria", "Jonas")]
    with pytest.raises(InvalidInputError, match="Choose 1 at most"):
        customers.archive(shop, STAFF, ids)
    assert MOST == 100


@pytest.mark.parametrize("sort", list(Sort))
def test_a_file_has_what_the_list_has_in_its_order(shop: Shop, sort: Sort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.services.exports.customers._AT_ONCE", 2)
    for number, name in enumerate(("Maria", "Jonas", "Ana", "Ulla", "Finn")):
        person = add_customer(shop, name, "", country="DE" if number else "ES")
        for _ in range((number * 2) % 5):
            add_order(shop, person, 100 * (7 - number))
    for wanted in (CustomerFilter(sort=sort), CustomerFilter(country="DE", sort=sort), CustomerFilter("an", sort=sort)):
        listed = [customer.name for customer in list_customers(shop, wanted).customers]
        assert _exported(shop, wanted) == listed
        assert _exported(shop, wanted, most=2) == listed[:2]


def _exported(shop: Shop, wanted: CustomerFilter, most: int | None = None) -> list[str]:
    target = io.BytesIO()
    exports.export_customers_as_listed(shop, MANAGER, target, Format.CSV, wanted, most)
    _, *rows = target.getvalue().decode("utf-8-sig").splitlines()
    return [row.split(",")[1] for row in rows]


def test_the_chosen_ones_are_exported_and_nobody_else(shop: Shop) -> None:
    maria, jonas = add_customer(shop, "Maria", ""), add_customer(shop, "Jonas", "")
    order, other = add_order(shop, maria), add_order(shop, jonas)
    for export, chosen, inside, outside in (
        (exports.export_chosen_customers, [jonas.id], "Jonas", "Maria"),
        (exports.export_chosen_orders, [(maria.id, order.id)], order.number, other.number),
    ):
        target = io.BytesIO()
        assert export(shop, MANAGER, target, Format.CSV, chosen) == 1  # type: ignore[operator]
        assert inside in target.getvalue().decode("utf-8-sig")
        assert outside not in target.getvalue().decode("utf-8-sig")
        with pytest.raises(PermissionDeniedError):
            export(shop, STAFF, target, Format.CSV, chosen)  # type: ignore[operator]
