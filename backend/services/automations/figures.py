"""The outcomes of an automation's triggers and emails, from stored counters."""

from __future__ import annotations

from dataclasses import dataclass, field

from backend.domain.automations import Fact
from backend.domain.delivery import Outcome
from backend.domain.messages import SkipReason
from backend.records.values import text
from backend.services.context import Shop
from backend.services.statistics.counters import summed
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Item, Query, pages_of


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one automation since it was created.

    `answered` counts events, `requested` emails put into the ledger; of those `sent`, `skipped`, `failed` and
    `unknown` are settled. `ended` and `left_out` say why events gave no (further) email, `broken` counts emails that
    could not be made, and `repeated` events whose email had been requested before. `outcomes` are what the provider
    reported.
    """

    answered: int = 0
    requested: int = 0
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    skipped: int = 0
    broken: int = 0
    repeated: int = 0
    ended: dict[str, int] = field(default_factory=dict)
    left_out: dict[Fact, int] = field(default_factory=dict)
    skipped_by: dict[SkipReason, int] = field(default_factory=dict)
    outcomes: dict[Outcome, int] = field(default_factory=dict)
    by_step: dict[str, int] = field(default_factory=dict)
    problem: str = ""


def figures_of(shop: Shop, automation_id: str) -> Figures:
    """The figures of one automation, from two small reads."""
    counts, problem = _counts(shop, schema.automation_partition(automation_id))
    settled, _ = _counts(shop, schema.campaign_partition(automation_id))
    return Figures(
        answered=counts.get("answered", 0),
        requested=counts.get("requested", 0),
        sent=settled.get("sent", 0),
        failed=settled.get("failed", 0),
        unknown=settled.get("unknown", 0),
        skipped=settled.get("skipped", 0),
        broken=counts.get("broken", 0),
        repeated=counts.get("repeated", 0),
        ended=_named(counts, "ended:"),
        left_out={Fact[name.upper()]: number for name, number in _named(counts, "left_out:").items()},
        skipped_by={SkipReason[name.upper()]: number for name, number in _named(settled, "skip:").items()},
        outcomes={outcome: number for outcome in Outcome if (number := settled.get(outcome.counter, 0))},
        by_step=_named(counts, "requested~"),
        problem=problem,
    )


def _counts(shop: Shop, partition: str) -> tuple[dict[str, int], str]:
    """The counters of all shards, and the last problem in one of them."""
    rows = pages_of(shop.store, Query(schema.MAIL, partition, begins_with=schema.STATS))
    found = [*readable(shop, rows, lambda _, item: _part_from(item))]
    return summed(numbers for numbers, _ in found), max((problem for _, problem in found), default=("", ""))[1]


def _part_from(item: Item) -> tuple[dict[str, int], tuple[str, str]]:
    """The counters of a shard, and its last problem with the moment before it."""
    problem = (text(item, "problem_at"), text(item, "problem")) if "problem" in item else ("", "")
    return {name: value for name, value in item.items() if isinstance(value, int)}, problem


def _named(counts: dict[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): number for name, number in counts.items() if name.startswith(prefix) and number}
