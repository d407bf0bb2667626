"""Items as stores hold them today are read, and written as they are, by whatever the code has become."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Mapping

import pytest

from backend import records
from tests.records.golden import ENTITIES, FOLDER, Entity

SUMMARIES = {
    "backend.records.customers.summary_from",
    "backend.records.orders.summary_from",
    "backend.records.orders.draft_summary_from",
}
"""They read what the items of customers and orders hold; `test_roundtrip` holds them to these."""
OF_OTHER_ITEMS = {"backend.records.templates.difference_from", "backend.records.templates.state_from"}
"""They read a part of a version's item, and what updates have made of a version's attributes."""
COLUMNS = {
    f"backend.records.columns.{table}"
    for table in ("customer_row", "line_rows", "message_row", "order_row", "refund_rows", "suppressed_row")
}
"""They read for the snapshot what the items of customers, orders, messages and suppressions hold."""


@pytest.mark.parametrize("size", ["full", "least"])
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_a_stored_item_is_read_as_it_was_meant(entity: Entity, size: str) -> None:
    wanted = getattr(entity, size)
    found = entity.read(wanted, entity.frozen()[size])
    assert found == wanted
    assert types_in(found) == types_in(wanted)


def types_in(it: object) -> object:
    """The types of an object's parts: a text equals the enum that it is the value of, and is none."""
    if dataclasses.is_dataclass(it):
        return [types_in(getattr(it, each.name)) for each in dataclasses.fields(it)]
    if isinstance(it, Mapping):
        return {str(key): (type(key), types_in(value)) for key, value in it.items()}
    return [types_in(each) for each in it] if isinstance(it, list | tuple) else type(it)


@pytest.mark.parametrize("size", ["full", "least"])
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_what_was_read_is_written_as_it_was_stored(entity: Entity, size: str) -> None:
    item = entity.frozen()[size]
    written = entity.write(entity.read(getattr(entity, size), item))
    written = {name: value for name, value in written.items() if name not in entity.added}
    assert written == item
    assert types_in(written) == types_in(item)


def test_every_kind_of_item_has_its_frozen_one() -> None:
    """A function that reads items is marked as such (`conversion.reads`), so a new one is found here."""
    modules = [
        importlib.import_module(f"backend.records.{each.name}") for each in pkgutil.iter_modules(records.__path__)
    ]
    reading = {
        f"{function.__module__}.{function.__name__}"
        for module in modules
        for function in vars(module).values()
        if hasattr(function, "__wrapped__") and function.__module__ == module.__name__
    }
    tested = {f"{read.__module__}.{read.__name__}" for entity in ENTITIES for read in entity.reads}
    assert reading - tested == SUMMARIES | OF_OTHER_ITEMS | COLUMNS
    assert {path.stem for path in FOLDER.glob("*.json")} == {entity.name for entity in ENTITIES}
