"""Records: how a dataclass of the domain is written down as an item, declared once for both ways.

An attribute of the item is called like its field and holds it in the way of its type (`stored_types`); what differs
is declared for the record. cattrs makes a function for each way of that, at the first use of a record
(docs/architecture.md says why cattrs).
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import typing
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

import orjson
from cattrs import ClassValidationError
from cattrs.fns import identity
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from backend.records.conversion import reason_of
from backend.records.stored_types import CONVERTER, binary, listed, may_be_none, whole_number
from backend.records.values import MalformedItemError, without_empty
from backend.store.port import Item, Value

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class As:
    """How one field is stored: the attribute, and the two ways where its type does not say them."""

    attribute: str | None = None
    write: Callable[[Any], Any] = identity
    read: Callable[[Any], Any] = identity


class Record(Generic[T]):
    """The items of a dataclass. An attribute that says nothing ("", None, no elements, False) is left out.

    `given`: fields that are not in the item as they are; the reader passes them, most of them from the key.
    `blank`: fields without a default that are empty where the attribute is missing, as collections and None always are.
    `needed`: fields with a default whose attribute must be there all the same.
    `sparse`: fields that are left out at their default, for numbers, of which 0 is otherwise kept.
    `keep_empty`: nothing is left out but sparse fields.
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
        keep_empty: bool = False,
        **fields: As | str,
    ) -> None:
        self._of, self._given, self._blank, self._sparse, self._keep_empty = of, given, blank, sparse, keep_empty
        self._as = {name: As(how) if isinstance(how, str) else how for name, how in fields.items()}
        names = [each.name for each in dataclasses.fields(cast(Any, of))]
        unknown = {*given, *blank, *needed, *sparse, *fields}.difference(names)
        clashing = {self._attribute(name) for name in names if name not in given}.intersection(given)
        if unknown or clashing:
            raise TypeError(f"{of.__name__} has no {unknown}, or stores another field as {clashing}.")
        self._needed = frozenset(map(self._attribute, needed))
        CONVERTER.register_structure_hook(of, lambda value, _: self._made(value, {}))
        CONVERTER.register_unstructure_hook(of, self.item)

    def item(self, it: T, **more: Value) -> Item:
        """The item of an object. `more` are attributes beside its fields, such as those of indexes."""
        item = self._write(it)
        item.update(more)
        return item if self._keep_empty else without_empty(item)

    def attributes(self, it: T) -> Item:
        """All attributes of an object, empty ones too, so that an update knows what to remove."""
        return self._write(it)

    def read(self, item: Item, **given: object) -> T:
        """The object of an item. Raises: `MalformedItemError`, which names the attribute."""
        try:
            return self._made(item, given)
        except ClassValidationError as error:
            raise MalformedItemError(reason_of(error, self._attribute)) from error

    def _made(self, item: Item, given: Mapping[str, object]) -> T:
        whole: dict[str, object] = {**item, **given}
        if self._needed and (missing := self._needed.difference(whole)):
            raise MalformedItemError(f"{min(missing)} is missing")
        for name, empty in self._absent:
            if name not in whole:
                whole[name] = empty
        return self._read(whole, self._of)

    def _attribute(self, field: str) -> str:
        return (field in self._as and self._as[field].attribute) or field

    @functools.cached_property
    def _write(self) -> Callable[[T], Item]:
        fields: dict[str, Any] = {name: override(omit=True) for name in self._given}
        for name in {*self._as, *self._sparse}:
            how = self._as.get(name, As())
            write = None if how.write is identity else how.write
            fields[name] = override(rename=how.attribute, omit_if_default=name in self._sparse, unstruct_hook=write)
        return make_dict_unstructure_fn(self._of, CONVERTER, **fields)

    @functools.cached_property
    def _read(self) -> Callable[[Mapping[str, object], Any], T]:
        fields: dict[str, Any] = {name: override(struct_hook=_as_it_is) for name in self._given}
        for name, how in self._as.items():
            fields[name] = override(rename=how.attribute, struct_hook=_hook(how.read))
        return cast(Callable[[Mapping[str, object], Any], T], make_dict_structure_fn(self._of, CONVERTER, **fields))

    @functools.cached_property
    def _absent(self) -> list[tuple[str, Value]]:
        """What fields without a default are where their attribute is missing."""
        hints = typing.get_type_hints(self._of)
        fields = dataclasses.fields(cast(Any, self._of))
        required = {each.name: hints[each.name] for each in fields if each.default is each.default_factory}
        empty = {name: kind for name, kind in required.items() if name in self._blank or typing.get_args(kind)}
        return [(self._attribute(name), _empty(kind)) for name, kind in empty.items()]


# --- fields that are stored in a way of their own -------------------------------------------------------------------


def parts(of: int, attribute: str | None = None, *, zero: int | None = 0) -> As:
    """A decimal number as a whole number of such parts, because items hold no decimals: `parts(1000)`.

    `zero` None leaves 0 out.
    """
    return As(attribute, lambda value: round(value * of) or zero, lambda value: whole_number(value, int) / of)


def rows(of: type[Any], attribute: str | None = None, *, later: int = 0, **fields: As) -> As:
    """Objects as lists without the names of their fields, which keeps repeated parts small.

    `later`: so many of the last fields, which came later than the first items, are left out while they are empty.
    The keywords say how a field is stored that its type does not.
    """
    write, read = _row_of(of, later, fields)
    return As(attribute, lambda value: [write(each) for each in value], lambda value: tuple(map(read, listed(value))))


def row(of: type[Any], attribute: str | None = None) -> As:
    """One object, or None, as a list without the names of its fields."""
    write, read = _row_of(of, 0, {})
    return As(attribute, lambda it: it and write(it), lambda value: None if value is None else read(value))


def packed(how: As) -> As:
    """The same as JSON in a binary attribute."""
    return As(
        how.attribute,
        lambda value: orjson.dumps(how.write(value)),
        lambda value: how.read(orjson.loads(binary(value, bytes))),
    )


def compressed() -> As:
    """Bytes, compressed."""
    return As(None, zlib.compress, lambda value: zlib.decompress(binary(value, bytes)))


def plain(it: object) -> Any:
    """An object in the ways of its types, for a document in an attribute."""
    return CONVERTER.unstructure(it)


def made_of(kind: Any, value: object) -> Any:
    """The object of this type that `plain` wrote. Raises: `BaseValidationError`, which `reads` turns into the usual."""
    return CONVERTER.structure(value, kind)


def _row_of(
    of: type[Any], later: int, ways: Mapping[str, As]
) -> tuple[Callable[[Any], list[Value]], Callable[[Value], Any]]:
    hints = typing.get_type_hints(of)
    names = [each.name for each in dataclasses.fields(of)]
    fields, fewest = operator.attrgetter(*names), len(names) - later
    own = {name: lambda value, _, way=way: way.read(value) for name, way in ways.items()}
    reads = [(own.get(name) or CONVERTER.get_structure_hook(hints[name]), hints[name]) for name in names]
    found = (
        (place, ways[name].write if name in ways else CONVERTER.get_unstructure_hook(hints[name]))
        for place, name in enumerate(names)
    )
    writes = [(place, hook) for place, hook in found if hook is not identity]

    def write(it: Any) -> list[Value]:
        values = list(fields(it))
        for place, hook in writes:
            values[place] = hook(values[place])
        while len(values) > fewest and not values[-1]:
            values.pop()
        return values

    def read(value: Value) -> Any:
        try:
            return of(*[hook(part, kind) for (hook, kind), part in zip(reads, listed(value), strict=False)])
        except MalformedItemError as error:
            raise MalformedItemError(f"holds a part that {error.reason}") from error

    return write, read


def _empty(kind: Any) -> Value:
    return None if may_be_none(kind) else _EMPTY[typing.get_origin(kind) or kind]


_EMPTY: Mapping[Any, Value] = {str: "", int: 0, float: 0, bool: False, tuple: [], frozenset: [], Mapping: {}, dict: {}}


def _hook(read: Callable[[Any], Any]) -> Callable[[Any, Any], Any] | None:
    return None if read is identity else lambda value, _: read(value)


def _as_it_is(value: Any, _: object) -> Any:
    return value
