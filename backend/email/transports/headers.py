"""Header fields of emails: what may be in them, and how they are written.

The limits are SES's, kept by every transport: SES API v2, "MessageHeader" and "Message" (15 headers of one's own).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.header import Header

from backend.domain.emails import OutgoingEmail
from backend.email.transports.addresses import Mailbox, UnsendableError, encoded_words, needs_encoding, refuse_control

MOST_HEADERS = 15
_TAG = re.compile(r"^[A-Za-z0-9_-]{1,256}$")
"""SES API v2, "MessageTag"."""
LONGEST_NAME = 126
LONGEST_FIELD = 996
LONGEST_FILE_NAME = 255
"""Bytes: what file systems take. Three characters for each fit on a line of a message."""
_SHORT = 66
_NAME = re.compile(r"^[!-9;-~]+$")
_OURS = frozenset(
    "bcc cc date from message-id mime-version received reply-to return-path sender subject to".split()  # noqa: SIM905 - one line reads better than twelve
)
_OUR_PREFIXES = ("content-", "dkim-", "resent-", "x-ses-", "x-tillpost-")


def tags_of(email: OutgoingEmail) -> dict[str, str]:
    """What goes out with the email so that its events lead back to it: our id, the template, the kind.

    Raises: `UnsendableError` when SES would not take one of them as a tag.
    """
    tags = {"message": email.message_id, "template": email.template, "kind": email.kind.value}
    for name, value in tags.items():
        if not _TAG.match(value):
            raise UnsendableError(f"The email's {name} is not 1 to 256 letters, digits, “_” and “-”.")
    return tags


def checked_headers(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """The headers beyond the usual ones, with values in printable ASCII on one line.

    Raises: `UnsendableError` for more than 15, reserved names, control characters, and fields that are
    too long.
    """
    if len(headers) > MOST_HEADERS:
        raise UnsendableError(f"The email has {len(headers)} headers of its own; {MOST_HEADERS} are possible.")
    return [(name, _value(name, value)) for name, value in headers.items()]


def _value(name: str, value: str) -> str:
    if not _NAME.match(name) or len(name) > LONGEST_NAME:
        raise UnsendableError("A header has a name that is not possible.")
    if name.lower() in _OURS or name.lower().startswith(_OUR_PREFIXES):
        raise UnsendableError(f"The header {name} is set by the transport.")
    refuse_control(value, f"The header {name}")
    encoded = encoded_words(value) if needs_encoding(value) else value
    if not encoded.strip() or len(name) + len(encoded) > LONGEST_FIELD:
        raise UnsendableError(f"The header {name} is empty or too long.")
    return encoded


def subject_field(subject: str) -> str:
    """The value of the field "Subject", folded where it is long.

    Raises: `UnsendableError` for control characters.
    """
    refuse_control(subject, "The subject")
    if len(subject) > _SHORT or needs_encoding(subject):
        return Header(subject, "utf-8", header_name="Subject").encode(linesep="\r\n")
    return subject


def mailbox_field(name: str, mailbox: Mailbox) -> str:
    """The value of a field with one mailbox, folded at spaces where it is long."""
    text = mailbox.header()
    return text if len(text) <= _SHORT else Header(text, header_name=name).encode(linesep="\r\n", splitchars=" ")


def checked_file_name(name: str) -> str:
    """The name of an attachment.

    Raises: `UnsendableError` for control characters, no name, and names of more than 255 bytes.
    """
    refuse_control(name, "The name of an attachment")
    if not 0 < len(name.encode()) <= LONGEST_FILE_NAME:
        raise UnsendableError("An attachment has no name, or one of more than 255 bytes.")
    return name
