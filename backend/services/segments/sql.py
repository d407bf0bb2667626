"""Rules as questions to the snapshot. Statements are made of our own words alone; every value is a bound parameter."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from backend.domain.rfm import RfmClass, cells_of
from backend.domain.segments import (
    Bought,
    Day,
    DayField,
    DayTest,
    Goods,
    Group,
    Mailed,
    MailKind,
    Match,
    Number,
    NumberField,
    NumberTest,
    Part,
    Rule,
    WordField,
    Words,
)

_NUMBERS = {
    NumberField.REVENUE: "revenue",
    NumberField.ORDERS: "orders",
    NumberField.AVERAGE: "(CASE WHEN orders > 0 THEN (2 * revenue + orders) // (2 * orders) ELSE 0 END)",
    NumberField.RECENCY: "recency",
    NumberField.FREQUENCY: "frequency",
    NumberField.MONEY: "money",
}
_DAYS = {DayField.JOINED: "joined", DayField.FIRST_ORDER: "first_order", DayField.LAST_ORDER: "last_order"}
_WORDS = {WordField.COUNTRY: "country", WordField.CITY: "city", WordField.CONSENT: "consent", WordField.EMAIL: "email"}
_GOODS = {Goods.PRODUCT: "product", Goods.SKU: "sku"}


@dataclass(slots=True)
class Asked:
    """A condition of `customers` in SQL, and the values in it."""

    where: str
    parameters: dict[str, Any]


def asked(rule: Rule, today: date) -> Asked:
    """The rule as a condition; days ago are counted back from `today`."""
    writing = _Writing(today)
    where = writing.group(rule.group)
    return Asked(where if rule.archived else f"NOT archived AND {where}", writing.parameters)


@dataclass(slots=True)
class _Writing:
    """Puts a condition together and collects its parameters."""

    today: date
    parameters: dict[str, Any] = field(default_factory=dict)

    def group(self, group: Group) -> str:
        if not group.parts:
            return "true"
        word = " AND " if group.match is Match.ALL else " OR "
        return "(" + word.join(self._part(part) for part in group.parts) + ")"

    def _part(self, part: Part) -> str:
        match part:
            case Group():
                return self.group(part)
            case Number():
                sql = self._number(part)
            case Day():
                sql = self._day(part)
            case Words():
                sql = self._words(part)
            case Bought():
                sql = self._bought(part)
            case Mailed():
                sql = self._mailed(part)
        # What is not there (no order, say) fails every comparison, and does not make the answer unknown.
        return f"NOT coalesce({sql}, false)" if part.negated else f"coalesce({sql}, false)"

    def _number(self, test: Number) -> str:
        value = _NUMBERS[test.field]
        low = self._bound(test.low)
        match test.test:
            case NumberTest.AT_LEAST:
                return f"{value} >= {low}"
            case NumberTest.AT_MOST:
                return f"{value} <= {low}"
            case NumberTest.EXACTLY:
                return f"{value} = {low}"
            case NumberTest.BETWEEN:
                return f"{value} BETWEEN {low} AND {self._bound(test.high)}"

    def _day(self, test: Day) -> str:
        day = _DAYS[test.field]
        match test.test:
            case DayTest.WITHIN:
                return f"{day} >= {self._days_ago(test.days)}"
            case DayTest.LONGER_AGO:
                return f"{day} < {self._days_ago(test.days)}"
            case DayTest.FROM:
                return f"{day} >= {self._bound(test.first)}"
            case DayTest.UNTIL:
                return f"{day} <= {self._bound(test.last)}"
            case DayTest.BETWEEN:
                return f"{day} BETWEEN {self._bound(test.first)} AND {self._bound(test.last)}"
            case DayTest.THIS_MONTH:
                first = self.today.replace(day=1)
                following = (first + timedelta(days=32)).replace(day=1)
                return f"{day} >= {self._bound(first)} AND {day} < {self._bound(following)}"
            case DayTest.EVER:
                return f"{day} IS NOT NULL"

    def _words(self, test: Words) -> str:
        if test.field is WordField.TAG:
            return f"list_has_any(tags, {self._bound(list(test.words))})"
        if test.field is WordField.CLASS:
            cells = [10 * recency + frequency for recency, frequency in cells_of([RfmClass(w) for w in test.words])]
            return f"list_contains({self._bound(cells)}, 10 * recency + frequency)"
        return f"list_contains({self._bound(list(test.words))}, {_WORDS[test.field]})"

    def _bought(self, test: Bought) -> str:
        lines = f"SELECT n FROM lines WHERE list_contains({self._bound(list(test.words))}, {_GOODS[test.by]})"
        if test.days:
            lines += f" AND day >= {self._days_ago(test.days)}"
        return f"n IN ({lines})"

    def _mailed(self, test: Mailed) -> str:
        kinds = (MailKind.MARKETING, MailKind.TRANSACTIONAL) if test.mail is MailKind.ANY else (test.mail,)
        last = ", ".join(f"{test.event.value}_{kind.value}" for kind in kinds)
        return f"greatest({last}) >= {self._days_ago(test.days)}" if test.days else f"greatest({last}) IS NOT NULL"

    def _days_ago(self, days: int) -> str:
        return self._bound(self.today - timedelta(days=days))

    def _bound(self, value: object) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"${name}"
