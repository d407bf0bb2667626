"""Segments: read, count, and who belongs to one."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from backend.api.v1.call import ID, CallOf, Cursor, Limit
from backend.api.v1.models.common import Page
from backend.api.v1.models.customers import CustomerListed
from backend.api.v1.models.figures import CountOut, SegmentOut
from backend.api.v1.route import needs, router_of
from backend.domain.api_keys import Scope
from backend.services.segments.audience import count_segment, snapshot_info
from backend.services.segments.library import get_segment, list_segments
from backend.services.segments.preview import members_page
from backend.services.segments.ready import READY
from backend.services.segments.sentences import sentence

router = router_of("Segments")
Id = Annotated[str, Path(max_length=100, pattern=ID, examples=["ready-vips"])]


@router.get("", **needs(Scope.SEGMENTS_READ))
def find_segments(call: CallOf) -> Page[SegmentOut]:
    """List all segments: the saved ones by name, then those that come with the program."""
    found = [*list_segments(call.shop, call.actor), *READY]
    return Page(data=[SegmentOut.read(each, rule=sentence(call.shop, each.rule)) for each in found])


@router.get("/{segment_id}", **needs(Scope.SEGMENTS_READ))
def read_segment(call: CallOf, segment_id: Id) -> SegmentOut:
    """Read a segment, with its rule in words."""
    segment = get_segment(call.shop, segment_id)
    return SegmentOut.read(segment, rule=sentence(call.shop, segment.rule))


@router.get("/{segment_id}/count", **needs(Scope.SEGMENTS_READ))
def count_members(call: CallOf, segment_id: Id) -> CountOut:
    """Count the customers who belong to a segment, as of the last snapshot."""
    number = count_segment(call.shop, get_segment(call.shop, segment_id).rule)
    info = snapshot_info(call.shop)
    return CountOut(count=number, as_of=info.as_of if info else None)


@router.get("/{segment_id}/members", **needs(Scope.SEGMENTS_READ))
def find_members(call: CallOf, segment_id: Id, limit: Limit = 50, cursor: Cursor = "") -> Page[CustomerListed]:
    """List the customers who belong to a segment, by id, as of the last snapshot."""
    rule = get_segment(call.shop, segment_id).rule
    members, after = members_page(call.shop, call.actor, rule, limit=limit, after=call.unsealed(cursor) or "")
    data = [CustomerListed.of(each, call.shop.currency) for each in members]
    return Page(data=data, next_cursor=call.sealed(after))
