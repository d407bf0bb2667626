"""Takes recorded changes of products back. What a product was called in between goes on to lead to it."""

from __future__ import annotations

from collections.abc import Sequence

from backend.domain.changes import ChangeEntry, Fields
from backend.domain.products import Product
from backend.domain.team import Actor
from backend.records.products import fields_of, product_from, with_fields
from backend.services.changes.handler import Handler, check_unchanged
from backend.services.context import Shop
from backend.services.products.catalogue import change_product
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Write


def current(shop: Shop, entries: Sequence[ChangeEntry]) -> list[Fields | None]:
    """The products of these entries as they are now."""
    found = shop.store.get_many([schema.product_key(entry.id) for entry in entries])
    products = (each for each in readable(shop, found.items(), product_from) if isinstance(each, Product))
    fields = {each.id: fields_of(each) for each in products}
    return [fields.get(entry.id) for entry in entries]


def take_back(shop: Shop, actor: Actor, entry: ChangeEntry, also: Sequence[Write]) -> None:
    """Restores the fields of one product. Raises: as `edit_product`, and `ChangedSinceError`."""

    def restored(product: Product) -> Product:
        fields = fields_of(product)
        check_unchanged(entry, fields)
        return with_fields(product, entry.restored(fields))

    change_product(shop, actor, entry.id, None, restored, lambda before, after: also)


HANDLER = Handler(current, take_back)
