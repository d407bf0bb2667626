"""An OpenID Connect provider on loopback that says whatever a test wants: discovery, authorization, token, keys."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID = "tillpost-test"
CLIENT_SECRET = "known to both"


@dataclass
class Provider:
    """`claims` go into the next ID token, beside what every token needs."""

    address: str
    claims: dict[str, Any] = field(default_factory=dict)
    nonce: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}))

    @property
    def metadata_url(self) -> str:
        return f"{self.address}/.well-known/openid-configuration"

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def id_token(self) -> str:
        now = int(time.time())
        basis = {"iss": self.address, "aud": CLIENT_ID, "sub": "someone", "iat": now, "exp": now + 3600}
        claims = {**basis, "nonce": self.nonce, **self.claims}
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider that answers until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    running = Provider(f"http://127.0.0.1:{server.server_port}")
    server.RequestHandlerClass = _handler(running)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path == "/authorize":
                self._send_back(parse_qs(address.query))
            elif address.path == "/keys":
                self._answer({"keys": [provider.key.as_dict(private=False)]})
            else:
                self._answer(provider.metadata())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer({"access_token": "x", "token_type": "Bearer", "id_token": provider.id_token()})

        def _send_back(self, query: dict[str, list[str]]) -> None:
            provider.nonce = query["nonce"][0]
            self.send_response(302)
            answer = urlencode({"code": "once", "state": query["state"][0]})
            self.send_header("Location", f"{query['redirect_uri'][0]}?{answer}")
            self.end_headers()

        def _answer(self, content: dict[str, Any]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    return Handler
