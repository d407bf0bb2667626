"""Links with which a member sets a password, once: for an invitation, and for whoever forgot it. No admin learns it.

The store has the hash of the newest link of a member; an earlier one works no more. A link that is opened and not used
still works, because programs open links too.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import replace
from datetime import timedelta

from backend.domain.sessions import AccountEvent
from backend.domain.team import Actor, Member, Permission
from backend.errors import BackendError, ConflictError, PermissionDeniedError
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.team import roster
from backend.services.team.members import checked_hash, ended_sessions, find_member, without_link
from backend.services.team.notices import notice

PARAMETER = "set_password"
"""Of the dashboard's address."""
LIFETIME = timedelta(days=3)
OVER = "This link was used already, is too old, or is not complete. Ask an admin of your shop for a new one."


class _LinkOverError(BackendError):
    """Somebody else has used the link, or a new one was made, a moment ago."""


def make_link(shop: Shop, actor: Actor, username: str, base_url: str) -> str:
    """A link for the member, in place of any earlier one. It is shown to whoever asks for it, once.

    Raises: `PermissionDeniedError` (also for one's own, and for demo sign-ins), `NotFoundError`, `ConflictError` for
    who may not sign in.
    """
    actor.require(Permission.MANAGE_TEAM)
    if actor.username == username:
        raise PermissionDeniedError("You change your own password under “Your account”.")
    secret = secrets.token_urlsafe(32)

    def edit(member: Member) -> Member:
        if member.demo:
            raise PermissionDeniedError("Demo sign-ins keep their well-known passwords.")
        if member.disabled:
            raise ConflictError(f"{member.name} may not sign in. Let them sign in again first.")
        return replace(member, link_hash=_hash(secret), link_ends=shop.clock() + LIFETIME)

    entry = audit_log.entry(shop, actor, "made a link to set a password", f"member:{username}")
    roster.change(shop, username, edit, audit_entry=entry)
    return f"{base_url.rstrip('/')}/?{PARAMETER}={username}.{secret}"


def member_of_link(shop: Shop, token: str) -> Member | None:
    """The member whom the link is for; None when it does not work (any more)."""
    username, _, secret = token[:200].rpartition(".")
    member = find_member(shop, username)
    return member if member is not None and _works(shop, member, secret) else None


def use(shop: Shop, token: str, password: str) -> Member | None:
    """Sets the password, which uses up the link and ends the member's sessions; None when the link does not work.

    Raises: `InvalidInputError` when the password is not accepted.
    """
    member, secret = member_of_link(shop, token), token[:200].rpartition(".")[2]
    if member is None:
        return None
    hashed = checked_hash(shop, member, password)

    def edit(now: Member) -> Member:
        if not _works(shop, now, secret):
            raise _LinkOverError(OVER)
        return ended_sessions(without_link(replace(now, password_hash=hashed)), shop.clock())

    entry = audit_log.entry(shop, member.actor, "set a password by a link", f"member:{member.username}")
    try:
        told = [notice(shop, member.username, AccountEvent.PASSWORD)]
        return roster.change(shop, member.username, edit, audit_entry=entry, also=told)
    except _LinkOverError:
        return None


def _works(shop: Shop, member: Member, secret: str) -> bool:
    if member.disabled or member.link_ends is None or shop.clock() >= member.link_ends:
        return False
    return hmac.compare_digest(_hash(secret), member.link_hash)


def _hash(secret: str) -> str:
    """256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
