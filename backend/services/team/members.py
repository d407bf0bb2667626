"""The team: members, their roles, and who may no longer sign in.

Every change of membership rewrites the roster in the same transaction. So an email address has one member, and the
last admin stays even when two admins act at the same moment.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta

from backend.domain.customers import clean_email, email_identity
from backend.domain.sessions import AccountEvent
from backend.domain.team import NOT_MEMBERS, Actor, Member, Permission, Role
from backend.domain.text import clean_line
from backend.errors import AlreadyExistsError, InvalidInputError, NotFoundError, PermissionDeniedError
from backend.records.team import member_from_item
from backend.services.api_keys.keys import names_of_keys
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.team import roster
from backend.services.team.notices import notice
from backend.services.team.passwords import check_password, hash_password
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Put, Query, pages_of

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


def clean_username(text: str) -> str:
    """The username as it is stored: in lower case, 2 to 40 letters, digits, dots, dashes or underscores.

    Raises: `InvalidInputError`.
    """
    username = normal_username(text)
    if not _USERNAME.fullmatch(username):
        raise InvalidInputError(
            "A username has 2 to 40 characters: the letters a to z, digits, “.”, “-” and “_”, "
            "beginning with a letter or digit.",
            "username",
        )
    return username


def normal_username(text: str) -> str:
    """The form in which two spellings of a username are equal; does not validate."""
    return unicodedata.normalize("NFKC", text[:200]).strip().casefold()


def find_member(shop: Shop, username: str) -> Member | None:
    """The member with exactly this username, read consistently. Any text is accepted."""
    if not _USERNAME.fullmatch(username):
        return None
    item = shop.store.get(schema.member_key(username))
    return None if item is None else member_from_item(item)


def find_member_by_email(shop: Shop, email: str) -> Member | None:
    username = roster.read_roster(shop).username_of(email_identity(email))
    return None if username is None else find_member(shop, username)


def list_members(shop: Shop, actor: Actor) -> list[Member]:
    """All members by username.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.MANAGE_TEAM)
    return members_of(shop)


def members_of(shop: Shop) -> list[Member]:
    """All members by username, for parts of the program that send them emails."""
    query = Query(schema.SHOP, schema.TEAM, begins_with=schema.MEMBERS, consistent=True)
    return [*readable(shop, pages_of(shop.store, query), lambda _, item: member_from_item(item))]


def names_of_actors(shop: Shop) -> dict[str, str]:
    """The names by username of all who appear in histories: members, API keys, and actors that are not people."""
    names = {actor.username: actor.name for actor in NOT_MEMBERS}
    return names | names_of_keys(shop) | {member.username: member.name for member in members_of(shop)}


def team_is_empty(shop: Shop) -> bool:
    """Whether the team has no members, so that the first admin may be created."""
    return not roster.read_roster(shop).emails


def add_member(
    shop: Shop, actor: Actor, *, username: str, name: str, email: str, role: Role, password: str | None = None
) -> Member:
    """Adds a member. Without a password the member can sign in with OpenID Connect only.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `AlreadyExistsError` (username or e-mail address).
    """
    actor.require(Permission.MANAGE_TEAM)
    member = new_member(shop, username=username, name=name, email=email, role=role, password=password)
    audit_entry = _audit_entry(shop, actor, "added a member", member.username, role.value)
    return roster.add(shop, member, audit_entry=audit_entry)


def new_member(shop: Shop, *, username: str, name: str, email: str, role: Role, password: str | None = None) -> Member:
    """A member made from the input of a form, not stored yet.

    Raises: `InvalidInputError`.
    """
    now = shop.clock()
    member = Member(
        username=clean_username(username),
        name=clean_line(name, "Name", required=True),
        email=clean_email(email),
        role=role,
        created_at=now,
        sessions_valid_from=now,
    )
    return member if password is None else replace(member, password_hash=checked_hash(shop, member, password))


def rename(shop: Shop, actor: Actor, username: str, name: str, *, version: int | None = None) -> Member:
    """Changes the name that people see; members may change their own.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `NotFoundError`, `ConflictError`.
    """
    if actor.username != username:
        actor.require(Permission.MANAGE_TEAM)
    cleaned = clean_line(name, "Name", required=True)
    audit_entry = _audit_entry(shop, actor, "renamed a member", username)
    return roster.change(
        shop, username, lambda member: replace(member, name=cleaned), version=version, audit_entry=audit_entry
    )


def change_email(shop: Shop, actor: Actor, username: str, email: str, *, version: int | None = None) -> Member:
    """Changes the address, which OpenID Connect maps to the member, and ends the member's sessions.

    Raises: as `rename`, and `AlreadyExistsError`.
    """
    actor.require(Permission.MANAGE_TEAM)
    cleaned = clean_email(email)
    audit_entry = _audit_entry(shop, actor, "changed a member's address", username)
    return roster.change(
        shop,
        username,
        lambda member: ended_sessions(without_link(replace(member, email=cleaned, oidc_subject="")), shop.clock()),
        version=version,
        audit_entry=audit_entry,
    )


def change_role(shop: Shop, actor: Actor, username: str, role: Role, *, version: int | None = None) -> Member:
    """Changes the role and ends the member's sessions.

    Raises: as `rename`, and `LastAdminError`.
    """
    actor.require(Permission.MANAGE_TEAM)
    audit_entry = _audit_entry(shop, actor, "changed a member's role", username, role.value)
    return roster.change(
        shop,
        username,
        lambda member: ended_sessions(replace(member, role=role), shop.clock()),
        version=version,
        audit_entry=audit_entry,
    )


def disable(shop: Shop, actor: Actor, username: str, *, version: int | None = None) -> Member:
    """Ends the member's sessions and allows no new ones.

    Raises: as `change_role`.
    """
    actor.require(Permission.MANAGE_TEAM)
    audit_entry = _audit_entry(shop, actor, "ended a member's access", username)
    return roster.change(
        shop,
        username,
        lambda member: ended_sessions(without_link(replace(member, disabled=True)), shop.clock()),
        version=version,
        audit_entry=audit_entry,
    )


def enable(shop: Shop, actor: Actor, username: str, *, version: int | None = None) -> Member:
    """Lets the member sign in again; earlier sessions stay over.

    Raises: as `rename`.
    """
    actor.require(Permission.MANAGE_TEAM)
    audit_entry = _audit_entry(shop, actor, "let a member sign in again", username)
    return roster.change(
        shop,
        username,
        lambda member: ended_sessions(replace(member, disabled=False), shop.clock()),
        version=version,
        audit_entry=audit_entry,
    )


def end_sessions(shop: Shop, actor: Actor, username: str) -> Member:
    """Signs the member out on all devices.

    Raises: as `rename`.
    """
    if actor.username != username:
        actor.require(Permission.MANAGE_TEAM)
    audit_entry = _audit_entry(shop, actor, "ended all sessions", username)
    return roster.change(shop, username, lambda now: ended_sessions(now, shop.clock()), audit_entry=audit_entry)


def remove(shop: Shop, actor: Actor, username: str, *, version: int | None = None) -> None:
    """Removes the member from the team.

    Raises: as `change_role`.
    """
    actor.require(Permission.MANAGE_TEAM)
    roster.remove(shop, username, version=version, audit_entry=_audit_entry(shop, actor, "removed a member", username))


def set_password(shop: Shop, actor: Actor, username: str, password: str, *, version: int | None = None) -> Member:
    """Gives the member a new password and ends the member's sessions; members may change their own.

    Raises: as `rename`.
    """
    if actor.username != username:
        actor.require(Permission.MANAGE_TEAM)
    member = find_member(shop, username)
    if member is None:
        raise NotFoundError(f"There is no member “{username[:40]}”.")
    # Hashed once, outside of the retries: each hash costs 0.2 s.
    hashed = checked_hash(shop, member, password)
    return roster.change(
        shop,
        username,
        lambda current: ended_sessions(without_link(replace(current, password_hash=hashed)), shop.clock()),
        version=version,
        audit_entry=_audit_entry(shop, actor, "set a password", username),
        also=[notice(shop, username, AccountEvent.PASSWORD)],
    )


DEMO_TEAM = (
    ("demo-manager", "Mara Demo (manager)", Role.MANAGER, "demo-manager-2026"),
    ("demo-staff", "Sam Demo (staff)", Role.STAFF, "demo-staff-2026"),
    ("demo-engineer", "Eli Demo (engineer)", Role.ENGINEER, "demo-engineer-2026"),
    ("demo-admin", "Ada Demo (admin)", Role.ADMIN, "demo-admin-2026"),
)
"""Username, name, role and well-known password. They sign in only where `sessions.may_use_demo` says so."""


def demo_sign_ins() -> list[tuple[str, str, Role]]:
    """Username, password and role of the demo people."""
    return [(username, password, role) for username, _, role, password in DEMO_TEAM]


def add_demo_team(shop: Shop) -> list[tuple[str, str, Role]]:
    """Adds the demo people who are not there yet; returns username, password and role of all."""
    for username, name, role, password in DEMO_TEAM:
        if find_member(shop, username) is None:
            email = f"{username}@tillpost.example"
            member = new_member(shop, username=username, name=name, email=email, role=role)
            try:
                roster.add(shop, replace(member, demo=True, password_hash=hash_password(password)))
            except AlreadyExistsError:
                continue
    return demo_sign_ins()


def remove_demo_team(shop: Shop) -> None:
    """Removes the demo people, even when nobody else is left: then a new first admin can be created."""
    for username, *_ in DEMO_TEAM:
        member = find_member(shop, username)
        if member is not None and member.demo:
            roster.remove(shop, username, keep_admin=False)


def _audit_entry(shop: Shop, actor: Actor, action: str, username: str, detail: str = "") -> Put:
    return audit_log.entry(shop, actor, action, f"member:{username}", detail)


def checked_hash(shop: Shop, member: Member, password: str) -> str:
    """The hash of a new password of this member.

    Raises: `PermissionDeniedError` for demo sign-ins, `InvalidInputError` for a password that is not accepted.
    """
    if member.demo:
        raise PermissionDeniedError("Demo sign-ins keep their well-known passwords. Remove the demo shop instead.")
    check_password(password, username=member.username, email=member.email, name=member.name, shop_name=shop.name)
    return hash_password(password)


def ended_sessions(member: Member, now: datetime) -> Member:
    """The member, of whose sessions none is valid any more."""
    latest = max(now, member.sessions_valid_from + timedelta(microseconds=1))
    return replace(member, sessions_valid_from=latest)


def without_link(member: Member) -> Member:
    """The member, whose link to set a password works no more."""
    return replace(member, link_hash="", link_ends=None)
