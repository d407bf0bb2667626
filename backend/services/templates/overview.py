"""All emails of the shop at a glance: how each looks, whether it can be sent, and how often it was."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import cast

from backend.domain.deliverability import Rates, rates_of
from backend.domain.emails import Rendered
from backend.domain.shop import ShopFacts
from backend.domain.templates import TemplateState
from backend.errors import UnreadableItemError
from backend.services.context import Shop
from backend.services.shop_settings import get_shop_facts
from backend.services.statistics.counters import summed
from backend.services.statistics.days import stats_by_day
from backend.services.templates import catalogue
from backend.services.templates.checklist import Level
from backend.services.templates.previews import render_preview
from backend.services.unreadable.items import set_aside
from backend.store.port import Key

USAGE_DAYS = 30
"""Of how many days, today included, the usage figures are."""


@dataclass(frozen=True, slots=True)
class EmailCard:
    """One template with its sample, and how it was used. `problems` are sentences that keep it from being sent."""

    state: TemplateState
    email: Rendered | None
    problems: tuple[str, ...]
    usage: Rates


def email_overview(shop: Shop) -> list[EmailCard]:
    """Every template by kind and title. Costs a query for the templates and one for each of the days."""
    today = shop.clock().astimezone(shop.zone).date()
    used, facts = _usage_by_template(shop, today), get_shop_facts(shop)
    return [
        _card(_Look(shop, cast(Hashable, shop.store), state, facts, today), rates_of(used.get(state.facts.name, {})))
        for state in catalogue.list_templates(shop)
    ]


@dataclass(frozen=True, slots=True)
class _Look:
    """All that decides how a template's sample looks; `shop` is only the way to it."""

    shop: Shop = field(compare=False)
    store: Hashable
    state: TemplateState
    facts: ShopFacts
    day: date


def _card(look: _Look, usage: Rates) -> EmailCard:
    try:
        email, problems = _rendered(look)
    except UnreadableItemError as error:
        set_aside(look.shop, Key(*error.key), error.reason)
        return EmailCard(look.state, None, (error.sentence,), usage)
    return EmailCard(look.state, email, problems, usage)


@lru_cache(maxsize=128)
def _rendered(look: _Look) -> tuple[Rendered | None, tuple[str, ...]]:
    """The sample of the version in use, and what keeps it from being sent."""
    preview = render_preview(look.shop, look.state.facts.name, number=look.state.number)
    return preview.email, tuple(check.sentence for check in preview.checks if check.level is Level.PROBLEM)


def _usage_by_template(shop: Shop, today: date) -> dict[str, dict[str, int]]:
    days = stats_by_day(shop, today - timedelta(days=USAGE_DAYS - 1), today)
    names = {name for stats in days for name in stats.templates}
    return {name: summed(stats.counts(name) for stats in days) for name in names}
