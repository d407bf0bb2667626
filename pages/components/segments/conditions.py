"""The widgets of one condition. Each gives back the condition that it says, or raises what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

import streamlit as st

from backend.domain.money import parse_amount
from backend.domain.segments import (
    LONGEST_WORD,
    MOST_DAYS,
    MOST_WORDS,
    Bought,
    Day,
    DayTest,
    Goods,
    Mailed,
    MailKind,
    Number,
    NumberField,
    NumberTest,
    Test,
    WordField,
    Words,
)
from backend.errors import BackendError
from backend.services.context import Shop
from pages.components.segments.draft import Condition, SegmentDraft
from pages.components.segments.words import CLOSED_WORDS, DAY_TESTS, HELP, What, begin, label_of, what_of
from pages.components.ui import caching, formats

Choice = TypeVar("Choice")

_MONEY = (NumberField.REVENUE, NumberField.AVERAGE)
_NO_VALUE = {WordField.COUNTRY: "No country", WordField.CITY: "No city"}
_LARGEST_COUNT = 1_000_000


def show(shop: Shop, draft: SegmentDraft, condition: Condition) -> Test:
    """Renders what is asked, how, and with which values.

    Raises: `InvalidInputError` when a value cannot be read.
    """
    keys = _Keys(draft, condition.number)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        began = what_of(condition.test)
        what = _choose("Condition", list(What), began, keys("what"), str, 175)
        start = condition.test if what is began else begin(what)
        keys.add(what.name)  # another kind of condition has other widgets
        negated = _negation(start, keys)
        test = _values(shop, start, keys, HELP.get(what))
        st.button(
            "",
            icon=":material/close:",
            key=keys("remove"),
            type="tertiary",
            help="Remove condition",
            on_click=draft.remove,
            args=(condition.number,),
        )
    return replace(test, negated=negated)


class _Keys:
    """Makes the keys of one condition's widgets."""

    def __init__(self, draft: SegmentDraft, number: int) -> None:
        self._draft, self._number, self._more = draft, number, ""

    def add(self, more: str) -> None:
        self._more = more

    def __call__(self, name: str) -> str:
        return self._draft.key(self._number, f"{self._more}{name}")


def _negation(start: Test, keys: _Keys) -> bool:
    words = {False: "is", True: "is not"}
    if isinstance(start, Bought | Mailed):
        words = {False: "yes", True: "no"}
    return st.selectbox(
        "Match",
        [False, True],
        index=int(start.negated),
        format_func=words.__getitem__,
        key=keys("negated"),
        persist_state="session",
        width=85,
    )


def _values(shop: Shop, start: Test, keys: _Keys, note: str | None) -> Test:
    match start:
        case Number():
            return _number(shop, start, keys, note)
        case Day():
            return _day(shop, start, keys)
        case Words():
            return _words(shop, start, keys, note)
        case Bought():
            return _bought(shop, start, keys)
        case Mailed():
            return _mailed(start, keys, note)


def _number(shop: Shop, start: Number, keys: _Keys, note: str | None) -> Number:
    test = _choose("Comparison", list(NumberTest), start.test, keys("test"), str, 120)
    label = "From" if test is NumberTest.BETWEEN else "Value"
    low = _figure(shop, start.field, label, start.low, keys("low"), note)
    high = _figure(shop, start.field, "To", start.high, keys("high"), None) if test is NumberTest.BETWEEN else 0
    return Number(start.field, test, low, high)


def _figure(shop: Shop, field: NumberField, label: str, value: int, key: str, note: str | None) -> int:
    if field in _MONEY:
        typed = st.text_input(
            f"{label} in {shop.currency}",
            formats.amount_text(shop, value),
            key=key,
            max_chars=30,
            persist_state="session",
            width=125,
        )
        return parse_amount(typed, shop.currency, decimal_comma=formats.decimal_comma(shop))
    largest = _LARGEST_COUNT if field is NumberField.ORDERS else 5
    return int(
        st.number_input(
            label, 0, largest, min(value, largest), 1, key=key, help=note, persist_state="session", width=125
        )
    )


def _day(shop: Shop, start: Day, keys: _Keys) -> Day:
    test = _choose("When", list(DayTest), start.test, keys("test"), DAY_TESTS.__getitem__, 180)
    if test in (DayTest.WITHIN, DayTest.LONGER_AGO):
        return Day(start.field, test, days=_days("Days", start.days or 30, 1, keys("days")))
    today = shop.clock().astimezone(shop.zone).date()
    first = last = None
    if test in (DayTest.FROM, DayTest.BETWEEN):
        first = _date(shop, "First day", start.first or today, keys("first"))
    if test in (DayTest.UNTIL, DayTest.BETWEEN):
        last = _date(shop, "Last day", start.last or today, keys("last"))
    return Day(start.field, test, first=first, last=last)


def _words(shop: Shop, start: Words, keys: _Keys, note: str | None) -> Words:
    if closed := CLOSED_WORDS.get(start.field):
        return Words(start.field, _several("One of", list(closed), start.words, keys("words"), label_of, note))
    options: Sequence[str]
    if start.field is WordField.CITY:
        options = ["", *_choices(shop, WordField.CITY)]
    else:
        kind = "country" if start.field is WordField.COUNTRY else "tag"
        options = ["" if value == formats.NO_COUNTRY else value for value in caching.counts_of(shop, kind)]

    def named(value: str) -> str:
        if not value:
            return _NO_VALUE.get(start.field, "None")
        return formats.country(shop, value) if start.field is WordField.COUNTRY else value

    return Words(start.field, _several("One of", options, start.words, keys("words"), named, None))


def _bought(shop: Shop, start: Bought, keys: _Keys) -> Bought:
    label = "One of the SKUs" if start.by is Goods.SKU else "One of the products"
    words = _several(label, _choices(shop, start.by), start.words, keys("words"), str, None, more=True)
    return Bought(start.by, words, _days("Within days (0 = any time)", start.days, 0, keys("days")))


def _mailed(start: Mailed, keys: _Keys, note: str | None) -> Mailed:
    kind = _choose("Kind", list(MailKind), start.mail, keys("kind"), str.capitalize, 140)
    return Mailed(start.event, kind, _days("Within days (0 = any time)", start.days, 0, keys("days"), note))


# --- single widgets ----------------------------------------------------------------------------------------------


def _choose(
    label: str, options: Sequence[Choice], value: Choice, key: str, named: Callable[[Choice], str], width: int
) -> Choice:
    return st.selectbox(
        label,
        options,
        index=list(options).index(value),
        format_func=named,
        key=key,
        persist_state="session",
        width=width,
    )


def _several(
    label: str,
    options: Sequence[str],
    chosen: Sequence[str],
    key: str,
    named: Callable[[str], str],
    note: str | None,
    *,
    more: bool = False,
) -> tuple[str, ...]:
    """What was chosen before is offered also when nobody has it any more. `more` lets people type others."""
    offered = list(dict.fromkeys([*chosen, *options]))
    found = st.multiselect(
        label,
        offered,
        list(chosen),
        format_func=named,
        key=key,
        help=note,
        max_selections=MOST_WORDS,
        accept_new_options=more,
        placeholder="Choose",
        persist_state="session",
        width=300,
    )
    return tuple(word[:LONGEST_WORD] for word in found)


def _days(label: str, value: int, fewest: int, key: str, note: str | None = None) -> int:
    return int(
        st.number_input(label, fewest, MOST_DAYS, value, 1, key=key, help=note, persist_state="session", width=150)
    )


def _date(shop: Shop, label: str, value: date, key: str) -> date:
    chosen = st.date_input(
        label,
        value,
        min_value=date(2000, 1, 1),
        format=formats.date_input_format(shop),
        key=key,
        persist_state="session",
        width=150,
    )
    return chosen if isinstance(chosen, date) else value


def _choices(shop: Shop, what: Goods | WordField) -> list[str]:
    try:
        return caching.segment_choices(shop, what)
    except BackendError:
        return []  # the snapshot is being made; what was chosen stays
