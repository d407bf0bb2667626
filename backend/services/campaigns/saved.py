"""Reads and changes campaigns. Every change is on condition of the version that was seen, and in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backend.domain.campaigns import Campaign, CampaignState, check_transition
from backend.domain.team import Actor, Permission, Role
from backend.domain.time import to_text
from backend.errors import AlreadyExistsError, NotFoundError
from backend.records.campaigns import LIST, campaign_from, campaign_item
from backend.services.audit import log as audit_log
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.services.outgoing.about import on_campaign_changed
from backend.services.unreadable.items import readable, readable_due
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Absent, Equals, Item, Key, Put, Query, Write

WORKER = Actor("worker", Role.ADMIN, "The worker")
"""Who does what campaigns do by themselves."""
MOST_DUE = 50
_PAGE = 200
_OVER = frozenset({CampaignState.FINISHED, CampaignState.CANCELLED})


class CampaignExistsError(AlreadyExistsError):
    """A campaign with this id has been created already."""


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """Campaigns, the newest first. `cursor` leads to older ones; None means that there are none."""

    campaigns: list[Campaign]
    cursor: str | None


def get_campaign(shop: Shop, actor: Actor, campaign_id: str) -> Campaign:
    """One campaign as it is now.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.VIEW_EMAIL)
    return read_campaign(shop, campaign_id)


def list_campaigns(shop: Shop, actor: Actor, *, limit: int = 25, cursor: str | None = None) -> CampaignPage:
    """One page of all campaigns, the newest first.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.VIEW_EMAIL)
    with access_pattern("list campaigns"):
        query = Query(schema.MAIL, LIST, index="timeline", descending=True, limit=limit, cursor=cursor)
        page = shop.store.query(query)
        found = shop.store.get_many([row.key for row in page.rows])
    campaigns = [*readable(shop, ((row.key, found[row.key]) for row in page.rows if row.key in found), _campaign_at)]
    return CampaignPage(campaigns, page.cursor)


def read_campaign(shop: Shop, campaign_id: str) -> Campaign:
    """Raises: `NotFoundError`."""
    item = shop.store.get(schema.campaign_key(campaign_id)) if campaign_id.isalnum() else None
    if item is None:
        raise NotFoundError("There is no such campaign.")
    return campaign_from(campaign_id, item)


def campaigns_with(shop: Shop, actor: Actor, segment_id: str) -> list[Campaign]:
    """All campaigns that use a segment and are not over, the newest first.

    Raises: `PermissionDeniedError`.
    """
    found: list[Campaign] = []
    cursor: str | None = None
    while True:
        page = list_campaigns(shop, actor, limit=_PAGE, cursor=cursor)
        found += [each for each in page.campaigns if each.draft.segment_id == segment_id and each.state not in _OVER]
        cursor = page.cursor
        if cursor is None:
            return found


def due_campaigns(shop: Shop, limit: int = MOST_DUE) -> list[Campaign]:
    """Campaigns that a worker has to look at now, those that wait longest first."""
    now = to_text(shop.clock())
    with access_pattern("campaigns that are due"):
        query = Query(schema.MAIL, LIST, index="work", between=("0", now + "~"), limit=limit)
        return readable_due(shop, [query], _campaign_at)[0]


def create(shop: Shop, actor: Actor, campaign: Campaign, action: str) -> Campaign:
    """Raises: `CampaignExistsError` when the id is taken."""
    taken = CampaignExistsError("This campaign was created already.")
    put = Put(schema.campaign_key(campaign.id), campaign_item(campaign), Absent(), taken)
    shop.store.transact([put, audit_log.entry(shop, actor, action, target_of(campaign), campaign.name)])
    return campaign


def change(
    shop: Shop,
    actor: Actor,
    before: Campaign,
    after: Campaign,
    action: str = "",
    detail: str = "",
    extra: Sequence[Write] = (),
) -> Campaign:
    """Writes `after` in the place of `before`; an `action` is written to the audit log with it.

    Raises: `WrongStateError` when its state cannot become that one, `StaleReadError` when it is not as it was seen.
    """
    if before.state is not after.state:
        check_transition(before, after.state)
    changed = replace(after, version=before.version + 1, changed_at=shop.clock())
    put = Put(
        schema.campaign_key(changed.id), campaign_item(changed), Equals("version", before.version), _moved(before)
    )
    audited = [audit_log.entry(shop, actor, action, target_of(changed), detail or changed.name)] if action else []
    shop.store.transact([put, *audited, *on_campaign_changed(shop, before, changed), *extra])
    return changed


def check_seen(campaign: Campaign, seen_version: int) -> None:
    """Raises: `StaleReadError` when a person has looked at another version."""
    if seen_version != campaign.version:
        raise _moved(campaign)


def target_of(campaign: Campaign) -> str:
    """How the audit log names it."""
    return f"campaign:{campaign.id}"


def _moved(campaign: Campaign) -> StaleReadError:
    return StaleReadError(f"Someone else has changed “{campaign.name}”.")


def _campaign_at(key: Key, item: Item) -> Campaign:
    return campaign_from(schema.campaign_id_of(key), item)
