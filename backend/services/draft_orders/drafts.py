"""Writing draft orders, and deciding about them. Completing one places the order; until then it counts nowhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from backend.domain.draft_orders import WAITING, DraftOrder, DraftState
from backend.domain.ids import is_draft_id, new_draft_id, new_order_id
from backend.domain.money import format_money
from backend.domain.orders import HistoryEntry, OrderStatus
from backend.domain.team import Actor, Permission
from backend.errors import AlreadyExistsError, ConflictError, InvalidInputError, NotFoundError
from backend.records.customers import customer_from
from backend.records.orders import draft_from, draft_item
from backend.services.concurrency.retries import StaleReadError, until_settled
from backend.services.context import Shop
from backend.services.draft_orders.settings import next_draft_number
from backend.services.orders.changes import OrderRef, get_order, with_history
from backend.services.orders.numbers import next_number
from backend.services.orders.orders import OrderDraft, Placed, archived_error, edited, order_writes, written_order
from backend.services.orders.writes import OrderChangedError
from backend.store import schema
from backend.store.port import Absent, Equals, Put, Write


class DraftExistsError(AlreadyExistsError):
    """This draft was saved already."""


def new_draft_key(shop: Shop) -> str:
    """The key (and future id) of a form that is drawn now. The same key saves one draft, however often."""
    return new_draft_id(shop.clock())


def create_draft(
    shop: Shop,
    actor: Actor,
    wanted: OrderDraft,
    key: str,
    *,
    also: Callable[[DraftOrder], Sequence[Write]] = lambda _: (),
) -> DraftOrder:
    """Saves a draft once per key. `also` is written with it. Nothing counts, and nothing hears of it.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `NotFoundError` (no such customer), `ConflictError`
    (archived customer).
    """
    actor.require(Permission.PLACE_ORDERS)
    if not (is_draft_id(key) and key.isascii() and key.isalnum()):
        raise InvalidInputError("The idempotency key of this form is not valid; open the form again.")
    order, customer = written_order(shop, actor, replace(wanted, status=OrderStatus.PENDING), key, next_draft_number)
    if customer.archived:
        raise archived_error()
    order = replace(order, history=(HistoryEntry(shop.clock(), actor.username, "Draft saved"),))
    draft, there = DraftOrder(order), DraftExistsError("This draft was saved already.")
    try:
        shop.store.transact([*also(draft), Put(schema.draft_key(customer.id, key), draft_item(draft), Absent(), there)])
    except DraftExistsError:
        return get_draft(shop, customer.id, key)
    return draft


def get_draft(shop: Shop, customer_id: str, draft_id: str) -> DraftOrder:
    """One draft.

    Raises: `NotFoundError`.
    """
    key = schema.draft_key(customer_id, draft_id)
    item = shop.store.get(key) if customer_id and draft_id else None
    if item is None:
        raise NotFoundError("This draft does not exist.")
    return draft_from(key, item)


def edit_draft(shop: Shop, actor: Actor, ref: OrderRef, wanted: OrderDraft) -> DraftOrder:
    """Replaces line items, amounts and note; an expired draft is open again.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`, `InvalidInputError`.
    """
    actor.require(Permission.PLACE_ORDERS)

    def changed(before: DraftOrder) -> DraftOrder:
        after = edited(before.order, wanted)
        amounts = [format_money(each.total, shop.currency, shop.locale) for each in (before.order, after)]
        return replace(before, order=with_history(shop, actor, after, f"Edited: {amounts[0]} → {amounts[1]}"))

    return change_draft(shop, ref, changed)


def cancel_draft(shop: Shop, actor: Actor, ref: OrderRef) -> DraftOrder:
    """Takes a draft out of what waits; a second time changes nothing.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError` (changed meanwhile, or completed).
    """
    actor.require(Permission.PLACE_ORDERS)

    def changed(before: DraftOrder) -> DraftOrder:
        return replace(
            before, state=DraftState.CANCELLED, order=with_history(shop, actor, before.order, "Draft cancelled")
        )

    found = get_draft(shop, ref.customer_id, ref.order_id)
    return found if found.state is DraftState.CANCELLED else change_draft(shop, ref, changed)


def change_draft(
    shop: Shop, ref: OrderRef, changed: Callable[[DraftOrder], DraftOrder], also: Sequence[Write] = ()
) -> DraftOrder:
    """Changes a draft that waits, in the version that was seen; its time begins again. `also` is written with it.

    Raises: `NotFoundError`, `OrderChangedError`, `ConflictError` (it does not wait any more), what `changed` raises.
    """
    before = get_draft(shop, ref.customer_id, ref.order_id)
    _check_waiting(before)
    overtaken = OrderChangedError(f"Someone else has changed draft {before.order.number}.")
    if before.order.version != ref.seen_version:
        raise overtaken
    after = changed(before)
    after = replace(after, order=replace(after.order, placed_at=shop.clock()))
    shop.store.transact([_put(before, after, overtaken), *also])
    return after


def complete_draft(
    shop: Shop,
    actor: Actor,
    customer_id: str,
    draft_id: str,
    status: OrderStatus,
    *,
    seen_version: int | None = None,
    total: int | None = None,
) -> Placed:
    """Places the order of a draft, pending or paid, once: whoever comes second gets the same order. An expired draft
    can be completed too, because it may have been paid.

    It is refused when the draft is no longer in the version that was seen, or no longer comes to this total (minor
    units).

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`, `InvalidInputError` (another status).
    """
    actor.require(Permission.PLACE_ORDERS)
    if status not in (OrderStatus.PENDING, OrderStatus.PAID):
        raise InvalidInputError("A draft is completed as pending or as paid.", "status")

    def attempt() -> Placed:
        draft = get_draft(shop, customer_id, draft_id)
        if draft.placed:
            return Placed(get_order(shop, customer_id, draft.placed), duplicate=True)
        _check_waiting(draft)
        if seen_version not in (None, draft.order.version):
            raise OrderChangedError(f"Someone else has changed draft {draft.order.number}.")
        if total not in (None, draft.order.total):
            now = format_money(draft.order.total, shop.currency, shop.locale)
            raise ConflictError(f"Draft {draft.order.number} comes to {now} by now. Compare it with what was paid.")
        return _placed(shop, actor, draft, status)

    return until_settled(attempt)


def _placed(shop: Shop, actor: Actor, draft: DraftOrder, status: OrderStatus) -> Placed:
    """The order and the end of the draft are one transaction."""
    found = shop.store.get(schema.customer_key(draft.order.customer_id))
    if found is None:
        raise NotFoundError("This customer no longer exists.")
    customer = customer_from(draft.order.customer_id, found)
    if customer.archived:
        raise archived_error()
    now, number = shop.clock(), next_number(shop)
    order = replace(
        draft.order,
        id=new_order_id(now),
        number=number,
        customer_name=customer.name,
        customer_email=customer.email,
        country=customer.country,
        status=status,
        placed_at=now,
        version=1,
        history=(HistoryEntry(now, actor.username, f"Placed as {status} from draft {draft.order.number}"),),
    )
    told = with_history(shop, actor, replace(draft.order, placed_at=now), f"Completed as order {number}, {status}")
    after = DraftOrder(told, DraftState.COMPLETED, order.id)
    moved = StaleReadError(f"Someone else has just changed draft {draft.order.number}. Try again.")
    shop.store.transact([_put(draft, after, moved), *order_writes(shop, order, customer)])
    return Placed(order, duplicate=False)


def _put(before: DraftOrder, after: DraftOrder, moved: ConflictError) -> Put:
    key = schema.draft_key(after.order.customer_id, after.order.id)
    return Put(key, draft_item(after), Equals("version", before.order.version), moved)


def _check_waiting(draft: DraftOrder) -> None:
    if draft.state not in WAITING:
        raise ConflictError(f"Draft {draft.order.number} is {draft.state} already.")
