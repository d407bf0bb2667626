"""API keys: created, listed, rotated and revoked by the team. The secret is returned once and never stored.

Nobody can give a key more than they may do themselves. Keys are never removed, so that histories can name them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.domain.api_keys import (
    ApiKey,
    KeyState,
    Scope,
    actor_name,
    hash_of,
    new_prefix,
    new_secret,
    permissions_of,
    whole_key,
)
from backend.domain.team import Actor, Permission
from backend.domain.text import SHORT_LENGTH, clean_line
from backend.errors import ConflictError, InvalidInputError, NotFoundError, PermissionDeniedError
from backend.records.team import api_key_from, api_key_item
from backend.services.audit import log as audit_log
from backend.services.concurrency.retries import StaleReadError, settled
from backend.services.context import Shop
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.port import Absent, Equals, Put, Query, Row, pages_of

MOST_ACTIVE = 100
LONGEST_LIFE = timedelta(days=2 * 366)
LONGEST_OVERLAP = timedelta(days=30)
USUAL_OVERLAP = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key with the whole of its text, which is shown now and never again."""

    key: ApiKey
    text: str


def create_key(
    shop: Shop, actor: Actor, name: str, scopes: Iterable[Scope], *, expires_at: datetime | None = None
) -> Issued:
    """A new key. Without `expires_at` it works until it is revoked.

    Raises: `PermissionDeniedError` (also for a scope that the actor may not use), `InvalidInputError`.
    """
    wanted = frozenset(scopes)
    _check_rights(actor, wanted)
    if not wanted:
        raise InvalidInputError("Choose at least one scope.", "scopes")
    now = shop.clock()
    if expires_at is not None and not now < expires_at <= now + LONGEST_LIFE:
        raise InvalidInputError("A key expires in the future, within two years.", "expires_at")
    if sum(key.state(now) is KeyState.ACTIVE for key in _all(shop)) >= MOST_ACTIVE:
        raise InvalidInputError(f"There are {MOST_ACTIVE} active keys already. Revoke one first.")
    cleaned = clean_line(name, "Name", longest=SHORT_LENGTH, required=True)
    issued = _issued(actor, cleaned, wanted, now, expires_at, family="")
    said = f"{issued.key.name}: {', '.join(sorted(wanted))}"
    shop.store.transact(
        [_new(issued.key), audit_log.entry(shop, actor, "created an API key", _target(issued.key), said)]
    )
    return issued


def list_keys(shop: Shop, actor: Actor) -> list[ApiKey]:
    """All keys, the newest first, revoked and expired ones too.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.MANAGE_API_KEYS)
    return sorted(_all(shop), key=lambda key: key.created_at, reverse=True)


def get_key(shop: Shop, actor: Actor, prefix: str) -> ApiKey:
    """One key by the part that people see, with or without its mark.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.MANAGE_API_KEYS)
    key = find_key(shop, prefix.strip().rpartition("_")[2])
    if key is None:
        raise NotFoundError("This API key does not exist.")
    return key


@settled
def revoke_key(shop: Shop, actor: Actor, prefix: str) -> ApiKey:
    """Ends a key at once; a second time changes nothing.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    key = get_key(shop, actor, prefix)
    if key.revoked_at is not None:
        return key
    after = replace(key, revoked_at=shop.clock(), version=key.version + 1)
    entry = audit_log.entry(shop, actor, "revoked an API key", _target(key), key.name)
    shop.store.transact([_changed(after, key), entry])
    return after


@settled
def rotate_key(shop: Shop, actor: Actor, prefix: str, *, overlap: timedelta = USUAL_OVERLAP) -> Issued:
    """A new key in place of this one, which works on for the `overlap`.

    Name and scopes stay, and so do limits and idempotency keys. A key that was to expire gives its life span on.

    Raises: `PermissionDeniedError` (also for a scope that the actor may not use), `NotFoundError`,
    `InvalidInputError` (overlap), `ConflictError` (it does not work any more, or was rotated before).
    """
    key, now = get_key(shop, actor, prefix), shop.clock()
    _check_rights(actor, key.scopes)
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidInputError(f"Both keys can work for {LONGEST_OVERLAP.days} days at most.", "overlap")
    if key.state(now) is not KeyState.ACTIVE or key.replaced_by:
        raise ConflictError("This API key cannot be rotated: it was replaced, has expired, or was revoked.")
    expires_at = key.expires_at and now + (key.expires_at - key.created_at)
    issued = _issued(actor, key.name, key.scopes, now, expires_at, family=key.family)
    ends = min(key.expires_at or now + overlap, now + overlap)
    after = replace(key, expires_at=ends, replaced_by=issued.key.prefix, version=key.version + 1)
    said = f"{key.name}: {issued.key.shown} replaces it"
    entry = audit_log.entry(shop, actor, "rotated an API key", _target(key), said)
    shop.store.transact([_new(issued.key), _changed(after, key), entry])
    return issued


def names_of_keys(shop: Shop) -> dict[str, str]:
    """What histories call each key, by the name of its actor."""
    return {actor_name(key.prefix): f"API key {key.name}" for key in _all(shop)}


def find_key(shop: Shop, prefix: str) -> ApiKey | None:
    """The key with exactly this prefix, read consistently."""
    place = schema.api_key_key(prefix or "-")
    item = shop.store.get(place)
    return None if item is None else api_key_from(Row(place, item))


def _check_rights(actor: Actor, scopes: Iterable[Scope]) -> None:
    actor.require(Permission.MANAGE_API_KEYS)
    lacking = sorted(scope for scope in scopes if not all(map(actor.may, permissions_of((scope,)))))
    if lacking:
        raise PermissionDeniedError(f"Your role ({actor.role}) cannot give a key the scopes {', '.join(lacking)}.")


def _issued(
    actor: Actor, name: str, scopes: frozenset[Scope], now: datetime, expires_at: datetime | None, *, family: str
) -> Issued:
    prefix, secret = new_prefix(), new_secret()
    key = ApiKey(prefix, name, hash_of(secret), scopes, now, actor.username, family or prefix, expires_at)
    return Issued(key, whole_key(prefix, secret))


def _all(shop: Shop) -> list[ApiKey]:
    rows = pages_of(shop.store, Query(schema.SHOP, schema.API_KEYS, limit=500, consistent=True))
    return [*readable_rows(shop, rows, api_key_from)]


def _new(key: ApiKey) -> Put:
    taken = StaleReadError("This prefix is taken. Try again.")
    return Put(schema.api_key_key(key.prefix), api_key_item(key), Absent(), taken)


def _changed(after: ApiKey, before: ApiKey) -> Put:
    """Its last use may be overwritten by an older one, which the next use corrects."""
    moved = StaleReadError("Someone else changed this API key at the same time. Try again.")
    return Put(schema.api_key_key(after.prefix), api_key_item(after), Equals("version", before.version), moved)


def _target(key: ApiKey) -> str:
    return f"api-key:{key.prefix}"
