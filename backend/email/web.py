"""The one door for requests that we make to web addresses: no redirects, no long waiting, no large answers.

The addresses of a name are checked when it is connected to, and those that were checked are the ones connected to. So a
name cannot give another address a moment later, and none leads into our network where only the public one is meant.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import ip_address
from typing import IO, Any, Protocol
from urllib.parse import urlencode, urlsplit

from backend.deadlines import DeadlineError, within
from backend.domain.network import is_public

ASK_SECONDS = 2.0
LARGEST_ANSWER = 64 * 1024


class Reach(Enum):
    """Which addresses may be connected to."""

    ANYWHERE = "anywhere"
    PUBLIC = "the public internet"
    PUBLIC_OR_HERE = "the public internet and this machine"


@dataclass(frozen=True, slots=True)
class Reached:
    """The HTTP status of the answer, and as much of its body as was wanted."""

    status: int
    body: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unreached:
    """Why there was no answer, as the end of a sentence. `is_final`: it will be the same the next time."""

    why: str
    is_final: bool = field(default=False, compare=False)


class Web(Protocol):
    """Sends one request, and waits a few seconds at most."""

    def ask(self, url: str, form: dict[str, str] | None = None) -> Reached | Unreached:
        """GET, or POST with the fields of a form."""


class HttpWeb:
    """A `Web` by this machine's own network. `seconds` are for the whole request, from the look-up to the last byte.

    `kind` names the service, for threads and logs. The environment's proxy is used where any address will do.
    """

    def __init__(self, *, seconds: float = ASK_SECONDS, reach: Reach = Reach.ANYWHERE, kind: str = "The web") -> None:
        self._seconds = seconds
        self._reach = reach
        self._kind = kind

    def ask(self, url: str, form: dict[str, str] | None = None) -> Reached | Unreached:
        return self.request(url, urlencode(form).encode() if form is not None else None)

    def request(
        self, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, most: int = 0
    ) -> Reached | Unreached:
        """GET, or POST where there is a body. `most` is how many bytes of the answer are wanted."""
        if urlsplit(url).scheme not in ("http", "https"):
            return Unreached("is no web address", is_final=True)
        one = _OneRequest(self._reach, self._seconds)
        request = urllib.request.Request(url, data=body, headers={"User-Agent": "Tillpost", **(headers or {})})  # noqa: S310 - checked above
        try:
            return within(self._seconds, self._kind, lambda: one.made(request, most))
        except DeadlineError:
            one.give_up()
            return Unreached("did not answer in time")


class NotPublicError(OSError):
    """All addresses of the name are outside of what may be reached."""


class _OneRequest:
    """One request over one connection, which can be given up from another thread."""

    def __init__(self, reach: Reach, seconds: float) -> None:
        self._reach = reach
        self._seconds = seconds
        self._connection: http.client.HTTPConnection | None = None
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects(), _Plain(self), _Secure(self)]
        if reach is not Reach.ANYWHERE:  # a proxy would connect to what it likes
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def made(self, request: urllib.request.Request, most: int) -> Reached | Unreached:
        try:
            with self._opener.open(request, timeout=self._seconds) as answer:
                return Reached(int(answer.status), answer.read(most) if most else b"")
        except urllib.error.HTTPError as error:
            with error:
                return Reached(error.code, error.read(most) if most else b"")
        except urllib.error.URLError as error:
            return _unreached(error.reason)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return _unreached(error)

    def give_up(self) -> None:
        """Ends the waiting of the thread that makes the request."""
        opened = self._connection.sock if self._connection else None
        if opened is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(opened, socket.SHUT_RDWR)  # below TLS, which may wait for its peer

    def carried_by(self, connection: http.client.HTTPConnection) -> http.client.HTTPConnection:
        """The connection, made to connect by our own way."""
        self._connection = connection
        connection._create_connection = self._dialled  # type: ignore[attr-defined]  # http.client's own seam
        return connection

    def _dialled(self, address: tuple[str, int], timeout: float, *_: object) -> socket.socket:
        failure: OSError = NotPublicError("not at a public address")
        for family, kind, protocol, _name, place in socket.getaddrinfo(*address, type=socket.SOCK_STREAM):
            if not _may_reach(str(place[0]), self._reach):
                continue
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(timeout)
                sock.connect(place)
                return sock
            except OSError as error:
                sock.close()
                failure = error
        raise failure


def _may_reach(address: str, reach: Reach) -> bool:
    if reach is Reach.ANYWHERE or is_public(address):
        return True
    return reach is Reach.PUBLIC_OR_HERE and ip_address(address.partition("%")[0]).is_loopback


class _Plain(urllib.request.HTTPHandler):
    def __init__(self, one: _OneRequest) -> None:
        super().__init__()
        self._one = one

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(lambda host, **more: self._one.carried_by(http.client.HTTPConnection(host, **more)), req)


class _Secure(urllib.request.HTTPSHandler):
    def __init__(self, one: _OneRequest) -> None:
        super().__init__()
        self._one = one

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(lambda host, **more: self._one.carried_by(http.client.HTTPSConnection(host, **more)), req)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, *more: Any) -> None:
        """None makes the redirect itself the answer."""


def _unreached(reason: object) -> Unreached:
    if isinstance(reason, NotPublicError):
        return Unreached("is not at a public address", is_final=True)
    if isinstance(reason, socket.gaierror | UnicodeError):
        return Unreached("has a name that cannot be looked up")
    if isinstance(reason, TimeoutError):
        return Unreached("did not answer in time")
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Unreached("has a certificate that is not trusted")
    if isinstance(reason, ssl.SSLError):
        return Unreached("does not speak HTTPS")
    return Unreached("cannot be reached")
