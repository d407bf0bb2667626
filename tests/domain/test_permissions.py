"""Each role may do what the design says, and no more."""

from __future__ import annotations

import pytest

from backend.domain.team import COMMAND_LINE, PERMISSIONS, Actor, Permission, Role
from backend.errors import PermissionDeniedError


def test_admins_may_do_everything() -> None:
    assert PERMISSIONS[Role.ADMIN] == set(Permission)
    assert all(COMMAND_LINE.may(permission) for permission in Permission)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_admins_manage_the_team(role: Role) -> None:
    with pytest.raises(PermissionDeniedError, match=f"Your role \\({role}\\) may not manage the team"):
        Actor("somebody", role).require(Permission.MANAGE_TEAM)


@pytest.mark.parametrize("role", Role)
def test_everybody_sees_the_shop(role: Role) -> None:
    assert {Permission.VIEW_OVERVIEW, Permission.VIEW_CUSTOMERS, Permission.VIEW_ORDERS} <= PERMISSIONS[role]


def test_only_those_who_sell_change_orders() -> None:
    for permission in (Permission.PLACE_ORDERS, Permission.CHANGE_ORDERS):
        assert {role for role in Role if permission in PERMISSIONS[role]} == {Role.STAFF, Role.ADMIN}
