"""An identity provider in this process: it signs tokens, and answers for its metadata and keys as told."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from backend.email.web import Reached, Unreached
from backend.services.api_keys.tokens import TokenPolicy, Tokens

ISSUER, AUDIENCE = "https://login.example.com/", "tillpost"
METADATA, KEYS = f"{ISSUER}.well-known/openid-configuration", f"{ISSUER}keys"
POLICY = TokenPolicy(ISSUER, AUDIENCE, metadata_url=METADATA, algorithms=("RS256", "ES256"))


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Provider:
    """`published` are the ids of the keys that it answers with; `down` is its answer instead."""

    published: list[str] = field(default_factory=lambda: ["one"])
    issuer: str = ISSUER
    down: Unreached | Reached | None = None
    asked: list[str] = field(default_factory=list)

    def tokens(self, **changed: Any) -> Tokens:
        return Tokens(replace(POLICY, **changed), self)

    def request(
        self, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, most: int = 0
    ) -> Reached | Unreached:
        self.asked.append(url)
        if self.down is not None:
            return self.down
        said = {METADATA: {"issuer": self.issuer, "jwks_uri": KEYS}, KEYS: {"keys": [*map(_public, self.published)]}}
        return Reached(200, json.dumps(said[url]).encode())

    def token(self, key: str = "one", *, without: str = "", header: Any = None, **claims: Any) -> str:
        now = int(time.time())
        basis = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 3600, "roles": ["staff"]}
        said = {name: value for name, value in {**basis, **claims}.items() if name != without}
        signed, algorithm = (ec_key(key), "ES256") if key.startswith("ec") else (rsa_key(key), "RS256")
        return jwt.encode(said, signed, algorithm, headers={"kid": key, **(header or {})})


def _public(name: str) -> dict[str, Any]:
    whole = (
        ECAlgorithm.to_jwk(ec_key(name).public_key(), as_dict=True)
        if name.startswith("ec")
        else RSAAlgorithm.to_jwk(rsa_key(name).public_key(), as_dict=True)
    )
    return {**whole, "kid": name, "use": "sig"}
