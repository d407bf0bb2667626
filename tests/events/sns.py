"""A stand-in for SNS: it has a certificate, signs messages, and serves what it is asked for."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.events.samples import TOPIC
from tests.support import NOW

CERTIFICATE_URL = (
    "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
)
SUBSCRIBE_URL = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc"
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


@cache
def a_key(bits: int = 2048, number: int = 0) -> RSAPrivateKey:
    """Made once for each number, because it takes a while."""
    return generate_private_key(65537, bits)


def a_certificate(
    key: RSAPrivateKey,
    name: str = "sns.amazonaws.com",
    *,
    begins: datetime = NOW - timedelta(days=30),
    ends: datetime = NOW + timedelta(days=300),
    issuer: RSAPrivateKey | None = None,
    issuer_name: str = "Test issuer",
) -> bytes:
    """A certificate in PEM."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer_name)]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    return builder.sign(issuer or key, SHA256()).public_bytes(Encoding.PEM)


@dataclass
class FakeSns:
    """Signs as SNS does, and answers as a `Fetcher`. `down` is how its answers fail."""

    key: RSAPrivateKey = field(default_factory=a_key)
    pages: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    down: bool = False

    def __post_init__(self) -> None:
        self.pages.setdefault(CERTIFICATE_URL, a_certificate(self.key))
        self.pages.setdefault(SUBSCRIBE_URL, b"<ConfirmSubscriptionResponse/>")

    def get(self, url: str) -> bytes:
        self.asked.append(url)
        if self.down or url not in self.pages:
            raise OSError("no answer")
        return self.pages[url]

    def notification(self, event: bytes, *, version: str = "1", **changes: str) -> bytes:
        document = self._basics("Notification", event.decode(), version) | changes
        return self.signed(document)

    def confirmation(self, *, version: str = "1", **changes: str) -> bytes:
        document = self._basics("SubscriptionConfirmation", "You have chosen to subscribe.", version)
        return self.signed(document | {"Token": "abc", "SubscribeURL": SUBSCRIBE_URL} | changes)

    def signed(self, document: dict[str, str]) -> bytes:
        names = [name for name in _SIGNED[document["Type"]] if name in document]
        text = "".join(f"{name}\n{document[name]}\n" for name in names).encode()
        digest = SHA1() if document["SignatureVersion"] == "1" else SHA256()  # noqa: S303 - SNS's version 1
        signature = base64.b64encode(self.key.sign(text, PKCS1v15(), digest)).decode()
        return json.dumps(document | {"Signature": signature}).encode()

    @staticmethod
    def _basics(kind: str, message: str, version: str) -> dict[str, str]:
        return {
            "Type": kind,
            "MessageId": "11111111-2222-3333-4444-555555555555",
            "TopicArn": TOPIC,
            "Message": message,
            "Timestamp": "2026-11-26T11:59:30.123Z",
            "SignatureVersion": version,
            "SigningCertURL": CERTIFICATE_URL,
        }
