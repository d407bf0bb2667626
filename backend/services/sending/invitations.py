"""Inviting members of the team by email: the template goes to a member's own address, once per click."""

from __future__ import annotations

from collections.abc import Mapping

from backend.domain.messages import Message
from backend.domain.team import Actor, Member, Permission
from backend.domain.text import clean_line
from backend.errors import ConflictError, InvalidInputError, NotFoundError
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.sending.ledger import Requested
from backend.services.sending.mailer import Mailer
from backend.services.sending.requests import SendRequest, last_sent, member_code, request_message
from backend.services.team import members

TEMPLATE = "team-invitation"


def invitable_members(shop: Shop, actor: Actor) -> list[Member]:
    """Members who may sign in, by username.

    Raises: `PermissionDeniedError`.
    """
    return [member for member in members.list_members(shop, actor) if not member.disabled]


def last_invitation(shop: Shop, member: Member) -> Message | None:
    """The message by which the member was, or may have been, invited last."""
    return last_sent(shop, member_code(member), TEMPLATE)


def invite_member(
    shop: Shop,
    mailer: Mailer,
    actor: Actor,
    username: str,
    key: str,
    *,
    fields: Mapping[str, str] | None = None,
    again: str = "",
) -> Requested:
    """Asks for the invitation of a member, once per key. Without `fields` the one who acts is the inviter.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError` (may not sign in), `InvalidInputError` (was
    invited before, and `again` says no reason), `TemplateError`.
    """
    actor.require(Permission.MANAGE_TEAM)
    member = members.find_member(shop, username)
    if member is None:
        raise NotFoundError(f"There is no member “{username[:40]}”.")
    if member.disabled:
        raise ConflictError(f"{member.name} may not sign in. Let them sign in again before you invite them.")
    last = last_invitation(shop, member)
    reason = clean_line(again, "Reason", field="again")
    if last is not None and last.key != key and not reason:
        raise InvalidInputError(f"{member.name} was invited before. Say why they should be invited again.", "again")
    given = {"inviter": actor.name or actor.username} if fields is None else fields
    wanted = SendRequest(TEMPLATE, key, to=member.email, fields=given, again=reason)
    requested = request_message(shop, mailer, actor, wanted)
    if not requested.duplicate:
        audit_log.note(shop, actor, "invited a member of the team", f"member:{member.username}")
    return requested
