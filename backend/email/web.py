"""Asks web addresses, to see whether they can be reached as mail programs reach them. Follows no redirects."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from typing import IO, Any, Protocol
from urllib.parse import urlencode, urlsplit

ASK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Reached:
    """The HTTP status of the answer."""

    status: int


@dataclass(frozen=True, slots=True)
class Unreached:
    """Why there was no answer, as the end of a sentence."""

    why: str


class Web(Protocol):
    """Sends one request, and waits a few seconds at most."""

    def ask(self, url: str, form: dict[str, str] | None = None) -> Reached | Unreached:
        """GET, or POST with the fields of a form."""


class HttpWeb:
    """A `Web` by this machine's own network."""

    def __init__(self, *, seconds: float = ASK_SECONDS) -> None:
        self._seconds = seconds
        self._opener = urllib.request.build_opener(_NoRedirects)

    def ask(self, url: str, form: dict[str, str] | None = None) -> Reached | Unreached:
        if urlsplit(url).scheme not in ("http", "https"):
            return Unreached("is no web address")
        body = urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(url, data=body, headers={"User-Agent": "Tillpost"})  # noqa: S310 - checked above
        try:
            with self._opener.open(request, timeout=self._seconds) as answer:
                return Reached(int(answer.status))
        except urllib.error.HTTPError as error:
            error.close()
            return Reached(error.code)
        except urllib.error.URLError as error:
            return Unreached(_why(error.reason))
        except (OSError, HTTPException, ValueError) as error:
            return Unreached(_why(error))


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, *more: Any) -> None:
        """None makes the redirect itself the answer."""


def _why(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "did not answer in time"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return "has a certificate that is not trusted"
    if isinstance(reason, ssl.SSLError):
        return "does not speak HTTPS"
    return "cannot be reached"
