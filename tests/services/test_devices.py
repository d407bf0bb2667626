"""The devices on which a member is signed in: listed, signed out one by one, and over when nobody uses them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.messages import MessageStatus
from backend.domain.sessions import device_of
from backend.domain.team import Member, Role
from backend.email.transports.recording import RecordingTransport
from backend.errors import PermissionDeniedError
from backend.services.context import Shop
from backend.services.sending.account_notices import TEMPLATE, ask_for_notices
from backend.services.sending.composition import email_of
from backend.services.sending.message_log import messages_of
from backend.services.sending.requests import member_code
from backend.services.team import devices, members, password_links, roster, second_factor, sessions, sign_in
from backend.services.team.sessions import Session
from backend.services.team.sign_in_attempts import Refused
from backend.store import schema
from backend.store.port import Put
from tests.mailing.worker_script import mailer_on
from tests.services.signing import CLIENT, OTHER_PASSWORD, PASSWORD, POLICY, add, quick_hashes
from tests.services.test_repairing import audit_entries
from tests.support import ADMIN, STAFF, TestClock

pytestmark = pytest.mark.usefixtures("quick_hashes")
__all__ = ["quick_hashes"]

KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
PHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) {KIT} Version/17.1 Mobile/15E148 Safari/604.1"
IDLE = replace(POLICY, idle_length=timedelta(hours=8))


def signed_in(shop: Shop, clock: TestClock, member: Member, user_agent: str = FIREFOX) -> Session:
    """A session with its first page; each begins a second later than the one before."""
    clock.forward(seconds=1)
    session = sessions.begin_session(shop, member)
    devices.note_visit(shop, member, session, user_agent)
    return session


def is_in(shop: Shop, session: Session, policy: sessions.SignInPolicy = POLICY) -> bool:
    return sessions.member_of(shop, policy, session) is not None


def told(shop: Shop, member: Member) -> list[str]:
    """The headlines of the emails that the member got about the account."""
    ask_for_notices(shop, mailer_on(shop, RecordingTransport()), "https://shop.example")
    found = messages_of(shop, member_code(member))
    assert all(each.template == TEMPLATE and each.status is MessageStatus.WAITING for each in found)
    return sorted(email_of(shop, each).subject for each in found)


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (FIREFOX, "Firefox on Windows"),
        (PHONE, "Safari on iPhone"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {KIT} Chrome/120.0.0.0 Safari/537.36", "Chrome on macOS"),
        (f"Mozilla/5.0 (Windows NT 10.0) {KIT} Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {KIT} Chrome/120.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {KIT} Chrome/120.0.0.0 Safari/537.36", "Chrome on ChromeOS"),
        ("curl/8.4.0", "Another browser"),
        ("", "Another browser"),
    ],
)
def test_a_device_is_named_by_browser_and_system(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device


def test_one_device_is_signed_out_and_the_others_are_not(shop: Shop, clock: TestClock) -> None:
    sam = add(shop)
    laptop, phone = signed_in(shop, clock, sam), signed_in(shop, clock, sam, PHONE)
    listed = devices.open_sessions(shop, POLICY, sam.actor, sam)
    assert [(each.device, each.id) for each in listed] == [
        ("Safari on iPhone", phone.id),
        ("Firefox on Windows", laptop.id),
    ]
    for _ in range(2):  # the second click of a pair changes nothing
        devices.end_session(shop, sam.actor, listed[0])
    assert (is_in(shop, laptop), is_in(shop, phone)) == (True, False)
    devices.note_visit(shop, sam, phone, PHONE)  # from a tab that was still busy
    assert not is_in(shop, phone)
    assert [each.id for each in devices.open_sessions(shop, POLICY, sam.actor, sam)] == [laptop.id]
    ended = [entry for entry in audit_entries(shop) if entry.action == "ended a session"]
    assert [(entry.actor, entry.target, entry.detail) for entry in ended] == [("sam", "member:sam", "Safari on iPhone")]


def test_all_others_are_signed_out_but_one(shop: Shop, clock: TestClock) -> None:
    sam = add(shop)
    first, own, last = (signed_in(shop, clock, sam, agent) for agent in (FIREFOX, PHONE, FIREFOX))
    assert devices.end_others(shop, POLICY, sam.actor, sam, own) == 2
    assert [is_in(shop, each) for each in (first, own, last)] == [False, True, False]


def test_only_admins_see_and_end_sessions_of_others(shop: Shop, clock: TestClock) -> None:
    sam = add(shop)
    session = signed_in(shop, clock, sam)
    (listed,) = devices.open_sessions(shop, POLICY, ADMIN, sam)
    eve = add(shop, "eve")
    for attempt in (
        lambda: devices.open_sessions(shop, POLICY, eve.actor, sam),
        lambda: devices.end_session(shop, eve.actor, listed),
        lambda: members.end_sessions(shop, eve.actor, "sam"),
    ):
        with pytest.raises(PermissionDeniedError):
            attempt()
    assert is_in(shop, session)
    devices.end_session(shop, ADMIN, listed)
    assert not is_in(shop, session)
    later = signed_in(shop, clock, sam)
    clock.forward(seconds=1)
    members.end_sessions(shop, ADMIN, "sam")
    assert not is_in(shop, later)
    assert devices.open_sessions(shop, POLICY, ADMIN, members.find_member(shop, "sam") or sam) == []


def test_an_unused_session_ends_and_a_used_one_goes_on(shop: Shop, clock: TestClock) -> None:
    sam = add(shop)
    used, unused = signed_in(shop, clock, sam), signed_in(shop, clock, sam, PHONE)
    for _ in range(9):
        clock.forward(hours=1)
        assert is_in(shop, used, IDLE)
        devices.note_visit(shop, sam, used, FIREFOX)
    assert not is_in(shop, unused, IDLE)
    assert is_in(shop, unused)  # without the setting it lasts
    assert [each.id for each in devices.open_sessions(shop, IDLE, sam.actor, sam)] == [used.id]
    clock.forward(hours=9)
    assert not is_in(shop, used, IDLE)


def test_a_session_is_written_once_an_hour_at_most(shop: Shop, clock: TestClock) -> None:
    sam = add(shop)
    session = signed_in(shop, clock, sam)
    began = clock.now
    for minutes in (20, 39):
        clock.forward(minutes=minutes)
        devices.note_visit(shop, sam, session, FIREFOX)
        assert devices.open_sessions(shop, POLICY, sam.actor, sam)[0].seen_at == began
    clock.forward(minutes=1)
    devices.note_visit(shop, sam, session, FIREFOX)
    assert devices.open_sessions(shop, POLICY, sam.actor, sam)[0].seen_at == clock.now


def test_a_cookie_from_before_sessions_were_stored_goes_on_and_is_listed_from_then_on(
    shop: Shop, clock: TestClock
) -> None:
    sam = add(shop)
    signed_in(shop, clock, sam)
    old = Session("sam", clock.now + timedelta(seconds=1))
    clock.forward(days=2)
    assert is_in(shop, old, IDLE)
    devices.note_visit(shop, sam, old, PHONE)
    assert "Safari on iPhone" in {each.device for each in devices.open_sessions(shop, POLICY, sam.actor, sam)}
    assert told(shop, sam) == []  # it is no new sign-in


def test_a_session_that_cannot_be_read_is_over(shop: Shop, clock: TestClock) -> None:
    session = signed_in(shop, clock, add(shop))
    shop.store.put(Put(schema.session_key("sam", session.id), {"began_at": "nonsense"}))
    assert not is_in(shop, session)


def test_a_sign_in_by_a_provider_is_in_the_audit_log_once_and_ends_alone(shop: Shop, clock: TestClock) -> None:
    sam = add(shop, password=None)
    claims = {"email": sam.email, "email_verified": True, "sub": "s1", "iat": int(clock.now.timestamp())}
    session = sign_in.session_of_claims("sam", claims)
    assert session is not None
    for _ in range(2):
        assert isinstance(sign_in.member_of_claims(shop, POLICY, claims, clock.now), Member)
        devices.note_visit(shop, sam, session, FIREFOX, by_provider=True)
    devices.end_session(shop, sam.actor, session)
    assert isinstance(sign_in.member_of_claims(shop, POLICY, claims, clock.now), Refused)
    actions = sorted((each.action, each.detail) for each in audit_entries(shop) if each.actor == "sam")
    assert actions == [("signed in", "by a provider"), ("signed out", "")]


def test_a_member_is_emailed_about_a_sign_in_on_an_unknown_device_only(shop: Shop, clock: TestClock) -> None:
    sam = add(shop)
    for agent in (FIREFOX, FIREFOX, PHONE, PHONE):
        signed_in(shop, clock, sam, agent)
    assert told(shop, sam) == ["New sign-in to your account (Test shop)"]
    demo = replace(roster.add(shop, replace(add_demo(sam), username="dora", email="dora@example.com")), demo=True)
    for agent in (FIREFOX, PHONE):
        signed_in(shop, clock, demo, agent)
    assert told(shop, demo) == []


def add_demo(member: Member) -> Member:
    return replace(member, demo=True, role=Role.STAFF)


def test_a_member_is_emailed_once_about_each_change_of_what_signs_them_in(shop: Shop, clock: TestClock) -> None:
    sam, admin = add(shop), add(shop, "ada", Role.ADMIN)
    members.set_password(shop, admin.actor, "sam", OTHER_PASSWORD)
    token = password_links.make_link(shop, admin.actor, "sam", "https://shop.example").partition("=")[2]
    assert password_links.use(shop, token, PASSWORD) is not None
    secret = second_factor.new_secret()
    code = second_factor.pyotp.TOTP(secret).at(clock.now)
    codes = second_factor.turn_on(shop, POLICY, sam.actor, secret, PASSWORD, code, CLIENT)
    assert isinstance(codes, tuple)
    assert isinstance(second_factor.renew_recovery_codes(shop, POLICY, sam.actor, codes[0], CLIENT), tuple)
    second_factor.reset(shop, admin.actor, "sam")
    with pytest.raises(PermissionDeniedError):
        members.set_password(shop, STAFF, "ada", OTHER_PASSWORD)
    for _ in range(2):  # nothing is asked for twice
        assert told(shop, sam) == [
            "You have new recovery codes (Test shop)",
            "Your password was changed (Test shop)",
            "Your password was changed (Test shop)",
            "Your second factor was turned off (Test shop)",
            "Your second factor was turned on (Test shop)",
        ]
    assert told(shop, admin) == []
