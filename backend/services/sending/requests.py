"""Asking for an email to be sent. The request is in the ledger before anything happens, once per key."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from loguru import logger

from backend.domain.customers import Customer, clean_email, email_identity
from backend.domain.eligibility import Situation, reasons_against
from backend.domain.emails import Need, TemplateVersion
from backend.domain.messages import Message, MessageStatus, check_message_key
from backend.domain.orders import Order
from backend.domain.shop import ShopFacts
from backend.domain.team import Actor, Member, Permission
from backend.domain.text import clean_line
from backend.email.rendering.context import Data, build_context
from backend.errors import InvalidInputError, NotFoundError
from backend.services.context import Shop
from backend.services.customers.customers import find_by_email, get_customer
from backend.services.orders.orders import get_order
from backend.services.sending import ledger
from backend.services.sending.composition import email_of, links_for, packed
from backend.services.sending.eligibility import reasons_of_addresses, situations_of
from backend.services.sending.ledger import Requested
from backend.services.sending.mailer import Mailer
from backend.services.sending.message_log import messages_of
from backend.services.sending.shared_content import keep_facts
from backend.services.shop_settings import get_shop_facts
from backend.services.team.members import find_member_by_email
from backend.services.templates import catalogue
from backend.services.templates.catalogue import keep_edition


@dataclass(frozen=True, slots=True)
class SendRequest:
    """One email to one person. `key` makes it happen once; `again` is the reason for a deliberate repetition.

    The recipient is `customer_id`, or the customer (or, for the team, the member) with the address `to`. `parcel` is
    the id of the one that an email about an order is about; None is the last one, "" is none. `as_order` is
    what a draft order would be; then `order_id` is the draft's.
    """

    template: str
    key: str
    customer_id: str = ""
    to: str = ""
    order_id: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    again: str = ""
    parcel: str | None = None
    as_order: Order | None = None


@dataclass(frozen=True, slots=True)
class _Recipient:
    """Whom a message is for: a customer, a team member, or the address of one of them for a test."""

    code: str
    name: str
    address: str
    customer: Customer | None = None
    member: Member | None = None


def new_click_key() -> str:
    """The idempotency key of a form that is drawn now: however often it is sent off, one email goes out."""
    return f"click-{secrets.token_hex(8)}"


def request_message(shop: Shop, mailer: Mailer, actor: Actor, wanted: SendRequest) -> Requested:
    """Puts one email into the ledger, to be sent by a worker, or as skipped with the reason.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `NotFoundError`, `TemplateError` (does not render).
    """
    requested = ledger.request(shop, prepared_message(shop, mailer, actor, wanted))
    logger.info("Message {} of {} is requested", requested.message.id, requested.message.template)
    return requested


def prepared_message(shop: Shop, mailer: Mailer, actor: Actor, wanted: SendRequest) -> Message:
    """The message as it would be in the ledger, for callers that write it there together with something else.

    Raises as `request_message`.
    """
    actor.require(Permission.SEND_EMAIL)
    check_message_key(wanted.key)
    version = catalogue.current_version(shop, wanted.template)
    recipient = _recipient_of(shop, wanted, version)
    order = _order_of(shop, wanted, version, recipient)
    message = _message(shop, actor, wanted, version, recipient, shop.clock())
    facts = get_shop_facts(shop)
    message = _with_data(shop, mailer, message, version, facts, recipient, order, wanted)
    if recipient.customer is not None:
        message = _decided(shop, mailer, message, version, recipient.customer)
    else:
        message = _unless_suppressed(shop, message)
    if message.status is MessageStatus.WAITING:
        email_of(shop, message)  # so that whoever asks learns what cannot be rendered, and not a worker
    return message


def request_test(
    shop: Shop, mailer: Mailer, actor: Actor, member: Member, version: TemplateVersion, data: Data, key: str
) -> Requested:
    """Sends a preview to the signed-in person: marked as a test, never counted as the customer's email.

    `data` is what the preview was rendered from. Raises as `request_message`.
    """
    actor.require(Permission.SEND_EMAIL)
    check_message_key(key)
    code = f"TEST{hashlib.sha256(member.username.encode()).hexdigest()[:12]}"
    recipient = _Recipient(code, member.name, clean_email(member.email), member=member)
    wanted = SendRequest(version.facts.name, key)
    message = replace(_message(shop, actor, wanted, version, recipient, shop.clock()), test=True)
    facts = get_shop_facts(shop)
    message = replace(message, data=packed(data), facts=keep_facts(shop, facts), edition=keep_edition(shop, version))
    return ledger.request(shop, _unless_suppressed(shop, message))


def member_code(member: Member) -> str:
    """The recipient of emails to a member of the team: follows from the address, and does not show it."""
    return f"TEAM{hashlib.sha256(email_identity(member.email).encode()).hexdigest()[:12]}"


def last_sent(shop: Shop, recipient: str, template: str, order_id: str = "") -> Message | None:
    """The last message of this template (about this order) that went or may have gone to the recipient."""
    gone = (MessageStatus.SENT, MessageStatus.UNKNOWN, MessageStatus.WAITING)
    return next(
        (
            message
            for message in messages_of(shop, recipient)
            if message.template == template
            and message.status in gone
            and (not order_id or message.order_id == order_id)
        ),
        None,
    )


def _recipient_of(shop: Shop, wanted: SendRequest, version: TemplateVersion) -> _Recipient:
    if Need.MEMBER in version.facts.needs:
        return _member_recipient(shop, wanted)
    customer = get_customer(shop, wanted.customer_id) if wanted.customer_id else find_by_email(shop, wanted.to)
    if customer is None:
        clean_email(wanted.to)
        raise NotFoundError("No customer has this email address. Add the customer first.")
    return _Recipient(customer.id, customer.name, customer.email or "", customer=customer)


def _member_recipient(shop: Shop, wanted: SendRequest) -> _Recipient:
    member = find_member_by_email(shop, clean_email(wanted.to))
    if member is None:
        raise NotFoundError("Nobody in the team has this email address.")
    return _Recipient(member_code(member), member.name, member.email, member=member)


def _order_of(shop: Shop, wanted: SendRequest, version: TemplateVersion, recipient: _Recipient) -> Order | None:
    if Need.ORDER not in version.facts.needs:
        return None
    if wanted.as_order is not None:
        return wanted.as_order
    if not wanted.order_id or recipient.customer is None:
        raise InvalidInputError("This email is about an order; choose which one.", "order")
    return get_order(shop, recipient.customer.id, wanted.order_id)


def _message(
    shop: Shop, actor: Actor, wanted: SendRequest, version: TemplateVersion, recipient: _Recipient, now: datetime
) -> Message:
    again = clean_line(wanted.again, "Reason")
    return Message(
        recipient=recipient.code,
        key=wanted.key,
        template=version.facts.name,
        version=version.number,
        kind=version.facts.kind,
        status=MessageStatus.WAITING,
        to=recipient.address,
        name=recipient.name,
        requested_at=now,
        requested_by=actor.username,
        due_at=now,
        customer_id=recipient.customer.id if recipient.customer else "",
        order_id=wanted.order_id,
        reason=f"Sent again: {again}" if again else "",
    )


def _with_data(
    shop: Shop,
    mailer: Mailer,
    message: Message,
    version: TemplateVersion,
    facts: ShopFacts,
    recipient: _Recipient,
    order: Order | None,
    wanted: SendRequest,
) -> Message:
    links = links_for(mailer.links, recipient.customer, message.id, version)
    data = build_context(
        version.facts,
        facts,
        customer=recipient.customer,
        order=order,
        member=recipient.member,
        links=links,
        fields=wanted.fields,
        parcel=wanted.parcel,
    )
    return replace(message, data=packed(data), facts=keep_facts(shop, facts), edition=keep_edition(shop, version))


def _unless_suppressed(shop: Shop, message: Message) -> Message:
    """The message to somebody who is no customer, or as skipped when the suppression list has the address."""
    against = reasons_of_addresses(shop, [message.to], message.kind)[message.to]
    return ledger.skipped(message, against[0]) if against else message


def _decided(shop: Shop, mailer: Mailer, message: Message, version: TemplateVersion, customer: Customer) -> Message:
    situation: Situation = situations_of(shop, [customer], message.kind, mailer.limits)[customer.id]
    against = reasons_against(message.kind, version.facts.topic, situation, mailer.limits, shop.clock())
    return ledger.skipped(message, against[0]) if against else message
