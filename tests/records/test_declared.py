"""What a record declares is what its items look like; an item that is not like that is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import IntEnum, StrEnum

import pytest

from backend.records.declared import Record, made_of, parts, plain, row, rows
from backend.records.values import MalformedItemError
from backend.store.port import Item, Value


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    colour: Colour
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Thing:
    id: str
    name: str
    sizes: tuple[Size, ...]
    note: str | None
    price: int = 0
    count: int = 0
    broken: bool = False
    share: float = 0.0
    made_at: datetime | None = None
    opens: time | None = None
    took: timedelta = timedelta()
    main: Part | None = None
    parts: tuple[Part, ...] = ()
    colours: frozenset[Colour] = frozenset()
    stock: Mapping[str, int] = field(default_factory=dict)


THING = Record(
    Thing,
    given=("id",),
    blank=("name",),
    needed=("price",),
    sparse=("count", "took"),
    name="title",
    share=parts(1000, "share_of"),
    main=row(Part),
    parts=rows(Part),
)
FULL = Thing(
    id="1",
    name="Pot",
    sizes=(Size.LARGE,),
    note="n",
    price=1290,
    count=3,
    broken=True,
    share=0.125,
    made_at=datetime(2026, 11, 26, 9, tzinfo=UTC),
    opens=time(9, 5),
    took=timedelta(minutes=2),
    main=Part("lid", Colour.RED),
    parts=(Part("spout", Colour.BLUE, 20),),
    colours=frozenset(Colour),
    stock={"Bath": 2},
)
ITEM: Item = {
    "title": "Pot",
    "sizes": [2],
    "note": "n",
    "price": 1290,
    "count": 3,
    "broken": True,
    "share_of": 125,
    "made_at": "2026-11-26T09:00:00.000000Z",
    "opens": "09:05",
    "took": 120,
    "main": ["lid", "red", 0],
    "parts": [["spout", "blue", 20]],
    "colours": ["blue", "red"],
    "stock": {"Bath": 2},
}


def test_an_object_is_written_as_declared_and_read_back() -> None:
    assert THING.item(FULL) == ITEM
    assert THING.read(ITEM, id="1") == FULL


def test_what_says_nothing_is_left_out_and_read_as_nothing() -> None:
    bare = Thing("1", "", (), None)
    assert THING.item(bare) == {"price": 0, "share_of": 0}
    assert THING.read({"price": 0}, id="1") == bare
    assert set(THING.attributes(bare)) == set(ITEM) - {"count", "took"}


def test_attributes_beside_the_fields_are_added() -> None:
    assert THING.item(FULL, line="THINGS", work="") == {**ITEM, "line": "THINGS"}


@pytest.mark.parametrize(
    ("attribute", "value", "reason"),
    [
        ("title", 5, "title is not a text"),
        ("price", "12.90", "price is not a number"),
        ("price", True, "price is not a number"),
        ("broken", 1, "broken is not true or false"),
        ("share_of", "x", "share_of is not a number"),
        ("made_at", "yesterday", "made_at has the wrong form"),
        ("made_at", "2026-11-26T09:00:00", "made_at has the wrong form"),
        ("sizes", [7], "sizes has an unknown Size"),
        ("main", ["lid", "green"], "main has an unknown Colour"),
        ("main", [], "main has the wrong form"),
        ("parts", "spout", "parts is not a list"),
        ("parts", [["spout", "blue", "heavy"]], "parts holds a part that is not a number"),
        ("stock", {"Bath": "2"}, "stock is not a number"),
    ],
)
def test_an_attribute_that_cannot_be_read_is_named(attribute: str, value: Value, reason: str) -> None:
    with pytest.raises(MalformedItemError) as refused:
        THING.read({**ITEM, attribute: value}, id="1")
    assert refused.value.reason == reason


def test_an_attribute_that_has_to_be_there_is_named() -> None:
    with pytest.raises(MalformedItemError, match="price is missing"):
        THING.read({"title": "Pot"}, id="1")


@dataclass(frozen=True, slots=True)
class Box:
    label: str
    things: tuple[Part, ...] = ()


def test_a_part_without_a_declaration_is_a_map_and_its_attribute_is_named() -> None:
    box = Record(Box)
    item = box.item(Box("b", (Part("lid", Colour.RED),)))
    assert item == {"label": "b", "things": [{"name": "lid", "colour": "red", "weight": 0}]}
    with pytest.raises(MalformedItemError, match=r"things\.colour is missing"):
        box.read({"label": "b", "things": [{"name": "lid"}]})
    with pytest.raises(MalformedItemError, match="label is missing"):
        box.read({})


def test_documents_hold_objects_in_the_same_ways() -> None:
    written = plain((Part("lid", Colour.RED),))
    assert made_of(tuple[Part, ...], written) == (Part("lid", Colour.RED),)


def test_a_declaration_that_names_no_field_is_refused() -> None:
    with pytest.raises(TypeError, match="colour"):
        Record(Box, sparse=("colour",))
    with pytest.raises(TypeError, match="label"):
        Record(Box, given=("label",), things="label")
