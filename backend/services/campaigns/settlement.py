"""Goes over the chunks of a campaign: to retry what failed, or to settle what waited when it was cancelled.

A chunk is taken as a sending worker takes it, so nothing happens to one that is being sent to. What was begun and not
finished, because the process died, is found as it is and goes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from backend.domain.campaigns import Campaign
from backend.domain.messages import Message, MessageStatus, SkipReason
from backend.records.campaign_chunks import ChunkStep, step_from
from backend.services.campaigns import chunks
from backend.services.campaigns import ledger as campaign_ledger
from backend.services.campaigns.chunks import Held, StepResult
from backend.services.campaigns.saved import WORKER, change
from backend.services.concurrency.leases import LeaseLostError
from backend.services.context import Shop
from backend.services.sending import ledger
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Query, Row, pages_of


def reopen_some(shop: Shop, campaign: Campaign, end: float) -> Campaign:
    """Lets failed messages wait again, until `end` (as `time.monotonic` counts); when all do, the campaign says so.

    Raises: `StaleReadError`.
    """
    for row, step in _steps(shop, campaign):
        if time.monotonic() > end:
            return campaign
        if step.failed and not _reopened(shop, campaign, row):
            return campaign
    return change(shop, WORKER, campaign, replace(campaign, reopening=False, wave_done_at=None))


def close_some(shop: Shop, campaign: Campaign, end: float) -> bool:
    """Settles messages of a cancelled campaign that waited for another attempt: nobody tries them again.

    Returns whether nothing is left that has to be settled.
    """
    left = False
    for row, step in _steps(shop, campaign):
        if time.monotonic() > end:
            return False
        if step.lease_until is not None or step.retry:
            left = not _closed(shop, campaign, row) or left
    return not left


def _steps(shop: Shop, campaign: Campaign) -> Iterator[tuple[Row, ChunkStep]]:
    with access_pattern("go over a campaign's chunks"):
        query = Query(
            schema.MAIL, schema.campaign_partition(campaign.id), begins_with=schema.STEPS, limit=500, consistent=True
        )
        rows = pages_of(shop.store, query)
        yield from readable_rows(shop, rows, lambda row: (row, step_from(campaign.id, row.key.sk, row.item)))


def _reopened(shop: Shop, campaign: Campaign, row: Row) -> bool:
    held = chunks.taken(shop, campaign.id, row.key.sk, row.item, also_done=True)
    if held is None:
        return False
    places = {held.chunk.ids[place]: place for place in held.step.failed}
    found = campaign_ledger.look(shop, campaign.key, list(places))
    failed = [each for each in found.ended.values() if each.status is MessageStatus.FAILED]
    campaign_ledger.reopen(shop, failed)
    again = {places[each.recipient]: _as_failed(each) for each in [*failed, *found.free.values()]}
    try:
        chunks.reopen(shop, held, again)
    except LeaseLostError:
        return False
    return True


def _as_failed(message: Message) -> Message:
    """As the chunk has counted it."""
    return replace(message, status=MessageStatus.FAILED)


def _closed(shop: Shop, campaign: Campaign, row: Row) -> bool:
    held = chunks.taken(shop, campaign.id, row.key.sk, row.item)
    if held is None:
        return False
    result = _settled(shop, campaign, held)
    try:
        chunks.save(shop, held, result, release=True)
    except LeaseLostError:
        return False
    return not held.step.retry


def _settled(shop: Shop, campaign: Campaign, held: Held) -> StepResult:
    """What had been begun: settled as it is, or skipped because the campaign was cancelled."""
    begun = range(held.step.place, min(held.unsure_until, held.step.size))
    places = {held.chunk.ids[place]: place for place in [*held.step.retry, *begun]}
    found = campaign_ledger.look(shop, campaign.key, list(places))
    result = StepResult(held.step.place)
    result.ended = {places[each.recipient]: each for each in found.ended.values()}
    result.retry = {places[customer_id]: due for customer_id, due in found.later.items()}
    skipped = [replace(ledger.skipped(each, SkipReason.CANCELLED), lease_until=None) for each in found.free.values()]
    result.ended |= {places[each.recipient]: each for each in campaign_ledger.put_settled(shop, skipped)}
    return result
