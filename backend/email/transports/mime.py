"""An email as bytes: MIME in the form of RFC 5322 and 2045, with CRLF line ends, by the standard library's `email`.

Its older classes are used, with fields that are folded where they are made: `email.policy.SMTP` parses and folds every
field that is set, which takes 2.4 ms for an email, several times as long as all the rest of a send.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from email import encoders
from email.charset import QP, Charset
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import Compat32
from email.utils import format_datetime

from backend.domain.emails import Attachment, OutgoingEmail
from backend.email.transports.addresses import UnsendableError, parse_mailbox
from backend.email.transports.headers import checked_file_name, checked_headers, mailbox_field, subject_field, tags_of

LARGEST = 40 * 1024 * 1024
"""SES API v2: the whole message, after encoding."""
LONGEST_LINE = 998
"""RFC 5322, 2.1.1: characters of a line without its end."""
_MEDIA_TYPE = re.compile(r"^([a-z0-9!#$&^_.+-]+)/([a-z0-9!#$&^_.+-]+)$", re.IGNORECASE)


class _FoldedFields(Compat32):
    """Writes fields as they are."""

    def fold_binary(self, name: str, value: str) -> bytes:
        return f"{name}: {value}{self.linesep}".encode("ascii")


def _charset(body_encoding: int | None) -> Charset:
    charset = Charset("utf-8")
    charset.body_encoding = body_encoding  # type: ignore[assignment]  # None is for a text as it is
    return charset


_POLICY = _FoldedFields(linesep="\r\n")
_QUOTED = _charset(QP)
_READABLE = _charset(None)


def build_mime(
    email: OutgoingEmail, *, at: datetime, extra: Mapping[str, str] | None = None, eight_bit: bool = False
) -> bytes:
    """The whole message. `extra` are headers of the transport; `eight_bit` leaves texts readable, and their lines as
    long as they are, for a file that no server has to pass on.

    The same email at the same moment gives the same bytes.

    Raises: `UnsendableError` when it cannot be mail, or is larger than 40 MB.
    """
    texts = [("plain", email.text, _utf8(email.text)), ("html", email.html, _utf8(email.html))]
    # Made from the contents, which so cannot contain it.
    seed = hashlib.sha256(b"\0".join(data for _, _, data in texts)).hexdigest()[:24]
    parts = [
        _text_part(subtype, text, data, eight_bit=eight_bit)
        for subtype, text, data in texts
        if data or subtype == "plain"
    ]
    body: Message = parts[0] if len(parts) == 1 else MIMEMultipart("alternative", f"=_a{seed}", parts)
    if email.attachments:
        body = MIMEMultipart("mixed", f"=_m{seed}", [body, *map(_attachment_part, email.attachments)])
    for name, value in _fields(email, at, extra or {}):
        body[name] = value
    message = body.as_bytes(policy=_POLICY)
    if len(message) > LARGEST:
        raise UnsendableError(f"The email is too large: {len(message) / 2**20:.1f} MB, of {LARGEST >> 20} MB at most.")
    return message


def check_sendable(email: OutgoingEmail, *, at: datetime) -> None:
    """Raises: `UnsendableError` as `build_mime` does for subject, texts and size. Usual emails cost next to nothing."""
    subject_field(email.subject)
    texts = len(_utf8(email.html)) + len(_utf8(email.text))
    files = sum(len(attachment.content) for attachment in email.attachments)
    # Quoted-printable makes three characters of a byte, base64 four of three, and both break lines.
    if 3.2 * texts + 1.4 * files > LARGEST / 2:
        build_mime(email, at=at)


def _fields(email: OutgoingEmail, at: datetime, extra: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    message_id = tags_of(email)["message"]
    sender = parse_mailbox(email.sender, "The sender")
    yield "From", mailbox_field("From", sender)
    yield "To", mailbox_field("To", parse_mailbox(email.to, "The address"))
    if email.reply_to:
        yield "Reply-To", mailbox_field("Reply-To", parse_mailbox(email.reply_to, "The reply-to address"))
    yield "Subject", subject_field(email.subject)
    yield "Date", format_datetime(at)
    yield "Message-ID", f"<{message_id}@{sender.domain}>"
    yield from checked_headers(email.headers)
    yield from extra.items()


def _text_part(subtype: str, text: str, data: bytes, *, eight_bit: bool) -> Message:
    part = MIMEText(text, subtype, _READABLE if eight_bit else _QUOTED)  # type: ignore[arg-type]  # a Charset
    if eight_bit and (b"\0" in data or max(map(len, data.split(b"\n"))) > LONGEST_LINE):
        part.replace_header("Content-Transfer-Encoding", "binary")
    return part


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise UnsendableError("The email holds half a character (a lone surrogate).") from error


def _attachment_part(attachment: Attachment) -> Message:
    found = _MEDIA_TYPE.match(attachment.media_type)
    if found is None or found[1].lower() in ("multipart", "message") or len(attachment.media_type) > 78:
        raise UnsendableError("An attachment has a media type that is not possible.")
    part = MIMEBase(found[1], found[2])
    part.set_payload(attachment.content)
    encoders.encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=checked_file_name(attachment.filename))
    return part
