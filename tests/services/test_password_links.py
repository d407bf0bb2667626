"""Links to set a password: once, for one member, within their time; and what of sign-ins is in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from backend.domain.team import Role
from backend.errors import BackendError, InvalidInputError
from backend.services.context import Shop
from backend.services.team import members, password_links, sessions, sign_in
from backend.services.team.sessions import Session
from backend.services.team.sign_in import SecondStep
from backend.services.team.sign_in_attempts import Refused
from backend.store import schema
from tests.services.signing import CLIENT, OTHER_PASSWORD, PASSWORD, POLICY, add, quick_hashes
from tests.services.test_repairing import audit_entries
from tests.services.test_second_factor import code_at, turn_on
from tests.support import ADMIN, STAFF, TestClock, outcomes_of

pytestmark = pytest.mark.usefixtures("quick_hashes")
__all__ = ["quick_hashes"]


def token_for(shop: Shop, username: str = "sam") -> str:
    link = password_links.make_link(shop, ADMIN, username, "https://shop.example/")
    assert link.startswith(f"https://shop.example/?set_password={username}.")
    return link.partition("=")[2]


def use(shop: Shop, token: str, password: str = OTHER_PASSWORD) -> Session | SecondStep | Refused:
    return sign_in.set_password_by_link(shop, POLICY, token, password, CLIENT)


def actions(shop: Shop) -> list[str]:
    return [entry.action for entry in audit_entries(shop)]


def test_a_link_names_its_member_sets_the_password_once_and_ends_the_sessions(shop: Shop, clock: TestClock) -> None:
    before = sessions.begin_session(shop, add(shop))
    clock.forward(seconds=1)
    token = token_for(shop)
    member = password_links.member_of_link(shop, token)
    assert member is not None
    assert member.email == "sam@example.com"
    assert isinstance(use(shop, token), Session)
    assert sessions.member_of(shop, POLICY, before) is None
    assert use(shop, token) == Refused(password_links.OVER)
    assert isinstance(sign_in.sign_in(shop, POLICY, "sam", OTHER_PASSWORD, CLIENT), Session)


def test_of_many_who_use_a_link_at_once_one_sets_the_password(shared_shop: Shop) -> None:
    add(shared_shop)
    token = token_for(shared_shop)
    outcomes = outcomes_of([lambda: password_links.use(shared_shop, token, OTHER_PASSWORD)] * 3)
    assert outcomes.count(None) == 2


@pytest.mark.parametrize(
    "end",
    [
        lambda shop, clock: clock.forward(seconds=password_links.LIFETIME.total_seconds()),
        lambda shop, clock: token_for(shop),
        lambda shop, clock: members.change_email(shop, ADMIN, "sam", "new@example.com"),
        lambda shop, clock: members.set_password(shop, ADMIN, "sam", OTHER_PASSWORD),
        lambda shop, clock: members.disable(shop, ADMIN, "sam"),
        lambda shop, clock: members.remove(shop, ADMIN, "sam"),
    ],
    ids=["three days", "newer link", "address", "password", "disabled", "removed"],
)
def test_a_link_ends(shop: Shop, clock: TestClock, end: Callable[..., Any]) -> None:
    add(shop)
    token = token_for(shop)
    end(shop, clock)
    assert password_links.member_of_link(shop, token) is None
    assert isinstance(use(shop, token), Refused)


@pytest.mark.parametrize("token", ["", ".", "sam", "sam.", "olga.x", "x" * 100_000, "sam.\udcff"])
def test_a_link_that_nobody_made_does_not_work(shop: Shop, token: str) -> None:
    add(shop)
    token_for(shop)
    assert isinstance(use(shop, token), Refused)


def test_a_link_of_one_member_is_none_of_another_and_is_not_in_the_store(shop: Shop) -> None:
    add(shop)
    add(shop, "olga")
    secret = token_for(shop).partition(".")[2]
    assert isinstance(use(shop, f"olga.{secret}"), Refused)
    assert secret not in str(shop.store.get(schema.member_key("sam")))


def test_a_weak_password_is_refused_and_the_link_still_works(shop: Shop) -> None:
    add(shop)
    token = token_for(shop)
    with pytest.raises(InvalidInputError):
        use(shop, token, "short")
    assert isinstance(use(shop, token), Session)


def test_a_link_does_not_replace_the_second_factor(shop: Shop, clock: TestClock) -> None:
    turn_on(shop, clock)
    step = use(shop, token_for(shop))
    assert isinstance(step, SecondStep)
    assert isinstance(sign_in.finish(shop, POLICY, step, code_at(shop), CLIENT), Session)


def test_links_are_for_others_and_made_by_admins(shop: Shop) -> None:
    olga = add(shop, "olga", Role.ADMIN).actor
    members.add_demo_team(shop)
    for actor, username in ((olga, "olga"), (STAFF, "olga"), (olga, "demo-admin"), (olga, "nobody")):
        with pytest.raises(BackendError):
            password_links.make_link(shop, actor, username, "https://shop.example")


def test_sign_ins_and_sign_outs_are_in_the_audit_log(shop: Shop, clock: TestClock) -> None:
    add(shop)
    session = sign_in.sign_in(shop, POLICY, "sam", PASSWORD, CLIENT)
    assert isinstance(session, Session)
    clock.forward(seconds=1)
    sessions.sign_out(shop, session)
    assert sorted(actions(shop)) == ["added a member", "signed in", "signed out"]


def test_failures_are_noted_once_they_make_the_account_wait_and_cannot_flood_the_log(
    shop: Shop, clock: TestClock
) -> None:
    add(shop)
    for _ in range(4):
        sign_in.sign_in(shop, POLICY, "sam", "wrong", CLIENT)
    assert "failed to sign in" not in actions(shop)
    end = shop.clock() + timedelta(hours=6)
    while shop.clock() < end:
        sign_in.sign_in(shop, POLICY, "sam", "wrong", CLIENT)
        sign_in.sign_in(shop, POLICY, "nobody", "wrong", CLIENT)
        clock.forward(minutes=1)
    noted = [entry for entry in audit_entries(shop) if entry.action == "failed to sign in"]
    assert 5 < len(noted) < 40
    assert {entry.target for entry in noted} == {"member:sam"}


def test_a_wrong_code_counts_as_a_failure_of_the_member(shop: Shop, clock: TestClock) -> None:
    turn_on(shop, clock)
    step = sign_in.sign_in(shop, POLICY, "sam", PASSWORD, CLIENT)
    assert isinstance(step, SecondStep)
    for _ in range(4):
        sign_in.finish(shop, POLICY, step, "000000", CLIENT)
    assert "failed to sign in" in actions(shop)
