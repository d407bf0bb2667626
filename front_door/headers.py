"""The security headers of every answer.

What the content policy permits beyond this server's own files was measured: with anything less, Chromium reports a
violation on one of the pages. Each exception says what needs it; docs/security.md has the list for people.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import streamlit
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
_YEAR = 365 * 24 * 60 * 60
_UNUSED = ("camera", "clipboard-read", "display-capture", "geolocation", "microphone", "payment", "usb")
"""What browsers may offer to pages, and no page of Tillpost asks for."""


class SecurityHeaders:
    """Adds the headers that an answer does not have yet. `https` says that people reach the server by HTTPS alone."""

    def __init__(self, app: ASGIApp, *, https: bool = False) -> None:
        self._app = app
        self._headers = [(name.encode(), value.encode()) for name, value in _headers(https=https).items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(message)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)

    def _add(self, message: MutableMapping[str, Any]) -> None:
        given = list(message.get("headers", []))
        present = {name.lower() for name, _ in given}
        message["headers"] = given + [(name, value) for name, value in self._headers if name not in present]


def content_policy() -> str:
    """The content policy (CSP 3) of the dashboard's pages."""
    return "; ".join(
        (
            "default-src 'none'",
            # Components of ours are modules that Streamlit makes of a text (blob:). Its protocol library tries
            # WebAssembly. Its start page has scripts inside, which are known by their hash. Nothing may use eval.
            f"script-src 'self' blob: 'wasm-unsafe-eval' {' '.join(_hashes_of_start_page())}",
            # Streamlit, Plotly and the tables write style elements and attributes; so does every email in a preview.
            "style-src 'self' 'unsafe-inline'",
            # Pictures of products lie where the shop has them; previews of emails show the shop's own.
            "img-src 'self' data: blob: https:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "media-src 'self'",
            "manifest-src 'self'",
            "frame-src 'self'",
            "form-action 'self'",
            "base-uri 'self'",
            "frame-ancestors 'self'",
        )
    )


def _headers(*, https: bool) -> dict[str, str]:
    headers = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "x-frame-options": "SAMEORIGIN",
        "content-security-policy": content_policy(),
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": ", ".join(f"{feature}=()" for feature in _UNUSED),
    }
    # Without includeSubDomains: other names of the domain are not ours to decide about.
    return headers | ({"strict-transport-security": f"max-age={_YEAR}"} if https else {})


def _hashes_of_start_page() -> list[str]:
    page = Path(streamlit.__file__).with_name("static").joinpath("index.html").read_bytes()
    digests = (hashlib.sha256(script).digest() for script in _SCRIPT.findall(page))
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
