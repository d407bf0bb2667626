"""The demo shop's draft orders: one in each state, and one more whose link was sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from backend.demo.behaviour import SOURCE, DemoCustomer
from backend.demo.catalogue import PRODUCTS
from backend.domain.draft_orders import DraftOrder, DraftSettings, DraftState, draft_number
from backend.domain.ids import order_id_of
from backend.domain.orders import HistoryEntry, LineItem, Order, OrderStatus

_STATES = (
    (DraftState.OPEN, timedelta(hours=3), "Draft saved"),
    (DraftState.LINK_SENT, timedelta(hours=26), "Link to pay sent"),
    (DraftState.LINK_SENT, timedelta(days=2), "Link to pay handed out (without email)"),
    (DraftState.COMPLETED, timedelta(days=3), "Completed as an order, paid"),
    (DraftState.CANCELLED, timedelta(days=5), "Draft cancelled"),
    (DraftState.OPEN, timedelta(days=40), "Draft saved"),
)
"""State, time since the last change, and what the history says. The last one is expired."""
SETTINGS = DraftSettings("https://shop.example/pay/{token}?amount={amount}", 30, len(_STATES))


def demo_drafts(made: Sequence[DemoCustomer], currency: str, now: datetime) -> Iterator[DraftOrder]:
    """The drafts of the first customers who can be emailed and have bought something, whom there must be."""
    buyers = [each for each in made if each.customer.email and each.orders]
    for place, (buyer, (state, ago, told)) in enumerate(zip(buyers, _STATES, strict=False), start=1):
        at = now - ago
        last = buyer.orders[-1]
        placed = last.id if state is DraftState.COMPLETED else ""
        title, sku, price, _ = PRODUCTS[place * 7 % len(PRODUCTS)]
        lines = last.lines if placed else (LineItem(title, place, price, sku),)
        subtotal = sum(line.amount for line in lines)
        token = hashlib.sha256(f"draft {place} of {buyer.customer.id}".encode()).hexdigest()[:16].upper()
        order = Order(
            id=f"{order_id_of(SOURCE, f'draft {place}', at)}{token}",
            number=draft_number(place),
            customer_id=buyer.customer.id,
            customer_name=buyer.customer.name,
            customer_email=buyer.customer.email,
            status=OrderStatus.PENDING,
            placed_at=at,
            lines=lines,
            subtotal=subtotal,
            total=subtotal,
            currency=currency,
            history=(HistoryEntry(at, SOURCE, told),),
            source=SOURCE,
            country=buyer.customer.country,
            shipping_address=buyer.address,
        )
        yield DraftOrder(order, state, placed)
