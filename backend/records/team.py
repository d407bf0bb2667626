"""How team members, and the roster that guards them, are written down as items of the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from backend.domain.team import Member, Role
from backend.domain.time import from_text, to_text
from backend.records.conversion import reads
from backend.store import schema
from backend.store.port import Item, Value


@dataclass(frozen=True, slots=True)
class Roster:
    """What must hold for the team as a whole, in one item that every change of membership rewrites.

    `emails` maps each member's username to the identity of the address; `admins` are those who can sign in.
    """

    emails: dict[str, str]
    admins: frozenset[str]
    version: int = 0

    def username_of(self, email_identity: str) -> str | None:
        return next((name for name, email in self.emails.items() if email == email_identity), None)

    def with_member(self, member: Member, email_identity: str) -> Roster:
        """The roster in which this member is as given."""
        admins = self.admins - {member.username}
        if member.role is Role.ADMIN and not member.disabled:
            admins |= {member.username}
        return Roster({**self.emails, member.username: email_identity}, admins, self.version + 1)

    def without(self, username: str) -> Roster:
        emails = {name: email for name, email in self.emails.items() if name != username}
        return replace(self, emails=emails, admins=self.admins - {username}, version=self.version + 1)


def member_to_item(member: Member) -> Item:
    return {
        "username": member.username,
        "name": member.name,
        "email": member.email,
        "role": member.role.value,
        "created_at": to_text(member.created_at),
        "sessions_valid_from": to_text(member.sessions_valid_from),
        "password_hash": member.password_hash,
        "disabled": member.disabled,
        "demo": member.demo,
        "version": member.version,
        "oidc_subject": member.oidc_subject,
    }


@reads(lambda item: schema.member_key(str(item.get("username"))))
def member_from_item(item: Item) -> Member:
    return Member(
        username=str(item["username"]),
        name=str(item["name"]),
        email=str(item["email"]),
        role=Role(str(item["role"])),
        created_at=from_text(str(item["created_at"])),
        sessions_valid_from=from_text(str(item["sessions_valid_from"])),
        password_hash=str(item["password_hash"]),
        disabled=bool(item["disabled"]),
        demo=bool(item["demo"]),
        version=cast(int, item["version"]),
        oidc_subject=str(item.get("oidc_subject") or ""),
    )


def roster_to_item(roster: Roster) -> Item:
    emails: dict[str, Value] = dict(roster.emails)
    return {"emails": emails, "admins": list[Value](sorted(roster.admins)), "version": roster.version}


@reads(lambda item: schema.meta_key("team"))
def roster_from_item(item: Item | None) -> Roster:
    """The roster; an absent item is the roster of a team without members."""
    if item is None:
        return Roster({}, frozenset())
    emails = cast(dict[str, str], item["emails"])
    return Roster(dict(emails), frozenset(cast(list[str], item["admins"])), cast(int, item["version"]))
