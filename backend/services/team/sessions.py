"""Sessions: the cookie of a signed-in browser, and whether it is still valid.

The cookie says who signed in and when. Everything else is read from the store on every run of a page, so a session
ends at once, in every process, browser and tab, when somebody ends it (`devices`), or when the member is disabled or
removed, or gets another role or password.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from backend.config import Settings
from backend.domain.sessions import SEEN_EVERY, SignedIn
from backend.domain.team import Member, Role
from backend.domain.time import to_text
from backend.errors import ConditionFailedError, UnreadableItemError
from backend.records.team import signed_in_from
from backend.secret_file import accepted, derived
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.team.members import find_member
from backend.store import schema
from backend.store.port import Below, Row, Update

COOKIE_NAME = "tillpost_session"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_ALGORITHM = "HS256"
_MUST = {"optional": frozenset[Role](), "admins": frozenset({Role.ADMIN}), "everyone": frozenset(Role)}
_CLOCK_SKEW = timedelta(seconds=30)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class SignInPolicy:
    """What an installation decides about signing in. `on_loopback`: only this machine can reach the server.

    `idle_length` is how long a session may rest; zero is any time. `must_have_second_factor` are the roles that need
    one; members who sign in by a provider have it there.
    """

    key: bytes
    session_length: timedelta
    on_loopback: bool
    must_have_second_factor: frozenset[Role] = frozenset()
    idle_length: timedelta = timedelta(0)

    @property
    def cookie_key(self) -> bytes:
        return derived(self.key, "session cookie")


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in, and when (to the microsecond)."""

    username: str
    began_at: datetime

    @property
    def id(self) -> str:
        """Names the session in the store. Two of a member that begin in one microsecond are one."""
        return str((self.began_at - _EPOCH) // _MICROSECOND)


def policy_of(settings: Settings, key: bytes) -> SignInPolicy:
    """The policy of these settings; `key` is the installation's secret."""
    on_loopback = settings.host in LOOPBACK and not settings.trusted_proxies.strip()
    asked = settings.second_factor if settings.auth_mode == "password" else "optional"
    length, idle = timedelta(days=settings.session_days), timedelta(hours=settings.session_idle_hours)
    return SignInPolicy(key, length, on_loopback, _MUST[asked], idle)


def begin_session(shop: Shop, member: Member) -> Session:
    """A session from now on. It is valid also when another server's clock moved `sessions_valid_from` ahead."""
    return Session(member.username, max(shop.clock(), member.sessions_valid_from))


def session_token(policy: SignInPolicy, session: Session) -> str:
    """The cookie's value: streamlit-authenticator's token (`username`, `exp_date`), with the session's beginning."""
    claims = {
        "username": session.username,
        "exp_date": (session.began_at + policy.session_length).timestamp(),
        "began_at": int(session.id),
    }
    return jwt.encode(claims, policy.cookie_key, algorithm=_ALGORITHM)


def session_of(policy: SignInPolicy, token: str) -> Session | None:
    """The session of a cookie, or None when it was not signed by us."""
    return next((found for key in accepted(policy.cookie_key) if (found := _read(key, token))), None)


def _read(key: bytes, token: str) -> Session | None:
    try:
        claims: dict[str, Any] = jwt.decode(token[:4096], key, algorithms=[_ALGORITHM])
        return Session(str(claims["username"]), _EPOCH + int(claims["began_at"]) * _MICROSECOND)
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, OverflowError):
        return None


def member_of(shop: Shop, policy: SignInPolicy, session: Session) -> Member | None:
    """The member of a session as stored now; None when the session is over."""
    member = find_member(shop, session.username)
    if member is None or not _is_valid(shop, policy, member, session.began_at) or is_over(shop, policy, session):
        return None
    return member


def is_over(shop: Shop, policy: SignInPolicy, session: Session) -> bool:
    """Whether somebody ended this session, or nobody has used it for too long.

    One that is not stored yet goes on: its first page writes it (`devices.note_visit`). One that cannot be read ends.
    """
    key = schema.session_key(session.username, session.id)
    item = shop.store.get(key)
    if item is None:
        return False
    try:
        stored = signed_in_from(Row(key, item))
    except UnreadableItemError:
        return True
    return stored.ended_at is not None or has_rested(policy, stored, shop.clock())


def has_rested(policy: SignInPolicy, stored: SignedIn, now: datetime) -> bool:
    """Whether nobody has used the session for too long. `seen_at` may be an hour older than the last use."""
    return policy.idle_length > timedelta(0) and now >= stored.seen_at + policy.idle_length + SEEN_EVERY


def _is_valid(shop: Shop, policy: SignInPolicy, member: Member, began_at: datetime) -> bool:
    now = shop.clock()
    return (
        not member.disabled
        and member.sessions_valid_from <= began_at <= max(now, member.sessions_valid_from) + _CLOCK_SKEW
        and now < began_at + policy.session_length
        and (not member.demo or may_use_demo(shop, policy))
    )


def may_use_demo(shop: Shop, policy: SignInPolicy) -> bool:
    """Whether the demo sign-ins work: the demo shop is loaded, and only this machine can reach the server."""
    return policy.on_loopback and shop.store.get(schema.meta_key("demo")) is not None


def sign_out(shop: Shop, session: Session) -> None:
    """Ends all sessions of the member, in every browser."""
    end = to_text(max(shop.clock(), session.began_at + _MICROSECOND))
    try:
        shop.store.update(
            Update(
                schema.member_key(session.username),
                set={"sessions_valid_from": end},
                condition=Below("sessions_valid_from", end),
            )
        )
        member = find_member(shop, session.username)
        if member is not None:
            audit_log.note(shop, member.actor, "signed out", f"member:{member.username}")
    except ConditionFailedError:
        return  # The member is gone, or something ended the sessions later than now.
