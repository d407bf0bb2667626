"""Saved segments: who may change them, what two people at once see, and what the audit log keeps."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from backend.domain.segments import EVERYBODY, Goods, Group, Number, NumberField, NumberTest, Rule
from backend.domain.team import Actor, Role
from backend.errors import BackendError, ConflictError, InvalidInputError, NotFoundError, PermissionDeniedError
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.segments import library
from backend.services.segments.audience import get_segment
from backend.services.segments.preview import count_segments, export_segment, goods_sold, preview_segment
from backend.services.segments.ready import READY
from backend.services.segments.sentences import sentence
from backend.services.snapshots.build import make_first
from tests.support import ADMIN, ENGINEER, MANAGER, NOW, STAFF, add_customer, add_order

REGULARS = Rule(Group(parts=(Number(NumberField.ORDERS, NumberTest.AT_LEAST, 3),)))


def audit_entries(shop: Shop) -> list[tuple[str, str]]:
    page = audit_log.list_entries(shop, ADMIN, audit_log.AuditFilter(f"{NOW:%Y-%m}"))
    return [(entry.action, entry.target) for entry in page.entries]


def test_a_segment_is_saved_changed_and_deleted_and_the_audit_log_knows(shop: Shop) -> None:
    made = library.create_segment(shop, MANAGER, "SEG1", "  Regulars ", REGULARS, "Buy often")
    assert (made.name, made.created_by, made.version) == ("Regulars", "mara", 1)
    assert get_segment(shop, "SEG1") == made
    changed = library.update_segment(shop, STAFF, "SEG1", "All", EVERYBODY, seen_version=1)
    assert (changed.version, changed.changed_by, changed.rule) == (2, "sam", EVERYBODY)
    library.delete_segment(shop, MANAGER, "SEG1", seen_version=2)
    with pytest.raises(NotFoundError):
        get_segment(shop, "SEG1")
    assert sorted(audit_entries(shop)) == [
        ("changed a segment", "segment:SEG1"),
        ("created a segment", "segment:SEG1"),
        ("deleted a segment", "segment:SEG1"),
    ]


def test_saving_a_form_twice_makes_one_segment(shop: Shop) -> None:
    first = library.create_segment(shop, MANAGER, "SEG1", "Regulars", REGULARS)
    assert library.create_segment(shop, MANAGER, "SEG1", "Regulars", REGULARS) == first
    assert len(library.list_segments(shop, MANAGER)) == 1
    assert len(audit_entries(shop)) == 1


def test_the_second_of_two_people_is_warned_and_nothing_is_overwritten(shop: Shop) -> None:
    library.create_segment(shop, MANAGER, "SEG1", "Regulars", REGULARS)
    library.update_segment(shop, MANAGER, "SEG1", "Mine", REGULARS, seen_version=1)
    with pytest.raises(ConflictError, match="mara"):
        library.update_segment(shop, STAFF, "SEG1", "No, mine", REGULARS, seen_version=1)
    with pytest.raises(ConflictError):
        library.delete_segment(shop, STAFF, "SEG1", seen_version=1)
    assert get_segment(shop, "SEG1").name == "Mine"


def test_saving_without_a_change_is_no_change(shop: Shop) -> None:
    made = library.create_segment(shop, MANAGER, "SEG1", "Regulars", REGULARS)
    assert library.update_segment(shop, MANAGER, "SEG1", "Regulars", REGULARS, seen_version=1) == made


def test_ready_segments_are_there_and_stay_as_they_are(shop: Shop) -> None:
    assert [segment.name for segment in READY] == [
        *("Subscribers", "VIPs", "At risk", "Lapsed"),
        *("New this month", "One-time buyers", "Never bought", "No consent"),
    ]
    for segment in READY:
        assert get_segment(shop, segment.id) == segment
        assert sentence(shop, segment.rule).startswith("Customers who ")
    with pytest.raises(InvalidInputError, match="Duplicate"):
        library.delete_segment(shop, ADMIN, READY[0].id, seen_version=1)


@pytest.mark.parametrize("wrong", ["", "nothing", "../x", "A#B"])
def test_a_segment_that_does_not_exist_is_not_found(shop: Shop, wrong: str) -> None:
    with pytest.raises(NotFoundError):
        get_segment(shop, wrong)


def test_a_nameless_segment_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidInputError, match="Name"):
        library.create_segment(shop, MANAGER, "SEG1", "  ", REGULARS)


def test_who_may_not_is_refused(shop: Shop) -> None:
    make_first(shop)
    nobody = Actor("eva", Role.ENGINEER)
    tries: list[Callable[[], object]] = [
        lambda: library.create_segment(shop, nobody, "SEG1", "Regulars", REGULARS),
        lambda: library.update_segment(shop, nobody, "SEG1", "Regulars", REGULARS, seen_version=1),
        lambda: library.delete_segment(shop, nobody, "SEG1", seen_version=1),
        lambda: export_segment(shop, STAFF, EVERYBODY, io.BytesIO()),
    ]
    for attempt in tries:
        with pytest.raises(PermissionDeniedError):
            attempt()


def test_a_preview_says_how_many_whom_campaigns_reach_and_where_they_live(shop: Shop) -> None:
    agreed = add_customer(shop, "Maria", country="DE", consent=True)
    add_customer(shop, "Ana", country="DE", consent=False)
    add_customer(shop, "Jo", email="", country="AT")
    add_order(shop, agreed, 1500)
    make_first(shop)
    found = preview_segment(shop, ENGINEER, EVERYBODY)
    assert (found.count, found.marketable, found.revenue) == (3, 1, 1500)
    assert found.countries == (("DE", 2), ("AT", 1))
    assert {customer.name for customer in found.sample} == {"Maria", "Ana", "Jo"}
    assert count_segments(shop, ENGINEER, {"all": EVERYBODY, "regulars": REGULARS}) == {"all": 3, "regulars": 0}
    assert goods_sold(shop, ENGINEER, Goods.SKU) == ["TEA-1"]


def test_an_export_holds_who_belongs_now_and_is_noted(shop: Shop) -> None:
    stays, leaves = add_customer(shop, "Maria"), add_customer(shop, "Ana")
    make_first(shop)
    customers.archive_customer(shop, STAFF, leaves.id, leaves.version)
    target = io.BytesIO()
    assert export_segment(shop, MANAGER, EVERYBODY, target, name="SEG1") == 1
    rows = list(csv.DictReader(io.StringIO(target.getvalue().decode("utf-8-sig"))))
    assert [row["Customer id"] for row in rows] == [stays.id]
    assert ("exported a segment", "segment:SEG1") in audit_entries(shop)


def test_too_many_segments_are_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "MOST_SEGMENTS", 2)
    for number in range(2):
        library.create_segment(shop, MANAGER, f"SEG{number}", f"Segment {number}", REGULARS)
    with pytest.raises(BackendError, match="2 segments"):
        library.create_segment(shop, MANAGER, "SEG9", "One more", REGULARS)


def test_two_segments_cannot_have_one_name_and_a_name_that_is_given_up_is_free(shop: Shop) -> None:
    library.create_segment(shop, MANAGER, "SEG1", "Regulars", REGULARS)
    other = library.create_segment(shop, MANAGER, "SEG2", "Others", REGULARS)
    with pytest.raises(InvalidInputError, match="already a segment “regulars”"):
        library.create_segment(shop, MANAGER, "SEG3", "regulars", REGULARS)
    with pytest.raises(InvalidInputError, match="already a segment"):
        library.update_segment(shop, MANAGER, "SEG2", "Regulars", REGULARS, seen_version=other.version)
    with pytest.raises(InvalidInputError, match="already a segment"):
        library.create_segment(shop, MANAGER, "SEG3", READY[0].name, REGULARS)
    library.update_segment(shop, MANAGER, "SEG1", "REGULARS!", REGULARS, seen_version=1)
    library.update_segment(shop, MANAGER, "SEG2", "Regulars", REGULARS, seen_version=other.version)
    library.delete_segment(shop, MANAGER, "SEG1", seen_version=2)
    assert library.create_segment(shop, MANAGER, "SEG4", "regulars!", REGULARS).id == "SEG4"


def test_two_people_who_save_one_name_at_the_same_moment_make_one_segment(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.create_segment(shop, MANAGER, "SEG1", "Regulars", REGULARS)
    monkeypatch.setattr(library, "list_segments", lambda *_: [])  # both have looked before either saved
    with pytest.raises(InvalidInputError, match="already a segment"):
        library.create_segment(shop, STAFF, "SEG2", "Regulars", REGULARS)
    with pytest.raises(NotFoundError):
        get_segment(shop, "SEG2")
