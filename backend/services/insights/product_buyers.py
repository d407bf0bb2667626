"""Who bought a product: asked of the snapshot, by all names that the product has gone by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from backend.domain.customers import CustomerSummary
from backend.domain.products import id_of_words
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.products.identity import read_names
from backend.services.segments.preview import summaries
from backend.services.snapshots.queries import opened

MOST_LISTED = 20
_WORDS = "SELECT DISTINCT product, sku FROM lines"
_BUYERS = """
    SELECT id, max(day), count(*) FROM lines JOIN customers USING (n)
    WHERE list_contains($names, product || chr(31) || sku)
    GROUP BY id ORDER BY max(day) DESC, count(*) DESC, id
"""


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer who bought the product: on which day last, and how many line items in all."""

    customer: CustomerSummary
    last: date
    times: int


@dataclass(frozen=True, slots=True)
class Buyers:
    """How many customers bought the product, and those who did so last."""

    count: int
    newest: list[Buyer]


def buyers_of(shop: Shop, actor: Actor, product_id: str) -> Buyers:
    """Who bought a product in orders that are not cancelled, as of the newest snapshot.

    Raises: `PermissionDeniedError`, `SnapshotMissingError`, `SnapshotFailedError`.
    """
    actor.require(Permission.VIEW_CUSTOMERS)
    with opened(shop) as snapshot:
        words = {f"{title}\x1f{sku}": id_of_words(title, sku) for title, sku in snapshot.rows(_WORDS, {})}
        names = read_names(shop, set(words.values()))
        wanted = [text for text, name in words.items() if (names.product_of(name) or name) == product_id]
        rows = snapshot.rows(_BUYERS, {"names": wanted}) if wanted else []
    found = {customer_id: (last, times) for customer_id, last, times in rows[:MOST_LISTED]}
    customers = summaries(shop, list(found))
    return Buyers(len(rows), [Buyer(each, *found[each.id]) for each in customers])
