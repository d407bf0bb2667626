"""The certificates with which SNS signs, fetched from SNS and kept.

What is verified of one: it was fetched by HTTPS from an address of SNS, whose own certificate the system trusts; it is
valid today; it is made out to SNS; its key is RSA of 2,048 bits or more; and where the file brings the certificates of
its issuers along, each is issued by the next. Not verified, because SNS's file holds the certificate alone: the chain
up to a root, and whether it was revoked. So what is trusted in the end is the connection to SNS.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict, deque
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID

from backend.domain.time import Clock
from backend.email.events.sns import CertificateUnavailableError, ForgedMessageError
from backend.email.web import HttpWeb, Unreached

FETCH_SECONDS = 5.0
KEPT = timedelta(days=1)
NOT_ASKED_AGAIN = timedelta(seconds=20)
"""After a certificate could not be fetched."""
MOST_FIRST_FETCHES = 20
"""Certificates that are fetched for the first time within a minute; SNS has one or two for each region."""
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
        self._web = HttpWeb(seconds=seconds, kind="SNS")

    def get(self, url: str) -> bytes:
        if not url.startswith("https://"):
            raise OSError("Only HTTPS is used.")
        answer = self._web.request(url, most=_LARGEST + 1)
        if isinstance(answer, Unreached):
            raise OSError(f"SNS {answer.why}.")
        if answer.status != 200 or len(answer.body) > _LARGEST:
            raise OSError(f"SNS answered with status {answer.status} and {len(answer.body)} bytes.")
        return answer.body


@dataclass(frozen=True, slots=True)
class _Known:
    """A key and until when it is not fetched again; without a key, how it is refused."""

    key: RSAPublicKey | None
    until: datetime
    refusal: type[CertificateUnavailableError | ForgedMessageError] = CertificateUnavailableError
    problem: str = ""


class SnsCertificates:
    """`Certificates` from SNS itself. Safe for several threads.

    Each certificate is fetched once a day, by the first caller; others wait for its answer. What is
    fetched for the first time has a budget, because anybody can make up addresses that look like SNS's.
    """

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._lock = threading.Lock()
        self._good: OrderedDict[str, _Known] = OrderedDict()
        self._bad: OrderedDict[str, _Known] = OrderedDict()
        self._under_way: dict[str, Future[_Known]] = {}
        self._first_fetches: deque[datetime] = deque()

    def is_known(self, url: str) -> bool:
        """Whether `key_of` answers at once."""
        with self._lock:
            return self._kept(url) is not None

    def key_of(self, url: str) -> RSAPublicKey:
        """The caller has made sure that the address is one of SNS."""
        known = self._known(url)
        if known.key is None:
            raise known.refusal(known.problem)
        return known.key

    def _known(self, url: str) -> _Known:
        with self._lock:
            if (kept := self._kept(url)) is not None:
                return kept
            running = self._under_way.get(url)
            if running is None:
                self._spend(url)
                mine = self._under_way[url] = Future()
        if running is not None:
            try:
                return running.result(2 * FETCH_SECONDS)
            except TimeoutError:
                raise CertificateUnavailableError("The certificate of SNS was not fetched yet.") from None
        known = _Known(None, self._clock(), problem="The certificate of SNS could not be fetched.")
        try:
            known = self._fetch(url)
        finally:
            with self._lock:
                _remember(self._bad if known.key is None else self._good, url, known)
                del self._under_way[url]
            mine.set_result(known)
        return known

    def _kept(self, url: str) -> _Known | None:
        now = self._clock()
        return next((known for kept in (self._good, self._bad) if (known := kept.get(url)) and known.until > now), None)

    def _spend(self, url: str) -> None:
        """Counts a first fetch. A certificate that was good before is not counted, so nobody can block it."""
        if url in self._good:
            return
        now = self._clock()
        while self._first_fetches and now - self._first_fetches[0] >= timedelta(minutes=1):
            self._first_fetches.popleft()
        if len(self._first_fetches) >= MOST_FIRST_FETCHES:
            raise CertificateUnavailableError("Too many certificates were requested; it is tried again in a minute.")
        self._first_fetches.append(now)

    def _fetch(self, url: str) -> _Known:
        now = self._clock()
        try:
            content = self._fetcher.get(url)
        except OSError as error:
            problem = f"The certificate of SNS cannot be fetched: {type(error).__name__}."
            return _Known(None, now + NOT_ASKED_AGAIN, problem=problem)
        try:
            certificate = checked(content, now)
        except ForgedMessageError as error:
            return _Known(None, now + NOT_ASKED_AGAIN, ForgedMessageError, error.sentence)
        key = certificate.public_key()
        assert isinstance(key, RSAPublicKey)  # noqa: S101 - it was checked
        return _Known(key, min(now + KEPT, certificate.not_valid_after_utc))


def _remember(kept: OrderedDict[str, _Known], url: str, known: _Known) -> None:
    kept[url] = known
    kept.move_to_end(url)
    while len(kept) > _MOST_KEPT:
        kept.popitem(last=False)


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
