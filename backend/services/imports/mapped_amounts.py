"""The amounts of an order of a mapped table: what it does not say is what its other amounts come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.domain.money import half_up
from backend.services.imports.csv_rows import Line
from backend.services.imports.fields import CellError
from backend.services.imports.mapped_cells import Cells
from backend.services.imports.order_amounts import share_of
from backend.services.imports.order_form import LineOfOrder
from backend.services.imports.order_sources import REFUNDED


@dataclass(frozen=True, slots=True)
class Money:
    """Amounts of an order in minor units. `goods` are before the discount, `subtotal` after it."""

    goods: int
    discount: int
    subtotal: int
    shipping: int
    tax: int
    tip: int
    total: int


def money_of(cells: Cells, rows: Sequence[Line], lines: Sequence[LineOfOrder]) -> Money:
    """The amounts; what the table does not say is what the others come to.

    Raises: `CellError` when the total depends on an amount that cannot be read.
    """
    shipping, tip = cells.amount(rows, "shipping"), cells.amount(rows, "tip")
    tax = cells.amount(rows, "tax") or cells.added(rows, "line_tax")
    given, total = cells.amount(rows, "subtotal"), cells.amount(rows, "total")
    has_total = bool(cells.first(rows, "total"))
    has_prices = any(line.price for line in lines)
    sold = _sold(cells, rows, lines, is_needed=not has_total) if has_prices else given
    discount = _discount(cells, rows, sold)
    if not has_total:
        total = sold - discount + shipping + tax + tip
    if given and not (has_prices and given == sold):
        subtotal = _after_discount(given, discount, total - shipping - tip, tax)
    else:
        subtotal = sold - discount if has_prices else total - shipping - tax - tip
    subtotal = max(subtotal, 0)
    return Money(subtotal + discount, discount, subtotal, shipping, tax, tip, total)


def amounts_of(cells: Cells, rows: Sequence[Line], back: Sequence[Line], money: Money, status: str) -> dict[str, str]:
    """The amounts as texts of the form; `back` are rows of refunds, `status` is the financial one.

    Raises: `CellError` when what was given back cannot be read.
    """
    refunded, after = abs(cells.amount(rows, "refunded")), cells.amount(rows, "total_after")
    returned = abs(cells.amount(back, "total")) or abs(
        sum(cells.added(back, field) for field in ("line_total", "line_discount", "line_tax"))
    )
    if 0 < after < money.total and not refunded:
        refunded = money.total - after
    elif status == REFUNDED[0] and not refunded + returned:
        refunded = money.total
    written = cells.first(rows, "refunded")
    return {
        "Total": cells.first(rows, "total") or cells.text(money.total),
        "Subtotal": cells.text(money.subtotal),
        "Shipping": cells.as_written(rows, "shipping", money.shipping),
        "Taxes": cells.as_written(rows, "tax", money.tax),
        "Tip": cells.as_written(rows, "tip", money.tip),
        "Discount Amount": cells.text(money.discount),
        "Refunded Amount": written if written and not refunded else cells.text(refunded + returned),
    }


def _sold(cells: Cells, rows: Sequence[Line], lines: Sequence[LineOfOrder], *, is_needed: bool) -> int:
    """What the lines come to, before discounts. Raises: `CellError` when it is needed and cannot be read."""
    try:
        if cells.has("line_total"):
            return cells.added(rows, "line_total")
        return sum(half_up(cells.price(line.price, line.row) * cells.quantity(line.quantity)) for line in lines)
    except CellError:
        if is_needed:
            raise
        return 0


def _discount(cells: Cells, rows: Sequence[Line], sold: int) -> int:
    share = share_of(cells.first(rows, "discount"), sold)
    return abs(cells.amount(rows, "discount")) + abs(cells.added(rows, "line_discount")) if share is None else share


def _after_discount(given: int, discount: int, rest: int, tax: int) -> int:
    """A subtotal after the discount, whichever the program writes: with shipping and tax it comes to the total.

    `rest` is the total without shipping, which may include the tax or not.
    """
    before, after = (min(abs(each - rest), abs(each - rest + tax)) for each in (given - discount, given))
    return given - discount if before < after else given
