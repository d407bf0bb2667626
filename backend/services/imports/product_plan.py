"""Plans the changes for imported products: they are found by their SKU, else by title and variant.

The fingerprint of a file's values is kept with the product, so changes made here survive importing the same file again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backend.domain.imports import Fault, ImportedProduct, Outcome, Repair
from backend.domain.products import Product, ProductSource, id_of_title, id_of_words
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.imports.steps import ImportStep, Read
from backend.services.products.catalogue import ProductDraft, changing_writes, new_product
from backend.services.products.identity import Names, read_names


@dataclass(frozen=True, slots=True)
class ProductCandidate:
    """A product of a file: the line of its row, its values, and their fingerprint."""

    line: int
    product: ImportedProduct
    print: str
    repairs: tuple[Repair, ...] = ()

    @property
    def name(self) -> str:
        return self.product.sku or self.product.title


class ProductPlanner:
    """Plans imported products for one shop."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def plan(self, candidates: Sequence[ProductCandidate], read: Read) -> list[ImportStep | Fault]:
        """Implements `steps.Planner`. No two candidates are the same product."""
        made = [self._made(candidate) for candidate in candidates]
        known = {name for each in made for name in (each.id, id_of_title(each.name))}
        names = read_names(self._shop, known, read)
        return [self._step(candidate, product, names) for candidate, product in zip(candidates, made, strict=True)]

    def forget(self) -> None:
        """Implements `steps.Planner`; nothing is remembered."""

    def _made(self, candidate: ProductCandidate) -> Product:
        it = candidate.product
        draft = ProductDraft(it.title, it.sku, it.variant, it.price, it.picture)
        product = new_product(self._shop, draft, ProductSource.SHOPIFY)
        return replace(product, archived=it.archived, print=candidate.print)

    def _step(self, candidate: ProductCandidate, made: Product, names: Names) -> ImportStep | Fault:
        before = self._found(made, names)
        if before is None:
            return ImportStep(Outcome.CREATED, list(names.add(made)))
        if before.print == candidate.print:
            return ImportStep(Outcome.UNCHANGED)
        after = replace(
            made,
            id=before.id,
            source=before.source,
            created_at=before.created_at,
            version=before.version + 1,
            price=before.price if made.price is None else made.price,
            picture=made.picture or before.picture,
        )
        try:
            writes = changing_writes(names, before, after)
        except BackendError as error:
            return Fault(candidate.name, candidate.line, "", error.sentence)
        names.products[after.id] = after
        return ImportStep(Outcome.UPDATED, writes)

    def _found(self, made: Product, names: Names) -> Product | None:
        """The product as it is here. One that orders know by its title alone gets the SKU of the file."""
        found = names.product_of(id_of_words(made.name, made.sku))
        if found is None and made.sku:
            by_title = names.product_of(id_of_title(made.name))
            found = by_title if by_title and not names.products[by_title].sku else None
        return names.products.get(found) if found else None
