"""The team: unique members, a last admin who stays, and changes that nobody loses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from backend.domain.team import COMMAND_LINE, Member, Role
from backend.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from backend.services.context import Shop
from backend.services.team import members, roster, sessions
from backend.services.team.passwords import check_password, hash_password, password_matches
from backend.services.team.roster import LastAdminError
from tests.services.signing import OTHER_PASSWORD, PASSWORD, add, quick_hashes
from tests.support import ADMIN, ENGINEER, MANAGER, STAFF, TestClock, outcomes_of

pytestmark = pytest.mark.usefixtures("quick_hashes")
__all__ = ["quick_hashes"]


def test_an_added_member_is_found_as_written_down(shop: Shop) -> None:
    added = members.add_member(
        shop, COMMAND_LINE, username=" Sam.Lee ", name="Sam Lee", email="Sam@Example.com", role=Role.STAFF
    )
    assert added.username == "sam.lee"
    assert added.email == "Sam@example.com"
    assert members.find_member(shop, "sam.lee") == added
    assert members.find_member_by_email(shop, "SAM@example.COM") == added
    assert members.list_members(shop, ADMIN) == [added]


def test_a_username_and_an_address_belong_to_one_member(shop: Shop) -> None:
    add(shop, "sam")
    with pytest.raises(AlreadyExistsError, match="username “sam”"):
        add(shop, "SAM")
    with pytest.raises(AlreadyExistsError, match="belongs to the member “sam”"):
        members.add_member(shop, ADMIN, username="sue", name="Sue", email="SAM@EXAMPLE.COM", role=Role.STAFF)
    eve = add(shop, "eve")
    with pytest.raises(AlreadyExistsError):
        members.change_email(shop, ADMIN, eve.username, "Sam@example.com")


def test_of_many_who_take_one_address_at_once_one_gets_it(shared_shop: Shop) -> None:
    def take(number: int) -> Member:
        return members.add_member(
            shared_shop, ADMIN, username=f"m{number:02}", name="M", email="one@example.com", role=Role.STAFF
        )

    outcomes = outcomes_of([partial(take, number) for number in range(8)])
    assert sum(isinstance(outcome, Member) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyExistsError) for outcome in outcomes) == 7
    assert len(members.list_members(shared_shop, ADMIN)) == 1


def test_members_added_at_once_are_all_there(shared_shop: Shop) -> None:
    outcomes = outcomes_of([partial(add, shared_shop, f"m{n:02}", password=None) for n in range(12)])
    assert all(isinstance(outcome, Member) for outcome in outcomes)
    assert len(members.list_members(shared_shop, ADMIN)) == len(roster.read_roster(shared_shop).emails) == 12


def test_two_admins_who_demote_each_other_at_once_leave_one_admin(shared_shop: Shop) -> None:
    for _ in range(5):
        for name in ("ada", "bob"):
            if members.find_member(shared_shop, name) is None:
                add(shared_shop, name, Role.ADMIN, password=None)
            members.change_role(shared_shop, COMMAND_LINE, name, Role.ADMIN)
        outcomes = outcomes_of(
            [
                partial(members.change_role, shared_shop, ADMIN, "ada", Role.STAFF),
                partial(members.disable, shared_shop, ADMIN, "bob"),
            ]
        )
        assert sum(isinstance(outcome, LastAdminError) for outcome in outcomes) == 1
        assert len(roster.read_roster(shared_shop).admins) == 1
        members.enable(shared_shop, COMMAND_LINE, "bob")


def test_the_last_admin_can_be_neither_demoted_nor_disabled_nor_removed(shop: Shop) -> None:
    add(shop, "ada", Role.ADMIN)
    bob = add(shop, "bob", Role.ADMIN)
    members.disable(shop, ADMIN, bob.username)
    for attempt in (
        partial(members.change_role, shop, ADMIN, "ada", Role.STAFF),
        partial(members.disable, shop, ADMIN, "ada"),
        partial(members.remove, shop, ADMIN, "ada"),
    ):
        with pytest.raises(LastAdminError, match="last admin"):
            attempt()
    members.enable(shop, ADMIN, bob.username)
    members.remove(shop, ADMIN, "ada")
    assert [member.username for member in members.list_members(shop, ADMIN)] == ["bob"]


def test_of_two_changes_of_one_version_the_second_is_warned(shop: Shop) -> None:
    sam = add(shop)
    members.change_role(shop, ADMIN, "sam", Role.MANAGER, version=sam.version)
    with pytest.raises(ConflictError, match="Someone else has changed “sam”"):
        members.disable(shop, ADMIN, "sam", version=sam.version)
    assert not _member(shop, "sam").disabled


def test_a_change_does_not_undo_a_sign_out_that_happens_meanwhile(shop: Shop, clock: TestClock) -> None:
    session = sessions.begin_session(shop, add(shop))
    signed_out: list[bool] = []

    def edit(member: Member) -> Member:
        if not signed_out:
            clock.forward(seconds=1)
            sessions.sign_out(shop, session)
            signed_out.append(True)
        return replace(member, name="Samuel")

    roster.change(shop, "sam", edit)
    assert _member(shop, "sam").name == "Samuel"
    assert _member(shop, "sam").sessions_valid_from == session.began_at + timedelta(seconds=1)


def test_only_admins_manage_the_team_and_everybody_their_own_name_and_password(shop: Shop) -> None:
    add(shop)
    for actor in (MANAGER, STAFF, ENGINEER):
        for attempt in (
            partial(members.list_members, shop, actor),
            partial(
                members.add_member, shop, actor, username="eve", name="Eve", email="e@example.com", role=Role.ADMIN
            ),
            partial(members.change_role, shop, actor, "sam", Role.ADMIN),
            partial(members.change_email, shop, actor, "sam", "else@example.com"),
            partial(members.disable, shop, actor, "sam"),
            partial(members.enable, shop, actor, "sam"),
            partial(members.remove, shop, actor, "sam"),
        ):
            with pytest.raises(PermissionDeniedError):
                attempt()
    for attempt in (
        partial(members.rename, shop, MANAGER, "sam", "Other"),
        partial(members.set_password, shop, MANAGER, "sam", OTHER_PASSWORD),
    ):
        with pytest.raises(PermissionDeniedError):
            attempt()
    assert members.rename(shop, STAFF, "sam", "Samuel").name == "Samuel"
    changed = members.set_password(shop, STAFF, "sam", OTHER_PASSWORD)
    assert password_matches(OTHER_PASSWORD, changed.password_hash)


def test_who_is_not_there_cannot_be_changed(shop: Shop) -> None:
    with pytest.raises(NotFoundError, match="no member “eve”"):
        members.change_role(shop, ADMIN, "eve", Role.STAFF)
    with pytest.raises(NotFoundError):
        members.set_password(shop, ADMIN, "eve", PASSWORD)


@pytest.mark.parametrize("username", ["", "a", "-sam", "sam lee", "sam@example.com", "säm", "x" * 41, "s/m", "sa\x00m"])
def test_a_username_of_other_characters_is_refused(shop: Shop, username: str) -> None:
    with pytest.raises(InvalidInputError, match="A username has"):
        add(shop, username)


@pytest.mark.parametrize("name", ["", "  ", "a\x07b", "a\u202eb", "n" * 1_000_000])
def test_a_name_that_nobody_can_read_is_refused(shop: Shop, name: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^Name "):
        members.add_member(shop, ADMIN, username="sam", name=name, email="s@example.com", role=Role.STAFF)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short-one-1", "too short: it needs 12 characters"),
        ("k" * 73, "too long: 72 bytes"),
        ("ü" * 37, "too long: 72 bytes"),
        ("samantha.lee", "must not be the username"),
        ("SAM@example.com", "must not be the username, the email address"),
        ("the tea house", "or the shop's name"),
        ("nine\x00wooden\x00kettles", "cannot be typed"),
        ("nine-wooden-\ud800kettles", "cannot be typed"),
        ("password1234", "too easy to guess"),
        ("qwertyuiopasdf", "too easy to guess"),
        ("aaaaaaaaaaaaaaaa", "too easy to guess"),
        ("samantha.lee1", "too easy to guess"),
    ],
)
def test_a_weak_password_is_refused_and_not_repeated(password: str, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason) as refused:
        check_password(
            password, username="samantha.lee", email="sam@example.com", name="Samantha Lee", shop_name="The Tea House"
        )
    assert password not in refused.value.sentence
    assert refused.value.field == "password"


def test_what_is_beyond_72_bytes_is_never_silently_ignored() -> None:
    stored = hash_password("k" * 72)
    assert password_matches("k" * 72, stored)
    assert not password_matches("k" * 73, stored)
    assert not password_matches("", stored)
    assert not password_matches("anything", "")


def test_the_demo_team_comes_and_goes_and_leaves_the_others(shop: Shop) -> None:
    add(shop, "ada", Role.ADMIN)
    first = members.add_demo_team(shop)
    assert members.add_demo_team(shop) == first
    assert [role for _, _, role in first] == [Role.MANAGER, Role.STAFF, Role.ENGINEER, Role.ADMIN]
    assert all(
        _member(shop, name).demo and password_matches(word, _member(shop, name).password_hash)
        for name, word, _ in first
    )
    members.remove_demo_team(shop)
    members.remove_demo_team(shop)
    assert [member.username for member in members.list_members(shop, ADMIN)] == ["ada"]


def test_a_shop_with_demo_people_only_is_empty_once_they_are_removed(shop: Shop) -> None:
    members.add_demo_team(shop)
    assert not members.team_is_empty(shop)
    members.remove_demo_team(shop)
    assert members.team_is_empty(shop)


def test_a_demo_password_stays_what_is_printed(shop: Shop) -> None:
    members.add_demo_team(shop)
    with pytest.raises(PermissionDeniedError, match="well-known passwords"):
        members.set_password(shop, ADMIN, "demo-staff", PASSWORD)


def _member(shop: Shop, username: str) -> Member:
    member = members.find_member(shop, username)
    assert member is not None
    return member
