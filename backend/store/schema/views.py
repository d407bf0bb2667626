"""Keys of saved views."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.tables import SHOP


def view_key(page: str, owner: str, digest: str) -> Key:
    """A view of a list; `digest` is that of its name, so that a person has each name once on a page."""
    return Key(SHOP, views_partition(page), f"{views_of_owner(owner)}{digest}")


def views_partition(page: str) -> str:
    """The views of a list."""
    return f"VIEWS#{page}"


def views_of_owner(owner: str) -> str:
    """How the sort keys of somebody's views begin."""
    return f"{owner}#"
