"""Orders that come from outside: the customer is found by id or address, or added; the order is placed once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from backend.domain.connections import ShopKind
from backend.domain.customers import Customer
from backend.domain.ids import customer_id_of, order_id_of
from backend.domain.orders import BY_API, Order, is_same_order, numbers_alike
from backend.domain.team import Actor
from backend.errors import EmailTakenError, InvalidInputError, NotFoundError
from backend.services.context import Shop
from backend.services.customers.customers import Profile, create_customer, get_customer, owner_of
from backend.services.orders.orders import OrderDraft, Placed, order_named_in, place_order
from backend.store import schema
from backend.store.port import Write

SOURCE = BY_API


def take_in(
    shop: Shop,
    actor: Actor,
    draft: OrderDraft,
    buyer: Profile | None,
    *,
    unique: str,
    first_at: datetime,
    before_adding: Callable[[], None] = lambda: None,
    also: Callable[[Order], Sequence[Write]] = lambda _: (),
) -> Placed:
    """Places an order for the customer of the draft, or for the `buyer`, who is added where nobody has the address.

    `unique` and `first_at` are those of the request, so that a second attempt finds what the first one has made.
    `also` is written with the order. That is all that is written, unless `before_adding` was called.

    Raises: as `place_order` and `customer_of`.
    """
    customer_id = customer_of(shop, actor, draft.customer_id, buyer, unique=unique, before_adding=before_adding)
    twin = _arrived(shop, draft, customer_id) if draft.reference else None
    if twin is not None:
        return Placed(twin, duplicate=True)
    key = order_id_of(SOURCE, unique, first_at)
    return place_order(shop, actor, replace(draft, customer_id=customer_id, source=SOURCE), key, also=also)


def customer_of(
    shop: Shop,
    actor: Actor,
    customer_id: str,
    buyer: Profile | None,
    *,
    unique: str,
    before_adding: Callable[[], None] = lambda: None,
) -> str:
    """The id of who orders: the one that is named, or that of the `buyer`, who is added where nobody has the address.

    Raises: as `create_customer`; `InvalidInputError` without a customer.
    """
    if (buyer is None) is not bool(customer_id):
        raise InvalidInputError("Say who ordered: either customer_id or customer.", "customer_id")
    if buyer is None:
        return customer_id
    known = owner_of(shop, buyer.email) if buyer.email.strip() else ""
    if known:
        return known
    before_adding()
    return _added_or_found(shop, actor, buyer, unique)


def _arrived(shop: Shop, draft: OrderDraft, customer_id: str) -> Order | None:
    """The order, if a connected shop or a file of it has brought it before."""
    named = [schema.reference_key(kind.value, each) for kind in ShopKind for each in numbers_alike(draft.reference)]
    for reference in shop.store.get_many(named).values():
        order = order_named_in(shop, reference)
        if order is not None and is_same_order(order, customer_id, draft.placed_at or shop.clock()):
            return order
    return None


def _added_or_found(shop: Shop, actor: Actor, buyer: Profile, unique: str) -> str:
    try:
        return added(shop, actor, buyer, unique).id
    except EmailTakenError as error:  # by another order, since the address was looked up
        return error.customer_id


def added(shop: Shop, actor: Actor, profile: Profile, unique: str) -> Customer:
    """A new customer; the one that the same request has added before, if there is one.

    Raises: as `create_customer`.
    """
    customer_id = customer_id_of(SOURCE, unique)
    try:
        return get_customer(shop, customer_id)
    except NotFoundError:
        return create_customer(shop, actor, profile, new_id=customer_id)
