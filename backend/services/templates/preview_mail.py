"""A preview as the message that a mail program would open: for a look at its headers, and to take it away as a file."""

from __future__ import annotations

from backend.domain.emails import Kind, OutgoingEmail
from backend.email.transports.addresses import named_address
from backend.email.transports.mime import build_mime
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.templates.previews import Preview


def preview_message(shop: Shop, sender: str, preview: Preview) -> bytes:
    """The preview as a whole message with CRLF line ends (RFC 5322), as nobody will get it: its links are samples.

    `sender` is the address for shops that have set none of their own.

    Raises: `InvalidInputError` when it does not render or there is no address; `UnsendableError`.
    """
    email, facts = preview.email, preview.shop
    if email is None:
        raise InvalidInputError("This email does not render, so there is no message to show.")
    if not preview.to:
        raise InvalidInputError("This customer has no email address, so there is no message to show.")
    outgoing = OutgoingEmail(
        message_id=f"preview-{email.digest[:16]}",
        kind=preview.version.facts.kind,
        template=preview.version.facts.name,
        sender=named_address(sender_name(preview), facts.sender_address or sender),
        to=preview.to,
        subject=email.subject,
        html=email.html,
        text=email.text,
        reply_to=facts.reply_to,
        headers=_way_out(preview),
    )
    return build_mime(outgoing, at=shop.clock())


def sender_name(preview: Preview) -> str:
    """The name that an inbox shows."""
    return preview.shop.sender_name or preview.shop.name


def headers_of(message: bytes) -> str:
    """The message's headers as they are on the wire, with plain line ends."""
    return message.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").replace("\r\n", "\n")


def _way_out(preview: Preview) -> dict[str, str]:
    """The headers of RFC 8058, as marketing mail carries them."""
    url = preview.data.get("links", {}).get("unsubscribe_url", "")
    if preview.version.facts.kind is not Kind.MARKETING or not url:
        return {}
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
