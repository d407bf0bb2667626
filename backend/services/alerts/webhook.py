"""Posts a line of text to a webhook, in the form that Slack and many others accept: `{"text": "…"}` as JSON.

The address comes from a setting and is still checked: https only, to a public address. Plain http is allowed only to
this machine, with `loopback`.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from backend.email.web import HttpWeb, Reach, Unreached
from backend.errors import BackendError

TIMEOUT_SECONDS = 5.0


class WebhookError(BackendError):
    """The webhook was not called, or refused. `final`: trying again will not help."""

    def __init__(self, sentence: str, *, final: bool = False) -> None:
        super().__init__(sentence)
        self.final = final


def post_text(url: str, text: str, *, loopback: bool = False, timeout: float = TIMEOUT_SECONDS) -> None:
    """Posts once. `loopback` allows addresses of this machine, by http too; `timeout` is for all of it, in seconds.

    Raises: `WebhookError`, without the address: it is a secret.
    """
    check_url(url, loopback=loopback)
    web = HttpWeb(
        seconds=timeout, reach=Reach.PUBLIC_OR_HERE if loopback else Reach.PUBLIC, kind="The webhook for alerts"
    )
    answer = web.request(url, json.dumps({"text": text}).encode(), {"Content-Type": "application/json"})
    if isinstance(answer, Unreached):
        raise WebhookError(f"It {answer.why}.", final=answer.is_final)
    if not 200 <= answer.status < 300:
        final = answer.status < 500 and answer.status not in (408, 429)
        raise WebhookError(f"It answered with status {answer.status}.", final=final)


def check_url(url: str, *, loopback: bool = False) -> None:
    """Raises: `WebhookError` for an address that is never called."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise WebhookError("ALERT_WEBHOOK_URL is not a web address.", final=True) from error
    plain = parts.scheme == "http" and loopback and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or not (parts.scheme == "https" or plain) or parts.username or port == 0:
        raise WebhookError("ALERT_WEBHOOK_URL has to begin with https:// and to hold no password.", final=True)
