"""Signing in: by password, or by OpenID Connect."""

from __future__ import annotations

import contextlib
import string
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from loguru import logger

from backend.domain.network import THIS_MACHINE
from backend.domain.team import Actor, Member
from backend.errors import InvalidInputError
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.team import password_links, roster, second_factor, sign_in_attempts
from backend.services.team.members import find_member, find_member_by_email, normal_username, set_password
from backend.services.team.passwords import password_matches
from backend.services.team.sessions import Session, SignInPolicy, begin_session, is_over, may_use_demo
from backend.services.team.sign_in_attempts import Refused, Subject, attempt, settle

_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


SECOND_STEP = timedelta(minutes=5)
"""In which the code has to follow the password."""


@dataclass(frozen=True, slots=True)
class SecondStep:
    """The password was right, and the member has a second factor. This is no session: it opens nothing."""

    username: str
    at: datetime


_WRONG = Refused("The username or the password is wrong.")


def sign_in(
    shop: Shop, policy: SignInPolicy, username: str, password: str, client: str
) -> Session | SecondStep | Refused:
    """Signs in by password; returns the new session, or that a code has to follow (`finish`).

    `client` is `Origin.client` of the request.

    An unknown username takes as long as a wrong password and gets the same answer.
    """
    name = normal_username(username)
    if not name or not password:
        return Refused("Enter your username and your password.")
    wait = attempt(shop, policy.key, name, client)
    if wait:
        return wait
    member = find_member(shop, name)
    if not password_matches(password, member.password_hash if member else "") or member is None:
        logger.info("Sign-in failed")
        _note_failure(shop, policy, member)
        return _WRONG
    asks = member.has_second_factor and not member.disabled
    settle(shop, policy.key, name, client, whole=not asks)
    return SecondStep(name, shop.clock()) if asks else _let_in(shop, policy, member, client)


def finish(shop: Shop, policy: SignInPolicy, step: SecondStep, code: str, client: str) -> Session | Refused:
    """Signs in whoever gave the right password a moment ago, by a code of the second factor or a recovery code."""
    member = find_member(shop, step.username)
    if member is None or shop.clock() >= step.at + SECOND_STEP or member.sessions_valid_from > step.at:
        return Refused("That took too long, or something has changed meanwhile. Sign in again.")
    refused = second_factor.check(shop, policy, step.username, code, client)
    if refused:
        _note_failure(shop, policy, member)
    return refused or _let_in(shop, policy, member, client)


def demo_is_open(shop: Shop, policy: SignInPolicy, client: str) -> bool:
    """Whether a client at this address may use the demo sign-ins: on this machine, while the demo shop is loaded."""
    return client == THIS_MACHINE and may_use_demo(shop, policy)


def _let_in(shop: Shop, policy: SignInPolicy, member: Member, client: str) -> Session | Refused:
    if member.disabled:
        return Refused("Your sign-in was disabled. Ask an admin of your shop.")
    if member.demo and not demo_is_open(shop, policy, client):
        return Refused("Demo sign-ins work only on the machine that runs Tillpost, while the demo shop is loaded.")
    logger.info("{} signed in", member.username)
    audit_log.note(shop, member.actor, "signed in", f"member:{member.username}")
    return begin_session(shop, member)


def set_password_by_link(
    shop: Shop, policy: SignInPolicy, token: str, password: str, client: str
) -> Session | SecondStep | Refused:
    """Sets the password of the member whom the link is for, and signs in; a second factor is asked for as ever.

    Raises: `InvalidInputError` when the password is not accepted; then the link still works.
    """
    member = password_links.use(shop, token, password)
    if member is None:
        return Refused(password_links.OVER)
    if member.has_second_factor:
        return SecondStep(member.username, max(shop.clock(), member.sessions_valid_from))
    return _let_in(shop, policy, member, client)


def _note_failure(shop: Shop, policy: SignInPolicy, member: Member | None) -> None:
    """Notes a failure of a member in the audit log from the one on that makes the account wait.

    So an attacker writes at most a hundred entries a day for each member, and none for names that nobody has.
    """
    failures = sign_in_attempts.failures_of(shop, policy.key, member.username) if member else 0
    if member and failures >= Subject.ACCOUNT.value:
        audit_log.note(shop, member.actor, "failed to sign in", f"member:{member.username}", f"{failures} failures")


def change_own_password(
    shop: Shop, policy: SignInPolicy, actor: Actor, current: str, new: str, client: str
) -> Session | Refused:
    """Changes a password, which needs the current one; ends all sessions, and begins a new one for this browser.

    Raises: `InvalidInputError` when the new password is not accepted.
    """
    wait = attempt(shop, policy.key, actor.username, client)
    if wait:
        return wait
    member = find_member(shop, actor.username)
    if not password_matches(current, member.password_hash if member else "") or member is None:
        return Refused("The current password is wrong.")
    settle(shop, policy.key, actor.username, client)
    if current == new:
        raise InvalidInputError("The new password is the same as the current one.", "password")
    changed = set_password(shop, actor, actor.username, new)
    logger.info("{} changed the password", actor.username)
    return begin_session(shop, changed)


def member_of_claims(
    shop: Shop, policy: SignInPolicy, claims: Mapping[str, object], first_seen: datetime
) -> Member | Refused:
    """The member whom the provider's claims (of OpenID Connect's ID token) name by a verified e-mail address.

    Addresses are compared without the case of ASCII letters; other letters that Unicode folds are different mailboxes.
    From the first sign-in on, the provider's `sub` identifies the member, until the address is changed here (OpenID
    Connect Core 5.7: an address may be given to somebody else).

    `first_seen` is used where the provider sends no claim `iat`. `iat` has whole seconds, so a token of
    the second in which the member signed out is taken to be older.
    """
    email = str(claims.get("email") or "")
    if not email or claims.get("email_verified") is not True:
        return Refused("Your sign-in provider has not verified your email address. Verify it there, then try again.")
    member = find_member_by_email(shop, email)
    if member is None or email.translate(_ASCII_LOWER) != member.email.translate(_ASCII_LOWER):
        return Refused(f"{email} is not in the team of {shop.name}. Ask an admin of the shop to add this address.")
    if member.disabled:
        return Refused("Your sign-in was disabled. Ask an admin of your shop.")
    session = Session(member.username, _issued_at(claims.get("iat")) or first_seen)
    too_old = shop.clock() >= session.began_at + policy.session_length
    if session.began_at < member.sessions_valid_from or too_old or is_over(shop, policy, session):
        return Refused("Your session has ended. Sign in again.")
    return _bound(shop, member, str(claims.get("sub") or ""))


def session_of_claims(username: str, claims: Mapping[str, object]) -> Session | None:
    """The session of a member whom a provider signed in; None when the provider does not say when."""
    began_at = _issued_at(claims.get("iat"))
    return None if began_at is None else Session(username, began_at)


def _bound(shop: Shop, member: Member, subject: str) -> Member | Refused:
    if subject and not member.oidc_subject:
        member = roster.change(
            shop, member.username, lambda now: now if now.oidc_subject else replace(now, oidc_subject=subject)
        )
    if member.oidc_subject != subject:
        return Refused(
            "Your address belongs to another person at your sign-in provider than before. Ask an admin of your shop to "
            "change your address to another one and back, if it is yours now."
        )
    return member


def _issued_at(claim: object) -> datetime | None:
    if isinstance(claim, int | float) and not isinstance(claim, bool):
        with contextlib.suppress(ValueError, OverflowError, OSError):  # not a valid date
            return datetime.fromtimestamp(claim, UTC)
    return None
