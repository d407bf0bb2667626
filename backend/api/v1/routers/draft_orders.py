"""Draft orders: write one with its link to pay, read and list them, complete and cancel them."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Query, Response

from backend.api.v1.call import Call, CallOf, Cursor, Limit, etag
from backend.api.v1.models.common import Page
from backend.api.v1.models.orders import CompletionIn, DraftIn, DraftListed, DraftOut, OrderOut
from backend.api.v1.route import keeps_its_answer, needs, router_of
from backend.api.v1.routers.orders import ORDER, Id, parts_of
from backend.domain.api_keys import Scope
from backend.domain.draft_orders import DraftOrder, DraftState
from backend.services.api.idempotency import Answer
from backend.services.api.intake import customer_of
from backend.services.draft_orders import drafts
from backend.services.draft_orders.lists import list_drafts
from backend.services.draft_orders.settings import draft_settings
from backend.services.orders.changes import OrderRef
from backend.store.port import Write

router = router_of("Orders", "draft-orders")
_EXAMPLE = {name: value for name, value in ORDER.items() if name not in ("status", "reference")}


@router.post("", status_code=201, response_model=DraftOut, **needs(Scope.ORDERS_WRITE, example=_EXAMPLE))
@keeps_its_answer
def create_draft(call: CallOf, body: DraftIn) -> Response:
    """Write a draft order. No total counts it, and nobody is emailed; `payment_url` is where it can be paid."""
    buyer = body.customer.profile if body.customer else None
    owner = customer_of(call.shop, call.actor, body.customer_id, buyer, unique=call.unique, before_adding=call.claim)
    made: list[Answer] = []

    def also(draft: DraftOrder) -> list[Write]:
        headers = {"content-type": "application/json", **etag(draft.order.version)}
        made[:] = [Answer(201, headers, _out(call, draft).model_dump_json().encode())]
        return call.keeping(made[0])

    drafts.create_draft(call.shop, call.actor, body.draft(owner), drafts.new_draft_key(call.shop), also=also)
    return call.kept(made[0])


@router.get("", **needs(Scope.ORDERS_READ))
def find_drafts(
    call: CallOf,
    state: Annotated[list[DraftState], Query(max_length=5)] = [],  # noqa: B006 - FastAPI copies it
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[DraftListed]:
    """List draft orders, the last changed first; those in one of these states, where some are named."""
    page = list_drafts(call.shop, tuple(state), limit=limit, cursor=call.unsealed(cursor))
    listed = map(partial(DraftListed.listed, currency=call.shop.currency), page.drafts)
    return Page(data=[*listed], next_cursor=call.sealed(page.cursor))


@router.get("/{draft_id}", **needs(Scope.ORDERS_READ))
def read_draft(call: CallOf, draft_id: Id, response: Response) -> DraftOut:
    """Read a draft order by its id, which is the token of its link. The ETag names the version."""
    return _shown(call, drafts.get_draft(call.shop, *parts_of(draft_id)), response)


@router.post("/{draft_id}/complete", **needs(Scope.ORDERS_WRITE, example={"status": "paid", "total": 3070}))
def complete_draft(call: CallOf, draft_id: Id, body: CompletionIn, response: Response) -> OrderOut:
    """Place the order of a draft when your checkout was paid: one order, however often it is asked for.

    An expired draft can be completed, too. With `total`, a draft that comes to another one by now is refused.
    """
    placed = drafts.complete_draft(call.shop, call.actor, *parts_of(draft_id), body.status, total=body.total)
    response.headers.update(etag(placed.order.version))
    return OrderOut.of_order(placed.order)


@router.post("/{draft_id}/cancel", **needs(Scope.ORDERS_WRITE))
def cancel_draft(call: CallOf, draft_id: Id, response: Response) -> DraftOut:
    """Cancel a draft order. A second time changes nothing; a completed one is refused."""
    seen = drafts.get_draft(call.shop, *parts_of(draft_id)).order
    ref = OrderRef.of(seen)
    return _shown(call, drafts.cancel_draft(call.shop, call.actor, ref), response)


def _shown(call: Call, draft: DraftOrder, response: Response) -> DraftOut:
    response.headers.update(etag(draft.order.version))
    return _out(call, draft)


def _out(call: Call, draft: DraftOrder) -> DraftOut:
    return DraftOut.of(draft, draft_settings(call.shop), call.shop.clock())
