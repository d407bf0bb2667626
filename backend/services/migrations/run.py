"""Runs migrations beside everything else: by one process at a time, page by page, from where the last one stopped.

How far a migration is lies in the store, with a lease. A process that is killed leaves its last page half done: the
next one looks at that page again, and adds only what is still missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from backend.domain.ids import new_entry_id
from backend.domain.leases import Lease
from backend.domain.team import Actor, Permission
from backend.domain.time import from_text, to_text
from backend.errors import ConflictError, UnreadableItemError
from backend.records.conversion import key_given, reads
from backend.records.values import number, optional_text
from backend.services.audit import log as audit_log
from backend.services.concurrency.leases import Leases
from backend.services.concurrency.retries import StaleReadError, until_settled
from backend.services.context import Shop
from backend.services.migrations.registry import MIGRATIONS, Migration
from backend.services.system.heartbeats import read_beats
from backend.services.system.installation import version
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Item, Key, Row

PAGE = 500
LEASES = Leases(timedelta(minutes=2), "Another process has gone on with this migration.", holder="holder")
Progress = Callable[["Standing"], None]


class Stage(StrEnum):
    """Where a migration is."""

    PENDING = "pending"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a migration is: so many items were looked at, and so many of them changed."""

    name: str
    purpose: str
    stage: Stage = Stage.PENDING
    looked: int = 0
    changed: int = 0
    cursor: str = ""
    done_at: datetime | None = None


def standings(shop: Shop, actor: Actor) -> list[Standing]:
    """How far each migration is.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.VIEW_SYSTEM)
    return [_stored(shop, each)[0] for each in MIGRATIONS]


def preview(shop: Shop, actor: Actor, progress: Progress, *, page: int = PAGE) -> list[Standing]:
    """Looks at everything and changes nothing: how many items each unfinished migration would change.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.REPAIR_RECORDS)
    return [_previewed(shop, each, progress, page) for each in MIGRATIONS if not _is_done(shop, each)]


def migrate(shop: Shop, actor: Actor, progress: Progress, *, page: int = PAGE) -> list[Standing]:
    """Does what is left of each migration.

    Raises: `PermissionDeniedError`, `ConflictError` while another process is at it, `LeaseLostError`.
    """
    actor.require(Permission.REPAIR_RECORDS)
    return [_migrated(shop, actor, each, progress, page) for each in MIGRATIONS if not _is_done(shop, each)]


def others_running(shop: Shop) -> list[str]:
    """The versions of running processes that differ from this one. They may write items as they were before."""
    now = shop.clock()
    return sorted({each.version for each in read_beats(shop) if not each.is_silent(now)} - {version()})


def _migrated(shop: Shop, actor: Actor, migration: Migration, progress: Progress, page: int) -> Standing:
    standing, seen = _stored(shop, migration)
    key, now = _key(migration), shop.clock()
    if shortened := LEASES.shorten(key, seen, now):
        shop.store.update(shortened)
    if not seen.is_free(now):
        raise ConflictError("Another process is migrating. `migrate status` shows how far it is.")
    mine = seen.taken(now, LEASES.length, new_entry_id())
    shop.store.update(LEASES.take(key, seen, now, mine.holder))
    standing = replace(standing, stage=Stage.RUNNING)
    while True:
        rows, cursor = _page_of(shop, migration, standing.cursor, page)
        changed = _apply(shop, migration, rows)
        standing = replace(
            standing, looked=standing.looked + len(rows), changed=standing.changed + changed, cursor=cursor
        )
        progress(standing)
        if not cursor:
            return _finished(shop, actor, migration, standing, mine)
        shop.store.update(LEASES.renew(key, mine, shop.clock(), set=_facts(standing)))


def _finished(shop: Shop, actor: Actor, migration: Migration, standing: Standing, mine: Lease) -> Standing:
    """A migration is done when no process of another version could write behind its back; else it is pending again."""
    if others_running(shop):
        shop.store.update(LEASES.release(_key(migration), mine, remove=("cursor", "looked", "changed")))
        return replace(standing, stage=Stage.PENDING)
    done = replace(standing, stage=Stage.DONE, done_at=shop.clock())
    update = LEASES.release(_key(migration), mine, set=_facts(done), remove=("cursor",))
    detail = f"{done.looked} items looked at, {done.changed} changed"
    entry = audit_log.entry(shop, actor, "finished a migration", f"migration:{migration.name}", detail)
    shop.store.transact([update, entry])
    return done


def _previewed(shop: Shop, migration: Migration, progress: Progress, page: int) -> Standing:
    standing, cursor = Standing(migration.name, migration.purpose), ""
    while True:
        rows, cursor = _page_of(shop, migration, cursor, page)
        found = len(migration.work(shop, rows))
        standing = replace(standing, looked=standing.looked + len(rows), changed=standing.changed + found)
        progress(standing)
        if not cursor:
            return standing


def _page_of(shop: Shop, migration: Migration, cursor: str, size: int) -> tuple[list[Row], str]:
    with access_pattern("migrations"):
        page = shop.store.scan(migration.table, limit=size, cursor=cursor or None)
    return page.rows, page.cursor or ""


def _apply(shop: Shop, migration: Migration, rows: Sequence[Row]) -> int:
    """Changes what lacks something; returns how many items that were. What has moved meanwhile is read again."""
    work = migration.work(shop, rows)
    errors = shop.store.transact_each([writes for _, writes in work])
    for (row, _), error in zip(work, errors, strict=True):
        if isinstance(error, StaleReadError):
            until_settled(lambda row=row: _again(shop, migration, row.key))  # type: ignore[misc]
        elif error is not None and not isinstance(error, UnreadableItemError):
            raise error
    return len(work)


def _again(shop: Shop, migration: Migration, key: Key) -> None:
    item = shop.store.get(key)
    for _, writes in migration.work(shop, [Row(key, item)]) if item is not None else ():
        shop.store.transact(writes)


# --- what is stored ----------------------------------------------------------------------------------------------


def _key(migration: Migration) -> Key:
    return schema.meta_key(f"migration-{migration.name}")


def _stored(shop: Shop, migration: Migration) -> tuple[Standing, Lease]:
    """How far it is, and whose. What cannot be read counts as nothing, because looking twice changes nothing."""
    nothing = Standing(migration.name, migration.purpose)
    found = read_one(
        shop, _key(migration), lambda key, item: (_standing_from(key, item, nothing), LEASES.of(key, item))
    )
    standing, lease = found or (nothing, Lease())
    if standing.stage is Stage.DONE or lease.is_free(shop.clock()):
        return standing, lease
    return replace(standing, stage=Stage.RUNNING), lease


def _is_done(shop: Shop, migration: Migration) -> bool:
    return _stored(shop, migration)[0].stage is Stage.DONE


@reads(key_given)
def _standing_from(_: Key, item: Item, nothing: Standing) -> Standing:
    done_at, cursor = optional_text(item, "done_at"), optional_text(item, "cursor") or ""
    return replace(
        nothing,
        stage=Stage.DONE if done_at else Stage.INTERRUPTED if cursor else Stage.PENDING,
        looked=number(item, "looked", 0),
        changed=number(item, "changed", 0),
        cursor=cursor,
        done_at=from_text(done_at) if done_at else None,
    )


def _facts(standing: Standing) -> Item:
    facts: Item = {"looked": standing.looked, "changed": standing.changed}
    if standing.cursor:
        facts["cursor"] = standing.cursor
    if standing.done_at:
        facts["done_at"] = to_text(standing.done_at)
    return facts
