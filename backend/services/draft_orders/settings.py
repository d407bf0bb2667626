"""What the shop has set for draft orders, and their running numbers, which are in the same item."""

from __future__ import annotations

from backend.domain.draft_orders import LONGEST_DAYS, DraftSettings, clean_payment_url, draft_number
from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError, UnreadableItemError
from backend.records.shop import draft_settings_from
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.unreadable.items import read_one, set_aside
from backend.store import schema
from backend.store.port import AnyOf, AtLeast, Missing, Plus, Update

_KEY = schema.meta_key("draft-orders")


def draft_settings(shop: Shop) -> DraftSettings:
    """The settings; the defaults until something was saved."""
    return read_one(shop, _KEY, lambda _, item: draft_settings_from(item)) or DraftSettings()


def change_draft_settings(shop: Shop, actor: Actor, payment_url: str, days: int) -> DraftSettings:
    """Sets the shop's payment address ("" for none), and the days after which drafts expire (0 for never).

    Raises: `PermissionDeniedError`, `InvalidInputError`.
    """
    actor.require(Permission.EDIT_SHOP)
    if not 0 <= days <= LONGEST_DAYS:
        raise InvalidInputError(f"Drafts can expire after 1 to {LONGEST_DAYS} days; 0 is never.", "days")
    clean = clean_payment_url(payment_url)
    detail = f"{clean or 'no payment address'}, {f'{days} days' if days else 'never expire'}"
    entry = audit_log.entry(shop, actor, "changed the settings of draft orders", "shop:draft-orders", detail)
    shop.store.transact([Update(_KEY, set={"payment_url": clean, "days": days}, add={"taken": Plus(0)}), entry])
    return draft_settings(shop)


def next_draft_number(shop: Shop) -> str:
    """A number that no other draft gets. While the count cannot be read, drafts get longer ones that need none."""
    is_number = AnyOf((Missing("taken"), AtLeast("taken", 0)))
    damaged = UnreadableItemError(_KEY, "taken is not a number")
    try:
        item = shop.store.update(Update(_KEY, add={"taken": Plus(1)}, condition=is_number, otherwise=damaged))
        return draft_number(draft_settings_from(item).taken)
    except UnreadableItemError as error:
        set_aside(shop, _KEY, error.reason)
        return draft_number(int(shop.clock().timestamp() * 1000))
