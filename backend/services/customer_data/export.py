"""Everything that is kept about one customer, for the customer: one ZIP with a JSON document and a page to read.

Left out are usernames of the team, and what the program needs for itself. Emails are listed with what became of them.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from backend.domain.messages import Message
from backend.domain.orders import Order
from backend.domain.team import Actor, Permission
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.customers.addresses import addresses_of
from backend.services.customers.customers import activity_of, consent_history, get_customer
from backend.services.customers.preferences import get_preferences
from backend.services.draft_orders.lists import drafts_of
from backend.services.events.lookup import received_events
from backend.services.orders.changes import get_order
from backend.services.orders.lists import orders_of
from backend.services.sending.message_log import messages_of
from backend.services.suppression.entries import find_suppression, suppression_history

SECTIONS = (
    "customer",
    "addresses",
    "preferences",
    "consent",
    "activity",
    "orders",
    "draft_orders",
    "emails",
    "suppression",
)
NEEDED = (Permission.VIEW_CUSTOMERS, Permission.VIEW_ORDERS, Permission.VIEW_EMAIL)
"""The permissions to see all that is in it."""
_OURS = frozenset({"by", "version", "requested_by", "rank_revenue", "rank_orders"})
_MOST_NOTES = 100_000
_MOST_MESSAGES = 20_000


def export_customer_data(shop: Shop, actor: Actor, customer_id: str, target: BinaryIO) -> None:
    """Writes the ZIP. Raises as `customer_data`."""
    data = customer_data(shop, actor, customer_id)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z))
        archive.writestr("data.html", _readable(shop, data))


def customer_data_file(shop: Shop, actor: Actor, customer_id: str) -> bytes:
    """The same as bytes. Raises as `customer_data`."""
    target = io.BytesIO()
    export_customer_data(shop, actor, customer_id, target)
    return target.getvalue()


def customer_data(shop: Shop, actor: Actor, customer_id: str) -> dict[str, Any]:
    """What is kept, by section (`SECTIONS`), as JSON has it. The audit log notes it.

    Raises: `PermissionDeniedError` for who may not see customers, orders and emails; `ConfirmationNeededError`;
    `NotFoundError`.
    """
    for permission in NEEDED:
        actor.require(permission)
    actor.require_confirmation()
    customer = get_customer(shop, customer_id)
    sections = (
        customer,
        addresses_of(shop, customer_id),
        get_preferences(shop, customer_id),
        [each.proof or each for each in consent_history(shop, customer_id)],
        activity_of(shop, customer_id, _MOST_NOTES),
        [*_orders(shop, customer_id)],
        [{**asdict(each.order), "state": each.state} for each in drafts_of(shop, customer_id)],
        [_email(shop, message) for message in messages_of(shop, customer_id, _MOST_MESSAGES)],
        _suppression(shop, customer.email) if customer.email else {},
    )
    audit_log.note(shop, actor, "exported a customer's data", f"customer:{customer_id}")
    found: dict[str, Any] = {name: _plain(section) for name, section in zip(SECTIONS, sections, strict=True)}
    return {"shop": shop.name, "exported_at": _plain(shop.clock()), "currency": shop.currency, **found}


def _orders(shop: Shop, customer_id: str) -> Iterator[Order]:
    cursor: str | None = None
    while True:
        page = orders_of(shop, customer_id, limit=200, cursor=cursor)
        for listed in page.orders:
            yield get_order(shop, customer_id, listed.id)
        cursor = page.cursor
        if cursor is None:
            return


def _email(shop: Shop, message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "template": message.template,
        "kind": message.kind,
        "to": message.to,
        "status": message.status,
        "reason": message.reason,
        "requested_at": message.requested_at,
        "sent_at": message.sent_at,
        "order": message.order_id,
        "campaign": message.campaign,
        "outcomes": {outcome.value: at for outcome, at in message.outcomes.items()},
        "events": [asdict(each.event) for each in received_events(shop, message)] if message.outcomes else [],
    }


def _suppression(shop: Shop, address: str) -> dict[str, Any]:
    entry = find_suppression(shop, address)
    causes = [asdict(cause) for cause in entry.causes] if entry else []
    return {"causes": causes, "history": [asdict(event) for event in suppression_history(shop, address, limit=1000)]}


def _plain(value: Any) -> Any:
    """A value as JSON has it, without what is the team's or ours."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(_plain(name)): _plain(each) for name, each in value.items() if name not in _OURS}
    if isinstance(value, list | tuple | frozenset | set):
        return [_plain(each) for each in value]
    if hasattr(value, "__dataclass_fields__"):
        return _plain(asdict(value))
    return value


def _readable(shop: Shop, data: dict[str, Any]) -> str:
    sections = {name: data[name] for name in SECTIONS}
    return _page().render(shop=shop.name, currency=shop.currency, at=data["exported_at"], sections=sections)


@cache
def _page() -> Template:
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("page.html")
