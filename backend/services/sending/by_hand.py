"""Emails that people send by hand: what they have to know before the click, and what a second one needs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from backend.domain.customers import Customer, clean_email, email_identity
from backend.domain.eligibility import quiet_until, reasons_against
from backend.domain.emails import TemplateFacts
from backend.domain.messages import Message, MessageStatus, SkipReason, check_message_key
from backend.domain.team import Actor, Member, Permission
from backend.domain.text import clean_line
from backend.email.events.simulated import simulated
from backend.errors import ConflictError, InvalidInputError, NotFoundError
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.customers.customers import find_by_email
from backend.services.sending import ledger
from backend.services.sending.composition import packed
from backend.services.sending.eligibility import situations_of
from backend.services.sending.ledger import Requested
from backend.services.sending.mailer import Mailer
from backend.services.sending.requests import SendRequest, last_sent, member_code, request_message
from backend.services.sending.shared_content import keep_facts
from backend.services.team import members
from backend.services.templates.catalogue import keep_edition
from backend.services.templates.previews import Recipient, render_preview


@dataclass(frozen=True, slots=True)
class SendCheck:
    """What would become of an email that is asked for now.

    `against` are the reasons for which it would be skipped; `waits_until` is the end of the quiet hours, if it would
    wait for that; `last` is the message by which the same email went, or may have gone, to the same customer.
    """

    against: list[SkipReason]
    waits_until: datetime | None
    last: Message | None


def send_check_of(
    shop: Shop, mailer: Mailer, customer: Customer, template: TemplateFacts, order_id: str = ""
) -> SendCheck:
    """Looks ahead; the worker decides again when the email is to go out."""
    situation = situations_of(shop, [customer], template.kind, mailer.limits)[customer.id]
    now = shop.clock()
    return SendCheck(
        reasons_against(template.kind, template.topic, situation, mailer.limits, now),
        quiet_until(template.kind, mailer.limits, now, shop.zone),
        last_sent(shop, customer.id, template.name, order_id),
    )


def request_by_hand(shop: Shop, mailer: Mailer, actor: Actor, wanted: SendRequest) -> Requested:
    """As `request_message`, for a person's click: what went out before goes out again only with a reason.

    Raises: as `request_message`; `InvalidInputError` when the reason is missing.
    """
    actor.require(Permission.SEND_EMAIL)
    last = last_sent(shop, wanted.customer_id, wanted.template, wanted.order_id)
    if last is not None and last.key != wanted.key and not wanted.again.strip():
        raise InvalidInputError("This email went to this customer before. Say why it should go out again.", "again")
    return request_message(shop, mailer, actor, wanted)


# --- Invitations: a template for members of the team, to their own address, once per click -----------------------


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


# --- The mailbox simulator: tests of the way out that need no customer -------------------------------------------


def is_for_simulator(shop: Shop, address: str) -> bool:
    """Whether mail to this address is a test: it is the simulator's, and no customer has been given it."""
    return simulated(address.strip()) is not None and find_by_email(shop, address) is None


def request_simulated(shop: Shop, actor: Actor, wanted: SendRequest) -> Requested:
    """Asks for the template's sample to be sent to an address of the simulator, once per key, marked as a test.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `NotFoundError`, `TemplateError`.
    """
    actor.require(Permission.SEND_EMAIL)
    check_message_key(wanted.key)
    address = clean_email(wanted.to)
    preview = render_preview(shop, wanted.template, recipient=Recipient(fields=wanted.fields or None))
    if preview.email is None:
        raise preview.problem or InvalidInputError("This email cannot be rendered.")
    version, now = preview.version, shop.clock()
    message = Message(
        recipient=f"SIM{hashlib.sha256(email_identity(address).encode()).hexdigest()[:12]}",
        key=wanted.key,
        template=version.facts.name,
        version=version.number,
        kind=version.facts.kind,
        status=MessageStatus.WAITING,
        to=address,
        name="Mailbox simulator",
        requested_at=now,
        requested_by=actor.username,
        due_at=now,
        data=packed(preview.data),
        facts=keep_facts(shop, preview.shop),
        edition=keep_edition(shop, version),
        test=True,
    )
    return ledger.request(shop, message)
