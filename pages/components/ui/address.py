"""What is chosen on a page is kept in its address: a reload, Back, a bookmark and a colleague's link show the same.

Streamlit's own binding writes the label of an option, which is another one in the dark theme, holds counts and changes
with our words. Here every option has a short name that stays. What is left at its default is not in the address.

What people type may be somebody's name or email address, and proxies and browsers keep the addresses of pages. So it
is written sealed: this installation alone can read it.

The address decides when somebody arrives at a page, or goes back or forward there; afterwards the widgets do. Who
arrives by the menu, with no parameters, finds the page as they left it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Generic, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import StopException, get_script_run_ctx

from backend.sealed_text import seal, unseal
from pages.components.ui.shell import policy
from pages.components.ui.state import Slot, field_of

Value = TypeVar("Value")
Option = TypeVar("Option")


@dataclass(frozen=True, slots=True)
class Way(Generic[Value]):
    """How a value is written in the address. `read` gives the default for what it does not understand."""

    default: Value
    write: Callable[[Value], list[str]]
    read: Callable[[list[str]], Value]


@dataclass(slots=True)
class _Visit:
    """A stay on a page. `exact`: what the address does not name is at its default, not as it was left."""

    page: str
    exact: bool
    read: set[str] = field(default_factory=set)
    now: dict[str, list[str]] = field(default_factory=dict)


_VISIT: Slot[_Visit] = Slot("address.visit")


@contextmanager
def kept_on(page: str) -> Iterator[None]:
    """Around the run of a page: afterwards its address has what was chosen there."""
    visit = _VISIT.get()
    if visit is None or visit.page != page or _went_back():
        visit = _begin(page)
    visit.now = {}
    try:
        yield
    except StopException:  # the page had nothing more to draw
        _write(visit)
        raise
    _write(visit)


def keep(name: str, way: Way[Value], key: str, draw: Callable[[str], Value]) -> Value:
    """Renders a widget whose value is in the address under `name`, and returns its value.

    `draw` gets the widget's key, and leaves the default and what is chosen at first to `way`.
    """
    visit = _VISIT.get() or _begin("")
    chosen = field_of(key, way.default)
    if name not in visit.read:
        visit.read.add(name)
        if visit.exact:
            chosen.set(way.read(st.query_params.get_all(name)))
    remembered = chosen.get()
    if remembered != way.default and way.read(way.write(remembered)) != remembered:  # type: ignore[arg-type]
        chosen.set(way.default)
    value = draw(key)
    visit.now[name] = [] if value == way.default else way.write(value)
    return value


def chosen(*names: str) -> dict[str, list[str]]:
    """What was chosen in this run under these names, as the address writes it, for a link that carries it along.

    Without names: all that was chosen until now.
    """
    visit = _VISIT.get()
    now = visit.now if visit else {}
    return {name: now[name] for name in names or now if now.get(name)}


def go_to(query: Mapping[str, list[str]]) -> None:
    """For `on_click`: the page is as if somebody arrived there with this address."""
    visit = _VISIT.get()
    st.query_params.from_dict(query)
    _VISIT.set(_Visit(visit.page if visit else "", exact=True))


def one_of(options: Iterable[Option], default: Option) -> Way[Option]:
    """One of the options, or the default, which need not be among them."""
    named = {_name(option): option for option in options}

    def read(words: list[str]) -> Option:
        return named.get(words[-1], default) if words else default

    return Way(default, lambda option: [_name(option)], read)


def named(names: Mapping[Option, str]) -> Way[Option]:
    """One of the options, each under its own name; the first at first."""
    options = {name: option for option, name in names.items()}
    default = next(iter(names))

    def read(words: list[str]) -> Option:
        return options.get(words[-1], default) if words else default

    return Way(default, lambda option: [names[option]], read)


def some_of(options: Iterable[Option]) -> Way[list[Option]]:
    """Any number of the options, none at first."""
    named = {_name(option): option for option in options}

    def read(words: list[str]) -> list[Option]:
        return [option for name, option in named.items() if name in words]

    return Way([], lambda chosen: [_name(option) for option in chosen], read)


def yes_or_no() -> Way[bool]:
    """Off at first."""
    return Way(False, lambda on: ["yes"] if on else [], lambda words: words[-1:] == ["yes"])


def typed(name: str, longest: int) -> Way[str]:
    """What somebody types, sealed; `longest` in characters."""

    def read(words: list[str]) -> str:
        return (unsealed(name, words) or "")[:longest]

    return Way("", lambda text: [sealed(name, text)] if text.strip() else [], read)


def days_between(default: Sequence[date], first: date, last: date) -> Way[tuple[date, ...]]:
    """One or two days, none before `first` or after `last`."""

    def read(words: list[str]) -> tuple[date, ...]:
        try:
            days = tuple(date.fromisoformat(word) for word in words[:2])
        except ValueError:
            days = ()
        return days if days and all(first <= day <= last for day in days) else tuple(default)

    return Way(tuple(default), lambda days: [day.isoformat() for day in days], read)


def sealed(name: str, text: str) -> str:
    """The text as this installation alone can read it, under this name of an address."""
    return seal(policy().key, name, text)


def unsealed(name: str, words: list[str]) -> str | None:
    """The text that was sealed; None where there is none, or it is not one of ours."""
    return unseal(policy().key, name, words[-1]) if words else None


def _name(option: object) -> str:
    """A short name that stays when the words on the page change."""
    return option.name.lower().replace("_", "-") if isinstance(option, Enum) else str(option)


def _begin(page: str) -> _Visit:
    visit = _Visit(page, exact=_went_back() or bool(st.query_params.to_dict()))
    _VISIT.set(visit)
    return visit


def _went_back() -> bool:
    """Whether this run is there because of the browser's Back or Forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def _write(visit: _Visit) -> None:
    """All at once, because each change of the address is a step for Back: what a script writes into it, Streamlit's
    page adds to the browser's history (`history.pushState`), and it offers no way to replace the entry."""
    before = {name: st.query_params.get_all(name) for name in st.query_params}
    after = {name: words for name, words in before.items() if name not in visit.read}
    after |= {name: words for name, words in visit.now.items() if words}
    if after != before:
        st.query_params.from_dict(after)
