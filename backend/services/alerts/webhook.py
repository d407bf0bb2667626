"""Posts a line of text to a webhook, as Slack and many others take it: `{"text": "…"}` as JSON.

The address comes from a setting, and is nevertheless treated with care: https only, to a public address, which is
looked up once and connected to as it was checked. No redirect is followed. Plain http is for this machine, if allowed.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
from urllib.parse import SplitResult, urlsplit

from backend.errors import BackendError

TIMEOUT_SECONDS = 5.0
_ANSWER_BYTES = 1024
_USER_AGENT = "Tillpost"


class WebhookError(BackendError):
    """The webhook was not told. `final` says that trying again will not help."""

    def __init__(self, sentence: str, *, final: bool = False) -> None:
        super().__init__(sentence)
        self.final = final


def post_text(url: str, text: str, *, loopback: bool = False, timeout: float = TIMEOUT_SECONDS) -> None:
    """Posts once. `loopback` allows addresses of this machine, by http too; `timeout` is for each step, in seconds.

    Raises: `WebhookError`, without the address: it is a secret.
    """
    parts = _checked(url, loopback)
    connection = _connection(parts, _address_of(parts, loopback), timeout)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    body = json.dumps({"text": text}).encode()
    headers = {"Content-Type": "application/json", "User-Agent": _USER_AGENT, "Host": parts.netloc}
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read(_ANSWER_BYTES)
        status = answer.status
    except (OSError, http.client.HTTPException) as error:
        raise WebhookError(f"It did not answer ({type(error).__name__}).") from error
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise WebhookError(f"It answered with status {status}.", final=status < 500 and status not in (408, 429))


def check_url(url: str, *, loopback: bool = False) -> None:
    """Raises: `WebhookError` for an address that is never called."""
    _checked(url, loopback)


def _checked(url: str, loopback: bool) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise WebhookError("ALERT_WEBHOOK_URL is not a web address.", final=True) from error
    plain = parts.scheme == "http" and loopback and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or not (parts.scheme == "https" or plain) or parts.username or port == 0:
        raise WebhookError("ALERT_WEBHOOK_URL has to begin with https:// and to hold no password.", final=True)
    return parts


def _address_of(parts: SplitResult, loopback: bool) -> str:
    """The address to connect to. One that is not of the public internet is refused, lest it lead into our network."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname or "", port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise WebhookError("Its name cannot be looked up.") from error
    for _, _, _, _, place in found:
        address = ipaddress.ip_address(str(place[0]).partition("%")[0])
        if address.is_global or (loopback and address.is_loopback):
            return str(address)
    raise WebhookError("It is not at a public address.", final=True)


def _connection(parts: SplitResult, address: str, timeout: float) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(address, parts.port or 80, timeout=timeout)
    return _Pinned(host, address, parts.port or 443, timeout)


class _Pinned(http.client.HTTPSConnection):
    """Connects to an address that was checked, and expects the certificate of the name."""

    def __init__(self, host: str, address: str, port: int, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address = address
        self._tls = ssl.create_default_context()

    def connect(self) -> None:
        raw = socket.create_connection((self._address, self.port), self.timeout)
        try:
            self.sock = self._tls.wrap_socket(raw, server_hostname=self.host)
        except BaseException:
            raw.close()
            raise
