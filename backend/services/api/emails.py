"""Emails that other programs ask for: to customers, by templates that are meant for them."""

from __future__ import annotations

from backend.domain.emails import Need
from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.sending.ledger import Requested
from backend.services.sending.mailer import Mailer
from backend.services.sending.requests import SendRequest, request_message
from backend.services.templates.catalogue import current_version


def request_email(shop: Shop, mailer: Mailer, actor: Actor, wanted: SendRequest) -> Requested:
    """As `request_message`, for templates to customers.

    Raises: as `request_message`; `InvalidInputError` for a template to the team, and without a recipient.
    """
    actor.require(Permission.SEND_EMAIL)
    if bool(wanted.customer_id) is bool(wanted.to):
        raise InvalidInputError("Say who gets it: either customer_id or to.", "customer_id")
    if Need.MEMBER in current_version(shop, wanted.template).facts.needs:
        raise InvalidInputError("This template is for the team. Choose one for customers.", "template")
    return request_message(shop, mailer, actor, wanted)
