"""The certificates with which SNS signs, fetched from SNS and kept.

What is verified of one: it was fetched by HTTPS from an address of SNS, whose own certificate the system trusts; it is
valid today; it is made out to SNS; its key is RSA of 2,048 bits or more; and where the file brings the certificates of
its issuers along, each is issued by the next. Not verified, because SNS's file holds the certificate alone: the chain
up to a root, and whether it was revoked. So what is trusted in the end is the connection to SNS.
"""

from __future__ import annotations

import re
import threading
import urllib.request
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from itertools import pairwise
from typing import IO, Any, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID

from backend.domain.time import Clock
from backend.email.events.sns import CertificateUnavailableError, ForgedMessageError

FETCH_SECONDS = 5.0
KEPT = timedelta(days=1)
NOT_ASKED_AGAIN = timedelta(seconds=20)
"""After a certificate could not be fetched."""
_MOST_KEPT = 16
_LARGEST = 64 * 1024
_SMALLEST_KEY = 2048
_NAME = re.compile(r"sns(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?")


class Fetcher(Protocol):
    """Gets a document by HTTPS; follows no redirects, waits a few seconds at most."""

    def get(self, url: str) -> bytes:
        """Raises: `OSError` when there is no good answer."""


class HttpsFetcher:
    """A `Fetcher` by this machine's own network."""

    def __init__(self, *, seconds: float = FETCH_SECONDS) -> None:
        self._seconds = seconds
        self._opener = urllib.request.build_opener(_NoRedirects)

    def get(self, url: str) -> bytes:
        if not url.startswith("https://"):
            raise OSError("Only HTTPS is used.")
        try:
            with self._opener.open(url, timeout=self._seconds) as answer:
                content: bytes = answer.read(_LARGEST + 1)
        except (HTTPException, ValueError) as error:
            raise OSError(type(error).__name__) from error
        if len(content) > _LARGEST:
            raise OSError("The answer is too large.")
        return content


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, *more: Any) -> None:
        """None makes a redirect an error."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A key and until when it is not fetched again; without a key, why not."""

    key: RSAPublicKey | None
    until: datetime
    problem: str = ""


class SnsCertificates:
    """`Certificates` from SNS itself. Safe for several threads; each certificate is fetched once a day."""

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def key_of(self, url: str) -> RSAPublicKey:
        """The caller has made sure that the address is one of SNS."""
        with self._lock:
            known = self._known.get(url)
            if known is None or known.until <= self._clock():
                known = self._fetch(url)
                if len(self._known) >= _MOST_KEPT:
                    self._known.clear()
                self._known[url] = known
        if known.key is None:
            raise CertificateUnavailableError(known.problem)
        return known.key

    def _fetch(self, url: str) -> _Known:
        now = self._clock()
        try:
            content = self._fetcher.get(url)
        except OSError as error:
            problem = f"The certificate of SNS cannot be fetched: {type(error).__name__}."
            return _Known(None, now + NOT_ASKED_AGAIN, problem)
        certificate = checked(content, now)
        key = certificate.public_key()
        assert isinstance(key, RSAPublicKey)  # noqa: S101 - it was checked
        return _Known(key, min(now + KEPT, certificate.not_valid_after_utc))


def checked(content: bytes, now: datetime) -> x509.Certificate:
    """The certificate in a file, if it can be SNS's.

    Raises: `ForgedMessageError`.
    """
    try:
        leaf, *issuers = x509.load_pem_x509_certificates(content)
        key = leaf.public_key()
        for issued, issuer in pairwise([leaf, *issuers]):
            issued.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        raise ForgedMessageError("The certificate cannot be read, or was issued by somebody else.") from None
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        raise ForgedMessageError("The certificate is not valid now.")
    if not any(_NAME.fullmatch(name) for name in _names(leaf)):
        raise ForgedMessageError("The certificate is not made out to SNS.")
    if not isinstance(key, RSAPublicKey) or key.key_size < _SMALLEST_KEY:
        raise ForgedMessageError("The key of the certificate is too weak.")
    return leaf


def _names(certificate: x509.Certificate) -> list[str]:
    common = [str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return common
    return common + extension.value.get_values_for_type(x509.DNSName)
