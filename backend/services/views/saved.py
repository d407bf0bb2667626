"""Saved views: save, list, remove. What concerns the whole team is in the audit log."""

from __future__ import annotations

import hashlib

from backend.domain.team import Actor, Permission
from backend.domain.text import clean_line, fold
from backend.domain.views import MOST_VIEWS, ListPage, View
from backend.errors import InvalidInputError, PermissionDeniedError
from backend.records.views import view_from, view_item
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Delete, Key, Put, Query, Write, pages_of

NAME_LENGTH = 60
_QUERY_LENGTH = 2000
_ROWS = 500


def save_view(shop: Shop, actor: Actor, page: ListPage, name: str, query: str, *, shared: bool = False) -> View:
    """Saves what the address of a list says. A view of the same person, page and name is replaced.

    Raises: `PermissionDeniedError`, `InvalidInputError`.
    """
    actor.require(page.permission)
    if shared:
        actor.require(Permission.EDIT_SEGMENTS)
    name = clean_line(name, "Name", longest=NAME_LENGTH, required=True)
    if len(query) > _QUERY_LENGTH:
        raise InvalidInputError("Too much is chosen for a view. Clear a filter first.", "query")
    view = View(page, name, query, actor.username, shop.clock(), shared)
    key = _key_of(view)
    if len(_keys_of(shop, actor.username) - {key}) >= MOST_VIEWS:
        raise InvalidInputError(f"You have {MOST_VIEWS} views, the maximum. Remove one first.", "name")
    writes: list[Write] = [Put(key, view_item(view))]
    if shared:
        writes.append(audit_log.entry(shop, actor, "shared a view", f"view:{page}", name))
    shop.store.transact(writes)
    return view


def views_of(shop: Shop, actor: Actor, page: ListPage) -> list[View]:
    """The views of a list that somebody sees, by name: their own and those that are shared.

    Raises: `PermissionDeniedError`.
    """
    actor.require(page.permission)
    with access_pattern("views of a list"):
        rows = pages_of(shop.store, Query(schema.SHOP, schema.views_partition(page), limit=_ROWS, consistent=True))
        views = [*readable_rows(shop, rows, view_from)]
    seen = (view for view in views if view.shared or view.owner == actor.username)
    return sorted(seen, key=lambda view: (fold(view.name), view.owner))


def may_remove(actor: Actor, view: View) -> bool:
    """Whether it is the actor's own; admins may remove those that are shared, too."""
    return view.owner == actor.username or (view.shared and actor.may(Permission.MANAGE_TEAM))


def remove_view(shop: Shop, actor: Actor, view: View) -> None:
    """Removes a view; a second time changes nothing.

    Raises: `PermissionDeniedError`.
    """
    if not may_remove(actor, view):
        raise PermissionDeniedError("This view is somebody else's. They or an admin can remove it.")
    writes: list[Write] = [Delete(_key_of(view))]
    if view.shared:
        writes.append(audit_log.entry(shop, actor, "removed a shared view", f"view:{view.page}", view.name))
    shop.store.transact(writes)


def own_views_removed(shop: Shop, username: str) -> list[Write]:
    """The writes that remove the views that somebody alone sees, for when they leave; shared ones are the team's."""
    begins = schema.views_of_owner(username)
    queries = (Query(schema.SHOP, schema.views_partition(page), begins_with=begins) for page in ListPage)
    rows = (row for query in queries for row in pages_of(shop.store, query))
    return [Delete(_key_of(view)) for view in readable_rows(shop, rows, view_from) if not view.shared]


def _keys_of(shop: Shop, owner: str) -> set[Key]:
    begins = schema.views_of_owner(owner)
    queries = (Query(schema.SHOP, schema.views_partition(page), begins_with=begins) for page in ListPage)
    return {row.key for query in queries for row in pages_of(shop.store, query)}


def _key_of(view: View) -> Key:
    digest = hashlib.sha256(fold(view.name).encode()).hexdigest()[:32]
    return schema.view_key(view.page, view.owner, digest)
