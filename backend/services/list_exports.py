"""Files of lists, as they are filtered, all pages: products, messages, campaigns and the audit log.

Customers, orders, suppressions and segments have theirs beside what else reads or writes such files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from backend.domain.campaign_figures import CampaignProgress
from backend.domain.messages import split_id
from backend.domain.money import plain
from backend.domain.team import Actor, Permission
from backend.records.messages import message_from
from backend.services.audit.log import AuditFilter, all_entries
from backend.services.campaigns.progress import progress_in
from backend.services.campaigns.saved import list_campaigns
from backend.services.context import Shop
from backend.services.exports.writers import Cell, Format
from backend.services.exports.writing import export_table, local
from backend.services.products.lists import ProductFilter, list_products
from backend.services.sending.message_log import LogFilter, MessageSummary, list_messages
from backend.services.unreadable.items import readable
from backend.store import schema

_AT_ONCE = 300
_Rows = Iterator[tuple[Cell, ...]]
_PRODUCT_COLUMNS = (
    *("Product id", "Title", "Variant", "SKU", "Price", "Units", "Revenue", "Currency"),
    *("Archived", "Added", "Source"),
)
_MESSAGE_COLUMNS = (
    *("Message id", "Requested", "Recipient", "E-mail address", "Email", "Kind", "Status", "Reported", "Reason"),
    *("Sent", "Requested by", "Campaign or automation", "Test"),
)
_CAMPAIGN_COLUMNS = (
    *("Campaign id", "Campaign", "Status", "Email", "Segment", "Planned recipients", "Recipients", "Sent", "Delivered"),
    *("Bounced", "Complaints", "Unsubscribed", "Created by", "Created", "Starts", "Started", "Ended"),
)
_AUDIT_COLUMNS = ("At", "Who", "Role", "Action", "Target", "Detail")


def export_products(
    shop: Shop, actor: Actor, target: Path | BinaryIO, format: Format | str, wanted: ProductFilter
) -> int:
    """Writes the wanted products with what was sold of them, in the order of the list, and returns how many.

    Raises: `PermissionDeniedError`, `InvalidInputError`.
    """
    actor.require(Permission.VIEW_ORDERS)
    return export_table(shop, actor, target, format, "Products", _PRODUCT_COLUMNS, _products(shop, wanted))


def export_messages(shop: Shop, actor: Actor, target: Path | BinaryIO, format: Format | str, wanted: LogFilter) -> int:
    """Writes the wanted messages, newest first, and returns how many. Raises: as `export_products`."""
    actor.require(Permission.VIEW_EMAIL)
    return export_table(shop, actor, target, format, "Messages", _MESSAGE_COLUMNS, _messages(shop, wanted))


def export_campaigns(shop: Shop, actor: Actor, target: Path | BinaryIO, format: Format | str) -> int:
    """Writes all campaigns with what came of them, newest first, and returns how many. Raises: as `export_products`."""
    actor.require(Permission.VIEW_EMAIL)
    return export_table(shop, actor, target, format, "Campaigns", _CAMPAIGN_COLUMNS, _campaigns(shop, actor))


def export_audit_log(
    shop: Shop, actor: Actor, target: Path | BinaryIO, format: Format | str, wanted: AuditFilter
) -> int:
    """Writes the entries that match, newest first, and returns how many. Raises: as `export_products`."""
    rows = (
        (local(shop, each.at), each.actor, each.role, each.action, each.target, each.detail)
        for each in all_entries(shop, actor, wanted)
    )
    return export_table(shop, actor, target, format, "Audit log", _AUDIT_COLUMNS, rows)


def _products(shop: Shop, wanted: ProductFilter) -> _Rows:
    for product, sold in ((each.product, each.sold) for each in list_products(shop, wanted, limit=None).products):
        yield (
            product.id,
            product.title,
            product.variant,
            product.sku,
            None if product.price is None else plain(product.price, shop.currency),
            sold.units,
            plain(sold.revenue, shop.currency),
            shop.currency,
            "yes" if product.archived else "no",
            local(shop, product.created_at),
            product.source.value,
        )


def _messages(shop: Shop, wanted: LogFilter) -> _Rows:
    cursor: str | None = None
    while True:
        page = list_messages(shop, wanted, limit=_AT_ONCE, cursor=cursor)
        yield from _message_rows(shop, page.messages)
        if (cursor := page.cursor) is None:
            return


def _message_rows(shop: Shop, listed: list[MessageSummary]) -> _Rows:
    """The list does not know the addresses and when they were sent, so each message is read."""
    found = shop.store.get_many([schema.message_key(*split_id(each.id)) for each in listed])
    whole = {each.id: each for each in readable(shop, found.items(), message_from)}
    for each in listed:
        message = whole.get(each.id)
        yield (
            each.id,
            local(shop, each.requested_at),
            each.name,
            message.to if message else "",
            each.template,
            each.kind.value,
            each.status.value,
            each.outcome.value if each.outcome else "",
            each.reason,
            local(shop, message.sent_at) if message else None,
            each.requested_by,
            each.campaign,
            "yes" if each.test else "no",
        )


def _campaigns(shop: Shop, actor: Actor) -> _Rows:
    cursor: str | None = None
    while True:
        page = list_campaigns(shop, actor, limit=_AT_ONCE, cursor=cursor)
        for campaign in page.campaigns:
            done = progress_in(shop, campaign) if campaign.started_at else None
            yield (
                campaign.id,
                campaign.name,
                campaign.state.value,
                campaign.draft.template,
                campaign.segment_name,
                campaign.planned_recipients,
                *(_figures(done)),
                campaign.created_by,
                local(shop, campaign.created_at),
                local(shop, campaign.start_at),
                local(shop, campaign.started_at),
                local(shop, campaign.ended_at),
            )
        if (cursor := page.cursor) is None:
            return


def _figures(done: CampaignProgress | None) -> tuple[Cell, ...]:
    """Recipients, and what became of them; empty before the start."""
    if done is None:
        return (None,) * 6
    return (done.audience, done.sent, done.delivered, done.bounced, done.complained, done.unsubscribed)
