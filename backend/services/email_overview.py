"""All emails of the shop at a glance: how each looks, whether it can be sent, and how often it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import cast

from backend.domain.emails import Rendered
from backend.domain.shop import ShopFacts
from backend.domain.templates import TemplateState
from backend.services import templates
from backend.services.context import Shop
from backend.services.previews import render_preview
from backend.services.send_stats import stats_by_hour
from backend.services.shop_settings import get_shop_facts
from backend.services.template_checks import Level

USAGE_DAYS = 30
"""Of how many days, today included, the usage figures are."""


@dataclass(frozen=True, slots=True)
class EmailCard:
    """One template with its sample. `problems` are sentences that keep it from being sent; `sent` includes tests."""

    state: TemplateState
    email: Rendered | None
    problems: tuple[str, ...]
    sent: int


def email_overview(shop: Shop) -> list[EmailCard]:
    """Every template by kind and title. Costs a query for the templates and one for each of the days."""
    today = shop.clock().astimezone(shop.zone).date()
    sent, facts = _sent_by_template(shop, today), get_shop_facts(shop)
    return [
        _card(_Look(shop, cast(Hashable, shop.store), state, facts, today), sent[state.facts.name])
        for state in templates.list_templates(shop)
    ]


@dataclass(frozen=True, slots=True)
class _Look:
    """All that decides how a template's sample looks; `shop` is only the way to it."""

    shop: Shop = field(compare=False)
    store: Hashable
    state: TemplateState
    facts: ShopFacts
    day: date


def _card(look: _Look, sent: int) -> EmailCard:
    email, problems = _rendered(look)
    return EmailCard(look.state, email, problems, sent)


@lru_cache(maxsize=128)
def _rendered(look: _Look) -> tuple[Rendered | None, tuple[str, ...]]:
    """The sample of the version in use, and what keeps it from being sent."""
    preview = render_preview(look.shop, look.state.facts.name, number=look.state.number)
    return preview.email, tuple(check.sentence for check in preview.checks if check.level is Level.PROBLEM)


def _sent_by_template(shop: Shop, today: date) -> Counter[str]:
    sent: Counter[str] = Counter()
    for hour in stats_by_hour(shop, today - timedelta(days=USAGE_DAYS - 1), today):
        sent[hour.template] += hour.counts.get("sent", 0)
    return sent
