"""An email to change one thing of, and how the standard library reads what is made of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from backend.domain.emails import Kind, OutgoingEmail

AT = datetime(2026, 11, 26, 12, 30, 15, tzinfo=UTC)
EMAIL = OutgoingEmail(
    message_id="ABCDE12345-order-1",
    kind=Kind.TRANSACTIONAL,
    template="order-confirmation",
    sender="Tea shop <news@shop.example>",
    to="maria@example.com",
    subject="Your order T1",
    html="<p>Dear Maria, thank you.</p>\n",
    text="Dear Maria, thank you.\n",
)


def email(**changes: Any) -> OutgoingEmail:
    """The sample with these fields changed."""
    return replace(EMAIL, **changes)


def parsed(message: bytes) -> EmailMessage:
    """The message as the standard library's strictest reading has it, without defects."""
    found = message_from_bytes(message, policy=policy.SMTP)
    assert [defect for part in found.walk() for defect in part.defects] == []
    return found


def body_of(message: EmailMessage, subtype: str) -> str:
    """The content of the HTML or plain part."""
    part = message.get_body((subtype,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
