"""What the columns of a table of orders mean: recognised, or chosen by a person, and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backend.domain.imports import ImportKind, OrderMapping
from backend.domain.text import fold, repaired_line
from backend.errors import InvalidInputError
from backend.services.imports.file_kinds import is_shopifys, refuse_other_file
from backend.services.imports.order_rows import Layout
from backend.services.imports.order_sources import source_of
from backend.services.imports.order_titles import ORDER_FIELDS, guess_order_mapping, lacking

OTHER_SHOP = "other"
"""The name of a source that nobody has named."""
_LONGEST_NAME = 40
_AMOUNTS = (
    *("price", "line_total", "line_discount", "line_tax", "subtotal", "discount", "shipping", "tax", "tip", "total"),
    *("refunded", "total_after"),
)
_DATES = ("date", "paid_at", "cancelled_at")
_OF_THE_ORDER = ("total", "status", "payment_status", "date", "email")


def proposed_mapping(header: Sequence[str]) -> OrderMapping | None:
    """What the columns seem to mean; None for Shopify's own export, which needs no mapping.

    Raises: `InvalidInputError` that names a file of another kind.
    """
    if is_shopifys(header):
        return None
    source = source_of(header)
    mapping = guess_order_mapping(header, source.columns if source else None)
    refuse_other_file(header, ImportKind.ORDERS, fits=not lacking(mapping))
    name, label = (source.id, source.label) if source else (OTHER_SHOP, "A table of orders")
    return OrderMapping(name, mapping, label)


def checked_mapping(header: Sequence[str], chosen: OrderMapping) -> OrderMapping:
    """The mapping, if the table has its columns and all that is needed.

    Raises: `InvalidInputError`.
    """
    missing = [title for title in chosen.columns.values() if title not in header]
    unknown = [field for field in chosen.columns if field not in ORDER_FIELDS]
    if missing:
        raise InvalidInputError(f"The file has no column “{missing[0]}”.", "mapping")
    if unknown:
        raise InvalidInputError(
            f"“{unknown[0]}” is no field of an order. Fields: {', '.join(ORDER_FIELDS)}.", "mapping"
        )
    if said := lacking(chosen.columns):
        raise InvalidInputError(said, "mapping")
    return OrderMapping(source_name(chosen.source), dict(chosen.columns), chosen.label)


def source_name(text: str) -> str:
    """The name of a source as it is stored with its orders: "Etsy Shop" is "etsy-shop".

    Raises: `InvalidInputError` for a name without letters.
    """
    bare = fold(repaired_line(text, _LONGEST_NAME))
    name = "-".join("".join(each if each.isalnum() else " " for each in bare).split())
    if not name:
        raise InvalidInputError("Name the shop or program that the orders come from.", "source")
    return name


def layout_of(header: Sequence[str], columns: Mapping[str, str]) -> Layout:
    """Where the columns of a mapped table are."""
    places = {field: header.index(title) for field, title in columns.items()}
    return Layout(
        number=places["number"],
        starts=tuple(places[field] for field in _OF_THE_ORDER if field in places),
        marks=tuple(places[field] for field in ("item", "date", "status") if field in places),
        amounts=tuple(places[field] for field in _AMOUNTS if field in places),
        dates=tuple(places[field] for field in _DATES if field in places),
        gathers=True,
    )
