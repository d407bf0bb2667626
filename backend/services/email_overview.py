"""All emails of the shop at a glance: how each looks, whether it can be sent, and how often it was."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from backend.domain.emails import Rendered
from backend.domain.templates import TemplateState
from backend.services import templates
from backend.services.context import Shop
from backend.services.previews import render_preview
from backend.services.send_stats import stats_by_hour
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
    sent = _sent_by_template(shop)
    return [_card(shop, state, sent[state.facts.name]) for state in templates.list_templates(shop)]


def _card(shop: Shop, state: TemplateState, sent: int) -> EmailCard:
    preview = render_preview(shop, state.facts.name, number=state.number)
    problems = tuple(check.sentence for check in preview.checks if check.level is Level.PROBLEM)
    return EmailCard(state, preview.email, problems, sent)


def _sent_by_template(shop: Shop) -> Counter[str]:
    today = shop.clock().astimezone(shop.zone).date()
    sent: Counter[str] = Counter()
    for hour in stats_by_hour(shop, today - timedelta(days=USAGE_DAYS - 1), today):
        sent[hour.template] += hour.counts.get("sent", 0)
    return sent
