"""Remembers what the columns of a table of orders mean, by the titles of its columns."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from backend.domain.imports import OrderMapping
from backend.errors import InvalidInputError, UnreadableItemError
from backend.records.order_mappings import mapping_from, mapping_item
from backend.services.context import Shop
from backend.services.imports.dialect import folded
from backend.services.imports.order_mapping import OTHER_SHOP, checked_mapping, proposed_mapping
from backend.services.imports.order_titles import guess_order_mapping, lacking
from backend.store import schema
from backend.store.port import Key, Put


def remembered_or_proposed(shop: Shop, header: Sequence[str]) -> OrderMapping | None:
    """What the columns meant last time, else what they seem to mean; None for Shopify's own export.

    Raises: `InvalidInputError` that names a file of another kind.
    """
    proposed = proposed_mapping(header)
    if proposed is None:
        return None
    key = _key_of(header)
    item = shop.store.get(key)
    try:
        return proposed if item is None else checked_mapping(header, mapping_from(key, item))
    except (InvalidInputError, UnreadableItemError):  # it is only a proposal, and a person looks at it
        return proposed


def mapping_of(shop: Shop, header: Sequence[str], asked: Mapping[str, str], source: str) -> OrderMapping:
    """The remembered or proposed mapping with these columns by field instead ("": none), and of this source.

    Raises: `InvalidInputError` when it lacks what an order needs, or, where nothing is asked for, names a file of
    another kind.
    """
    try:
        proposed = remembered_or_proposed(shop, header)
    except InvalidInputError:
        if not asked:
            raise
        proposed = None
    proposed = proposed or OrderMapping(OTHER_SHOP, guess_order_mapping(header))
    columns = {field: title for field, title in {**proposed.columns, **asked}.items() if title}
    return checked_mapping(header, OrderMapping(source or proposed.source, columns, proposed.label))


def settled_mapping(shop: Shop, header: Sequence[str], chosen: OrderMapping | None) -> OrderMapping | None:
    """The mapping by which a file is imported: the chosen one, which is remembered, or as above.

    Raises: `InvalidInputError` when it lacks what an order needs.
    """
    if chosen is not None:
        found = checked_mapping(header, chosen)
        shop.store.put(Put(_key_of(header), mapping_item(found)))
        return found
    mapping = remembered_or_proposed(shop, header)
    if mapping is not None and (said := lacking(mapping.columns)):
        raise InvalidInputError(f"{said} Match the columns on the page, or with --map.", "mapping")
    return mapping


def _key_of(header: Sequence[str]) -> Key:
    digest = hashlib.blake2b("\n".join(map(folded, header)).encode(), digest_size=12).hexdigest()
    return schema.meta_key(f"columns-{digest}")
