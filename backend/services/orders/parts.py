"""What parcels, returns, payments and refunds share: parts of an order with an id, made of some of its items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from backend.domain.fulfilments import PackedItem
from backend.domain.ids import new_entry_id
from backend.domain.orders import Order
from backend.errors import InvalidInputError, NotFoundError


class _Part(Protocol):
    @property
    def id(self) -> str: ...


Part = TypeVar("Part", bound=_Part)


def new_part_id() -> str:
    """The idempotency key of a form that is drawn now: what it adds to an order happens once."""
    return new_entry_id() + new_entry_id()


def has(parts: Iterable[_Part], part_id: str) -> bool:
    """Whether one of the parts has this id."""
    return any(each.id == part_id for each in parts)


def known(parts: Iterable[Part], part_id: str, what: str) -> Part:
    """The part with this id. Raises: `NotFoundError`, which calls it `what`."""
    found = next((each for each in parts if each.id == part_id), None)
    if found is None:
        raise NotFoundError(f"This {what} no longer exists.")
    return found


def without(parts: Sequence[Part], removed: Part) -> tuple[Part, ...]:
    """The others."""
    return tuple(each for each in parts if each is not removed)


def packed(
    order: Order, quantities: Sequence[int], left: Sequence[int], *, too_many: str, nothing: str
) -> tuple[PackedItem, ...]:
    """So many of each line item, of which so many are `left`. `too_many` ends the sentence about a line item.

    Raises: `InvalidInputError` (more than is left, `nothing`, or for other line items than the order has by now).
    """
    if len(quantities) != len(left):
        raise InvalidInputError("The order has other line items by now. Open it again.", "lines")
    for line, wanted, most in zip(order.lines, quantities, left, strict=True):
        if not 0 <= wanted <= most:
            raise InvalidInputError(f"Only {most} of “{line.title[:60]}” {too_many}.", "quantity")
    items = packed_as(order, quantities)
    if not items:
        raise InvalidInputError(nothing, "quantity")
    return items


def packed_as(order: Order, quantities: Sequence[int]) -> tuple[PackedItem, ...]:
    """The items of a part, as they are typed."""
    chosen = zip(order.lines, quantities, strict=True)
    return tuple(PackedItem(line.title, wanted, line.sku) for line, wanted in chosen if wanted)


def counted(count: int) -> str:
    """Such as "2 items"."""
    return f"{count} item{'s' if count > 1 else ''}"
