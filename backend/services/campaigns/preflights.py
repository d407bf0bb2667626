"""Preflight: a worker renders every email of an audience before the first is sent, and lists what breaks.

asked for ──▶ waiting ──taken──▶ running … (says how far it is) ──▶ done, or failed
                 ▲──── stopped, or the worker died and its lease ran out: it begins again
"""

from __future__ import annotations

import secrets
import threading
import time
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from loguru import logger

from backend.domain.campaign_figures import Preflight, PreflightStatus
from backend.domain.campaigns import EDITABLE, Campaign, WrongStateError
from backend.domain.leases import Lease
from backend.domain.segment_text import rule_from_text
from backend.domain.team import Actor, Permission
from backend.domain.time import from_text, to_text
from backend.errors import BackendError, NotFoundError, UnreadableItemError
from backend.records.campaign_chunks import LARGEST_CHUNK
from backend.records.conversion import key_of_row, reads
from backend.records.preflights import LIST, broken_from, broken_item, preflight_from, preflight_item
from backend.records.values import text
from backend.services.campaigns.drafts import back_to_draft, refreshed
from backend.services.campaigns.preflight_checks import Checker, Tally
from backend.services.campaigns.saved import change, check_seen, read_campaign
from backend.services.concurrency.leases import LeaseLostError
from backend.services.context import Shop
from backend.services.segments import audience
from backend.services.sending.mailer import Mailer
from backend.services.unreadable.items import read_one, set_aside
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Equals, Item, Key, Put, Query, Row, Update

LEASE = timedelta(seconds=60)
_REPORT_SECONDS = 2.0
_PART, _LISTED = "PREFLIGHT", "BROKEN"


@dataclass(slots=True)
class _Taken:
    """A preflight that is ours, and the condition under which it stays so."""

    campaign: Campaign
    preflight: Preflight
    owner: str
    began: float


def run_preflight(shop: Shop, actor: Actor, campaign_id: str, *, seen_version: int) -> Preflight:
    """Asks for a preflight of the template and the segment as they are now; a worker does it. Twice is once.

    Raises: `PermissionDeniedError`, `NotFoundError`, `StaleReadError`, `WrongStateError` once it is scheduled,
    `TemplateError`, `InvalidInputError`.
    """
    actor.require(Permission.PLAN_CAMPAIGNS)
    campaign = read_campaign(shop, campaign_id)
    check_seen(campaign, seen_version)
    if campaign.state not in EDITABLE:
        raise WrongStateError(f"“{campaign.name}” is {campaign.state}; a preflight comes before it is scheduled.")
    latest = refreshed(shop, campaign)
    if latest is not campaign:
        campaign = change(shop, actor, campaign, back_to_draft(latest), "took a campaign's newest template or segment")
    known = get_preflight(shop, actor, campaign_id)
    if known is not None and known.is_current and known.status in (PreflightStatus.WAITING, PreflightStatus.RUNNING):
        return known
    asked = Preflight(PreflightStatus.WAITING, campaign.content, shop.clock())
    shop.store.put(Put(_key(campaign_id), _waiting(asked, campaign_id)))
    return asked


def get_preflight(shop: Shop, actor: Actor, campaign_id: str) -> Preflight | None:
    """The last preflight, how far it is or what it found; None when nobody has asked for one.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.VIEW_EMAIL)
    return preflight_of(shop, read_campaign(shop, campaign_id))


def preflight_of(shop: Shop, campaign: Campaign) -> Preflight | None:
    """The last preflight of a campaign that was just read."""
    found = read_one(shop, _key(campaign.id), preflight_from)
    if found is None:
        return None
    if found.status is PreflightStatus.DONE and found.broken:
        key = schema.campaign_part_key(campaign.id, _LISTED)
        found = replace(found, listed=tuple(read_one(shop, key, broken_from) or ()))
    return replace(found, is_current=found.content == campaign.content)


def work_on_preflights(shop: Shop, mailer: Mailer, stop: threading.Event) -> bool:
    """Does the preflight that waits longest, if there is one; returns whether there was."""
    taken = _take(shop)
    if taken is None:
        return False
    try:
        _do(shop, mailer, taken, stop)
    except LeaseLostError:
        logger.info("A preflight of campaign {} was taken over", taken.campaign.id)
    except BackendError as error:
        failed = replace(taken.preflight, status=PreflightStatus.FAILED, error=error.sentence)
        _save(shop, taken, replace(failed, finished_at=shop.clock()))
    return True


def _do(shop: Shop, mailer: Mailer, taken: _Taken, stop: threading.Event) -> None:
    rule = rule_from_text(taken.campaign.rule)
    total = audience.count_segment(shop, rule)
    info = audience.snapshot_info(shop)
    taken.preflight = replace(taken.preflight, total=total, as_of=info.as_of if info else None)
    checker = Checker(shop, mailer, taken.campaign)
    lists = audience.audience_ids(shop, rule, LARGEST_CHUNK)
    reported = time.monotonic()
    with access_pattern("preflight"), closing(lists):
        for ids in lists:
            if stop.is_set():
                _save(shop, taken, replace(taken.preflight, status=PreflightStatus.WAITING))
                return
            checker.check(ids)
            if time.monotonic() - reported > _REPORT_SECONDS:
                _save(shop, taken, _with(taken.preflight, checker.tally))
                reported = time.monotonic()
    found = _with(taken.preflight, checker.tally)
    seconds = time.monotonic() - taken.began
    shop.store.put(Put(schema.campaign_part_key(taken.campaign.id, _LISTED), broken_item(checker.tally.listed)))
    _save(shop, taken, replace(found, status=PreflightStatus.DONE, finished_at=shop.clock(), seconds=seconds))


def _with(preflight: Preflight, tally: Tally) -> Preflight:
    return replace(
        preflight,
        checked=tally.checked,
        total=max(preflight.total, tally.checked),
        recipients=tally.recipients,
        holdout=tally.holdout,
        excluded=dict(tally.excluded),
        broken=tally.broken,
        broken_fields=dict(tally.broken_fields.most_common(100)),
        empty_fields=dict(tally.empty_fields.most_common(100)),
    )


# --- whose it is -------------------------------------------------------------------------------------------------


def _take(shop: Shop) -> _Taken | None:
    for row in shop.store.query(Query(schema.MAIL, LIST, index="work", limit=10)).rows:
        try:
            taken = _take_one(shop, row)
        except LeaseLostError:
            continue
        except NotFoundError:
            continue  # such as one of the demo, which was taken out; the others must not wait for it
        except UnreadableItemError as error:
            set_aside(shop, row.key, error.reason)
            continue
        if taken is not None:
            return taken
    return None


def _take_one(shop: Shop, row: Row) -> _Taken | None:
    """The preflight, if it waits or was left behind. A lease that a clock gave which is ahead is bounded.

    Raises: `LeaseLostError` when somebody else was faster, `NotFoundError`, `UnreadableItemError`.
    """
    seen, unmoved = _lease_of(row), Equals("work_at", row.item["work_at"])
    if not seen.is_free(shop.clock()):
        shorter = seen.shortened(shop.clock(), LEASE)
        if shorter is not None and shorter.until is not None:
            ends = _work(schema.campaign_id_of(row.key), shorter.until)
            shop.store.update(Update(row.key, set=ends, condition=unmoved, otherwise=_lost()))
        return None
    item = shop.store.get(row.key)
    if item is None:
        return None
    campaign = read_campaign(shop, schema.campaign_id_of(row.key))
    preflight = replace(preflight_from(row.key, item), status=PreflightStatus.RUNNING)
    taken = _Taken(campaign, preflight, secrets.token_hex(6), time.monotonic())
    _put(shop, taken, preflight, unmoved)
    return taken


@reads(key_of_row)
def _lease_of(row: Row) -> Lease:
    """It is in the list of work by the end of its lease; one that waits, by the moment when it was asked for."""
    return Lease(from_text(schema.moment_in(text(row.item, "work_at"))))


def _save(shop: Shop, taken: _Taken, preflight: Preflight) -> None:
    """Raises: `LeaseLostError` when it is not ours any more."""
    _put(shop, taken, preflight, Equals("owner", taken.owner))
    taken.preflight = preflight


def _put(shop: Shop, taken: _Taken, preflight: Preflight, condition: Equals) -> None:
    if preflight.status is PreflightStatus.WAITING:
        item = _waiting(preflight, taken.campaign.id)
    else:
        item = preflight_item(preflight) | {"owner": taken.owner}
        if preflight.status is PreflightStatus.RUNNING:
            item |= _work(taken.campaign.id, shop.clock() + LEASE)
    shop.store.put(Put(_key(taken.campaign.id), item, condition, _lost()))


def _waiting(preflight: Preflight, campaign_id: str) -> Item:
    return preflight_item(preflight) | _work(campaign_id, preflight.asked_at)


def _work(campaign_id: str, due: datetime) -> Item:
    return {"work": LIST, "work_at": schema.place_of(to_text(due), campaign_id)}


def _lost() -> LeaseLostError:
    """Another worker does this preflight now, or a newer one was asked for."""
    return LeaseLostError("Another worker is running this check.")


def _key(campaign_id: str) -> Key:
    return schema.campaign_part_key(campaign_id, _PART)
