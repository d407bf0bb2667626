"""The second factor: codes and recovery codes are good once, are not guessed, and come before what matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from backend.domain.team import Member, Role
from backend.errors import BackendError, ConfirmationNeededError, InvalidInputError, PermissionDeniedError
from backend.services.api_keys.keys import list_keys
from backend.services.context import Shop
from backend.services.customer_data.export import customer_data
from backend.services.team import members, second_factor, sessions, sign_in
from backend.services.team.sessions import Session, SignInPolicy
from backend.services.team.sign_in import SecondStep
from backend.services.team.sign_in_attempts import Refused
from backend.store import schema
from tests.services.signing import CLIENT, OTHER_PASSWORD, PASSWORD, POLICY, add, quick_hashes
from tests.services.test_repairing import audit_entries
from tests.support import ADMIN, TestClock, add_customer, outcomes_of

pytestmark = pytest.mark.usefixtures("quick_hashes")
__all__ = ["quick_hashes"]
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_at(shop: Shop, *, after: float = 0.0) -> str:
    return pyotp.TOTP(SECRET).at(shop.clock() + timedelta(seconds=after))


def turn_on(shop: Shop, clock: TestClock, username: str = "sam", *, policy: SignInPolicy = POLICY) -> tuple[str, ...]:
    member = members.find_member(shop, username) or add(shop, username)
    codes = second_factor.turn_on(shop, policy, member.actor, SECRET, PASSWORD, code_at(shop), CLIENT)
    assert not isinstance(codes, Refused)
    clock.forward(seconds=60)
    return codes


def give(shop: Shop, code: str, *, client: str = CLIENT) -> Session | Refused:
    step = sign_in.sign_in(shop, POLICY, "sam", PASSWORD, client)
    return sign_in.finish(shop, POLICY, step, code, client) if isinstance(step, SecondStep) else stopped(step)


def stopped(outcome: Session | SecondStep | Refused) -> Refused:
    assert isinstance(outcome, Refused)
    return outcome


def stored(shop: Shop, username: str = "sam") -> Member:
    member = members.find_member(shop, username)
    assert member is not None
    return member


def test_the_password_alone_opens_nothing_and_the_code_begins_a_session(shop: Shop, clock: TestClock) -> None:
    turn_on(shop, clock)
    step = sign_in.sign_in(shop, POLICY, "sam", PASSWORD, CLIENT)
    assert isinstance(step, SecondStep)
    clock.forward(seconds=20)
    session = sign_in.finish(shop, POLICY, step, f" {code_at(shop)[:3]} {code_at(shop)[3:]} ", CLIENT)
    assert session == Session("sam", shop.clock())  # begun with the code, and not with the password


@pytest.mark.parametrize(("seconds", "works"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)])
def test_clocks_may_differ_by_half_a_minute(shop: Shop, clock: TestClock, seconds: int, works: bool) -> None:
    clock.now = clock.now.replace(second=15, microsecond=0)
    turn_on(shop, clock)
    clock.forward(seconds=120)
    assert isinstance(give(shop, code_at(shop, after=seconds)), Session) is works


def test_a_code_is_good_once_and_no_earlier_one_after_it(shop: Shop, clock: TestClock) -> None:
    member = add(shop)
    second_factor.turn_on(shop, POLICY, member.actor, SECRET, PASSWORD, code_at(shop), CLIENT)
    assert isinstance(give(shop, code_at(shop)), Refused)  # it has turned the factor on
    clock.forward(seconds=60)
    assert isinstance(give(shop, code_at(shop, after=30)), Session)
    assert isinstance(give(shop, code_at(shop, after=30)), Refused)
    assert isinstance(give(shop, code_at(shop)), Refused)


def test_of_many_who_give_one_code_at_once_one_gets_in(shop: Shop, clock: TestClock) -> None:
    turn_on(shop, clock)
    code = code_at(shop)
    outcomes = outcomes_of([lambda: second_factor.check(shop, POLICY, "sam", code, CLIENT)] * 4)
    assert outcomes.count(None) == 1


def test_of_many_who_give_one_recovery_code_at_once_one_gets_in(shop: Shop, clock: TestClock) -> None:
    codes = turn_on(shop, clock)
    outcomes = outcomes_of([lambda: second_factor.check(shop, POLICY, "sam", codes[3].lower(), CLIENT)] * 4)
    assert outcomes.count(None) == 1
    assert len(stored(shop).recovery_codes) == second_factor.RECOVERY_CODES - 1
    assert [each.detail for each in audit_entries(shop) if each.action == "used a recovery code"] == ["9 left"]


def test_two_recovery_codes_at_once_are_both_used_up(shop: Shop, clock: TestClock) -> None:
    codes = turn_on(shop, clock)
    attempts = [lambda code=code: second_factor.check(shop, POLICY, "sam", code, CLIENT) for code in codes[:2]]
    assert outcomes_of(attempts) == [None, None]
    assert len(stored(shop).recovery_codes) == second_factor.RECOVERY_CODES - 2


def test_codes_are_not_guessed_also_by_who_knows_the_password(shop: Shop, clock: TestClock) -> None:
    turn_on(shop, clock)
    tries = 0
    end = shop.clock() + timedelta(days=1)
    while shop.clock() < end:
        outcome = give(shop, "000000", client=f"192.0.2.{tries % 200}")
        assert isinstance(outcome, Refused)
        tries += not outcome.wait
        clock.forward(seconds=max(outcome.wait.total_seconds(), 1))
    assert tries < 150  # of a million codes, three of which are right at a time


def test_the_right_code_waits_too_after_wrong_ones(shop: Shop, clock: TestClock) -> None:
    turn_on(shop, clock)
    step = sign_in.sign_in(shop, POLICY, "sam", PASSWORD, CLIENT)
    assert isinstance(step, SecondStep)
    outcomes = [stopped(sign_in.finish(shop, POLICY, step, "000000", CLIENT)) for _ in range(5)]
    assert outcomes[-1].wait
    assert stopped(sign_in.finish(shop, POLICY, step, code_at(shop), CLIENT)).wait
    clock.forward(seconds=2)
    assert isinstance(sign_in.finish(shop, POLICY, step, code_at(shop), CLIENT), Session)


@pytest.mark.parametrize(
    "change",
    [
        lambda shop, clock: clock.forward(minutes=5),
        lambda shop, clock: members.set_password(shop, ADMIN, "sam", OTHER_PASSWORD),
        lambda shop, clock: members.remove(shop, ADMIN, "sam"),
        lambda shop, clock: members.disable(shop, ADMIN, "sam"),
    ],
    ids=["five minutes", "password", "removed", "disabled"],
)
def test_a_sign_in_that_waits_for_its_code_ends(shop: Shop, clock: TestClock, change: object) -> None:
    turn_on(shop, clock)
    step = sign_in.sign_in(shop, POLICY, "sam", PASSWORD, CLIENT)
    assert isinstance(step, SecondStep)
    clock.forward(seconds=1)
    change(shop, clock)  # type: ignore[operator]  # one of the four above
    assert isinstance(sign_in.finish(shop, POLICY, step, code_at(shop), CLIENT), Refused)


def test_nothing_in_the_store_gives_the_secret_or_a_recovery_code_away(shop: Shop, clock: TestClock) -> None:
    codes = turn_on(shop, clock)
    item = str(shop.store.get(schema.member_key("sam")))
    assert SECRET not in item
    assert not any(code in item or code.replace("-", "") in item for code in codes)


def test_a_sealed_secret_is_of_no_use_to_another_member(shop: Shop, clock: TestClock) -> None:
    turn_on(shop, clock)
    add(shop, "eve")
    members.roster.change(shop, "eve", lambda eve: replace(eve, second_factor=stored(shop).second_factor))
    assert isinstance(second_factor.check(shop, POLICY, "eve", code_at(shop), CLIENT), Refused)


def test_what_matters_needs_a_fresh_code_and_the_rest_does_not(shop: Shop) -> None:
    customer = add_customer(shop)
    stale = replace(add(shop, "olga", Role.ADMIN).actor, confirmed=False)
    for act in (members.list_members, list_keys):
        with pytest.raises(ConfirmationNeededError):
            act(shop, stale)
        act(shop, replace(stale, confirmed=True))
    with pytest.raises(ConfirmationNeededError):
        customer_data(shop, stale, customer.id)
    members.rename(shop, stale, "olga", "Olga P.")


def test_another_admin_resets_it_which_ends_the_sessions_and_is_in_the_audit_log(shop: Shop, clock: TestClock) -> None:
    turn_on(shop, clock)
    session = give(shop, code_at(shop))
    assert isinstance(session, Session)
    clock.forward(seconds=1)
    second_factor.reset(shop, ADMIN, "sam")
    assert sessions.member_of(shop, POLICY, session) is None
    assert isinstance(sign_in.sign_in(shop, POLICY, "sam", PASSWORD, CLIENT), Session)
    assert ("reset a second factor", "member:sam") in [(each.action, each.target) for each in audit_entries(shop)]
    with pytest.raises(InvalidInputError, match="has no second factor"):
        second_factor.reset(shop, ADMIN, "sam")


def test_nobody_resets_their_own_and_members_who_are_no_admins_reset_none(shop: Shop, clock: TestClock) -> None:
    turn_on(shop, clock)
    add(shop, "olga", Role.ADMIN)
    for actor, username in ((stored(shop, "olga").actor, "olga"), (stored(shop).actor, "olga")):
        with pytest.raises(PermissionDeniedError):
            second_factor.reset(shop, actor, username)


def test_it_is_turned_off_and_its_recovery_codes_renewed_by_a_code_alone(shop: Shop, clock: TestClock) -> None:
    old = turn_on(shop, clock)
    actor = stored(shop).actor
    assert isinstance(second_factor.renew_recovery_codes(shop, POLICY, actor, "000000", CLIENT), Refused)
    new = second_factor.renew_recovery_codes(shop, POLICY, actor, code_at(shop), CLIENT)
    assert not isinstance(new, Refused)
    assert isinstance(second_factor.check(shop, POLICY, "sam", old[0], CLIENT), Refused)
    assert second_factor.turn_off(shop, POLICY, actor, new[0], CLIENT) is None
    assert second_factor.without(stored(shop)) == stored(shop)
    assert isinstance(sign_in.sign_in(shop, POLICY, "sam", PASSWORD, CLIENT), Session)


def test_where_admins_must_have_one_they_set_it_up_and_cannot_turn_it_off(shop: Shop, clock: TestClock) -> None:
    policy = replace(POLICY, must_have_second_factor=frozenset({Role.ADMIN}))
    olga, sam = add(shop, "olga", Role.ADMIN), add(shop)
    assert [second_factor.is_missing(policy, each) for each in (olga, sam)] == [True, False]
    assert not second_factor.is_missing(policy, replace(olga, demo=True))
    turn_on(shop, clock, "olga")
    assert not second_factor.is_missing(policy, stored(shop, "olga"))
    with pytest.raises(PermissionDeniedError, match="cannot be turned off"):
        second_factor.turn_off(shop, policy, olga.actor, code_at(shop), CLIENT)


def test_setting_it_up_needs_the_password_and_a_right_code(shop: Shop) -> None:
    actor = add(shop).actor
    for password, code in ((OTHER_PASSWORD, code_at(shop)), (PASSWORD, "000000")):
        assert isinstance(second_factor.turn_on(shop, POLICY, actor, SECRET, password, code, CLIENT), Refused)
    assert not stored(shop).has_second_factor


def test_demo_sign_ins_have_none(shop: Shop) -> None:
    members.add_demo_team(shop)
    actor = stored(shop, "demo-admin").actor
    with pytest.raises(BackendError, match="Demo sign-ins"):
        second_factor.turn_on(shop, POLICY, actor, SECRET, "demo-admin-2026", code_at(shop), CLIENT)


def test_after_the_key_of_the_server_has_changed_recovery_codes_still_work(shop: Shop, clock: TestClock) -> None:
    codes = turn_on(shop, clock)
    other = replace(POLICY, key=b"another key that is long enough, too")
    refused = second_factor.check(shop, other, "sam", code_at(shop), CLIENT)
    assert refused is not None
    assert "key of this server has changed" in refused.sentence
    assert second_factor.check(shop, other, "sam", codes[0], CLIENT) is None


def test_the_picture_names_the_shop_and_the_member(shop: Shop) -> None:
    picture = second_factor.picture_of(shop, add(shop), SECRET)
    assert picture.startswith("<?xml")
    assert "<svg" in picture
