"""Records: how a dataclass of the domain is written down as an item, declared once for both ways.

An attribute of the item is called like its field and holds it in the way of its type; what differs is declared for
the record. Moments are texts that sort, times of the day "09:00", spans whole seconds, enums their values, tuples
lists, sets sorted lists, money whole minor units. cattrs makes a function for each way of that, at the first use of a
record (docs/architecture.md says why cattrs).
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from enum import IntEnum, StrEnum
from types import NoneType
from typing import Any, Generic, TypeVar, cast

from cattrs import AttributeValidationNote, ClassValidationError, Converter, IterableValidationError
from cattrs.fns import identity
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from backend.domain.time import from_text, to_text
from backend.records.conversion import fault_of
from backend.records.values import MalformedItemError, without_empty
from backend.store.port import Item, Value

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class As:
    """How one field is stored: the attribute, and the two ways where its type does not say them."""

    attribute: str | None = None
    write: Callable[[Any], Any] | None = None
    read: Callable[[Any], Any] | None = None


class Record(Generic[T]):
    """The items of a dataclass. An attribute that says nothing ("", None, no elements, False) is left out.

    `given`: fields that are not in the item as they are; whoever reads gives them, most of them from the key.
    `blank`: fields without a default that are empty where the attribute is missing, as collections and None always are.
    `needed`: fields with a default whose attribute must be there all the same.
    `sparse`: fields that are left out at their default, for numbers, of which 0 is otherwise kept.
    `whole`: nothing is left out but sparse fields.
    The keywords say how a field is stored that its name and its type do not.
    """

    def __init__(
        self,
        of: type[T],
        *,
        given: Sequence[str] = (),
        blank: Sequence[str] = (),
        needed: Sequence[str] = (),
        sparse: Sequence[str] = (),
        whole: bool = False,
        **fields: As | str,
    ) -> None:
        self._of, self._given, self._blank, self._sparse, self._whole = of, given, blank, sparse, whole
        self._as = {name: As(how) if isinstance(how, str) else how for name, how in fields.items()}
        names = [each.name for each in dataclasses.fields(cast(Any, of))]
        unknown = {*given, *blank, *needed, *sparse, *fields}.difference(names)
        clashing = {self._attribute(name) for name in names if name not in given}.intersection(given)
        if unknown or clashing:
            raise TypeError(f"{of.__name__} has no {unknown}, or stores another field as {clashing}.")
        self._needed = frozenset(map(self._attribute, needed))
        _CONVERTER.register_structure_hook(of, lambda value, _: self._made(value, {}))
        _CONVERTER.register_unstructure_hook(of, self.item)

    def item(self, it: T, **more: Value) -> Item:
        """The item of an object. `more` are attributes beside its fields, such as those of indexes."""
        item = self._write(it)
        item.update(more)
        return item if self._whole else without_empty(item)

    def attributes(self, it: T) -> Item:
        """All attributes of an object, also those that say nothing, so that an update can tell what to remove."""
        return self._write(it)

    def read(self, item: Item, **given: object) -> T:
        """The object of an item. Raises: `MalformedItemError`, which names the attribute."""
        try:
            return self._made(item, given)
        except ClassValidationError as error:
            raise MalformedItemError(self._reason(error)) from error

    def _made(self, item: Item, given: Mapping[str, object]) -> T:
        whole: dict[str, object] = {**item, **given}
        for name, empty in self._absent:
            if name not in whole:
                whole[name] = empty
        if self._needed and (missing := self._needed.difference(whole)):
            raise MalformedItemError(f"{min(missing)} is missing")
        return self._read(whole, self._of)

    def _attribute(self, field: str) -> str:
        return (field in self._as and self._as[field].attribute) or field

    def _reason(self, error: Exception) -> str:
        path: list[str] = []
        while isinstance(error, (ClassValidationError, IterableValidationError)):
            noted, others = error.group_exceptions()
            error, note = noted[0] if noted else (others[0], None)
            if isinstance(note, AttributeValidationNote):
                path.append(note.name if path else self._attribute(note.name))
        return f"{'.'.join(path)} {fault_of(error)}"

    @functools.cached_property
    def _write(self) -> Callable[[T], Item]:
        fields: dict[str, Any] = {name: override(omit=True) for name in self._given}
        for name in {*self._as, *self._sparse}:
            fields[name] = override(
                rename=self._attribute(name), omit_if_default=name in self._sparse, unstruct_hook=self._how(name).write
            )
        return make_dict_unstructure_fn(self._of, _CONVERTER, **fields)

    @functools.cached_property
    def _read(self) -> Callable[[Mapping[str, object], Any], T]:
        fields: dict[str, Any] = {name: override(struct_hook=_as_it_is) for name in self._given}
        for name, how in self._as.items():
            fields[name] = override(rename=how.attribute, struct_hook=_hook(how.read))
        return cast(Callable[[Mapping[str, object], Any], T], make_dict_structure_fn(self._of, _CONVERTER, **fields))

    @functools.cached_property
    def _absent(self) -> list[tuple[str, Value]]:
        """What fields without a default are where their attribute is missing."""
        hints = typing.get_type_hints(self._of)
        fields = dataclasses.fields(cast(Any, self._of))
        required = {each.name: hints[each.name] for each in fields if each.default is each.default_factory}
        empty = {name: kind for name, kind in required.items() if name in self._blank or typing.get_args(kind)}
        return [(self._attribute(name), _empty(kind)) for name, kind in empty.items()]

    def _how(self, field: str) -> As:
        return self._as.get(field, As())


# --- fields that are stored in a way of their own -------------------------------------------------------------------


def parts(of: int, attribute: str | None = None) -> As:
    """A decimal number as a whole number of such parts, because items hold no decimals: `parts(1000)`."""
    return As(attribute, lambda value: round(value * of), lambda value: _number(value, int) / of)


def rows(of: type[Any], attribute: str | None = None) -> As:
    """Objects as lists without the names of their fields, which keeps repeated parts small."""
    write, read = _row_of(of)
    return As(attribute, lambda value: [write(each) for each in value], lambda value: tuple(map(read, _list(value))))


def row(of: type[Any], attribute: str | None = None) -> As:
    """One object, or None, as a list without the names of its fields."""
    write, read = _row_of(of)
    return As(attribute, lambda it: it and write(it), lambda value: None if value is None else read(value))


def plain(it: object) -> Any:
    """An object in the ways of its types, for a document in an attribute."""
    return _CONVERTER.unstructure(it)


def made_of(kind: Any, value: object) -> Any:
    """The object of this type that `plain` wrote. Raises: `ClassValidationError` and whatever its parts raise."""
    return _CONVERTER.structure(value, kind)


def _row_of(of: type[Any]) -> tuple[Callable[[Any], list[Value]], Callable[[Value], Any]]:
    hints = typing.get_type_hints(of)
    names = [each.name for each in dataclasses.fields(of)]
    fields = operator.attrgetter(*names)
    reads = [(_CONVERTER.get_structure_hook(hints[name]), hints[name]) for name in names]
    found = ((place, _CONVERTER.get_unstructure_hook(hints[name])) for place, name in enumerate(names))
    writes = [(place, hook) for place, hook in found if hook is not identity]

    def write(it: Any) -> list[Value]:
        values = list(fields(it))
        for place, hook in writes:
            values[place] = hook(values[place])
        return values

    def read(value: Value) -> Any:
        try:
            return of(*[hook(part, kind) for (hook, kind), part in zip(reads, _list(value), strict=False)])
        except MalformedItemError as error:
            raise MalformedItemError(f"holds a part that {error.reason}") from error

    return write, read


def _hook(read: Callable[[Any], Any] | None) -> Callable[[Any, Any], Any] | None:
    return None if read is None else lambda value, _: read(value)


def _as_it_is(value: Any, _: object) -> Any:
    return value


def _strict(kind: type[T], what: str) -> Callable[[Any, object], T]:
    def checked(value: Any, _: object) -> T:
        if type(value) is not kind:
            raise MalformedItemError(f"is not {what}")
        return value

    return checked


_number = _strict(int, "a number")


def _empty(kind: Any) -> Value:
    if NoneType in typing.get_args(kind):
        return None
    return _EMPTY[typing.get_origin(kind) or kind]


_EMPTY: Mapping[Any, Value] = {str: "", int: 0, bool: False, tuple: [], frozenset: [], Mapping: {}, dict: {}}


def _list(value: object) -> list[Value]:
    if not isinstance(value, list):
        raise MalformedItemError("is not a list")
    return value


_READ: Mapping[type, Callable[[Any, object], object]] = {
    str: _strict(str, "a text"),
    int: _number,
    bool: _strict(bool, "true or false"),
    bytes: _strict(bytes, "binary"),
    datetime: lambda value, _: from_text(value),
    time: lambda value, _: time.fromisoformat(value),
    timedelta: lambda value, _: timedelta(seconds=_number(value, int)),
}
_WRITTEN: Mapping[type, Callable[[Any], Value]] = {
    datetime: to_text,
    time: lambda value: f"{value:%H:%M}",
    timedelta: lambda value: round(value.total_seconds()),
}


def _converter() -> Converter:
    made = Converter(unstruct_collection_overrides={tuple: list, frozenset: sorted})
    for kind, read in _READ.items():
        made.register_structure_hook(kind, read)
    for kind, write in _WRITTEN.items():
        made.register_unstructure_hook(kind, write)
    for kind in (StrEnum, IntEnum):  # cattrs would take them for texts and numbers
        made.register_structure_hook(kind, lambda value, of: of(value))
        made.register_unstructure_hook(kind, lambda it: it.value)
    return made


_CONVERTER = _converter()
