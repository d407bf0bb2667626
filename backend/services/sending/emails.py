"""The email of a message, made again from what the ledger keeps: before it goes out, and for whoever asks later."""

from __future__ import annotations

from dataclasses import replace

from backend.domain.emails import Rendered
from backend.domain.messages import Message
from backend.errors import NotFoundError
from backend.records.messages import of_campaign
from backend.services.context import Shop
from backend.services.sending.campaign_content import read_content
from backend.services.sending.composition import packed, rendered, unpacked
from backend.services.sending.shop_facts import read_facts
from backend.services.templates.editions import read_edition


def email_of(shop: Shop, message: Message) -> Rendered:
    """The email as it was or will be sent. When the message was sent, its `digest` is that of this email.

    Raises: `TemplateError`, `NotFoundError` when something that it was made from is gone.
    """
    layout, version = read_edition(shop, message.edition)
    shared = read_content(shop, message.campaign).fields[message.variant] if of_campaign(message) else None
    return rendered(layout, version, message, read_facts(shop, message.facts), shared)


def self_contained(shop: Shop, message: Message) -> Message:
    """The message with all that its email is made from, also what others of its campaign say, as far as it is kept."""
    if not of_campaign(message):
        return message
    try:
        fields = read_content(shop, message.campaign).fields[message.variant]
    except NotFoundError:
        return message
    data = unpacked(message.data, read_facts(shop, message.facts))
    return replace(message, data=packed({**fields, **data}))


def is_as_sent(message: Message, email: Rendered) -> bool:
    """Whether this is, to the byte, what was sent."""
    return bool(message.digest) and message.digest == email.digest
