"""Finds what a text names: customers, an order, a message, products, emails, campaigns, segments, in some ten reads.

Customers are found by the beginnings of words; orders and messages by their whole number or id, because they are many;
what a shop has few of by any part of its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from backend.domain.team import Actor, Permission
from backend.domain.text import fold
from backend.errors import InvalidInputError
from backend.services.campaigns.saved import list_campaigns
from backend.services.context import Shop
from backend.services.customers.lists import CustomerFilter, list_customers
from backend.services.orders.lists import find_order
from backend.services.products.catalogue import matches
from backend.services.products.lists import products_to_sell
from backend.services.segments.library import list_segments
from backend.services.segments.ready import READY
from backend.services.sending.message_log import find_message
from backend.services.templates.catalogue import list_templates

LONGEST = 200
"""Characters of a search."""
SHORTEST = 2
MOST_OF_A_KIND = 5
_CAMPAIGNS = 100
_SHORTEST_ID = 6


class HitKind(StrEnum):
    """What was found; the value is for people."""

    ORDER = "Order"
    CUSTOMER = "Customer"
    MESSAGE = "Message"
    CAMPAIGN = "Campaign"
    SEGMENT = "Segment"
    EMAIL = "Email"
    PRODUCT = "Product"


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found. `id` opens it; an order is opened by its customer's id too. A nameless customer's
    `title` is empty."""

    kind: HitKind
    id: str
    title: str
    detail: str = ""
    customer_id: str = ""


def search_everything(shop: Shop, actor: Actor, text: str) -> list[Hit]:
    """What this person may see of it, the most exact first; nothing for fewer than two characters."""
    wanted = text.strip()[:LONGEST]
    if len(wanted) < SHORTEST:
        return []
    found = (find(shop, actor, wanted) for permission, find in _FINDERS if actor.may(permission))
    return [hit for hits in found for hit in hits]


def is_in(wanted: str, *names: str) -> bool:
    """Whether each word of a search is a part of a name, in any case and without accents."""
    names_folded = fold(" ".join(names))
    return all(word in names_folded for word in fold(wanted).split())


def _order(shop: Shop, actor: Actor, wanted: str) -> Iterator[Hit]:
    if not any(map(str.isdigit, wanted)):
        return
    order = find_order(shop, wanted)
    if order is not None:
        yield Hit(HitKind.ORDER, order.id, order.number, order.customer_name, order.customer_id)


def _message(shop: Shop, actor: Actor, wanted: str) -> Iterator[Hit]:
    if len(wanted) < _SHORTEST_ID or " " in wanted:
        return
    message = find_message(shop, wanted)
    if message is not None:
        yield Hit(HitKind.MESSAGE, message.id, message.template, message.name)


def _customers(shop: Shop, actor: Actor, wanted: str) -> Iterator[Hit]:
    try:
        page = list_customers(shop, CustomerFilter(wanted), limit=MOST_OF_A_KIND)
    except InvalidInputError:  # single letters, or signs that no name has
        return
    for customer in page.customers:
        yield Hit(HitKind.CUSTOMER, customer.id, customer.name, customer.email or "")


def _products(shop: Shop, actor: Actor, wanted: str) -> Iterator[Hit]:
    found = [each for each in products_to_sell(shop) if matches(each, wanted)]
    yield from (Hit(HitKind.PRODUCT, each.id, each.name, each.sku) for each in found[:MOST_OF_A_KIND])


def _campaigns(shop: Shop, actor: Actor, wanted: str) -> Iterator[Hit]:
    """Of the newest."""
    newest = list_campaigns(shop, actor, limit=_CAMPAIGNS).campaigns
    named = [each for each in newest if is_in(wanted, each.name)]
    yield from (Hit(HitKind.CAMPAIGN, each.id, each.name, each.state.value) for each in named[:MOST_OF_A_KIND])


def _segments(shop: Shop, actor: Actor, wanted: str) -> Iterator[Hit]:
    named = [each for each in (*READY, *list_segments(shop, actor)) if is_in(wanted, each.name)]
    yield from (Hit(HitKind.SEGMENT, each.id, each.name) for each in named[:MOST_OF_A_KIND])


def _emails(shop: Shop, actor: Actor, wanted: str) -> Iterator[Hit]:
    named = [each.facts for each in list_templates(shop) if is_in(wanted, each.facts.title, each.facts.name)]
    yield from (Hit(HitKind.EMAIL, each.name, each.title) for each in named[:MOST_OF_A_KIND])


_FINDERS: tuple[tuple[Permission, Callable[[Shop, Actor, str], Iterator[Hit]]], ...] = (
    (Permission.VIEW_ORDERS, _order),
    (Permission.VIEW_EMAIL, _message),
    (Permission.VIEW_CUSTOMERS, _customers),
    (Permission.VIEW_ORDERS, _products),
    (Permission.VIEW_EMAIL, _campaigns),
    (Permission.VIEW_CUSTOMERS, _segments),
    (Permission.VIEW_EMAIL, _emails),
)
