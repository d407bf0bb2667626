"""Which key a request brings, and whether it may do what it asks for."""

from __future__ import annotations

from datetime import timedelta

from loguru import logger

from backend.domain.api_keys import ApiKey, Caller, KeyState, Scope, hash_of, is_right, parts_of
from backend.domain.time import to_text
from backend.errors import BackendError, ConditionFailedError
from backend.services.api_keys.keys import find_key
from backend.services.context import Shop
from backend.store import schema
from backend.store.port import Equals, Missing, Update

_BETWEEN_NOTES = timedelta(minutes=1)
_NOBODY = hash_of("nobody's secret")


class NotSignedInError(BackendError):
    """The request brings no key that works."""


class OutOfScopeError(BackendError):
    """The key works, and may not do this."""


def authenticated(shop: Shop, text: str) -> ApiKey:
    """The key that this text is. Unknown, wrong, expired and revoked ones get the same answer on the same way.

    Raises: `NotSignedInError`.
    """
    prefix, secret = parts_of(text)
    found, now = find_key(shop, prefix), shop.clock()
    right = is_right(secret, _NOBODY if found is None else found.secret_hash)
    if found is None or not right or found.state(now) is not KeyState.ACTIVE:
        raise NotSignedInError("This API key does not work. It may be mistyped, expired or revoked.")
    if found.last_used_at is None or now - found.last_used_at >= _BETWEEN_NOTES:
        _note_use(shop, found)
    return found


def require(caller: Caller, scope: Scope) -> None:
    """Raises: `OutOfScopeError`."""
    if not caller.allows(scope):
        raise OutOfScopeError(f"This {caller.actor.program} lacks the scope {scope}.")


def _note_use(shop: Shop, key: ApiKey) -> None:
    """At most one of the processes that see an old moment writes the new one; without it, the request goes on."""
    seen = Missing("last_used_at") if key.last_used_at is None else Equals("last_used_at", to_text(key.last_used_at))
    used = {"last_used_at": to_text(shop.clock())}
    try:
        shop.store.update(Update(schema.api_key_key(key.prefix), set=used, condition=seen))
    except ConditionFailedError:
        return
    except BackendError as error:
        logger.warning("The use of an API key could not be noted: {}", error.sentence)
