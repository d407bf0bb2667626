"""Signed links in emails: to unsubscribe, to choose, to verify an address, to view the email in a browser.

A token names what it is for, whom and which message; it is signed (itsdangerous) and expires. It holds no address, so
a link that somebody forwards or finds in a log reveals none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from backend.domain.time import Clock
from backend.secret_file import accepted


class Purpose(StrEnum):
    """What a link is for; a link for one purpose is not valid for another. The value is part of the URL."""

    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    VERIFY = "verify"
    VIEW = "view"


LIFETIMES: dict[Purpose, timedelta] = {
    Purpose.UNSUBSCRIBE: timedelta(days=730),
    Purpose.PREFERENCES: timedelta(days=730),
    Purpose.VERIFY: timedelta(days=7),
    Purpose.VIEW: timedelta(days=180),
}
"""People open old mail, and the way out must still be there then; proofs of an address must be fresh."""

_LONGEST_TOKEN = 1000
_TOKEN = re.compile(r"(/api/mail/[a-z]+/)[A-Za-z0-9._-]+")


class LinkProblem(StrEnum):
    """Why a link is not valid. The value is the sentence that people read."""

    WRONG = "This link is not complete. Open it from the email again, or copy all of it."
    OLD = "This link is too old to be used. Open the one in a newer email, or write to us."


@dataclass(frozen=True, slots=True)
class Target:
    """What a link leads to. `detail` is a digest of the address that it was sent to; older links have none."""

    customer_id: str
    message_id: str
    detail: str = ""


class Links:
    """Makes and reads links. `secret` is at least 32 bytes (a `RotatedKey` too), `base_url` where people reach it."""

    def __init__(self, secret: bytes, base_url: str, clock: Clock) -> None:
        self.base_url = base_url.rstrip("/")
        self._serializers = {purpose: _serializer(secret, purpose, clock) for purpose in Purpose}

    def url(self, purpose: Purpose, target: Target) -> str:
        """The address of a link, such as "https://shop.example/api/mail/unsubscribe/…"."""
        token = self._serializers[purpose].dumps([target.customer_id, target.message_id, target.detail])
        return f"{self.base_url}/api/mail/{purpose.value}/{token}"

    def read(self, purpose: Purpose, token: str) -> Target | LinkProblem:
        """What the link leads to, or why it is not valid."""
        if len(token) > _LONGEST_TOKEN:
            return LinkProblem.WRONG
        try:
            parts = self._serializers[purpose].loads(token, max_age=int(LIFETIMES[purpose].total_seconds()))
        except SignatureExpired:
            return LinkProblem.OLD
        except BadSignature:
            return LinkProblem.WRONG
        return Target(*map(str, parts)) if isinstance(parts, list) and len(parts) == 3 else LinkProblem.WRONG


def without_tokens(text: str) -> str:
    """The text without the tokens of signed links, so that members who read an email cannot act as its recipient."""
    return _TOKEN.sub(r"\1…", text)


def _serializer(secret: bytes, purpose: Purpose, clock: Clock) -> URLSafeTimedSerializer:
    class Signer(TimestampSigner):
        """Takes the time from our clock."""

        def get_timestamp(self) -> int:
            return int(clock().timestamp())

        def timestamp_to_datetime(self, ts: int) -> datetime:
            return datetime.fromtimestamp(ts, clock().tzinfo)

    return URLSafeTimedSerializer(accepted(secret)[::-1], salt=f"tillpost {purpose.value} link", signer=Signer)
