"""What reads an item of each kind, so that one which somebody has written by hand is tried before it is stored."""

from __future__ import annotations

import re
from collections.abc import Callable

from backend.domain.shop import ShopFacts
from backend.errors import InvalidInputError, UnreadableItemError
from backend.records import (
    alerts,
    automations,
    campaign_chunks,
    campaigns,
    changes,
    connections,
    customers,
    events,
    jobs,
    messages,
    orders,
    outgoing,
    preflights,
    segments,
    send_stats,
    shop,
    suppression,
    system,
    team,
    templates,
    totals,
    views,
)
from backend.records.ranks import figure
from backend.records.values import MalformedItemError
from backend.store.port import Item, Key, Row
from backend.store.schema import MAIL, SHOP

_Reader = Callable[[Key, Item], object]


def read_back(key: Key, item: Item) -> None:
    """Tries whether the program can read the item.

    Raises: `InvalidInputError` when it cannot, or when the item is of a kind that nobody can be sure of.
    """
    reader = next((read for where, read in _READERS if where.fullmatch(" ".join(key))), None)
    if reader is None:
        raise InvalidInputError("A record of this kind cannot be checked. Delete it, and run reconcile --fix.")
    try:
        reader(key, item)
    except (UnreadableItemError, MalformedItemError) as error:
        raise InvalidInputError(f"This could not be read either: {error.reason}. Nothing was stored.") from error


def _of_row(read: Callable[[Row], object]) -> _Reader:
    return lambda key, item: read(Row(key, item))


def _of_item(read: Callable[[Item], object]) -> _Reader:
    return lambda key, item: read(item)


def _month(key: Key, item: Item) -> object:
    return figure(item, "rank_orders"), figure(item, "rank_revenue")


def _version(key: Key, item: Item) -> object:
    return templates.version_from(key, item), templates.difference_from(key, item)


_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(where), read)
    for where, read in (
        (f"{SHOP} C#[^ ]+ A", customers.customer_at),
        (f"{SHOP} C#[^ ]+ M#.+", _month),
        (f"{SHOP} C#[^ ]+ O#.+", orders.order_from),
        (f"{SHOP} C#[^ ]+ P", customers.book_from),
        (f"{SHOP} C#[^ ]+ V#.+", _of_row(customers.activity_from)),
        (f"{SHOP} DAYS#.+", _of_item(totals.totals_from)),
        (f"{SHOP} TEAM .+", _of_item(team.member_from_item)),
        (f"{SHOP} SESSIONS#.+", _of_row(team.signed_in_from)),
        (f"{SHOP} NOTICES .+", _of_row(team.notice_from)),
        (f"{SHOP} META team", _of_item(team.roster_from_item)),
        (f"{SHOP} META shop", lambda key, item: shop.shop_from(ShopFacts("", "USD", "en_US", "UTC"), item)),
        (f"{SHOP} META switch-.+", shop.switch_from),
        (f"{SHOP} META order-numbers", _of_item(shop.numbering_from)),
        (f"{SHOP} META alerts", _of_item(alerts.settings_from)),
        (f"{SHOP} META account-sync", _of_item(suppression.sync_from)),
        (f"{SHOP} META account-comparison", _of_item(suppression.comparison_from)),
        (f"{SHOP} META domain-check", _of_item(system.report_from)),
        (f"{SHOP} AUDIT#.+", _of_row(system.audit_from)),
        (f"{SHOP} SEGMENTS .+", _of_row(segments.segment_from)),
        (f"{SHOP} VIEWS#.+", _of_row(views.view_from)),
        (f"{SHOP} CHANGES .+", _of_row(changes.change_from)),
        (f"{SHOP} CHANGE#.+", _of_row(changes.entry_from)),
        (f"{SHOP} TPL#.+ V#.+", _version),
        (f"{SHOP} TPL#.+ W", lambda key, item: templates.working_copy_from(key.pk[4:], item)),
        (f"{SHOP} EDITION#.+", templates.edition_from),
        (f"{SHOP} ENDPOINTS .+", outgoing.endpoint_from),
        (f"{MAIL} W#.+", outgoing.outgoing_from),
        (f"{SHOP} CONNECTIONS .+", connections.connection_from),
        (f"{SHOP} PRIVACY .+", connections.privacy_from),
        (f"{MAIL} H#[^ ]+ FIGURES", connections.connection_figures_from),
        (f"{MAIL} H#[^ ]+ D#.+", connections.delivery_from),
        (f"{SHOP} AUTOMATIONS .+", lambda key, item: automations.automation_from(key.sk, item)),
        (f"{MAIL} JOBS .+", jobs.job_from),
        (f"{MAIL} X#.+ X", _of_item(suppression.suppression_from)),
        (f"{MAIL} X#.+ H#.+", _of_row(suppression.event_from)),
        (f"{MAIL} C#[^ ]+ E#.+", messages.message_from),
        (f"{MAIL} C#[^ ]+ V#.+", _of_row(events.raw_from)),
        (f"{MAIL} C#[^ ]+ T#.+", automations.trigger_from),
        (f"{MAIL} DEADLETTERS .+", _of_row(events.dead_letter_from)),
        (f"{MAIL} K#[^ ]+ A", lambda key, item: campaigns.campaign_from(key.pk[2:], item)),
        (f"{MAIL} K#[^ ]+ CHUNK#.+", lambda key, item: campaign_chunks.chunk_from(key.pk[2:], key.sk, item)),
        (f"{MAIL} K#[^ ]+ STEP#.+", lambda key, item: campaign_chunks.step_from(key.pk[2:], key.sk, item)),
        (f"{MAIL} K#[^ ]+ PREFLIGHT", preflights.preflight_from),
        (f"{MAIL} K#[^ ]+ BROKEN", preflights.broken_from),
        (f"{MAIL} (HOURS#.+|K#[^ ]+ (SENT|STAT)#.+)", _of_item(send_stats.counts_in)),
        (f"{MAIL} BEATS .+", _of_row(system.beat_from)),
        (f"{MAIL} ALERTS.+", _of_item(alerts.alert_from)),
    )
)
"""By table, partition key and sort key. Pointers and small markers are not among them: reconcile writes those again."""
