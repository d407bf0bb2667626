"""Amounts of a file, and how the file writes them: with a decimal point or a decimal comma."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from backend.domain.money import WrittenAmount, decimals_of, read_amount

_REMEMBERED = 1 << 15
_SPACES = re.compile(r"[\s'\u2019]")
_DIGITS = re.compile(r"\d[\d.,]*")
_MANY = 9
"""How many amounts outweigh one that is written differently."""
_THOUSANDTHS = 3
"""The number of decimals of currencies whose amounts look like thousands."""


class DecimalSigns:
    """Learns from amounts whether the file writes decimals with a comma."""

    def __init__(self, delimiter: str, currency: str) -> None:
        self._seen: Counter[str] = Counter()
        self._before_three: set[str] = set()
        self._whole = False
        self._semicolon = delimiter == ";"
        self._thousandths = decimals_of(currency) == _THOUSANDTHS

    def see(self, amount: str) -> None:
        sign, is_sure = _decimal_sign(amount)
        if sign and is_sure:
            self._seen[sign] += 1
        elif sign:
            self._before_three.add(sign)
        elif not self._whole and amount.strip(" 0"):
            self._whole = True

    @property
    def decimal_comma(self) -> bool | None:
        """Whether decimals are written with a comma; None when the file does not show it.

        One odd amount among many does not count. Amounts in a currency of three decimals, of which none is written
        without them, all show the decimal sign.
        """
        fewer, more = sorted((",", "."), key=self._seen.__getitem__)
        if self._seen[more] > _MANY * self._seen[fewer]:
            return more == ","
        if not self._seen.total() and self._thousandths and not self._whole and len(self._before_three) == 1:
            return "," in self._before_three
        return True if self._semicolon else None


@lru_cache(_REMEMBERED)
def _decimal_sign(amount: str) -> tuple[str, bool]:
    """The sign of an amount that separates its decimals, and whether it is certain; "" for an amount without signs."""
    if "," not in amount and "." not in amount:
        return "", False
    match = _DIGITS.search(_SPACES.sub("", amount))
    digits = match[0].rstrip(".,") if match else ""
    signs = [each for each in digits if each in ".,"]
    if not signs:
        return "", False
    last = signs[-1]
    before, after = digits.rsplit(last, 1)
    if signs.count(last) > 1:
        return "." if last == "," else ",", True
    return last, len(set(signs)) > 1 or len(after) != 3 or not 0 < len(before) <= 3 or before == "0"


class Amounts:
    """Reads the amounts of one file, with a bounded cache."""

    def __init__(self, currency: str, decimal_comma: bool | None) -> None:
        def amount(text: str, label: str) -> WrittenAmount:
            return read_amount(text, currency, label, decimal_comma=decimal_comma)

        self.decimal_comma = decimal_comma
        self.read: Callable[[str, str], WrittenAmount] = lru_cache(_REMEMBERED)(amount)
