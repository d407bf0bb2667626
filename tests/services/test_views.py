"""Saved views: one name once per person and list, shared by whoever may, removed by their owner or an admin."""

from __future__ import annotations

import pytest

from backend.domain.team import Actor, Permission, Role
from backend.domain.views import MOST_VIEWS, ListPage
from backend.errors import InvalidInputError, PermissionDeniedError
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.team.members import add_member, remove
from backend.services.views.saved import may_remove, remove_view, save_view, views_of
from tests.support import ADMIN, ENGINEER, MANAGER, NOW, STAFF

ORDERS = ListPage.ORDERS


def names(shop: Shop, actor: object, page: ListPage = ORDERS) -> list[str]:
    return [view.name for view in views_of(shop, actor, page)]  # type: ignore[arg-type]


def test_own_views_are_seen_by_their_owner_and_shared_ones_by_all(shop: Shop) -> None:
    save_view(shop, STAFF, ORDERS, "  To fulfil ", "status=paid")
    save_view(shop, MANAGER, ORDERS, "Éclairs", "placed=7-days", shared=True)
    save_view(shop, MANAGER, ListPage.CUSTOMERS, "VIP", "tag=vip", shared=True)
    assert names(shop, STAFF) == ["Éclairs", "To fulfil"]
    assert names(shop, ENGINEER) == ["Éclairs"]
    assert names(shop, ENGINEER, ListPage.CUSTOMERS) == ["VIP"]


def test_the_same_name_replaces_a_view_of_the_same_person_only(shop: Shop) -> None:
    save_view(shop, MANAGER, ORDERS, "Late", "status=paid", shared=True)
    save_view(shop, MANAGER, ORDERS, "LATE", "status=pending&status=paid")
    save_view(shop, STAFF, ORDERS, "Late", "", shared=True)
    (own, other) = views_of(shop, MANAGER, ORDERS)
    assert (own.name, own.query, own.shared) == ("LATE", "status=pending&status=paid", False)
    assert (other.owner, other.query) == (STAFF.username, "")
    assert names(shop, STAFF) == ["Late"]


def test_who_may_not_change_segments_shares_nothing(shop: Shop) -> None:
    assert not ENGINEER.may(Permission.EDIT_SEGMENTS)
    with pytest.raises(PermissionDeniedError):
        save_view(shop, ENGINEER, ORDERS, "Late", "", shared=True)
    assert save_view(shop, ENGINEER, ORDERS, "Late", "").owner == ENGINEER.username


def test_the_owner_or_an_admin_removes_a_view_and_the_audit_log_knows_of_shared_ones(shop: Shop) -> None:
    own = save_view(shop, STAFF, ORDERS, "Mine", "")
    shared = save_view(shop, STAFF, ORDERS, "Ours", "", shared=True)
    assert ADMIN.role is Role.ADMIN
    assert not may_remove(ADMIN, own)
    with pytest.raises(PermissionDeniedError):
        remove_view(shop, MANAGER, shared)
    remove_view(shop, ADMIN, shared)
    remove_view(shop, STAFF, own)
    remove_view(shop, STAFF, own)
    assert names(shop, STAFF) == []
    noted = audit_log.list_entries(shop, ADMIN, audit_log.AuditFilter(f"{NOW:%Y-%m}")).entries
    assert sorted((each.action, each.target) for each in noted) == [
        ("removed a shared view", "view:orders"),
        ("shared a view", "view:orders"),
    ]


def test_bad_names_long_addresses_and_too_many_views_are_refused(shop: Shop) -> None:
    for name, query in (("  ", ""), ("x" * 61, ""), ("a\u202eb", ""), ("Long", "x" * 2001)):
        with pytest.raises(InvalidInputError):
            save_view(shop, STAFF, ORDERS, name, query)
    for number in range(MOST_VIEWS):
        save_view(shop, STAFF, list(ListPage)[number % 4], f"View {number}", "")
    with pytest.raises(InvalidInputError, match="maximum"):
        save_view(shop, STAFF, ORDERS, "One more", "")
    save_view(shop, STAFF, ListPage.ORDERS, "View 1", "status=paid")
    save_view(shop, MANAGER, ORDERS, "One more", "")


def test_a_member_who_leaves_takes_their_own_views_along_and_a_namesake_finds_none(shop: Shop) -> None:
    def join() -> Actor:
        return add_member(shop, ADMIN, username="sven", name="Sven", email="sven@example.com", role=Role.STAFF).actor

    first = join()
    save_view(shop, first, ORDERS, "Mine", "status=paid")
    save_view(shop, first, ListPage.CUSTOMERS, "Ours", "", shared=True)
    remove(shop, ADMIN, "sven")
    assert (names(shop, first), names(shop, STAFF, ListPage.CUSTOMERS)) == ([], ["Ours"])
    save_view(shop, first, ORDERS, "Late", "")
    assert names(shop, join()) == []
