"""The shop's products: adding, editing, archiving, and finding them by title or SKU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from backend.domain.changes import ChangeEntry, difference
from backend.domain.products import Product, ProductSource, check_product, id_of_sku, id_of_words, known_by
from backend.domain.team import Actor, Permission
from backend.domain.text import fold
from backend.errors import AlreadyExistsError, ConflictError, NotFoundError
from backend.records.products import fields_of, product_from, product_item
from backend.services.audit import log as audit_log
from backend.services.changes.recording import single
from backend.services.concurrency.retries import StaleReadError, until_settled
from backend.services.context import Shop
from backend.services.products.identity import Names, all_names, read_names
from backend.store import schema
from backend.store.port import Equals, Put, Write

KIND = "product"
"""What recorded changes call a product."""


@dataclass(frozen=True, slots=True)
class ProductDraft:
    """What a person enters about a product. `price` is in minor units, None when it is not known."""

    title: str
    sku: str = ""
    variant: str = ""
    price: int | None = None
    picture: str = ""


class ProductTakenError(AlreadyExistsError):
    """Another product has this SKU or, without one, this title; `product_id` is that product."""

    def __init__(self, sentence: str, product_id: str) -> None:
        super().__init__(sentence)
        self.product_id = product_id


def create_product(shop: Shop, actor: Actor, draft: ProductDraft) -> Product:
    """Adds a product.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `ProductTakenError`.
    """
    actor.require(Permission.EDIT_PRODUCTS)
    product = new_product(shop, draft, ProductSource.STAFF)

    def attempt() -> Product:
        names = read_names(shop, known_by(product))
        taken = names.product_of(product.id)
        if taken is not None:
            raise _taken(product, names.products[taken])
        entry = audit_log.entry(shop, actor, "added a product", f"product:{product.id}", product.name)
        shop.store.transact([*names.add(product), entry])
        return product

    return until_settled(attempt)


def new_product(shop: Shop, draft: ProductDraft, source: ProductSource) -> Product:
    """The product of a draft, with the id by which line items name it.

    Raises: `InvalidInputError`.
    """
    made = Product("", draft.title, source, shop.clock(), draft.sku, draft.variant, draft.price, draft.picture)
    clean = check_product(made)
    return replace(clean, id=id_of_words(clean.name, clean.sku))


def get_product(shop: Shop, product_id: str) -> Product:
    """The product of this id, also where the id is a further name of it.

    Raises: `NotFoundError`.
    """
    key = schema.product_key(product_id)
    item = shop.store.get(key) if product_id else None
    if item is None:
        raise NotFoundError("This product does not exist.")
    found = product_from(key, item)
    return found if isinstance(found, Product) else get_product(shop, found)


def edit_product(shop: Shop, actor: Actor, product_id: str, seen_version: int, draft: ProductDraft) -> Product:
    """Replaces what a person may enter. Orders go on to find the product by the SKU and title that it had before.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `NotFoundError`, `ConflictError` (changed meanwhile),
    `ProductTakenError`.
    """

    def changed(product: Product) -> Product:
        return check_product(
            replace(
                product,
                title=draft.title,
                sku=draft.sku,
                variant=draft.variant,
                price=draft.price,
                picture=draft.picture,
            )
        )

    return _change(shop, actor, product_id, seen_version, changed, "changed a product")


def archive_product(shop: Shop, actor: Actor, product_id: str, seen_version: int) -> Product:
    """Takes a product out of the list and off new orders; its figures stay. Raises as `edit_product`."""
    return _change(shop, actor, product_id, seen_version, lambda it: replace(it, archived=True), "archived a product")


def restore_product(shop: Shop, actor: Actor, product_id: str, seen_version: int) -> Product:
    """Undoes archiving. Raises as `edit_product`."""
    return _change(shop, actor, product_id, seen_version, lambda it: replace(it, archived=False), "restored a product")


def all_products(shop: Shop) -> list[Product]:
    """Every product, archived ones too, by name."""
    return sorted(all_names(shop).products.values(), key=lambda each: (fold(each.name), each.id))


def matches(product: Product, text: str) -> bool:
    """Whether each word of a text is somewhere in the product's name or SKU, whatever the case and accents."""
    here = f"{fold(product.name)} {fold(product.sku)}"
    return all(word in here for word in fold(text).split())


def _change(
    shop: Shop, actor: Actor, product_id: str, seen_version: int, changed: Callable[[Product], Product], action: str
) -> Product:
    def record(before: Product, after: Product) -> Sequence[Write]:
        old, new = difference(fields_of(before), fields_of(after))
        entry = ChangeEntry("", KIND, before.id, name=before.name, before=old, after=new)
        return single(shop, actor, action, Permission.EDIT_PRODUCTS, entry, audited=True, detail=after.name)

    return change_product(shop, actor, product_id, seen_version, changed, record)


def change_product(
    shop: Shop,
    actor: Actor,
    product_id: str,
    seen_version: int | None,
    changed: Callable[[Product], Product],
    also: Callable[[Product, Product], Sequence[Write]],
) -> Product:
    """Changes a product, and writes with it what `also` makes of the product before and after.

    `seen_version` None changes any version. Raises as `edit_product`.
    """
    actor.require(Permission.EDIT_PRODUCTS)

    def attempt() -> Product:
        before = get_product(shop, product_id)
        if seen_version is not None and before.version != seen_version:
            raise ConflictError("Someone else has changed this product. Reload to see it.")
        after = changed(before)
        if after == before:
            return before
        after = replace(after, version=before.version + 1)
        names = read_names(shop, known_by(after))
        shop.store.transact([*changing_writes(names, before, after), *also(before, after)])
        return after

    return until_settled(attempt)


def changing_writes(names: Names, before: Product, after: Product) -> list[Write]:
    """The writes that change a product and let its new SKU and title lead to it. `names` knows who has them.

    Raises: `ProductTakenError`. Error attached: `StaleReadError`.
    """
    stale = StaleReadError("Someone else has just changed this product.")
    writes: list[Write] = [
        Put(schema.product_key(after.id), product_item(after), Equals("version", before.version), stale)
    ]
    for name in known_by(after):
        owner = names.product_of(name)
        if owner is None:
            writes.append(names.lead(name, after.id))
        elif owner != after.id and name == id_of_words(after.name, after.sku):
            raise _taken(after, names.products[owner])
    return writes


def _taken(product: Product, owner: Product) -> ProductTakenError:
    if product.sku:
        what = "has this SKU" if id_of_sku(owner.sku) == id_of_sku(product.sku) else "was sold under this SKU"
    else:
        what = "has this title"
    return ProductTakenError(f"“{owner.name[:60]}” {what} already.", owner.id)
