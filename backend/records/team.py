"""Team members, the roster that guards them, and API keys as items."""

from __future__ import annotations

from dataclasses import dataclass, replace

from backend.domain.api_keys import ApiKey
from backend.domain.sessions import AccountNotice, SignedIn
from backend.domain.team import Member, Role
from backend.records.conversion import key_of_row, reads
from backend.records.declared import Record
from backend.store import schema
from backend.store.port import Item, Row


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


_MEMBER = Record(
    Member,
    needed=("password_hash", "disabled", "demo", "version"),
    sparse=("second_factor", "second_factor_step", "recovery_codes", "link_hash", "link_ends"),
    keep_empty=True,
)
_ROSTER = Record(Roster, needed=("emails", "admins", "version"), keep_empty=True)

member_to_item = _MEMBER.item


@reads(lambda item: schema.member_key(str(item.get("username"))))
def member_from_item(item: Item) -> Member:
    return _MEMBER.read(item)


roster_to_item = _ROSTER.item


@reads(lambda item: schema.meta_key("team"))
def roster_from_item(item: Item | None) -> Roster:
    """The roster; an absent item is the roster of a team without members."""
    return Roster({}, frozenset()) if item is None else _ROSTER.read(item)


_SIGNED_IN = Record(SignedIn, given=("username", "id"))

signed_in_item = _SIGNED_IN.item


@reads(key_of_row)
def signed_in_from(row: Row) -> SignedIn:
    return _SIGNED_IN.read(row.item, username=schema.member_of_session(row.key), id=row.key.sk)


_NOTICE = Record(AccountNotice)

notice_item = _NOTICE.item


@reads(key_of_row)
def notice_from(row: Row) -> AccountNotice:
    return _NOTICE.read(row.item)


_KEY = Record(ApiKey, given=("prefix",), needed=("version",))

api_key_item = _KEY.item


@reads(key_of_row)
def api_key_from(row: Row) -> ApiKey:
    return _KEY.read(row.item, prefix=row.key.sk)
