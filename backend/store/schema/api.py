"""Keys of the HTTP API's own items: API keys, idempotent requests and request limits."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.tables import MAIL, SHOP

API_KEYS = "APIKEYS"


def api_key_key(prefix: str) -> Key:
    """An API key by the part of it that people may see."""
    return Key(SHOP, API_KEYS, prefix)


def idempotency_key(caller: str, digest: str) -> Key:
    """What became of a request of this caller; `digest` is that of its idempotency key."""
    return Key(MAIL, f"ONCE#{caller}#{digest}", "R")


def api_window_key(caller: str, window: int) -> Key:
    """How many requests a caller has made in a window of time, by its number since 1970."""
    return Key(MAIL, f"CALLS#{caller}#{window}", "N")
