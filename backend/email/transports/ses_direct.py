"""A client for SES that submits emails in half the processor time that boto3 takes; the rest it leaves to boto3.

boto3 says once what a submission looks like: its address, and how it is signed. From then on the request is written,
signed by botocore and sent over connections of our own, and the reply is read by botocore. One call is one request,
and nothing is ever repeated.
"""

from __future__ import annotations

import base64
import http.client as http_client
import io
import re
import socket
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import orjson
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import create_urllib3_context, get_cert_path
from botocore.parsers import create_parser
from botocore.utils import get_environ_proxies
from urllib3 import exceptions as http
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse
from urllib3.util import Retry, Timeout, parse_url

from backend.deadlines import DeadlineError, within
from backend.email.transports.ses import IDLE_SECONDS, Client

ACCOUNT_SECONDS = 4.0
"""How long SES may take to say what the account may send: pages wait for it."""
_OPERATION = "SendEmail"
_BEFORE_SEND = f"before-send.sesv2.{_OPERATION}"
_SCOPE = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([a-z0-9;-]+),"
)
_SIGNED = "content-type;host;x-amz-date"


@dataclass(frozen=True, slots=True)
class Form:
    """What all submissions have in common. `region` and `service` are those that signatures are made for."""

    url: str
    host: str
    path: str
    agent: str
    attempt: str
    region: str
    service: str


@dataclass(slots=True)
class _Unsigned:
    """As much of a request as botocore's signer looks at; its own kind of request takes longer than the signature."""

    url: str
    body: bytes
    headers: dict[str, str]
    method: str = "POST"
    params: None = None
    context: dict[str, Any] = field(default_factory=dict)


class DirectClient:
    """A `Client`. `boto3` is one for "sesv2" whose retries are off; `verify` is botocore's: True, or a file of CAs.

    A call ends after `read_seconds`, from its connection to the last byte of its reply, however slowly they come.
    """

    def __init__(
        self,
        boto3: Client,
        credentials: Credentials | None,
        *,
        connect_seconds: float,
        read_seconds: float,
        connections: int,
        verify: bool | str = True,
    ) -> None:
        self._boto3 = boto3
        self._credentials = credentials
        self._timeout = Timeout(connect=connect_seconds, read=read_seconds)
        self._call_seconds = read_seconds
        self._connections = connections
        self._verify = verify
        self._lock = threading.Lock()
        self._form: Form | None = None
        self._is_for_boto3 = False
        self._pool: urllib3.HTTPConnectionPool | None = None
        model = cast(Any, boto3).meta.service_model
        self._shape = model.operation_model(_OPERATION).output_shape
        self._parser = create_parser(model.resolved_protocol)

    def send_email(self, **parameters: Any) -> Mapping[str, Any]:
        """Submits an email, once. Raises: what boto3 raises."""
        form, pool = self._prepared()
        if form is None or pool is None:
            return self._boto3.send_email(**parameters)
        body = orjson.dumps(parameters, default=_blob)
        response = _sent(pool, form, body, self._headers(form, body))
        reply = {"status_code": response.status, "headers": response.headers, "body": response.data}
        parsed: dict[str, Any] = self._parser.parse(reply, self._shape)
        if response.status >= 300:
            raise ClientError(cast(Any, parsed), _OPERATION)
        return parsed

    def get_account(self) -> Mapping[str, Any]:
        try:
            return within(ACCOUNT_SECONDS, "SES", self._boto3.get_account)
        except DeadlineError as error:
            raise ReadTimeoutError(endpoint_url="SES", error=error) from error

    def close(self) -> None:
        """Closes resting connections; the client goes on working."""
        self._boto3.close()
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _headers(self, form: Form, body: bytes) -> dict[str, str]:
        if self._credentials is None:
            raise NoCredentialsError
        request = _Unsigned(form.url, body, {"Host": form.host, "Content-Type": "application/json"})
        signer = SigV4Auth(self._credentials.get_frozen_credentials(), form.service, form.region)
        signer.add_auth(cast(AWSRequest, request))
        own = {"amz-sdk-invocation-id": str(uuid.uuid4()), "amz-sdk-request": form.attempt, "User-Agent": form.agent}
        return request.headers | own

    def _prepared(self) -> tuple[Form | None, urllib3.HTTPConnectionPool | None]:
        """What to write and where to; none of it where boto3 has to do it itself."""
        form, pool = self._form, self._pool
        if form and pool:
            return form, pool
        with self._lock:
            if self._form is None and not self._is_for_boto3:
                self._form = form_of(self._boto3)
                # A proxy, or a signature of another kind: nobody needs these often enough to write them again.
                self._is_for_boto3 = self._form is None or bool(get_environ_proxies(self._form.url))
            if self._is_for_boto3 or self._form is None:
                return None, None
            self._pool = self._pool or self._new_pool(self._form.url)
            return self._form, self._pool

    def _new_pool(self, address: str) -> urllib3.HTTPConnectionPool:
        url = parse_url(address)
        host = url.host or ""
        if url.scheme == "http":
            plain = _Pool(host, url.port, timeout=self._timeout, maxsize=self._connections)
            plain.call_seconds = self._call_seconds
            return plain
        secure = _SecurePool(
            host,
            url.port,
            timeout=self._timeout,
            maxsize=self._connections,
            ssl_context=create_urllib3_context(),
            cert_reqs="CERT_REQUIRED",
            ca_certs=str(get_cert_path(cast(bool, self._verify))),
        )
        secure.call_seconds = self._call_seconds
        return secure


class _UntilDeadline(io.RawIOBase):
    """What a socket receives until a moment, however slowly it comes: a time-out alone begins again with each byte."""

    def __init__(self, sock: socket.socket, ends: float) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._ends = ends

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("The call has taken too long.")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Reply(http_client.HTTPResponse):
    """A reply that is read until a moment."""

    def __init__(self, sock: socket.socket, *arguments: Any, ends: float, **more: Any) -> None:
        super().__init__(sock, *arguments, **more)
        self.fp.close()
        self.fp = io.BufferedReader(_UntilDeadline(sock, ends))


class _InOnePiece(HTTPConnection):
    """Writes head and body of a request together: half the calls of the system, and one packet for a short email.

    The whole call ends at `ends`, as `time.monotonic` counts; the connection rests since `rested`.
    """

    ends = rested = float("inf")
    _parts: list[bytes] | None = None

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        self.response_class = partial(_Reply, ends=self.ends)  # type: ignore[assignment]  # called like the class
        return super().getresponse()

    def request(self, *arguments: Any, **more: Any) -> None:
        parts: list[bytes] = []
        self._parts = parts
        try:
            super().request(*arguments, **more)
        finally:
            self._parts = None
        if self.sock is not None:
            self.sock.settimeout(max(self.ends - time.monotonic(), 0.001))  # for all of it, not for each piece
        super().send(b"".join(parts))

    def send(self, data: Any) -> None:
        if self._parts is None:
            super().send(data)
        else:
            self._parts.append(data)


class _SecurelyInOnePiece(_InOnePiece, HTTPSConnection):
    """The same over TLS."""


class _Pool(urllib3.HTTPConnectionPool):
    """Connections that have rested too long are opened again, each by itself: those at the bottom of the pool rest
    while others are in use."""

    ConnectionCls = _InOnePiece
    call_seconds = float("inf")

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)
        now = time.monotonic()
        if isinstance(connection, _InOnePiece):
            if now - connection.rested > IDLE_SECONDS:
                connection.close()
            connection.ends = now + self.call_seconds
        return connection

    def _put_conn(self, conn: Any) -> None:
        if isinstance(conn, _InOnePiece):
            conn.rested = time.monotonic()
        super()._put_conn(conn)


class _SecurePool(_Pool, urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecurelyInOnePiece


def form_of(boto3: Client) -> Form | None:
    """What boto3 would send, learned from a submission that it does not send; None when we cannot do the same.

    Raises: what boto3 raises when it has no credentials.
    """
    seen: list[AWSPreparedRequest] = []

    def keep(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        """botocore, "Events": whoever answers `before-send` keeps the request from being sent."""
        seen.append(request)
        return AWSResponse(request.url, 200, HTTPHeaders(), _NoBody())

    events = cast(Any, boto3).meta.events
    events.register(_BEFORE_SEND, keep)
    try:
        boto3.send_email(Content={})
    finally:
        events.unregister(_BEFORE_SEND, keep)
    headers = {name.lower(): _text(value) for name, value in seen[0].headers.items()}
    scope = _SCOPE.match(headers.get("authorization", ""))
    signed = set(scope[3].split(";")) - {"x-amz-security-token"} if scope else set()
    if not scope or signed != set(_SIGNED.split(";")):
        return None
    url = parse_url(seen[0].url)
    return Form(
        url=seen[0].url,
        host=url.netloc or "",
        path=url.request_uri,
        agent=headers["user-agent"],
        attempt=headers.get("amz-sdk-request", "attempt=1"),
        region=scope[1],
        service=scope[2],
    )


class _NoBody:
    """The body of a reply that nobody sent."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        return iter(())


def _sent(
    pool: urllib3.HTTPConnectionPool, form: Form, body: bytes, headers: dict[str, str]
) -> urllib3.BaseHTTPResponse:
    """The reply. Failures get botocore's names, as its own session gives them."""
    url = form.url
    try:
        return pool.urlopen("POST", form.path, body=body, headers=headers, retries=Retry(False), redirect=False)
    except http.SSLError as error:
        raise SSLError(endpoint_url=url, error=error) from error
    except (http.NewConnectionError, http.ClosedPoolError, http.EmptyPoolError) as error:  # nothing was written
        raise EndpointConnectionError(endpoint_url=url, error=error) from error
    except http.ConnectTimeoutError as error:
        raise ConnectTimeoutError(endpoint_url=url, error=error) from error
    except http.ReadTimeoutError as error:
        raise ReadTimeoutError(endpoint_url=url, error=error) from error
    except http.ProtocolError as error:
        raise ConnectionClosedError(endpoint_url=url, error=error) from error
    except http.HTTPError as error:
        raise HTTPClientError(error=error) from error


def _blob(value: object) -> str:
    """AWS's JSON protocols write bytes in base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
