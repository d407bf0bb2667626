"""What admins can do about items that cannot be read: view, rewrite, retry or delete them.

An item may have any content, password hashes and addresses included, and what is written is trusted. So only admins
may do this, and each view and change is in the audit log.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from backend.domain.team import Actor, Permission
from backend.errors import ConflictError, InvalidInputError, NotFoundError
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.unreadable.items import UnreadableRecord, forget, get_unreadable
from backend.services.unreadable.readers import read_back
from backend.store.port import AllOf, AsStored, Condition, Delete, Equals, Item, Put, UnreadableItem, Value

_BYTES = "$bytes"
_SEEN_LENGTH = 12


@dataclass(frozen=True, slots=True)
class StoredForm:
    """A stored item as text; it may contain personal data. "" when it is gone.

    It is JSON with bytes as `{"$bytes": "…"}` in base 64, or the raw text where it is not JSON. `seen` identifies the
    version, so that a later one is not overwritten.
    """

    text: str
    seen: str


def stored_form(shop: Shop, actor: Actor, record_id: str) -> StoredForm:
    """Returns the item, and records the view in the audit log.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.REPAIR_RECORDS)
    record = get_unreadable(shop, record_id)
    audit_log.note(shop, actor, "looked at a record that could not be read", record.named, record.reason)
    return _form_of(shop.store.get(record.key))


def rewrite_unreadable(shop: Shop, actor: Actor, record_id: str, text: str, *, seen: str = "") -> UnreadableRecord:
    """Stores the item that the text describes (in the form of `stored_form`), with an entry in the audit log.

    Refuses an item that cannot be read, and one that has changed since it was seen (`StoredForm.seen`).

    Raises: `PermissionDeniedError`, `NotFoundError`, `InvalidInputError`, `ConflictError`.
    """
    actor.require(Permission.REPAIR_RECORDS)
    record = get_unreadable(shop, record_id)
    item = _item_from(text)
    read_back(record.key, item)
    found = _found(shop, record)
    if seen and _form_of(found).seen != seen:
        raise _changed()
    audit_entry = audit_log.entry(shop, actor, "rewrote a record that could not be read", record.named, record.reason)
    shop.store.transact([Put(record.key, item, _unmoved(found), _changed()), audit_entry])
    forget(shop, record.key)
    return record


def retry_unreadable(shop: Shop, actor: Actor, record_id: str) -> UnreadableRecord:
    """Removes the record about it, which comes back within a minute of the next read if it still fails.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.REPAIR_RECORDS)
    record = get_unreadable(shop, record_id)
    forget(shop, record.key)
    return record


def delete_unreadable(shop: Shop, actor: Actor, record_id: str) -> UnreadableRecord:
    """Deletes the item, with an entry in the audit log. References to the item are left to reconcile.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError` when somebody has changed it at this moment.
    """
    actor.require(Permission.REPAIR_RECORDS)
    record = get_unreadable(shop, record_id)
    audit_entry = audit_log.entry(shop, actor, "deleted a record that could not be read", record.named, record.reason)
    item = shop.store.get(record.key)
    gone = [] if item is None else [Delete(record.key, _unmoved(item), _changed())]
    shop.store.transact([*gone, audit_entry])
    forget(shop, record.key)
    return record


def _found(shop: Shop, record: UnreadableRecord) -> Item:
    item = shop.store.get(record.key)
    if item is None:
        raise NotFoundError("The record is gone.")
    return item


def _unmoved(item: Item) -> Condition:
    if isinstance(item, UnreadableItem):
        return AsStored(item.raw)
    return AllOf(tuple(Equals(name, value) for name, value in item.items()))


def _changed() -> ConflictError:
    return ConflictError("Somebody has changed this record in the meantime. Look at it again; nothing was changed.")


# --- the text form -----------------------------------------------------------------------------------------------


def _form_of(item: Item | None) -> StoredForm:
    if item is None:
        return StoredForm("", "")
    if isinstance(item, UnreadableItem):
        text = item.raw
    else:
        text = json.dumps(item, default=_as_base64, ensure_ascii=False, indent=2, sort_keys=True)
    return StoredForm(text, hashlib.sha256(text.encode()).hexdigest()[:_SEEN_LENGTH])


def _as_base64(value: bytes) -> dict[str, str]:
    return {_BYTES: base64.b64encode(value).decode()}


def _item_from(text: str) -> Item:
    try:
        item = json.loads(text, object_hook=_with_bytes, parse_float=_no_float)
    except (ValueError, RecursionError, binascii.Error) as error:
        raise InvalidInputError("This is not JSON as `unreadable show` writes it.", "file") from error
    if not isinstance(item, dict):
        raise InvalidInputError("A record is a JSON object.", "file")
    return item


def _with_bytes(found: dict[str, Any]) -> Value:
    return base64.b64decode(found[_BYTES], validate=True) if list(found) == [_BYTES] else found


def _no_float(text: str) -> Value:
    raise ValueError("Records hold whole numbers only.")
