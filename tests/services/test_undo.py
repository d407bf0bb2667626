"""Recorded changes: what is taken back, what is left and why, and that nothing of it is lost or done twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from backend.domain.changes import KEPT, ChangeState
from backend.domain.customers import Customer
from backend.errors import NotFoundError, PermissionDeniedError, StoreUnreachableError
from backend.services.audit import log as audit_log
from backend.services.audit.log import AuditFilter
from backend.services.bulk import Refused
from backend.services.changes.reading import entries_of, get_change, list_changes
from backend.services.context import Shop
from backend.services.customer_data.erasing import finish
from backend.services.customer_data.erasure import erase_customer
from backend.services.customers import bulk
from backend.services.customers.customers import (
    Profile,
    archive_customer,
    edit_customer,
    find_by_email,
    get_customer,
    set_tags,
)
from backend.services.undo import handlers
from backend.services.undo.undoing import Undo, preview_undo, undo_change
from tests.recount import assert_totals_hold
from tests.support import ENGINEER, MANAGER, STAFF, TestClock, add_customer


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
