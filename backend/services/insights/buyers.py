"""Kinds of buyers: how many customers, and how much revenue, by recency and frequency of their orders."""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.rfm import RfmClass, class_of
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.snapshots.queries import opened


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
