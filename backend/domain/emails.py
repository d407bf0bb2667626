"""Emails: templates and their versions, what is handed to a transport, and what a transport answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MESSAGE_HEADER = "X-Tillpost-Message"
"""Carries the message's id, for reports that have headers and no tags (feedback notifications of an identity)."""


class Kind(StrEnum):
    """Why an email is sent. Marketing needs consent and a way out; transactional mail answers what a customer did."""

    TRANSACTIONAL = "transactional"
    MARKETING = "marketing"


class Need(StrEnum):
    """What data a template needs beside the shop's."""

    CUSTOMER = "customer"
    ORDER = "order"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class TemplateField:
    """A value that the sender of the email types in, such as a tracking link. Empty ones reach the template as "".

    `is_long` is a text of several lines, which the template shows with `paragraphs`.
    """

    name: str
    label: str
    required: bool = False
    is_url: bool = False
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """What a template is for. `name` is its folder's, in kebab-case; `needs` say what data it is rendered from.

    `topic` is what a customer can switch off in the preference centre; only marketing has one.
    """

    name: str
    title: str
    purpose: str
    kind: Kind
    needs: tuple[Need, ...] = ()
    topic: str = ""
    fields: tuple[TemplateField, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateSource:
    """The texts that a person writes, Jinja2 in each; `body` is MJML, and `text` "" means that it is made from it.

    Where there are `blocks`, a document as JSON, the body is made of them.
    """

    subject: str
    body: str
    text: str = ""
    preheader: str = ""
    blocks: str = ""


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """An immutable version. Number 0 is the one in the repository; later ones were published by somebody."""

    facts: TemplateFacts
    number: int
    source: TemplateSource
    published_at: datetime | None = None
    published_by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """An email as one person gets it. `digest` is the SHA-256 of subject, HTML and text: the proof of what was sent."""

    subject: str
    preheader: str
    html: str
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class Attachment:
    filename: str
    content: bytes
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class OutgoingEmail:
    """Everything that a transport needs. Addresses are validated; `headers` hold those beyond the usual ones.

    `message_id` is the ledger's id. It goes out as a tag, so that events lead back to the message.
    """

    message_id: str
    kind: Kind
    template: str
    sender: str
    to: str
    subject: str
    html: str
    text: str
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has accepted the email and given it an id."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider has refused the email, so it was certainly not sent.

    `retryable`: the same email may be taken later. `account_wide`: no email will be taken until somebody acts.
    `reason` is one of a few sentences; `detail` is what the provider said, without addresses.
    """

    reason: str
    retryable: bool
    account_wide: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The email may or may not have been accepted. It is never sent again by itself."""

    reason: str
    detail: str = ""


Answer = Accepted | Refused | Unanswered


@dataclass(frozen=True, slots=True)
class Account:
    """What the provider allows now. `daily_quota` is in recipients per 24 hours, -1 without limit."""

    per_second: float
    daily_quota: int
    sent_last_24_hours: int
    sandbox: bool
    sending_enabled: bool
    status: str = "HEALTHY"
