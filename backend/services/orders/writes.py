"""Which writes keep an order and all of its totals together: the customer, the customer's month, the day.

Everything here is computed from snapshots and written in one transaction. Where a write depends on what a snapshot
said, it carries a condition; when that fails, `StaleReadError` tells the caller to read again.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from backend.domain.customers import Customer
from backend.domain.orders import NOTHING, Contribution, Order, contribution_of
from backend.domain.products import difference, sold_in
from backend.domain.time import day_of
from backend.errors import AlreadyExistsError, ConflictError
from backend.records import ranks, totals
from backend.records.orders import order_day, order_item
from backend.records.products import Waiting, waiting_from, waiting_place
from backend.services.concurrency.retries import StaleReadError
from backend.services.orders.numbers import tracking_puts
from backend.store import schema
from backend.store.port import Absent, AllOf, Check, Condition, Equals, Exists, Item, Missing, Put, Update, Write


class OrderExistsError(AlreadyExistsError):
    """This order was placed already."""


class OrderChangedError(ConflictError):
    """Somebody else changed the order first."""


def _moved() -> StaleReadError:
    return StaleReadError("Someone else changed this customer's orders at the same time. Try again.")


def placing_writes(order: Order, customer: Customer, zone: ZoneInfo, *, reference: str = "") -> list[Write]:
    """The transaction that places an order: five writes at most, plus one for the `reference` of its source.

    Errors attached: `OrderExistsError`, `StaleReadError`.
    """
    day = day_of(order.placed_at, zone)
    change = contribution_of(order)
    writes: list[Write] = [
        Put(
            schema.order_key(customer.id, order.id),
            order_item(order, zone, day, Waiting(_place_of(order)) if sold_in(order) else None),
            Absent(),
            OrderExistsError("This order was placed already."),
        )
    ]
    if reference:
        writes.append(_reference(order, reference))
    moves_first_day = not customer.first_day or day < customer.first_day
    writes.append(_customer_update(customer, change, day if moves_first_day else ""))
    writes.append(_month_update(customer, day[:7], change))
    return writes + _day_updates(customer, day, change, moves_first_day) + tracking_puts(order)


def _reference(order: Order, reference: str) -> Put:
    item: Item = {"customer": order.customer_id, "order": order.id}
    error = OrderExistsError(f"Order {order.number} is there already.")
    return Put(schema.reference_key(order.source, reference), item, Absent(), error)


def _customer_update(customer: Customer, change: Contribution, first_day: str) -> Update | Check:
    """The version is a condition because the month takes the name from the snapshot. A test order changes nothing."""
    seen: list[Condition] = [Exists(), Equals("version", customer.version)]
    if first_day:
        seen.append(Equals("first_day", customer.first_day) if customer.first_day else Missing("first_day"))
    changed: Item = {"first_day": first_day} if first_day else {}
    if change.orders > 0:
        changed["board"] = schema.board_of("ALL", customer.id)
    key, added = schema.customer_key(customer.id), ranks.additions(change, customer.id)
    if not changed and not added:
        return Check(key, AllOf(tuple(seen)), _moved())
    return Update(key, set=changed, add=added, condition=AllOf(tuple(seen)), otherwise=_moved())


def _month_update(customer: Customer, month: str, change: Contribution) -> Update:
    changed: Item = {"name": customer.name}
    if customer.email:
        changed["email"] = customer.email
    if customer.country:
        changed["country"] = customer.country
    if change.orders > 0:
        changed["board"] = schema.board_of(month, customer.id)
    key = schema.customer_month_key(customer.id, month)
    return Update(key, set=changed, add=ranks.additions(change, customer.id))


def _day_updates(customer: Customer, day: str, change: Contribution, moves_first_day: bool) -> list[Write]:
    here = schema.day_key(day, customer.id)
    if not moves_first_day:
        added = totals.additions(change)
        return [Update(here, add=added)] if added else []
    updates: list[Write] = [Update(here, add=totals.additions(change, new_customers=1))]
    if customer.first_day:
        before = schema.day_key(customer.first_day, customer.id)
        updates.append(Update(before, add=totals.additions(NOTHING, new_customers=-1)))
    return updates


def _waiting(before: Order, after: Order, item: Item) -> Waiting | None:
    """How the next version waits for the figures of products, which `services.products.counting` brings up to date.

    They are not part of this transaction: a hot product would hold up everybody who buys it, and an order of 500 lines
    has more products than a transaction has room for. So the order itself says what of it they count.
    """
    waiting = waiting_from(schema.order_key(before.customer_id, before.id), item)
    old = sold_in(before)
    if not difference(sold_in(after), old):
        return waiting
    counted = waiting.counted if waiting else tuple(old.values())
    return Waiting(_place_of(after), counted)


def _place_of(order: Order) -> int:
    moment = order.history[-1].at if order.history else order.placed_at
    return waiting_place(moment, order.version)


def changing_writes(
    before: Order, after: Order, item: Item, customer_item: Item, month_item: Item, zone: ZoneInfo
) -> list[Write]:
    """The transaction that turns one version of an order into the next; totals change by the difference.

    `item` is the stored item of the order. `customer_item` and `month_item` are those in which it counts: when an order
    stops counting, they tell whether it was the last one, so that the customer leaves the leaderboard.

    Error attached: `StaleReadError`. The order may only have been counted meanwhile, so whoever has seen a version
    compares it again.
    """
    day, place = order_day(item), item.get("rank_revenue")
    as_counted = Missing("rank_revenue") if place is None else Equals("rank_revenue", place)
    change = contribution_of(after).minus(contribution_of(before))
    customer_id = after.customer_id
    writes: list[Write] = [
        Put(
            schema.order_key(customer_id, after.id),
            order_item(after, zone, day, _waiting(before, after, item)),
            AllOf((Equals("version", before.version), as_counted)),
            StaleReadError(f"Someone else has just changed order {before.number}. Try again."),
        )
    ]
    if change.orders or change.revenue:
        customer, month = schema.customer_key(customer_id), schema.customer_month_key(customer_id, day[:7])
        writes.append(_ranking_update(Update(customer), "ALL", customer_id, customer_item, change))
        writes.append(_ranking_update(Update(month), day[:7], customer_id, month_item, change))
    if additions := totals.additions(change):
        writes.append(Update(schema.day_key(day, customer_id), add=additions))
    return writes + tracking_puts(after, before)


def _ranking_update(update: Update, period: str, customer_id: str, item: Item, change: Contribution) -> Update:
    additions = ranks.additions(change, customer_id)
    if change.orders > 0:
        board: Item = {"board": schema.board_of(period, customer_id)}
        return Update(update.key, set=board, add=additions, condition=Exists(), otherwise=_moved())
    condition: Condition = Exists()
    remove: tuple[str, ...] = ()
    if change.orders < 0:
        condition = Equals("rank_orders", item.get("rank_orders", ranks.tie_of(customer_id)))
        if ranks.figure(item, "rank_orders") + change.orders <= 0:
            remove = ("board",)
    return Update(update.key, add=additions, remove=remove, condition=condition, otherwise=_moved())
