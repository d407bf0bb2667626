"""Makes the email of a message: the data that is kept with it, and from that the email, the same each time."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace

import orjson

from backend.domain.customers import Customer, address_digest
from backend.domain.emails import Kind, OutgoingEmail, Rendered, TemplateVersion
from backend.domain.messages import Message
from backend.domain.shop import ShopFacts
from backend.email.links import Links, Purpose, Target
from backend.email.rendering.context import Data, shop_view
from backend.email.rendering.mjml_scan import Layout
from backend.email.rendering.renderer import render
from backend.email.transports.addresses import named_address
from backend.errors import BackendError, NotFoundError
from backend.records.messages import of_campaign
from backend.services.context import Shop
from backend.services.sending.shared_content import read_content, read_facts
from backend.services.templates.catalogue import read_edition

TEST_PREFIX = "[Test] "
_LARGEST_DATA = 300_000


class UnsendableError(BackendError):
    """This email must not go out as it is."""


def links_for(links: Links, customer: Customer | None, message_id: str, version: TemplateVersion) -> dict[str, str]:
    """The addresses that an email of this version may contain."""
    detail = address_digest(customer.email) if customer and customer.email else ""
    target = Target(customer.id if customer else "", message_id, detail)
    found = {"view_url": links.url(Purpose.VIEW, target)}
    if customer is None:
        return found | {"invitation_url": links.base_url}
    found["preferences_url"] = links.url(Purpose.PREFERENCES, target)
    if version.facts.kind is Kind.MARKETING:
        found["unsubscribe_url"] = links.url(Purpose.UNSUBSCRIBE, target)
    if customer.email and "verify_url" in version.source.body + version.source.text:
        found["verify_url"] = links.url(Purpose.VERIFY, target)
    return found


def packed(data: Data) -> bytes:
    """The data without the shop's facts (they are kept once for all messages), small enough to be kept.

    Raises: `UnsendableError` when it is not.
    """
    document = orjson.dumps({name: value for name, value in data.items() if name != "shop"}, default=str)
    if len(document) > _LARGEST_DATA:
        raise UnsendableError("There is too much data for one email; is the order very long?")
    return packed_small(document)


def unpacked(data: bytes, facts: ShopFacts) -> Data:
    """The data as it was, with the shop's facts of that time."""
    document: Data = orjson.loads(unpacked_small(data))
    return {**document, "shop": shop_view(facts)}


def rendered(
    layout: Layout,
    version: TemplateVersion,
    message: Message,
    facts: ShopFacts,
    shared: Mapping[str, str] | None = None,
) -> Rendered:
    """The email of a message, exactly as it was or will be sent. `shared` is what all messages of a campaign say.

    Raises: `TemplateError`.
    """
    return render(layout, version, {**(shared or {}), **unpacked(message.data, facts)})


def outgoing(
    message: Message, email: Rendered, facts: ShopFacts, sender: str, unsubscribe_url: str | None = None
) -> OutgoingEmail:
    """What the transport gets. `unsubscribe_url` spares reading it from the message's data again.

    Raises: `UnsendableError` for marketing mail without a way out (RFC 8058, and the visible link).
    """
    headers: dict[str, str] = {}
    if message.kind is Kind.MARKETING and not message.test:
        url = unsubscribe_url if unsubscribe_url is not None else _unsubscribe_url(message)
        headers = _way_out(url, email)
        if not facts.postal_address.strip():
            raise UnsendableError("Marketing mail needs the shop's postal address; enter it in the shop's settings.")
    return OutgoingEmail(
        message_id=message.id,
        kind=message.kind,
        template=message.template,
        sender=named_address(facts.sender_name or facts.name, facts.sender_address or sender),
        to=message.to,
        subject=(TEST_PREFIX if message.test else "") + email.subject,
        html=email.html,
        text=email.text,
        reply_to=facts.reply_to,
        headers=headers,
    )


def _unsubscribe_url(message: Message) -> str:
    links = orjson.loads(unpacked_small(message.data)).get("links", {})
    return str(links.get("unsubscribe_url", ""))


def _way_out(url: str, email: Rendered) -> dict[str, str]:
    if not url or url not in email.html.replace("&amp;", "&") or url not in email.text:
        raise UnsendableError("This is marketing mail without a visible link to unsubscribe; it cannot be sent.")
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


# --- Packing: a message stays below a kilobyte, which is one write unit ------------------------------------------


_WORDS = (
    b'"tags":[],"member":{"username":"","invitation_url":"https://","unsubscribe_url":"https://","verify_url":"https://'
    b'/api/mail/unsubscribe/.eJyL/api/mail/verify/.eJyL","fields":{"refund":{"amount":0,"at":"202'
    b'"status":"pending","status":"cancelled","status":"refunded","status":"fulfilled","currency":"GBP","currency":"EUR"'
    b'"country":"GB","country_name":"United Kingdom","country":"US","country_name":"United States"'
    b'"country":"DE","country_name":"Germany"@gmail.com"@example.com","example.com/'
    b'{"links":{"view_url":"https://www.shop.com/api/mail/view/.eJyLVrI","preferences_url":"https://www.shop.com/api/mail'
    b'/preferences/.eJyLVrI"},"customer":{"id":"","name":"","first_name":"","email":"","phone":"","city":"","country":"",'
    b'"country_name":"","address_lines":["","",""]},"order":{"id":"202","number":"T","status":"paid","placed_at":"202'
    b':00.000000Z","currency":"USD","lines":[{"title":"","quantity":1,"unit_price":00,"amount":00,"sku":""},{"title":"","'
    b'quantity":2,"unit_price":90,"amount":90,"sku":""}],"count":1,"subtotal":00,"discount":0,"discount_code":"",'
    b'"shipping":0,"tax":0,"total":00,"refunded":0,"remaining":00}}'
)
"""Must stay as it is, because what is packed can be read by the same words only."""


def packed_small(document: bytes) -> bytes:
    """The document in zlib's format (RFC 1950), with our words as its preset dictionary."""
    packer = zlib.compressobj(level=9, zdict=_WORDS)
    return packer.compress(document) + packer.flush()


def unpacked_small(data: bytes) -> bytes:
    """What `packed_small` packed, or zlib alone.

    Raises: `zlib.error` for anything else.
    """
    reader = zlib.decompressobj(zdict=_WORDS)
    document = reader.decompress(data) + reader.flush()
    if not reader.eof:
        raise zlib.error("The data breaks off.")
    return document


# --- The email of a message, made again from what the ledger keeps -----------------------------------------------


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
