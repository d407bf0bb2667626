"""Who may call the HTTP API, and for what: API keys, and the access tokens of an identity provider."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.domain.ids import new_customer_id
from backend.domain.team import PERMISSIONS, Actor, Permission, Role

MARK = "tp"
"""What a key begins with, so that people and secret scanners recognise it."""
PUBLIC_KEY_ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"),
    "EdDSA",
)
"""What access tokens may be signed with. With HS256 and the like, whoever can check tokens could make them."""
_SECRET_BYTES = 32


class Scope(StrEnum):
    """One thing that a key may do. The write scope of a resource includes its read scope."""

    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    CUSTOMERS_ERASE = "customers:erase"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    SEGMENTS_READ = "segments:read"
    SUPPRESSIONS_READ = "suppressions:read"
    SUPPRESSIONS_WRITE = "suppressions:write"
    STATISTICS_READ = "statistics:read"

    @property
    def resource(self) -> str:
        return self.value.partition(":")[0]

    @property
    def is_read(self) -> bool:
        return self.value.endswith(":read")


PERMISSIONS_OF: dict[Scope, frozenset[Permission]] = {
    Scope.CUSTOMERS_READ: frozenset({Permission.VIEW_CUSTOMERS}),
    Scope.CUSTOMERS_WRITE: frozenset({Permission.VIEW_CUSTOMERS, Permission.EDIT_CUSTOMERS}),
    Scope.CUSTOMERS_ERASE: frozenset({Permission.VIEW_CUSTOMERS, Permission.ERASE_CUSTOMERS}),
    Scope.ORDERS_READ: frozenset({Permission.VIEW_ORDERS}),
    Scope.ORDERS_WRITE: frozenset(
        {Permission.VIEW_ORDERS, Permission.PLACE_ORDERS, Permission.CHANGE_ORDERS, Permission.REFUND_ORDERS}
    ),
    Scope.MESSAGES_READ: frozenset({Permission.VIEW_EMAIL}),
    Scope.MESSAGES_WRITE: frozenset({Permission.VIEW_EMAIL, Permission.SEND_EMAIL}),
    Scope.CAMPAIGNS_READ: frozenset({Permission.VIEW_EMAIL}),
    Scope.CAMPAIGNS_WRITE: frozenset({Permission.VIEW_EMAIL, Permission.PLAN_CAMPAIGNS}),
    Scope.SEGMENTS_READ: frozenset({Permission.VIEW_CUSTOMERS}),
    Scope.SUPPRESSIONS_READ: frozenset({Permission.VIEW_EMAIL}),
    Scope.SUPPRESSIONS_WRITE: frozenset({Permission.VIEW_EMAIL, Permission.MANAGE_SUPPRESSION}),
    Scope.STATISTICS_READ: frozenset({Permission.VIEW_OVERVIEW, Permission.VIEW_EMAIL}),
}
"""What services ask for when a key with this scope acts. Whoever creates a key needs these permissions too."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls the API. Limits and idempotency keys are counted for its `family`."""

    family: str
    actor: Actor
    scopes: frozenset[Scope]

    def allows(self, scope: Scope) -> bool:
        """Whether the caller has this scope, or for a read the write scope of the same resource."""
        return any(has is scope or (scope.is_read and has.resource == scope.resource) for has in self.scopes)


class KeyState(StrEnum):
    """Whether a key works."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is stored: its prefix and the hash of its secret, never the secret itself.

    `family` is the prefix of the first key of a line of rotations: limits and idempotency keys are those of the family.
    `replaced_by` is the prefix of the key that a rotation made.
    """

    prefix: str
    name: str
    secret_hash: str
    scopes: frozenset[Scope]
    created_at: datetime
    created_by: str
    family: str
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    replaced_by: str = ""
    version: int = 1

    @property
    def shown(self) -> str:
        """The part of the key that people may see."""
        return f"{MARK}_{self.prefix}"

    @property
    def actor(self) -> Actor:
        """Who acts when the key is used. Permissions are those of the scopes, whatever the role."""
        return Actor(actor_name(self.prefix), Role.STAFF, f"API key {self.name}", permissions_of(self.scopes))

    @property
    def caller(self) -> Caller:
        return Caller(self.family, self.actor, self.scopes)

    def state(self, now: datetime) -> KeyState:
        if self.revoked_at is not None:
            return KeyState.REVOKED
        return KeyState.EXPIRED if self.expires_at is not None and self.expires_at <= now else KeyState.ACTIVE


def permissions_of(scopes: Iterable[Scope]) -> frozenset[Permission]:
    """All that keys with these scopes may do."""
    return frozenset().union(*(PERMISSIONS_OF[scope] for scope in scopes))


def scopes_of(role: Role) -> frozenset[Scope]:
    """The scopes whose permissions a role has."""
    return frozenset(scope for scope in Scope if PERMISSIONS_OF[scope] <= PERMISSIONS[role])


def actor_name(prefix: str) -> str:
    """The name by which histories know a key; no member's username has a colon."""
    return f"key:{prefix}"


def new_prefix() -> str:
    return new_customer_id()


def new_secret() -> str:
    """256 random bits, so that a plain hash of them cannot be reversed by guessing."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def whole_key(prefix: str, secret: str) -> str:
    """The key as the caller sends it."""
    return f"{MARK}_{prefix}_{secret}"


def parts_of(key: str) -> tuple[str, str]:
    """Prefix and secret of what somebody sent as a key. Anything that is no key gives parts that no key has."""
    mark, _, rest = key.partition("_")
    prefix, _, secret = rest.partition("_")
    return (
        (prefix, secret) if mark == MARK and prefix.isalnum() and prefix.isascii() and len(prefix) <= 20 else ("", "")
    )


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def is_right(secret: str, stored: str) -> bool:
    """Whether the secret has this hash; takes the same time wherever they differ."""
    return hmac.compare_digest(hash_of(secret), stored)
