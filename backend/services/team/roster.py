"""Writes a member together with the roster, so that rules about the whole team hold under concurrent changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from backend.domain.customers import email_identity
from backend.domain.team import Member
from backend.domain.time import to_text
from backend.errors import AlreadyExistsError, BackendError, ConflictError, NotFoundError
from backend.records.team import Roster, member_from_item, member_to_item, roster_from_item, roster_to_item
from backend.services.concurrency.retries import StaleReadError, settled
from backend.services.context import Shop
from backend.services.views.saved import own_views_removed
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Absent, AllOf, Condition, Delete, Equals, Item, Put, Update, Write

_ROSTER = schema.meta_key("team")


class LastAdminError(BackendError):
    """The change would leave nobody who can manage the team."""


def read_roster(shop: Shop) -> Roster:
    return roster_from_item(shop.store.get(_ROSTER))


@settled
def add(shop: Shop, member: Member, *, first: bool = False, audit_entry: Put | None = None) -> Member:
    """Stores a new member; with `first` only into a team without members. `audit_entry` is written with it.

    Raises: `AlreadyExistsError`.
    """
    roster = read_roster(shop)
    if first and roster.emails:
        raise AlreadyExistsError("The first admin was created already. Sign in, or ask that person to add you.")
    if member.username in roster.emails:
        raise AlreadyExistsError(f"There is a member with the username “{member.username}” already.")
    identity = _free_identity(roster, member)
    taken = AlreadyExistsError(f"There is a member with the username “{member.username}” already.")
    left = own_views_removed(shop, member.username)  # by somebody of this name who left before their views did
    with access_pattern("change the team"):
        shop.store.transact(
            [
                Put(schema.member_key(member.username), member_to_item(member), Absent(), taken),
                _roster_put(roster, roster.with_member(member, identity)),
                *left,
                *_optional(audit_entry),
            ]
        )
    return member


@settled
def change(
    shop: Shop,
    username: str,
    edit: Callable[[Member], Member],
    *,
    version: int | None = None,
    audit_entry: Put | None = None,
    also: Sequence[Write] = (),
) -> Member:
    """Stores the edited member if nobody changed it since `version` (None: whatever it is now), and `also` with it.

    Raises: `NotFoundError`, `ConflictError`, `AlreadyExistsError` (address), `LastAdminError`, and what `edit` raises.
    """
    roster, before = read_roster(shop), _member(shop, username, version)
    after = edit(before)
    next_roster = roster.with_member(after, _free_identity(roster, after))
    _keep_an_admin(roster, next_roster)
    old, new = member_to_item(before), member_to_item(after)
    update = Update(
        schema.member_key(username),
        set={**_changed(old, new), "version": before.version + 1},
        remove=[name for name in old if name not in new],
        condition=_unmoved(before),
    )
    with access_pattern("change the team"):
        shop.store.transact([_retried(update), _roster_put(roster, next_roster), *_optional(audit_entry), *also])
    return member_from_item({**new, "version": before.version + 1})


@settled
def remove(
    shop: Shop, username: str, *, version: int | None = None, keep_admin: bool = True, audit_entry: Put | None = None
) -> None:
    """Deletes a member, with the views that nobody else sees.

    Raises: `NotFoundError`, `ConflictError`, `LastAdminError`.
    """
    roster, before = read_roster(shop), _member(shop, username, version)
    next_roster = roster.without(username)
    if keep_admin:
        _keep_an_admin(roster, next_roster)
    delete = Delete(schema.member_key(username), _unmoved(before), _moved())
    views = own_views_removed(shop, username)
    with access_pattern("change the team"):
        shop.store.transact([delete, _roster_put(roster, next_roster), *views, *_optional(audit_entry)])


def _changed(old: Item, new: Item) -> Item:
    return {name: value for name, value in new.items() if name not in old or old[name] != value}


def _optional(audit_entry: Put | None) -> list[Write]:
    return [] if audit_entry is None else [audit_entry]


def _member(shop: Shop, username: str, version: int | None) -> Member:
    item = shop.store.get(schema.member_key(username))
    if item is None:
        raise NotFoundError(f"There is no member “{username[:40]}”.")
    member = member_from_item(item)
    if version is not None and member.version != version:
        raise ConflictError(f"Someone else has changed “{member.username}”.")
    return member


def _unmoved(before: Member) -> Condition:
    """Sign-outs move `sessions_valid_from` without a new version, and must not be undone."""
    valid_from = Equals("sessions_valid_from", to_text(before.sessions_valid_from))
    return AllOf((Equals("version", before.version), valid_from))


def _moved() -> StaleReadError:
    return StaleReadError("Someone else is changing the team right now. Try again.")


def _retried(update: Update) -> Update:
    return replace(update, otherwise=_moved())


def _roster_put(before: Roster, after: Roster) -> Put:
    unmoved = Equals("version", before.version) if before.version else Absent()
    return Put(_ROSTER, roster_to_item(after), unmoved, _moved())


def _free_identity(roster: Roster, member: Member) -> str:
    identity = email_identity(member.email)
    holder = roster.username_of(identity)
    if holder not in (None, member.username):
        raise AlreadyExistsError(f"The email address belongs to the member “{holder}” already.")
    return identity


def _keep_an_admin(before: Roster, after: Roster) -> None:
    if before.admins and not after.admins:
        raise LastAdminError("This is the last admin who can sign in. Make somebody else an admin first.")
