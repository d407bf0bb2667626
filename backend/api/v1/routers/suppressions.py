"""Suppressions: look an address up, list, add and remove. Addresses stand in queries and bodies, never in paths."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from backend.api.v1.call import CallOf, Cursor, Limit
from backend.api.v1.models.common import Page
from backend.api.v1.models.emails import SuppressionIn, SuppressionOut, SuppressionRemoval
from backend.api.v1.route import needs, router_of
from backend.domain.api_keys import Scope
from backend.domain.suppression import SuppressionReason
from backend.services.suppression.entries import find_suppression, list_suppressions, suppress, unsuppress

router = router_of("Suppressions")


@router.get("", **needs(Scope.SUPPRESSIONS_READ))
def find_suppressions(
    call: CallOf,
    address: Annotated[str, Query(max_length=320, description="Look up this address alone.")] = "",
    reason: SuppressionReason | None = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[SuppressionOut]:
    """List addresses that get no email, the newest first; or look one up."""
    if address:
        entry = find_suppression(call.shop, address)
        return Page(data=[SuppressionOut.read(entry)] if entry else [])
    page = list_suppressions(call.shop, call.actor, reason=reason, limit=limit, cursor=call.unsealed(cursor))
    return Page(data=[*map(SuppressionOut.read, page.entries)], next_cursor=call.sealed(page.cursor))


@router.post("", **needs(Scope.SUPPRESSIONS_WRITE, example={"address": "maria@example.com", "reason": "unsubscribed"}))
def add_suppression(call: CallOf, body: SuppressionIn) -> SuppressionOut:
    """Stop email to an address. A reason that is there already stays as it is."""
    added = suppress(call.shop, call.actor, body.address, reason=body.reason, note=body.note)
    return SuppressionOut.read(added.entry)


@router.post(
    "/remove", **needs(Scope.SUPPRESSIONS_WRITE, example={"address": "maria@example.com", "why": "Typing error"})
)
def remove_suppression(call: CallOf, body: SuppressionRemoval) -> SuppressionOut:
    """Let email to an address out again, as far as no other reason is left."""
    left = unsuppress(call.shop, call.actor, body.address, why=body.why, reason=body.reason)
    return SuppressionOut.read(left) if left else SuppressionOut(address=body.address, causes=[])
