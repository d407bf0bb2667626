"""Kinds of buyers by recency and frequency of their orders, and who bought a product, of the newest snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from backend.domain.customers import CustomerSummary
from backend.domain.products import id_of_words
from backend.domain.rfm import RfmClass, class_of
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


@dataclass(frozen=True, slots=True)
class Cell:
    """Customers with the same scores (1 to 5), and their revenue of all time in minor units."""

    recency: int
    frequency: int
    customers: int
    revenue: int


@dataclass(frozen=True, slots=True)
class BuyerClass:
    """A kind of buyer, as `domain.rfm.class_of` classifies them."""

    kind: RfmClass
    customers: int
    revenue: int


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells that hold anybody, and the classes that they belong to, those with most revenue first."""

    cells: tuple[Cell, ...]
    classes: tuple[BuyerClass, ...]

    @property
    def customers(self) -> int:
        return sum(cell.customers for cell in self.cells)

    @property
    def revenue(self) -> int:
        """Minor units."""
        return sum(cell.revenue for cell in self.cells)


_SQL = """
    SELECT recency, frequency, count(*), sum(revenue)::BIGINT
    FROM customers WHERE NOT archived AND recency > 0
    GROUP BY recency, frequency ORDER BY recency, frequency
"""


def buyer_grid(shop: Shop, actor: Actor) -> Grid:
    """Raises: `PermissionDeniedError`, `SnapshotMissingError`, `SnapshotFailedError`."""
    actor.require(Permission.VIEW_OVERVIEW)
    with opened(shop) as snapshot:
        cells = tuple(Cell(*row) for row in snapshot.rows(_SQL, {}))
    return Grid(cells, tuple(sorted(_classes(cells), key=lambda each: -each.revenue)))


def _classes(cells: tuple[Cell, ...]) -> list[BuyerClass]:
    found = []
    for kind in RfmClass:
        own = [cell for cell in cells if class_of(cell.recency, cell.frequency) is kind]
        if own:
            found.append(BuyerClass(kind, sum(c.customers for c in own), sum(c.revenue for c in own)))
    return found
