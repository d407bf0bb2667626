"""The columns that a list can have, and which of them somebody chose: kept in the address, and so in saved views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from backend.services.context import Shop
from pages.components.ui import address
from pages.components.ui.state import field_of
from pages.components.ui.table import Cell, Choice, Column

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Offered(Generic[Thing]):
    """A column that a list can have. `name` is what the address calls it; `cell` is what it says of one thing.

    `usual` ones are shown until somebody chooses; `whole` ones say more than the entry of the list has, so that the
    things on the page are read for them, all at once.
    """

    name: str
    column: Column
    cell: Callable[[Shop, Thing], Cell]
    usual: bool = True
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Columns(Generic[Thing]):
    """The columns that are shown, and the choice among all of them where there is one."""

    shown: tuple[Offered[Thing], ...]
    choice: Choice | None = None

    @property
    def whole(self) -> bool:
        """Whether any of them needs the whole things."""
        return any(each.whole for each in self.shown)

    @property
    def heads(self) -> tuple[Column, ...]:
        return tuple(each.column for each in self.shown)

    def cells(self, shop: Shop, thing: Thing) -> tuple[Cell, ...]:
        """What they say of one thing."""
        return tuple(each.cell(shop, thing) for each in self.shown)


def usual(offered: Sequence[Offered[Thing]], *, without: Sequence[str] = ()) -> Columns[Thing]:
    """The usual columns, with nothing to choose."""
    return Columns(tuple(each for each in offered if each.usual and each.name not in without))


def pick_columns(offered: Sequence[Offered[Thing]], list_name: str) -> Columns[Thing]:
    """The columns that were chosen for this list, by the menu that its table has. The first one always stays."""
    main, names = offered[0].name, [each.name for each in offered]
    at_first = [each.name for each in offered if each.usual]
    slot = field_of(f"{list_name}_columns", at_first)

    def known(words: Sequence[str]) -> list[str]:
        return [name for name in names if name == main or name in words] if words else at_first

    way = address.Way(at_first, list, known)
    shown = address.keep("columns", way, slot.key, lambda _: slot.get() or at_first)
    choice = Choice(
        {each.name: each.column.title for each in offered[1:]},
        tuple(shown),
        usual=shown == at_first,
        choose=lambda chosen: slot.set(known([main, *chosen]) if chosen is not None else at_first),
    )
    return Columns(tuple(each for each in offered if each.name in shown), choice)
