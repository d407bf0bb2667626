"""What people do about items that cannot be read: look at them, try them again, delete them."""

from __future__ import annotations

from backend.domain.team import Actor, Permission
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.unreadable.items import UnreadableRecord, forget, get_unreadable
from backend.store.port import Delete, UnreadableItem


def stored_form(shop: Shop, actor: Actor, record_id: str) -> str:
    """What the store holds for the item; it may hold personal data. "" when it is gone.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.REPAIR_MAIL)
    item = shop.store.get(get_unreadable(shop, record_id).key)
    if item is None:
        return ""
    return item.raw if isinstance(item, UnreadableItem) else repr(item)


def retry_unreadable(shop: Shop, actor: Actor, record_id: str) -> UnreadableRecord:
    """Takes the note away. It comes back within a minute of the next reading if the item still cannot be read.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.REPAIR_MAIL)
    record = get_unreadable(shop, record_id)
    forget(shop, record.key)
    return record


def delete_unreadable(shop: Shop, actor: Actor, record_id: str) -> UnreadableRecord:
    """Deletes the item and its note, which the audit log notes.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.REPAIR_MAIL)
    record = get_unreadable(shop, record_id)
    noted = audit_log.entry(shop, actor, "deleted a record that could not be read", record.named, record.reason)
    shop.store.transact([Delete(record.key), noted])
    forget(shop, record.key)
    return record
