"""What an order adds to the shop's totals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from backend.domain.orders import NEXT_STATUSES, Contribution, LineItem, Order, OrderStatus, Refund, contribution_of

NOW = datetime(2026, 11, 26, tzinfo=UTC)
ORDER = Order(
    id="20261126000000AAAAAAAA",
    number="T261126-0000-AAA",
    customer_id="C",
    customer_name="Maria",
    customer_email=None,
    status=OrderStatus.PAID,
    placed_at=NOW,
    lines=(LineItem("Tea", 2, 500),),
    subtotal=1000,
    total=1000,
    currency="USD",
)
REFUNDED = replace(ORDER, refunds=(Refund("r1", 300, NOW, "sam"), Refund("r2", 100, NOW, "sam")))


def test_an_order_counts_with_its_total_less_its_refunds() -> None:
    assert contribution_of(ORDER) == Contribution(1, 1000, 0, 0)
    assert contribution_of(REFUNDED) == Contribution(1, 600, 400, 0)
    assert (REFUNDED.refunded, REFUNDED.refundable) == (400, 600)


def test_a_cancelled_order_counts_as_cancelled_and_with_what_was_refunded() -> None:
    cancelled = replace(REFUNDED, status=OrderStatus.CANCELLED)
    assert contribution_of(cancelled) == Contribution(0, 0, 400, 1)
    assert contribution_of(cancelled).minus(contribution_of(REFUNDED)) == Contribution(-1, -600, 0, 1)


@pytest.mark.parametrize("status", OrderStatus)
def test_every_status_leads_somewhere_and_never_to_itself(status: OrderStatus) -> None:
    assert NEXT_STATUSES[status]
    assert status not in NEXT_STATUSES[status]


def test_every_cancelled_order_can_come_back() -> None:
    for status in OrderStatus:
        if status is not OrderStatus.CANCELLED:
            assert OrderStatus.CANCELLED in NEXT_STATUSES[status]
