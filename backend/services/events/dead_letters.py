"""Dead letters: reports that could not be understood or applied, kept with the reason for 90 days."""

from __future__ import annotations

from dataclasses import dataclass

from loguru import logger

from backend.domain.events import DeadLetter
from backend.domain.team import Actor, Permission
from backend.errors import NotFoundError
from backend.records.events import dead_letter_from, dead_letter_item
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Delete, Exists, Key, Put, Query, Row

PARTITION = "DEADLETTERS"
MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """Letters, newest first. `cursor` leads to older ones; None means that there are none."""

    letters: list[DeadLetter]
    cursor: str | None


def add_dead_letter(shop: Shop, body: bytes, reason: str, source: str) -> None:
    """Keeps a report that could not be applied. The reason holds nothing of its content."""
    key, item = dead_letter_item(body, reason, source, shop.clock())
    shop.store.put(Put(key, item))
    logger.warning("An event from {} went to the dead letters: {}", source, reason)


def list_dead_letters(shop: Shop, actor: Actor, *, limit: int = 25, cursor: str | None = None) -> DeadLetterPage:
    """One page of them.

    Raises: `PermissionDeniedError`, `InvalidInputError` for a cursor from another list.
    """
    actor.require(Permission.VIEW_SYSTEM)
    query = Query(schema.MAIL, PARTITION, descending=True, limit=limit, cursor=cursor)
    with access_pattern("list dead letters"):
        page = shop.store.query(query)
    return DeadLetterPage([*readable_rows(shop, page.rows, dead_letter_from)], page.cursor)


def count_dead_letters(shop: Shop) -> int:
    """How many there are, 1,000 at most."""
    return len(shop.store.query(Query(schema.MAIL, PARTITION, limit=MOST_COUNTED)).rows)


def get_dead_letter(shop: Shop, letter_id: str) -> DeadLetter:
    """Raises: `NotFoundError`."""
    key = key_of_letter(letter_id)
    item = shop.store.get(key)
    if item is None:
        raise NotFoundError("This dead letter no longer exists.")
    return dead_letter_from(Row(key, item))


def discard_dead_letter(shop: Shop, actor: Actor, letter_id: str) -> None:
    """Throws a letter away, which is noted in the audit log.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.REPAIR_MAIL)
    gone = NotFoundError("This dead letter no longer exists.")
    key = key_of_letter(letter_id)
    noted = audit_log.entry(shop, actor, "threw away a dead letter", f"dead letter {letter_id}")
    shop.store.transact([Delete(key, Exists(), gone), noted])


def key_of_letter(letter_id: str) -> Key:
    """Raises: `NotFoundError` when this is no id."""
    key = schema.dead_letter_key_in(letter_id)
    if key is None or len(letter_id) > 100:
        raise NotFoundError("This is not the id of a dead letter.")
    return key
