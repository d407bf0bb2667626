"""Access tokens (JWT) of the team's identity provider, taken by the HTTP API beside API keys.

A token counts when it is signed by a key of the provider with an algorithm that the installation names, for our
audience, and has not expired. Its roles say what it may do. The provider's keys are kept for five minutes; while they
cannot be had, nobody is let in by a token.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import jwt
from jwt import PyJWKClient
from loguru import logger

from backend.domain.api_keys import Caller, Scope, permissions_of, scopes_of
from backend.domain.team import Actor, Role
from backend.email.web import LARGEST_ANSWER, Reached, Unreached
from backend.errors import BackendError
from backend.services.api_keys.authentication import NotSignedInError

_LEEWAY_SECONDS = 30
_KEPT_SECONDS = 300
_BETWEEN_FAILURES = 5.0
_LONGEST_SUBJECT = 255


class KeysUnreachableError(BackendError):
    """The provider's keys cannot be had, so nobody can say whether the token is genuine."""


class Web(Protocol):
    """The door for requests that we make."""

    def request(
        self, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, most: int = 0
    ) -> Reached | Unreached:
        """GET."""


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """Which tokens are taken. `keys_url` is the provider's JWKS; without it, the document at `metadata_url` names it.

    `role_claim` leads to the claim with the roles; dots go into objects. `roles` says which of them are roles of ours.
    Addresses are https, unless the provider is in a `private` network.
    """

    issuer: str
    audience: str
    keys_url: str = ""
    metadata_url: str = ""
    algorithms: tuple[str, ...] = ("RS256",)
    role_claim: str = "roles"
    roles: Mapping[str, Role] = field(default_factory=lambda: {role.value: role for role in Role})
    private: bool = False


def is_token(text: str) -> bool:
    """Whether a bearer's text has the form of a token, which no API key has."""
    return text.count(".") == 2


class Tokens:
    """The tokens of one provider. Keep one for a process; all its threads may use it."""

    def __init__(self, policy: TokenPolicy, web: Web) -> None:
        self._policy = policy
        self._keys = _Keys(policy, web)

    def caller(self, text: str) -> Caller:
        """Who shows this token, and with which scopes: those of its roles, none without a role of ours.

        Raises: `NotSignedInError`, `KeysUnreachableError`.
        """
        claims = self._claims(text)
        subject, issuer = claims["sub"], self._policy.issuer
        if not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
            raise _refused("Its subject is not a short line of text")
        roles = sorted(_roles_in(claims, self._policy), key=[*Role].index)
        scopes = frozenset[Scope]().union(*map(scopes_of, roles))
        actor = Actor(
            f"token:{subject}",
            roles[0] if roles else Role.STAFF,
            f"Access token {subject}",
            permissions_of(scopes),
            program="access token",
        )
        return Caller(hashlib.sha256(f"{issuer}\0{subject}".encode()).hexdigest()[:32], actor, scopes)

    def _claims(self, text: str) -> dict[str, Any]:
        policy = self._policy
        try:
            header = jwt.get_unverified_header(text)
            if header.get("alg") not in policy.algorithms:
                raise _refused("Its algorithm is not one of those that this server takes")
            key = self._keys.get_signing_key(str(header.get("kid")))
            return jwt.decode(
                text,
                key,
                algorithms=list(policy.algorithms),
                audience=policy.audience,
                issuer=policy.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError:
            raise _refused("It has expired") from None
        except jwt.InvalidAudienceError:
            raise _refused("It is for another audience") from None
        except jwt.InvalidIssuerError:
            raise _refused("It is from another issuer") from None
        except jwt.PyJWTError:
            raise _refused("It is not signed by the provider, or incomplete") from None


class _Keys(PyJWKClient):
    """The provider's keys, asked for through our door. An unknown one is looked for at most every 30 seconds."""

    def __init__(self, policy: TokenPolicy, web: Web) -> None:
        super().__init__(policy.keys_url or policy.metadata_url, lifespan=_KEPT_SECONDS)
        self._policy, self._web = policy, web
        self._failed_at = float("-inf")

    def fetch_data(self) -> Any:
        """The key set. Raises: `KeysUnreachableError`."""
        if time.monotonic() - self._failed_at < _BETWEEN_FAILURES:
            raise _unreachable()
        try:
            return jwt.PyJWKSet.from_dict(self._document(self._policy.keys_url or self._url_of_metadata()))
        except jwt.PyJWTError as error:
            self._fail(f"The key set has no usable keys: {error}")
            raise _unreachable() from None

    def _url_of_metadata(self) -> str:
        """OpenID Connect Discovery 1.0, section 4.3: the document must name the issuer that was asked for."""
        found = self._document(self._policy.metadata_url)
        if found.get("issuer") != self._policy.issuer:
            self._fail("The metadata are those of another issuer than API_TOKEN_ISSUER.")
            raise _unreachable()
        return str(found.get("jwks_uri", ""))

    def _document(self, url: str) -> dict[str, Any]:
        if not url.startswith("https://") and not self._policy.private:
            self._fail("An address is not https")
            raise _unreachable()
        answer = self._web.request(url, most=LARGEST_ANSWER)
        try:
            if isinstance(answer, Reached) and answer.status == 200:
                return self._as_jwk_set_payload(json.loads(answer.body))
            self._fail(f"It {answer.why}" if isinstance(answer, Unreached) else f"It answered {answer.status}")
        except ValueError:
            self._fail("It did not answer with JSON")
        raise _unreachable()

    def _fail(self, why: str) -> None:
        self._failed_at = time.monotonic()
        logger.warning("The keys of the identity provider cannot be had. {}", why)


def _roles_in(claims: Mapping[str, Any], policy: TokenPolicy) -> set[Role]:
    found: Any = claims.get(policy.role_claim)
    if found is None:
        found = claims
        for part in policy.role_claim.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    named = found.split() if isinstance(found, str) else found if isinstance(found, list) else []
    return {policy.roles[name] for name in named if isinstance(name, str) and name in policy.roles}


def _refused(why: str) -> NotSignedInError:
    return NotSignedInError(f"This access token does not work. {why}.")


def _unreachable() -> KeysUnreachableError:
    return KeysUnreachableError("Access tokens cannot be checked now: the identity provider's keys cannot be had.")
