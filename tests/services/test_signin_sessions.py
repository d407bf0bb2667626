"""Sessions: what the cookie says, and what ends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from backend.config import Settings
from backend.domain.team import Member, Role
from backend.services.context import Shop
from backend.services.team import members, sessions, sign_in
from backend.services.team.sessions import Session
from backend.services.team.sign_in_attempts import Refused
from backend.store import schema
from backend.store.port import Put
from tests.services.signing import CLIENT, OTHER_PASSWORD, PASSWORD, POLICY, add, quick_hashes
from tests.support import ADMIN, STAFF, TestClock

pytestmark = pytest.mark.usefixtures("quick_hashes")
__all__ = ["quick_hashes"]


def is_in(shop: Shop, session: Session) -> bool:
    return sessions.member_of(shop, POLICY, session) is not None


def begin(shop: Shop, username: str = "sam") -> Session:
    member = members.find_member(shop, username)
    assert member is not None
    return sessions.begin_session(shop, member)


def test_the_cookie_holds_the_session_to_the_microsecond(shop: Shop, clock: TestClock) -> None:
    clock.now = clock.now.replace(microsecond=123_456)
    session = sessions.begin_session(shop, add(shop))
    assert sessions.session_of(POLICY, sessions.session_token(POLICY, session)) == session


def test_the_cookie_is_in_the_format_of_streamlit_authenticator(shop: Shop) -> None:
    token = sessions.session_token(POLICY, sessions.begin_session(shop, add(shop)))
    claims = jwt.decode(token, POLICY.cookie_key, algorithms=["HS256"])
    assert claims["username"] == "sam"
    assert datetime.fromtimestamp(claims["exp_date"], UTC) == shop.clock() + timedelta(days=7)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "garbage",
        "a.b.c",
        "x" * 1_000_000,
        jwt.encode({"username": "sam", "began_at": 1}, "another key that is long enough for it", algorithm="HS256"),
        jwt.encode({"username": "sam", "began_at": 1}, None, algorithm="none"),
        jwt.encode({"username": "sam"}, POLICY.cookie_key, algorithm="HS256"),
        jwt.encode({"username": "sam", "began_at": "soon"}, POLICY.cookie_key, algorithm="HS256"),
        jwt.encode({"username": "sam", "began_at": 10**30}, POLICY.cookie_key, algorithm="HS256"),
    ],
    ids=["empty", "garbage", "dots", "huge", "foreign key", "unsigned", "no moment", "no number", "out of range"],
)
def test_a_cookie_that_we_did_not_make_is_no_session(token: str) -> None:
    assert sessions.session_of(POLICY, token) is None


@pytest.mark.parametrize(
    "end",
    [
        lambda shop: sessions.sign_out(shop, begin(shop)),
        lambda shop: members.set_password(shop, ADMIN, "sam", OTHER_PASSWORD),
        lambda shop: sign_in.change_own_password(shop, POLICY, STAFF, PASSWORD, OTHER_PASSWORD, CLIENT),
        lambda shop: members.change_role(shop, ADMIN, "sam", Role.MANAGER),
        lambda shop: members.change_email(shop, ADMIN, "sam", "new@example.com"),
        lambda shop: members.disable(shop, ADMIN, "sam"),
        lambda shop: members.remove(shop, ADMIN, "sam"),
    ],
    ids=["sign-out", "reset", "own password", "role", "address", "disabled", "removed"],
)
def test_all_sessions_end_at(shop: Shop, end: Callable[[Shop], object]) -> None:
    add(shop)
    here, there = begin(shop), begin(shop)
    assert is_in(shop, here)
    end(shop)
    assert not is_in(shop, here)
    assert not is_in(shop, there)


def test_a_sign_in_in_the_moment_of_the_sign_out_is_valid_and_the_old_session_is_not(shop: Shop) -> None:
    add(shop)
    old = begin(shop)
    for _ in range(3):
        sessions.sign_out(shop, old)
        new = begin(shop)
        assert is_in(shop, new)
        assert not is_in(shop, old)
        old = new


def test_sessions_that_ended_do_not_come_back_when_a_member_is_enabled_again(shop: Shop) -> None:
    add(shop)
    session = begin(shop)
    members.disable(shop, ADMIN, "sam")
    members.enable(shop, ADMIN, "sam")
    assert not is_in(shop, session)
    assert is_in(shop, begin(shop))


def test_whoever_changes_their_password_stays_signed_in_here(shop: Shop) -> None:
    add(shop)
    session = sign_in.change_own_password(shop, POLICY, STAFF, PASSWORD, OTHER_PASSWORD, CLIENT)
    assert isinstance(session, Session)
    assert is_in(shop, session)
    assert isinstance(sign_in.sign_in(shop, POLICY, "sam", OTHER_PASSWORD, CLIENT), Session)


def test_a_new_name_ends_no_session(shop: Shop) -> None:
    add(shop)
    session = begin(shop)
    members.rename(shop, STAFF, "sam", "Samuel")
    assert is_in(shop, session)


def test_a_session_ends_by_itself_after_its_days(shop: Shop, clock: TestClock) -> None:
    add(shop)
    session = begin(shop)
    clock.forward(days=7, microseconds=-1)
    assert is_in(shop, session)
    clock.forward(microseconds=1)
    assert not is_in(shop, session)


def test_a_session_of_the_future_is_none(shop: Shop) -> None:
    add(shop)
    assert not is_in(shop, Session("sam", shop.clock() + timedelta(days=3)))


def test_signing_out_when_removed_is_no_error(shop: Shop) -> None:
    add(shop)
    session = begin(shop)
    members.remove(shop, ADMIN, "sam")
    sessions.sign_out(shop, session)
    assert members.find_member(shop, "sam") is None


def test_demo_people_sign_in_only_on_loopback_while_the_demo_shop_is_loaded(shop: Shop) -> None:
    (username, password, _), *_ = members.add_demo_team(shop)
    marker, here = schema.meta_key("demo"), "127.0.0.1"
    elsewhere = replace(POLICY, on_loopback=False)
    assert isinstance(sign_in.sign_in(shop, POLICY, username, password, here), Refused)
    shop.store.put(Put(marker, {"loaded": True}))
    assert isinstance(sign_in.sign_in(shop, elsewhere, username, password, here), Refused)
    assert isinstance(sign_in.sign_in(shop, POLICY, username, password, CLIENT), Refused)
    session = sign_in.sign_in(shop, POLICY, username, password, here)
    assert isinstance(session, Session)
    assert is_in(shop, session)
    assert sessions.member_of(shop, elsewhere, session) is None
    members.remove_demo_team(shop)
    assert not is_in(shop, session)


@pytest.mark.parametrize(
    ("host", "trusted_proxies", "alone"),
    [
        ("127.0.0.1", "", True),
        ("::1", "", True),
        ("localhost", "", True),
        ("::", "", False),
        ("192.0.2.1", "", False),
        ("127.0.0.1", "127.0.0.1", False),
    ],
)
def test_a_server_is_alone_on_its_machine_unless_it_listens_further_or_is_behind_a_proxy(
    host: str, trusted_proxies: str, alone: bool
) -> None:
    assert sessions.policy_of(Settings(host=host, trusted_proxies=trusted_proxies), b"k" * 40).on_loopback is alone


class TestOpenIdConnect:
    """Claims of an ID token, mapped to a member."""

    def member(self, shop: Shop, first_seen: datetime | None = None, **claims: object) -> Member | Refused:
        given = {"email": "sam@example.com", "email_verified": True, **claims}
        return sign_in.member_of_claims(shop, POLICY, given, first_seen or shop.clock())

    def test_a_verified_address_of_a_member_is_that_member_whatever_its_case(self, shop: Shop) -> None:
        sam = add(shop, password=None)
        assert self.member(shop, email="SAM@Example.com") == sam

    @pytest.mark.parametrize("email", ["\u017fam@example.com", "sam@example\uff0ecom", "sam@e\u212aample.com"])
    def test_letters_that_only_unicode_holds_to_be_equal_are_another_address(self, shop: Shop, email: str) -> None:
        add(shop, password=None)
        refused = self.member(shop, email=email)
        assert isinstance(refused, Refused)
        assert "is not in the team" in refused.sentence

    def test_an_address_that_the_provider_has_given_to_somebody_else_is_not_the_member(self, shop: Shop) -> None:
        sam = add(shop, password=None)
        for _ in range(2):
            assert isinstance(self.member(shop, sub="auth0|1"), Member)
        for other in ({"sub": "auth0|2"}, {"sub": ""}, {}):
            refused = self.member(shop, **other)
            assert isinstance(refused, Refused)
            assert "another person" in refused.sentence
        assert isinstance(self.member(shop, sub="auth0|1"), Member)
        members.change_email(shop, ADMIN, sam.username, "other@example.com")
        members.change_email(shop, ADMIN, sam.username, "sam@example.com")
        later = int(shop.clock().timestamp()) + 1
        assert isinstance(self.member(shop, sub="auth0|2", iat=later), Member)
        assert isinstance(self.member(shop, sub="auth0|1", iat=later), Refused)

    @pytest.mark.parametrize("issued", [float("nan"), float("inf"), 10**30])
    def test_a_moment_that_no_calendar_has_is_no_error(self, shop: Shop, issued: float) -> None:
        add(shop, password=None)
        assert isinstance(self.member(shop, iat=issued), Member)

    @pytest.mark.parametrize("verified", [False, None, "true", 1])
    def test_an_address_that_is_not_verified_is_nobody(self, shop: Shop, verified: object) -> None:
        add(shop, password=None)
        refused = self.member(shop, email_verified=verified)
        assert isinstance(refused, Refused)
        assert "has not verified your email address" in refused.sentence

    def test_an_unknown_address_is_told_whom_to_ask(self, shop: Shop) -> None:
        refused = self.member(shop, email="eve@example.com")
        assert isinstance(refused, Refused)
        assert refused.sentence == (
            "eve@example.com is not in the team of Test shop. Ask an admin of the shop to add this address."
        )

    def test_claims_without_an_address_are_nobody(self, shop: Shop) -> None:
        assert isinstance(sign_in.member_of_claims(shop, POLICY, {}, shop.clock()), Refused)

    def test_a_token_from_before_the_sign_out_is_over_and_a_later_one_is_not(
        self, shop: Shop, clock: TestClock
    ) -> None:
        sam = add(shop, password=None)
        clock.forward(hours=1)
        issued = int(clock.now.timestamp())
        assert isinstance(self.member(shop, iat=issued), Member)
        clock.forward(seconds=0.5)
        sessions.sign_out(shop, Session(sam.username, clock.now))
        assert isinstance(self.member(shop, iat=issued), Refused)
        clock.forward(seconds=1)
        assert isinstance(self.member(shop, iat=int(clock.now.timestamp())), Member)

    def test_without_the_moment_of_issue_the_first_sight_counts(self, shop: Shop, clock: TestClock) -> None:
        add(shop, password=None)
        seen = clock.now
        assert isinstance(self.member(shop, seen), Member)
        clock.forward(days=7)
        assert isinstance(self.member(shop, seen), Refused)

    def test_a_disabled_member_is_told_so(self, shop: Shop) -> None:
        add(shop, password=None)
        members.disable(shop, ADMIN, "sam")
        refused = self.member(shop)
        assert isinstance(refused, Refused)
        assert "disabled" in refused.sentence
