"""Reads the amounts of an order. The file's own amounts count; an unreadable one does not lose the order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from backend.domain.money import WrittenAmount, half_up
from backend.domain.order_words import is_tip
from backend.domain.orders import LineItem
from backend.errors import InvalidInputError
from backend.services.imports.amounts import Amounts
from backend.services.imports.fields import CellError, column
from backend.services.imports.repair import Repairs

_NOTHING = frozenset({"-", "--", "\u2013", "\u2014", "\u2212", "n/a", "na", "none", "null", "nil", "no"})
_PERCENT = re.compile(r"-?(\d{1,3}(?:[.,]\d{1,2})?) ?%")
_YES = frozenset({"yes", "true", "1", "y"})
_Row: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OrderAmounts:
    """The amounts of an order, in minor units. None is below zero."""

    subtotal: int
    total: int
    discount: int
    shipping: int
    tax: int
    refunded: int
    duties: int
    tip: int
    outstanding: int


class AmountReader:
    """Reads the amounts of orders by Shopify's titles, and notes repairs."""

    def __init__(self, amounts: Amounts, repairs: Repairs) -> None:
        self._amounts, self._repairs = amounts, repairs

    def read(self, row: _Row, sold: int, taken_off: int) -> OrderAmounts:
        """The amounts. `sold` is the sum of the line items, `taken_off` the discount from lines below zero: it is
        added unless the file's own discount includes it. A total below zero is a refund.

        Raises: `CellError` when the total, or what was refunded, cannot be read.
        """
        discount = self._discount(row, sold)
        total = self._revenue(row, "Total")
        subtotal = self._subtotal(row, sold - discount)
        for title, amount in (("Total", total), ("Subtotal", subtotal)):
            if amount < 0:
                said = "; the rest counts as a refund" if title == "Total" else ""
                self._repairs.note(title, f"{title} is below zero ({row[title][:40]}). It counts as 0{said}.")
        return OrderAmounts(
            subtotal=max(subtotal, 0),
            total=max(total, 0),
            discount=discount if sold - discount == max(subtotal, 0) else discount + taken_off,
            shipping=self._charged(row, "Shipping"),
            tax=self._charged(row, "Taxes"),
            refunded=self._refunded(row) + max(-total, 0),
            duties=self._charged(row, "Duties"),
            tip=self._charged(row, "Tip"),
            outstanding=max(self._amount(row, "Outstanding Balance"), 0),
        )

    def _revenue(self, row: _Row, title: str) -> int:
        """An amount on which revenue depends, possibly below zero: without it the order cannot be imported."""
        if not row[title]:
            raise CellError(title, f"{title} is missing.")
        with column(title):
            return self._noted(title, self._amounts.read(row[title], title))

    def _refunded(self, row: _Row) -> int:
        """What was given back. A dash, or a word for nothing, is nothing; what cannot be read is not."""
        written = row["Refunded Amount"]
        if written.casefold() in _NOTHING:
            self._repairs.note("Refunded Amount", f"“{written}” counts as nothing refunded.")
            return 0
        return abs(self._revenue(row, "Refunded Amount")) if written else 0

    def _discount(self, row: _Row, sold: int) -> int:
        """The discount; a percentage is one of what the line items come to."""
        share = share_of(row["Discount Amount"], sold)
        if share is None:
            return abs(self._amount(row, "Discount Amount"))
        self._repairs.note("Discount Amount", f"“{row['Discount Amount']}” was read as a share of the line items.")
        return share

    def _amount(self, row: _Row, title: str) -> int:
        """An amount that the total includes already, so that an unreadable one counts as none."""
        if not row[title]:
            return 0
        try:
            return self._noted(title, self._amounts.read(row[title], title))
        except InvalidInputError as error:
            self._repairs.note(title, f"{error.sentence} It counts as none.")
            return 0

    def _charged(self, row: _Row, title: str) -> int:
        """An amount that cannot be below zero: refunds are in the total."""
        amount = self._amount(row, title)
        if amount < 0:
            self._repairs.note(title, f"{title} is below zero ({row[title][:40]}). It counts as none.")
        return max(amount, 0)

    def _subtotal(self, row: _Row, added_up: int) -> int:
        try:
            return self._revenue(row, "Subtotal")
        except CellError as error:
            self._repairs.note("Subtotal", f"{error.reason} The line items add up to it.")
            return max(added_up, 0)

    def _noted(self, title: str, read: WrittenAmount) -> int:
        if read.doubt:
            self._repairs.note(title, read.doubt)
        return read.minor


def share_of(written: str, sold: int) -> int | None:
    """The discount that a percentage of what the line items come to is; None for another text."""
    share = _PERCENT.fullmatch(written)
    return None if share is None else min(half_up(sold * Decimal(share[1].replace(",", ".")) / 100), sold)


def tips_of(lines: Sequence[LineItem], money: OrderAmounts) -> list[LineItem]:
    """The line items that are tips: Shopify writes them as such, and keeps them out of the subtotal."""
    tips = [line for line in lines if not line.sku and is_tip(line.title)]
    if not tips:
        return []
    left = sum(line.amount for line in lines) - money.discount - money.subtotal
    return [] if left == 0 and any(line.amount for line in tips) else tips


def is_tax_included(said: str, money: OrderAmounts, tip: int) -> bool:
    """Whether prices include tax: as the file says, else as the amounts add up."""
    if not money.tax:
        return False
    if said:
        return said.casefold() in _YES
    without = money.total - money.subtotal - money.shipping - money.duties - tip
    for left in (0, -money.discount):
        if left in (without, without - money.tax):
            return left == without
    return abs(without) < abs(without - money.tax)
