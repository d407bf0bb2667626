"""Messages that Amazon SNS sends by HTTP, and whether they are genuine.

A message counts when it comes from a topic that the settings name, is at most an hour old, and is signed by a
certificate of SNS in the topic's own region. Rules: AWS, "Verifying the signatures of Amazon SNS messages" and "Parsing
Amazon SNS message formats" (SNS developer guide). Signature version 1 is RSA with SHA-1, version 2 with SHA-256.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from backend.errors import BackendError

LONGEST_AGE = timedelta(hours=1)
"""SNS repeats a delivery for less than an hour by default; what is older is somebody's recording."""
_AHEAD = timedelta(minutes=5)
"""By which clocks may differ."""
_HASHES: dict[str, SHA1 | SHA256] = {"1": SHA1(), "2": SHA256()}  # noqa: S303 - what SNS signs with by default
_TOPIC = re.compile(r"arn:(aws[a-z-]*):sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_.-]{1,256}")
_CERTIFICATE_PATH = re.compile(r"/SimpleNotificationService-[0-9a-fA-F]{8,64}\.pem")


class MalformedMessageError(BackendError):
    """This is no message of SNS."""


class ForgedMessageError(BackendError):
    """The message is not from SNS, not from a configured topic, or too old."""


class CertificateUnavailableError(BackendError):
    """The certificate could not be fetched, so that nothing can be said of the message now."""


class SnsType(StrEnum):
    """The kinds of messages."""

    NOTIFICATION = "Notification"
    SUBSCRIPTION = "SubscriptionConfirmation"
    UNSUBSCRIPTION = "UnsubscribeConfirmation"


_SIGNED = {
    SnsType.NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SnsType.SUBSCRIPTION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    SnsType.UNSUBSCRIPTION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_OPTIONAL = frozenset({"Subject"})


class Certificates(Protocol):
    """Gives the keys of certificates, of which it has made sure that they are SNS's."""

    def key_of(self, url: str) -> RSAPublicKey:
        """Raises: `CertificateUnavailableError`, `ForgedMessageError` for a certificate that is not SNS's."""

    def is_known(self, url: str) -> bool:
        """Whether `key_of` answers at once, without a request."""


@dataclass(frozen=True, slots=True)
class SnsMessage:
    """A message whose form is right. `signed` is the text that the signature is about."""

    type: SnsType
    topic: str
    region: str
    at: datetime
    message: str
    subscribe_url: str
    signed: bytes
    signature: bytes
    version: str
    certificate_url: str


def parse_message(body: bytes) -> SnsMessage:
    """The message in the body of a request; nothing is known of who sent it.

    Raises: `MalformedMessageError`.
    """
    try:
        document = orjson.loads(body)
        kind = SnsType(document["Type"])
        needed = [name for name in _SIGNED[kind] if name not in _OPTIONAL]
        texts = {name: document[name] for name in (*needed, "Signature", "SignatureVersion", "SigningCertURL")}
        texts |= {name: document[name] for name in _OPTIONAL if document.get(name) is not None}
        if not all(isinstance(value, str) for value in texts.values()):
            raise MalformedMessageError("A field of the message is no text.")
        at = datetime.fromisoformat(texts["Timestamp"])
        signature = base64.b64decode(texts["Signature"], validate=True)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, binascii.Error):
        raise MalformedMessageError("This is no message of SNS.") from None
    topic = _TOPIC.fullmatch(texts["TopicArn"])
    if topic is None:
        raise MalformedMessageError("The message does not name its topic.")
    signed = "".join(f"{name}\n{texts[name]}\n" for name in _SIGNED[kind] if name in texts)
    return SnsMessage(
        type=kind,
        topic=texts["TopicArn"],
        region=topic[2],
        at=at if at.tzinfo else at.replace(tzinfo=UTC),
        message=texts["Message"],
        subscribe_url=texts.get("SubscribeURL", ""),
        signed=signed.encode("utf-8", "surrogatepass"),
        signature=signature,
        version=texts["SignatureVersion"],
        certificate_url=texts["SigningCertURL"],
    )


def verify(message: SnsMessage, topics: Collection[str], certificates: Certificates, now: datetime) -> None:
    """Makes sure that the message is genuine; what costs most comes last.

    Raises: `ForgedMessageError`, `CertificateUnavailableError`.
    """
    check_claims(message, topics, now)
    key = certificates.key_of(message.certificate_url)
    try:
        key.verify(message.signature, message.signed, PKCS1v15(), _HASHES[message.version])
    except InvalidSignature:
        raise ForgedMessageError("The signature is not that of this message.") from None


def check_claims(message: SnsMessage, topics: Collection[str], now: datetime) -> None:
    """Whether the message may be one of SNS by what it says of itself, so that its certificate is worth a look.

    Raises: `ForgedMessageError`.
    """
    if message.topic not in topics:
        raise ForgedMessageError("The topic is none of those that may call the webhook.")
    if not now - LONGEST_AGE <= message.at <= now + _AHEAD:
        raise ForgedMessageError("The message is too old, or from the future.")
    if message.version not in _HASHES:
        raise ForgedMessageError("The message is signed in a way that is not known.")
    url = urlsplit(message.certificate_url)
    if not is_sns(url, message.region) or not _CERTIFICATE_PATH.fullmatch(url.path) or url.query or url.fragment:
        raise ForgedMessageError("The certificate is not at SNS.")


def subscription_url(message: SnsMessage) -> str:
    """Where a genuine confirmation asks us to go.

    Raises: `ForgedMessageError` when that is not SNS.
    """
    if not is_sns(urlsplit(message.subscribe_url), message.region):
        raise ForgedMessageError("The address to confirm the subscription is not at SNS.")
    return message.subscribe_url


def is_sns(url: SplitResult, region: str) -> bool:
    """Whether an address is that of SNS in a region, by HTTPS and its usual port."""
    try:
        port = url.port
    except ValueError:
        return False
    host = f"sns.{region}.amazonaws.com"
    return (
        url.scheme == "https"
        and url.hostname in (host, f"{host}.cn")
        and port in (None, 443)
        and url.username is None
        and url.password is None
    )
