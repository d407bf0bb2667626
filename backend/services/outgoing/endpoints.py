"""Endpoints: adding, choosing their events, rotating their secrets, switching on and off, removing."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from backend.domain.connections import SECRET_OVERLAP, Secret
from backend.domain.ids import new_customer_id
from backend.domain.outgoing import MOST_ENDPOINTS, Endpoint, EventKind
from backend.domain.team import Actor, Permission
from backend.errors import AlreadyExistsError, ConflictError, InvalidInputError, NotFoundError
from backend.records.outgoing import endpoint_from, endpoint_item
from backend.sealed_text import seal, unseal
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.outgoing.writes import all_endpoints, forget
from backend.store import schema
from backend.store.port import Absent, Delete, Equals, Exists, Put

LONGEST_URL = 500
_PURPOSE = "endpoint secret"
_PREFIX = "whsec_"
_SECRET_BYTES = 32
"""Standard Webhooks: 24 to 64."""


def list_endpoints(shop: Shop, actor: Actor) -> list[Endpoint]:
    """All endpoints, the oldest first.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    return all_endpoints(shop)


def get_endpoint(shop: Shop, endpoint_id: str) -> Endpoint:
    """Raises: `NotFoundError`."""
    key = schema.endpoint_key(endpoint_id)
    item = shop.store.get(key) if endpoint_id else None
    if item is None:
        raise NotFoundError("This endpoint does not exist.")
    return endpoint_from(key, item)


def add_endpoint(shop: Shop, actor: Actor, key: bytes, url: str, events: Sequence[EventKind]) -> tuple[Endpoint, str]:
    """A new endpoint and its secret, which is shown this once. It receives events from the next seconds on.

    Raises: `PermissionDeniedError`, `InvalidInputError`.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    if len(all_endpoints(shop)) >= MOST_ENDPOINTS:
        raise InvalidInputError(f"{MOST_ENDPOINTS} endpoints are possible. Remove one first.")
    secret, now = _new_secret(), shop.clock()
    endpoint = Endpoint(
        id=new_customer_id(),
        url=clean_url(url),
        events=_chosen(events),
        created_at=now,
        created_by=actor.username,
        secrets=(Secret(seal(key, _PURPOSE, secret), now),),
    )
    exists = AlreadyExistsError("This endpoint exists already.")
    put = Put(schema.endpoint_key(endpoint.id), endpoint_item(endpoint), Absent(), exists)
    noted = audit_log.entry(shop, actor, "added a webhook endpoint", f"endpoint:{endpoint.id}", host_of(endpoint))
    shop.store.transact([put, noted])
    forget(shop)
    return endpoint, secret


def choose_events(shop: Shop, actor: Actor, endpoint_id: str, events: Sequence[EventKind]) -> Endpoint:
    """Raises: `PermissionDeniedError`, `NotFoundError`, `InvalidInputError`, `ConflictError`."""
    chosen = _chosen(events)
    return _change(shop, actor, endpoint_id, "changed the events of an endpoint", lambda it: replace(it, events=chosen))


def rotate_secret(shop: Shop, actor: Actor, key: bytes, endpoint_id: str) -> str:
    """A new secret. Events are signed with the one before too, for two days.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`.
    """
    secret = _new_secret()

    def changed(endpoint: Endpoint) -> Endpoint:
        now = shop.clock()
        before = tuple(replace(each, until=now + SECRET_OVERLAP) for each in endpoint.secrets[:1])
        return replace(endpoint, secrets=(Secret(seal(key, _PURPOSE, secret), now), *before))

    _change(shop, actor, endpoint_id, "rotated the secret of an endpoint", changed)
    return secret


def switch(shop: Shop, actor: Actor, endpoint_id: str, *, on: bool) -> Endpoint:
    """Switches an endpoint on or off. What happens while it is off is not sent later.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`.
    """
    reason = "" if on else "Switched off by hand."

    def changed(endpoint: Endpoint) -> Endpoint:
        return replace(endpoint, off=not on, off_reason=reason, failing_since=None)

    return _change(shop, actor, endpoint_id, f"switched an endpoint {'on' if on else 'off'}", changed)


def remove_endpoint(shop: Shop, actor: Actor, endpoint_id: str) -> None:
    """Raises: `PermissionDeniedError`, `NotFoundError`."""
    actor.require(Permission.MANAGE_CONNECTIONS)
    endpoint = get_endpoint(shop, endpoint_id)
    gone = NotFoundError("This endpoint does not exist any more.")
    noted = audit_log.entry(shop, actor, "removed a webhook endpoint", f"endpoint:{endpoint_id}", host_of(endpoint))
    shop.store.transact([Delete(schema.endpoint_key(endpoint_id), Exists(), gone), noted])
    forget(shop)


def valid_secrets(shop: Shop, key: bytes, endpoint: Endpoint) -> list[str]:
    """The secrets with which an event is signed now."""
    now = shop.clock()
    found = (unseal(key, _PURPOSE, each.sealed) for each in endpoint.secrets if each.is_valid(now))
    return [secret for secret in found if secret is not None]


def host_of(endpoint: Endpoint) -> str:
    """The host alone: the rest of an address may be secret."""
    return urlsplit(endpoint.url).hostname or ""


def clean_url(url: str) -> str:
    """The address, if events may be posted there. Whether its host is public is checked at each connection.

    Raises: `InvalidInputError`.
    """
    bare = url.strip()
    try:
        parts = urlsplit(bare)
        port = parts.port
    except ValueError as error:
        raise InvalidInputError("This is not a web address.", "url") from error
    clean = bare.isascii() and bare.isprintable() and " " not in bare and len(bare) <= LONGEST_URL
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.fragment or port == 0 or not clean:
        raise InvalidInputError("Enter an address that begins with https:// and holds no password.", "url")
    return bare


def _chosen(events: Sequence[EventKind]) -> tuple[EventKind, ...]:
    if not events:
        raise InvalidInputError("Choose at least one event.", "events")
    return tuple(kind for kind in EventKind if kind in events)


def _new_secret() -> str:
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _change(
    shop: Shop, actor: Actor, endpoint_id: str, action: str, changed: Callable[[Endpoint], Endpoint]
) -> Endpoint:
    actor.require(Permission.MANAGE_CONNECTIONS)
    before = get_endpoint(shop, endpoint_id)
    after = replace(changed(before), version=before.version + 1)
    others = ConflictError("Someone else has just changed this endpoint.")
    put = Put(schema.endpoint_key(endpoint_id), endpoint_item(after), Equals("version", before.version), others)
    shop.store.transact([put, audit_log.entry(shop, actor, action, f"endpoint:{endpoint_id}")])
    forget(shop)
    return after
