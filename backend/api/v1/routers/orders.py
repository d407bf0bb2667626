"""Orders: place one or many, change their status, refund, fulfil with tracking, read and list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Literal

from fastapi import Path, Query, Response

from backend.api.v1.call import Call, CallOf, Cursor, First, Last, Limit, SeenVersion, answered, etag, period
from backend.api.v1.models.common import Page
from backend.api.v1.models.customers import CustomerOut
from backend.api.v1.models.orders import (
    BatchIn,
    BatchOut,
    BatchResult,
    FulfilmentIn,
    OrderChange,
    OrderIn,
    OrderListed,
    OrderOut,
    PaymentIn,
    RefundIn,
    ReturnIn,
    public_id,
)
from backend.api.v1.problems import problem_kind
from backend.api.v1.route import keeps_its_answer, needs, router_of
from backend.domain.api_keys import PERMISSIONS_OF, Scope
from backend.domain.order_states import left_to_fulfil
from backend.domain.orders import Order, OrderStatus
from backend.errors import BackendError
from backend.services.api.idempotency import Answer
from backend.services.api.intake import take_in
from backend.services.customers.customers import get_customer
from backend.services.orders import fulfilments, orders, returns
from backend.services.orders.lists import OrderFilter, find_order, list_orders, orders_of
from backend.services.orders.orders import OrderRef, Placed
from backend.store.port import Write

router = router_of("Orders")
Id = Annotated[
    str, Path(max_length=60, pattern="^[0-9A-Za-z]+-[0-9A-Za-z]+$", examples=["7K2MQ9XA4B-20261126120000K7Q2M9XA"])
]
Expand = Annotated[Literal["", "customer"], Query(description="Include the whole customer; needs customers:read.")]
ORDER = {
    "customer": {"name": "Maria Lopez", "email": "maria@example.com", "country": "ES"},
    "lines": [{"title": "Assam tea, 250 g", "quantity": 2, "unit_price": 1290, "sku": "TEA-1"}],
    "currency": "USD",
    "shipping": 490,
    "status": "paid",
    "reference": "WEB-1001",
}
_DAYS = 30


@router.post(
    "",
    status_code=201,
    response_model=OrderOut,
    responses={200: {"model": OrderOut, "description": "It was placed before."}},
    **needs(Scope.ORDERS_WRITE, example=ORDER),
)
@keeps_its_answer
def place_order(call: CallOf, body: OrderIn) -> Response:
    """Place an order once: 201, or 200 when its reference or an earlier attempt has placed it already."""
    made: dict[str, Answer] = {}

    def also(order: Order) -> list[Write]:
        made[order.id] = _answer(order, 201)
        return call.keeping(made[order.id])

    placed = _place(call, body, call.unique, call.claim, also)
    return answered(_answer(placed.order, 200)) if placed.duplicate else call.kept(made[placed.order.id])


@router.post("/batch", **needs(Scope.ORDERS_WRITE, example={"orders": [ORDER]}))
def place_orders(call: CallOf, body: BatchIn) -> BatchOut:
    """Place up to 100 orders. Each has its own result, in the order in which they were sent."""
    return BatchOut(results=[_result(call, order, call.part(str(place))) for place, order in enumerate(body.orders)])


@router.get("", **needs(Scope.ORDERS_READ))
def find_orders(
    call: CallOf,
    first: First = None,
    last: Last = None,
    status: Annotated[list[OrderStatus], Query(max_length=4)] = [],  # noqa: B006 - FastAPI copies it
    customer_id: Annotated[str, Query(max_length=20, description="All orders of one customer, of any day.")] = "",
    number: Annotated[str, Query(max_length=100, description="The order with this number or reference.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[OrderListed]:
    """List orders by day (the last 30, where nothing is said), or those of a customer; or find one by its number."""
    place, listed = call.unsealed(cursor), partial(OrderListed.of, currency=call.shop.currency)
    if number:
        found = find_order(call.shop, number)
        return Page(data=[listed(found)] if found else [])
    if customer_id:
        page = orders_of(call.shop, customer_id, limit=limit, cursor=place)
    else:
        wanted = OrderFilter(*period(call, first, last, _DAYS), tuple(status))
        page = list_orders(call.shop, wanted, limit=limit, cursor=place)
    return Page(data=[*map(listed, page.orders)], next_cursor=call.sealed(page.cursor))


@router.get("/{order_id}", **needs(Scope.ORDERS_READ))
def read_order(call: CallOf, order_id: Id, response: Response, expand: Expand = "") -> OrderOut:
    """Read an order with its lines, refunds and history. The ETag names the version."""
    order = orders.get_order(call.shop, *parts_of(order_id))
    return _shown(call, order, response, expand=expand)


@router.patch("/{order_id}", **needs(Scope.ORDERS_WRITE, example={"status": "fulfilled"}))
def change_order(call: CallOf, order_id: Id, version: SeenVersion, body: OrderChange, response: Response) -> OrderOut:
    """Move an order to another status, in the version that you have read."""
    ref = OrderRef(*parts_of(order_id), version)
    return _shown(call, orders.change_status(call.shop, call.actor, ref, body.status), response)


@router.post(
    "/{order_id}/refunds",
    status_code=201,
    **needs(Scope.ORDERS_WRITE, example={"amount": 500, "reason": "One tin was damaged"}),
)
def refund_order(call: CallOf, order_id: Id, body: RefundIn, response: Response) -> OrderOut:
    """Give back part or all of what was paid. The idempotency key makes it happen once."""
    order = orders.get_order(call.shop, *parts_of(order_id))
    ref = OrderRef.of(order)
    amount = order.refundable if body.amount is None else body.amount
    return _shown(
        call, orders.refund_order(call.shop, call.actor, ref, amount, body.reason, call.unique[:12]), response
    )


@router.post(
    "/{order_id}/fulfilments",
    status_code=201,
    **needs(Scope.ORDERS_WRITE, example={"carrier": "DHL", "tracking_number": "00340434161094042557"}),
)
def fulfil_order(call: CallOf, order_id: Id, body: FulfilmentIn, response: Response) -> OrderOut:
    """Note a parcel with its tracking. Without quantities it is all that is left; the last parcel fulfils the order."""
    order = orders.get_order(call.shop, *parts_of(order_id))
    ref = OrderRef.of(order)
    quantities = body.quantities or left_to_fulfil(order)
    tracking, parcel = body.tracking, call.unique[:12]
    after = fulfilments.fulfil_order(call.shop, call.actor, ref, quantities, tracking, parcel, notify=body.notify)
    return _shown(call, after, response)


@router.post(
    "/{order_id}/payments",
    status_code=201,
    **needs(Scope.ORDERS_WRITE, example={"amount": 1000, "method": "Bank transfer"}),
)
def record_payment(call: CallOf, order_id: Id, body: PaymentIn, response: Response) -> OrderOut:
    """Record what the customer has paid, all of the balance or a part. The idempotency key makes it happen once."""
    order = orders.get_order(call.shop, *parts_of(order_id))
    ref, name = OrderRef.of(order), call.unique[:12]
    after = orders.record_payment(
        call.shop, call.actor, ref, body.amount, method=body.method, payment_id=name, notify=body.notify
    )
    return _shown(call, after, response)


@router.post(
    "/{order_id}/returns",
    status_code=201,
    **needs(Scope.ORDERS_WRITE, example={"quantities": [1], "reason": "Too small"}),
)
def note_return(call: CallOf, order_id: Id, body: ReturnIn, response: Response) -> OrderOut:
    """Note that goods come back. Money is given back by a refund, and the arrival is noted in Tillpost."""
    order = orders.get_order(call.shop, *parts_of(order_id))
    ref = OrderRef.of(order)
    after = returns.note_return(call.shop, call.actor, ref, body.quantities, body.reason, call.unique[:12])
    return _shown(call, after, response)


def _place(
    call: Call,
    body: OrderIn,
    unique: str,
    before_adding: Callable[[], None] = lambda: None,
    also: Callable[[Order], Sequence[Write]] = lambda _: (),
) -> Placed:
    buyer = body.customer.profile if body.customer else None
    draft, first_at = body.draft(body.customer_id), call.first_at
    return take_in(
        call.shop, call.actor, draft, buyer, unique=unique, first_at=first_at, before_adding=before_adding, also=also
    )


def _answer(order: Order, status: int) -> Answer:
    headers = {"content-type": "application/json", **etag(order.version)}
    return Answer(status, headers, OrderOut.of_order(order).model_dump_json().encode())


def _result(call: Call, body: OrderIn, unique: str) -> BatchResult:
    try:
        placed = _place(call, body, unique)
    except BackendError as error:
        kind = problem_kind(error)
        if kind.status >= 500:  # the whole batch is sent again, and what was placed is found
            raise
        return BatchResult(status=kind.status, type=kind.type, detail=error.sentence)
    order = placed.order
    status = 200 if placed.duplicate else 201
    identity = public_id(order.customer_id, order.id)
    return BatchResult(status=status, id=identity, number=order.number, customer_id=order.customer_id)


def _shown(call: Call, order: Order, response: Response, *, expand: str = "") -> OrderOut:
    response.headers.update(etag(order.version))
    customer = None
    if expand:
        for permission in PERMISSIONS_OF[Scope.CUSTOMERS_READ]:
            call.actor.require(permission)
        customer = CustomerOut.of(get_customer(call.shop, order.customer_id), call.shop.currency)
    return OrderOut.of_order(order, customer)


def parts_of(order_id: str) -> tuple[str, str]:
    """Customer and own id in the public id of an order or draft order."""
    customer_id, _, own = order_id.partition("-")
    return customer_id, own
