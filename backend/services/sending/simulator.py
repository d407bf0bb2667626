"""Emails to the addresses of SES's mailbox simulator: tests of the way out that need no customer."""

from __future__ import annotations

import hashlib

from backend.domain.customers import clean_email, email_identity
from backend.domain.messages import Message, MessageStatus, check_message_key
from backend.domain.team import Actor, Permission
from backend.email.events.simulator import simulated
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.customers.customers import find_by_email
from backend.services.sending import ledger
from backend.services.sending.composition import packed
from backend.services.sending.ledger import Requested
from backend.services.sending.requests import SendRequest
from backend.services.sending.shared_content import keep_facts
from backend.services.templates.editions import keep_edition
from backend.services.templates.previews import Recipient, render_preview


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
