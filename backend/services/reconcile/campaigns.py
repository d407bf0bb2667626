"""Holds what campaigns count of reports (delivered, bounced, …) against their messages.

No index lists the messages of a campaign, so the campaigns that may be wrong are counted in one more reading of the
table, all together. What changed meanwhile is left alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping

from backend.domain.campaigns import BEGUN, CampaignState
from backend.domain.messages import Message
from backend.errors import UnreadableItemError
from backend.records.messages import message_from
from backend.records.send_stats import campaign_counters_of, is_campaign_counter
from backend.records.values import number
from backend.services.context import Shop
from backend.services.reconcile.findings import Drift, Finding, as_found
from backend.store import schema
from backend.store.port import Item, Key, Query, Row, UnreadableItem, Update, pages_of

_Kept = dict[Key, Item]
_UNDER_WAY = frozenset({state.value for state in BEGUN - {CampaignState.FINISHED}})


def campaign_key_of(message: Message) -> Key:
    """The statistics to which a message of a campaign adds."""
    return schema.campaign_stat_key(message.campaign, message.id)


def campaign_of(key: Key) -> str:
    """Whose statistics these are; "" for any other item."""
    return schema.campaign_id_of(key) if schema.is_campaign_stat(key) else ""


def reported_in(campaign: str, item: Item) -> Counter[str]:
    """The counters that follow from messages."""
    return Counter({name: number(item, name) for name in item if is_campaign_counter(campaign, name)})


def kept_counts(item: Item) -> dict[str, int | None]:
    """The counters of an item by name; None for what is no number."""
    return {name: value if type(value) is int else None for name, value in item.items() if name != "kind"}


def wrong_names(found: Mapping[str, int | None], wanted: Mapping[str, int]) -> list[str]:
    """Which counters are not what they have to be."""
    return [name for name in sorted({*found, *wanted}) if found.get(name, 0) != wanted.get(name, 0)]


def value_of(found: Mapping[str, int | None], name: str) -> int | str:
    """The counter as a drift shows it."""
    value = found.get(name, 0)
    return "no number" if value is None else value


def is_under_way(shop: Shop, campaign: str) -> bool:
    """Whether workers may have sent emails of it that they have not counted yet: after a crash whoever takes over does.

    Automations count with each message, and are never under way in this sense.
    """
    item = shop.store.get(schema.campaign_key(campaign)) if campaign else None
    if item is None:
        return False
    if isinstance(item, UnreadableItem):
        return True
    closes = item.get("status") == CampaignState.CANCELLED.value and "work" in item
    return closes or item.get("status") in _UNDER_WAY


def campaign_findings(
    shop: Shop, campaigns: Collection[str], everything: Callable[[], Iterable[Row]]
) -> tuple[list[Finding], int]:
    """What is wrong with these campaigns, and how many of them kept changing. `everything` reads the mail table."""
    before = {campaign: _kept(shop, campaign) for campaign in campaigns}
    wanted = _counted(everything(), frozenset(campaigns))
    after = {campaign: _kept(shop, campaign) for campaign in campaigns}
    still = [campaign for campaign in campaigns if before[campaign] == after[campaign]]
    findings = [found for campaign in still for found in _findings(after[campaign], wanted[campaign])]
    return findings, len(campaigns) - len(still)


def _counted(rows: Iterable[Row], campaigns: frozenset[str]) -> dict[str, dict[Key, Counter[str]]]:
    wanted: dict[str, dict[Key, Counter[str]]] = {campaign: defaultdict(Counter) for campaign in campaigns}
    for row in rows:
        if not schema.is_message(row.key):
            continue
        try:
            if str(row.item.get("campaign")) not in campaigns:
                continue
            message = message_from(row.key, row.item)
        except UnreadableItemError:
            continue  # reported by the first reading
        wanted[message.campaign][campaign_key_of(message)].update(campaign_counters_of(message))
    return wanted


def _kept(shop: Shop, campaign: str) -> _Kept:
    query = Query(schema.MAIL, schema.campaign_partition(campaign), begins_with=schema.STATS, consistent=True)
    return {row.key: row.item for row in pages_of(shop.store, query) if not isinstance(row.item, UnreadableItem)}


def _findings(kept: _Kept, wanted: dict[Key, Counter[str]]) -> list[Finding]:
    findings = []
    for key in sorted({*kept, *wanted}):
        item, right = kept.get(key, {}), wanted.get(key, Counter())
        found = {name: n for name, n in kept_counts(item).items() if is_campaign_counter(campaign_of(key), name)}
        where = f"campaign {campaign_of(key)}, part {key.sk.removeprefix(schema.STATS)}"
        names = wrong_names(found, right)
        if names:
            drifts = tuple(Drift(f"{where}: {name}", right[name], value_of(found, name)) for name in names)
            values: Item = {name: right[name] for name in names if right[name]}
            gone = tuple(name for name in names if not right[name])
            findings.append(Finding(drifts, (Update(key, set=values, remove=gone, condition=as_found(item, names)),)))
    return findings
