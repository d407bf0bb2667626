"""Recorded changes: what is taken back, what is left and why, and that nothing of it is lost or done twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.addresses import Address, KnownAddress
from backend.domain.changes import KEPT, ChangeState
from backend.domain.customers import ActivityKind, Customer
from backend.domain.orders import OrderStatus
from backend.domain.products import id_of_sku
from backend.domain.suppression import SuppressionChange, SuppressionReason
from backend.domain.team import Permission
from backend.errors import NotFoundError, PermissionDeniedError, StoreUnreachableError
from backend.services.audit import log as audit_log
from backend.services.audit.log import AuditFilter
from backend.services.bulk import Refused
from backend.services.changes.reading import entries_of, get_change, list_changes
from backend.services.changes.recording import begin
from backend.services.context import Shop
from backend.services.customer_data.erasing import finish
from backend.services.customer_data.erasure import erase_customer
from backend.services.customers import bulk
from backend.services.customers.addresses import addresses_of, save_address
from backend.services.customers.customers import (
    Profile,
    archive_customer,
    change_customer,
    edit_customer,
    find_by_email,
    get_customer,
    set_tags,
)
from backend.services.customers.recorded import one_of
from backend.services.orders import bulk as orders_bulk
from backend.services.orders.orders import change_addresses, change_status, edit_order, get_order, refund_order
from backend.services.products import catalogue
from backend.services.products.catalogue import ProductDraft
from backend.services.suppression.entries import find_suppression, suppress, suppression_history, unsuppress
from backend.services.undo import handlers
from backend.services.undo.undoing import Undo, preview_undo, undo_change
from tests.recount import assert_totals_hold
from tests.support import ENGINEER, MANAGER, STAFF, TestClock, add_customer, add_order, draft, ref


def tags_of(shop: Shop, *people: Customer) -> list[tuple[str, ...]]:
    return [get_customer(shop, each.id).tags for each in people]


def the_change(shop: Shop, summary: str) -> str:
    """The id of the change that says this."""
    (found,) = (each.id for each in list_changes(shop, MANAGER).changes if each.summary == summary)
    return found


def test_a_bulk_action_is_one_change_with_before_and_after_and_is_undone(shop: Shop) -> None:
    maria, jonas = add_customer(shop, "Maria", ""), add_customer(shop, "Jonas", "", tags=("tea",))
    result = bulk.add_tag(shop, STAFF, [maria.id, jonas.id], "vip")
    change = get_change(shop, STAFF, result.change)
    assert (change.by, change.summary, change.state, change.count) == ("sam", "added the tag vip", ChangeState.DONE, 2)
    entries = {entry.name: (entry.before, entry.after) for entry in entries_of(shop, change.id)}
    assert entries["Jonas"] == ({"tags": ["tea"]}, {"tags": ["tea", "vip"]})
    assert preview_undo(shop, STAFF, change.id) == Undo(2, ())
    assert undo_change(shop, STAFF, change.id) == Undo(2, ())
    assert tags_of(shop, maria, jonas) == [(), ("tea",)]
    after = get_change(shop, STAFF, change.id)
    assert (after.state, after.undone_by, after.taken_back) == (ChangeState.UNDONE, "sam", 2)
    assert undo_change(shop, STAFF, change.id) == Undo(0, (), before=2)
    assert_totals_hold(shop)


def test_the_audit_log_leads_to_the_change_and_has_the_undo(shop: Shop) -> None:
    maria = add_customer(shop)
    change = bulk.archive(shop, STAFF, [maria.id]).change
    undo_change(shop, MANAGER, change)
    noted = audit_log.list_entries(shop, MANAGER, AuditFilter(f"{shop.clock():%Y-%m}")).entries
    found = {(entry.action, entry.actor): (entry.target, entry.detail, entry.change) for entry in noted}
    assert found == {
        ("archived customers", "sam"): ("customers", "1 changed", change),
        ("began to undo a change", "mara"): (f"change:{change}", "archived customers", ""),
        ("undid a change", "mara"): (f"change:{change}", "1 taken back", ""),
    }


def test_what_has_changed_since_is_left_and_listed(shop: Shop) -> None:
    maria, jonas = add_customer(shop, "Maria", "maria@example.com"), add_customer(shop, "Jonas", "")
    for person in (maria, jonas):
        edit_customer(shop, STAFF, person.id, 1, Profile(person.name, person.email or "", city="Kiel"))
    first, second = (each.id for each in list_changes(shop, STAFF).changes[::-1])
    edit_customer(shop, STAFF, maria.id, 2, Profile("Maria", "maria@example.com", city="Bonn"))
    set_tags(shop, STAFF, jonas.id, 2, ["vip"])  # another field, which is no reason
    undos = {get_customer(shop, each).city: undo_change(shop, STAFF, change) for each, change in _cities(shop)}
    assert undos["Bonn"].left == (Refused("Maria", "Changed since: city."),)
    assert undos["Kiel"] == Undo(1, ())
    assert (get_customer(shop, maria.id).city, get_customer(shop, jonas.id).city) == ("Bonn", "")
    assert get_customer(shop, jonas.id).tags == ("vip",)
    assert {entry.left for change in (first, second) for entry in entries_of(shop, change)} >= {"Changed since: city."}


def _cities(shop: Shop) -> list[tuple[str, str]]:
    """Customers whose city became Kiel, with the change that made it so."""
    entries = [entry for change in list_changes(shop, STAFF).changes for entry in entries_of(shop, change.id)]
    return [(entry.id, entry.change) for entry in entries if (entry.after or {}).get("city") == "Kiel"]


def test_only_the_difference_of_tags_is_taken_back(shop: Shop) -> None:
    maria, jonas = add_customer(shop, "Maria", ""), add_customer(shop, "Jonas", "")
    change = bulk.add_tag(shop, STAFF, [maria.id, jonas.id], "vip").change
    bulk.add_tag(shop, STAFF, [maria.id], "tea")
    bulk.remove_tag(shop, STAFF, [jonas.id], "vip")
    assert undo_change(shop, STAFF, change).left == (Refused("Jonas", "Changed since: tags."),)
    assert tags_of(shop, maria, jonas) == [("tea",), ()]


def test_an_address_that_is_somebody_elses_by_now_stays(shop: Shop) -> None:
    maria = add_customer(shop, "Maria", "maria@example.com")
    edit_customer(shop, STAFF, maria.id, 1, Profile("Maria", "mary@example.com"))
    change = the_change(shop, "edited a customer")
    add_customer(shop, "Secret Name", "maria@example.com")
    assert undo_change(shop, STAFF, change).left == (Refused("Maria", "Another customer has the email address now."),)
    found = find_by_email(shop, "mary@example.com")
    assert found is not None
    assert found.id == maria.id


def test_an_undo_needs_what_the_change_needed(shop: Shop) -> None:
    maria = add_customer(shop)
    change = bulk.archive(shop, STAFF, [maria.id]).change
    with pytest.raises(PermissionDeniedError):
        undo_change(shop, ENGINEER, change)
    assert get_customer(shop, maria.id).archived


def test_staff_see_their_own_changes_and_managers_all(shop: Shop) -> None:
    maria, jonas = add_customer(shop), add_customer(shop)
    mine, other = (bulk.archive(shop, actor, [each.id]).change for actor, each in ((STAFF, maria), (MANAGER, jonas)))
    assert [each.id for each in list_changes(shop, STAFF).changes] == [mine]
    assert {each.id for each in list_changes(shop, MANAGER).changes} == {mine, other}
    assert [each.id for each in list_changes(shop, MANAGER, by="mara").changes] == [other]
    with pytest.raises(NotFoundError):
        get_change(shop, STAFF, other)
    first = list_changes(shop, MANAGER, limit=1)
    rest = list_changes(shop, MANAGER, limit=1, cursor=first.cursor)
    assert {each.id for each in (*first.changes, *rest.changes)} == {mine, other}
    assert rest.cursor is None


def test_a_change_ends_after_thirty_days(shop: Shop, clock: TestClock) -> None:
    maria = add_customer(shop)
    archive_customer(shop, STAFF, maria.id, 1)
    change = the_change(shop, "archived a customer")
    clock.now += KEPT - timedelta(seconds=1)
    assert preview_undo(shop, STAFF, change).taken_back == 1
    clock.forward(seconds=1)
    assert list_changes(shop, STAFF).changes == []
    with pytest.raises(NotFoundError, match="30 days"):
        undo_change(shop, STAFF, change)
    shop.store.sweep(int(clock.now.timestamp()), 100)
    assert [*entries_of(shop, change)] == []


def test_nothing_is_recorded_where_nothing_changed(shop: Shop) -> None:
    maria = add_customer(shop, tags=("vip",))
    result = bulk.add_tag(shop, STAFF, [maria.id], "vip")
    set_tags(shop, STAFF, maria.id, 1, ["vip"])
    assert result.change == ""
    assert list_changes(shop, STAFF).changes == []


def test_an_undo_that_was_interrupted_is_run_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [add_customer(shop, f"Person {n}", "") for n in range(5)]
    change = bulk.add_tag(shop, STAFF, [each.id for each in people], "vip").change
    _interrupt_after(monkeypatch, 2)
    with pytest.raises(StoreUnreachableError):
        undo_change(shop, STAFF, change)
    monkeypatch.undo()
    assert sum(bool(tags) for tags in tags_of(shop, *people)) == 3
    assert get_change(shop, STAFF, change).state is ChangeState.UNDOING
    assert preview_undo(shop, STAFF, change) == Undo(3, (), before=2)
    assert undo_change(shop, MANAGER, change) == Undo(3, (), before=2)
    assert tags_of(shop, *people) == 5 * [()]
    assert_totals_hold(shop)


def _interrupt_after(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    handler, done = handlers.HANDLERS["customer"], iter(range(times))

    def take_back(*args: object) -> None:
        if next(done, None) is None:
            raise StoreUnreachableError("The store did not answer.")
        handler.take_back(*args)  # type: ignore[arg-type]

    _replace_handler(monkeypatch, take_back)


def _replace_handler(monkeypatch: pytest.MonkeyPatch, take_back: Callable[..., None]) -> None:
    handler = handlers.HANDLERS["customer"]
    changed = {**handlers.HANDLERS, "customer": type(handler)(handler.current, take_back)}
    monkeypatch.setattr("backend.services.undo.undoing.HANDLERS", changed)


def test_a_change_that_was_interrupted_is_undone_as_far_as_it_came(shop: Shop) -> None:
    maria = add_customer(shop, tags=("tea",))
    recording = begin(shop, STAFF, "removed the tag tea", Permission.EDIT_CUSTOMERS)
    also = one_of(recording)
    change_customer(shop, STAFF, maria.id, None, lambda it: replace(it, tags=()), ActivityKind.TAGGED, also=also)
    assert get_change(shop, STAFF, recording.id).state is ChangeState.OPEN
    assert undo_change(shop, STAFF, recording.id) == Undo(1, ())
    assert tags_of(shop, maria) == [("tea",)]
    found = get_change(shop, STAFF, recording.id)
    assert (found.state, found.count, found.taken_back) == (ChangeState.UNDONE, 1, 1)


def test_two_who_undo_at_once_take_each_thing_back_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [add_customer(shop, f"Person {n}", "") for n in range(3)]
    change = bulk.archive(shop, STAFF, [each.id for each in people]).change
    handler, other = handlers.HANDLERS["customer"], iter([lambda: undo_change(shop, MANAGER, change)])

    def take_back(*args: object) -> None:
        next(other, lambda: None)()  # somebody else does all of it before the first is written
        handler.take_back(*args)  # type: ignore[arg-type]

    _replace_handler(monkeypatch, take_back)
    assert undo_change(shop, STAFF, change).left == ()
    assert [get_customer(shop, each.id).version for each in people] == 3 * [3]
    assert get_change(shop, STAFF, change).taken_back == 3


def test_erasing_a_customer_blanks_the_entries_and_they_are_left(shop: Shop) -> None:
    maria, jonas = add_customer(shop, "Maria", "maria@example.com"), add_customer(shop, "Jonas", "")
    both = bulk.add_tag(shop, STAFF, [maria.id, jonas.id], "vip").change
    edit_customer(shop, STAFF, maria.id, 2, Profile("Mary", "mary@example.com", tags=("vip",)))
    edit = the_change(shop, "edited a customer")
    finish(shop, erase_customer(shop, MANAGER, maria.id))
    (entry,) = entries_of(shop, edit)
    assert (entry.erased, entry.name, entry.before, entry.after) == (True, "", None, None)
    assert undo_change(shop, STAFF, edit).left == (Refused(maria.id, "The customer was erased."),)
    assert undo_change(shop, STAFF, both) == Undo(1, (Refused(maria.id, "The customer was erased."),))
    assert get_customer(shop, maria.id).name == "Erased customer"


def test_orders_marked_as_fulfilled_in_bulk_are_paid_again(shop: Shop) -> None:
    maria = add_customer(shop)
    paid, other = add_order(shop, maria), add_order(shop, maria)
    chosen = [(maria.id, order.id) for order in (paid, other)]
    change = orders_bulk.mark_fulfilled(shop, STAFF, chosen, notify=False).change
    refund_order(shop, STAFF, ref(get_order(shop, maria.id, other.id)), 100, "Dent", "R1")
    assert undo_change(shop, STAFF, change) == Undo(2, ())
    found = [get_order(shop, maria.id, order.id) for order in (paid, other)]
    assert [(order.status, order.refunded) for order in found] == [(OrderStatus.PAID, 0), (OrderStatus.PAID, 100)]
    assert [order.history[-1].text for order in found] == 2 * ["Undone: status"]
    assert_totals_hold(shop)


def test_an_edit_of_an_order_is_undone_with_its_totals(shop: Shop) -> None:
    maria = add_customer(shop)
    order = add_order(shop, maria, 1000)
    edit_order(shop, STAFF, ref(order), draft(maria, 2500, note="Ring twice"))
    change_addresses(
        shop,
        STAFF,
        ref(get_order(shop, maria.id, order.id)),
        shipping=Address(street="Elm 1", city="Kiel"),
        billing=None,
    )
    assert undo_change(shop, STAFF, the_change(shop, "edited an order")) == Undo(1, ())
    found = get_order(shop, maria.id, order.id)
    assert (found.total, found.lines, found.note, found.balance) == (1000, order.lines, "", 0)
    assert found.shipping_address is not None
    assert undo_change(shop, STAFF, the_change(shop, "changed an order's addresses")) == Undo(1, ())
    assert get_order(shop, maria.id, order.id).shipping_address is None
    assert get_customer(shop, maria.id).revenue == 1000
    assert_totals_hold(shop)


def test_an_order_of_which_more_was_refunded_since_keeps_its_total(shop: Shop) -> None:
    maria = add_customer(shop)
    order = add_order(shop, maria, 1000, status=OrderStatus.PENDING)
    edit_order(shop, STAFF, ref(order), draft(maria, 2500))
    edit = the_change(shop, "edited an order")
    change_status(shop, STAFF, ref(get_order(shop, maria.id, order.id)), OrderStatus.PAID)
    refund_order(shop, STAFF, ref(get_order(shop, maria.id, order.id)), 2000, "", "R1")
    assert undo_change(shop, STAFF, edit).left == (
        Refused(order.number, "More than the earlier total was refunded since."),
    )
    cancel = get_order(shop, maria.id, order.id)
    change_status(shop, STAFF, ref(cancel), OrderStatus.CANCELLED)
    assert undo_change(shop, STAFF, the_change(shop, "cancelled an order")) == Undo(1, ())
    assert get_order(shop, maria.id, order.id).status is OrderStatus.PAID
    assert_totals_hold(shop)


def test_postal_addresses_are_taken_back(shop: Shop) -> None:
    maria = add_customer(shop)
    home = KnownAddress("HOME01", Address(name="Maria", street="Elm 1", city="Kiel", country="DE"))
    save_address(shop, STAFF, maria.id, 0, home)
    first = the_change(shop, "changed a customer's postal addresses")
    work = KnownAddress("WORK01", Address(name="Maria", street="Oak 2", city="Bonn", country="DE"))
    save_address(shop, STAFF, maria.id, 1, work, default=True)
    (second,) = {each.id for each in list_changes(shop, STAFF).changes} - {first}
    assert undo_change(shop, STAFF, first).left == (Refused("Maria Lopez", "Changed since: postal addresses."),)
    assert undo_change(shop, STAFF, second) == Undo(1, ())
    assert [each.id for each in addresses_of(shop, maria.id).entries] == ["HOME01"]
    assert undo_change(shop, STAFF, first) == Undo(1, ())
    assert addresses_of(shop, maria.id).entries == ()


def test_an_edit_of_a_product_is_undone_and_every_name_leads_to_it(shop: Shop) -> None:
    product = catalogue.create_product(shop, STAFF, ProductDraft("Tea", "T-1", price=500))
    catalogue.edit_product(shop, STAFF, product.id, 1, ProductDraft("Green tea", "T-2", price=700))
    catalogue.archive_product(shop, STAFF, product.id, 2)
    assert undo_change(shop, STAFF, the_change(shop, "changed a product")) == Undo(1, ())
    found = catalogue.get_product(shop, product.id)
    assert (found.title, found.sku, found.price, found.archived, found.version) == ("Tea", "T-1", 500, True, 4)
    assert undo_change(shop, STAFF, the_change(shop, "archived a product")) == Undo(1, ())
    assert not catalogue.get_product(shop, id_of_sku("T-2")).archived


def test_the_suppression_list_is_as_before_but_what_a_recipient_said_stays(shop: Shop) -> None:
    suppress(shop, STAFF, "maria@example.com", note="Called")
    manual = the_change(shop, "suppressed an address")
    assert undo_change(shop, STAFF, manual) == Undo(1, ())
    assert find_suppression(shop, "maria@example.com") is None
    suppress(shop, STAFF, "maria@example.com", reason=SuppressionReason.UNSUBSCRIBED)
    assert [each.summary for each in list_changes(shop, STAFF).changes] == ["suppressed an address"]
    entry = find_suppression(shop, "maria@example.com")
    unsuppress(shop, STAFF, "maria@example.com", why="A mistake")
    assert undo_change(shop, STAFF, the_change(shop, "took an address off the suppression list")) == Undo(1, ())
    assert find_suppression(shop, "maria@example.com") == entry
    changes = [(each.change, each.reasons) for each in suppression_history(shop, "maria@example.com")]
    assert sorted(changes) == [
        (SuppressionChange.ADDED, (SuppressionReason.MANUAL,)),
        (SuppressionChange.ADDED, (SuppressionReason.UNSUBSCRIBED,)),
        (SuppressionChange.ADDED, (SuppressionReason.UNSUBSCRIBED,)),
        (SuppressionChange.REMOVED, (SuppressionReason.MANUAL,)),
        (SuppressionChange.REMOVED, (SuppressionReason.UNSUBSCRIBED,)),
    ]
