"""One item that cannot be read costs itself, whatever it is and whatever has happened to it; all others go on."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from backend import bootstrap, logs
from backend.bootstrap import open_store
from backend.errors import BackendError, UnreadableItemError
from backend.services.unreadable.items import unreadable_records
from backend.store.port import Item, Key, Page, Query, Row, Store, Update, Write
from backend.store.sql import SqlStore
from tests.unreadable.damages import DAMAGES, do_damage
from tests.unreadable.kinds import documented_kinds, examples, markers
from tests.unreadable.surfaces import AT_WORK, Surface, Visit, surfaces
from tests.unreadable.world import World, made_world

KINDS = documented_kinds()
_WORD = re.compile(r"auto-[0-9a-f]{8}|[0-9A-Z]{10,24}|[a-z0-9]+@example\.[a-z]+|\b(?:mara|nina)\b")


class WatchedStore(SqlStore):
    """Notes which items are looked at or changed."""

    def __init__(self) -> None:
        super().__init__("sqlite://")
        self.touched: set[Key] = set()

    def get(self, key: Key) -> Item | None:
        self.touched.add(key)
        return super().get(key)

    def get_many(self, keys: Sequence[Key]) -> dict[Key, Item]:
        self.touched.update(keys)
        return super().get_many(keys)

    def query(self, query: Query) -> Page:
        return self._noted(super().query(query))

    def scan(self, table: str, **wanted: object) -> Page:  # type: ignore[override]
        return self._noted(super().scan(table, **wanted))  # type: ignore[arg-type]

    def update(self, update: Update) -> Item:
        self.touched.add(update.key)
        return super().update(update)

    def transact(self, writes: Sequence[Write]) -> None:
        self.touched.update(write.key for write in writes)
        super().transact(writes)

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[BackendError | None]:
        self.touched.update(write.key for writes in transactions for write in writes)
        return super().transact_each(transactions)

    def _noted(self, page: Page) -> Page:
        self.touched.update(row.key for row in page.rows)
        return page


@dataclass
class Found:
    """What a visit came to: the words that each surface showed, what each raised, and what it touched."""

    shown: dict[str, set[str]] = field(default_factory=dict)
    raised: dict[str, Exception] = field(default_factory=dict)
    touched: dict[str, set[Key]] = field(default_factory=dict)
    noted: set[Key] = field(default_factory=set)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return made_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def undamaged(world: World, tmp_path_factory: pytest.TempPathFactory) -> Found:
    found = visited(world, surfaces(world), tmp_path_factory.mktemp("undamaged"), WatchedStore())
    assert found.raised == {}
    known = {word for row in world.rows for word in _WORD.findall(" ".join(row.key) + repr(row.item))}
    found.shown = {name: words & known for name, words in found.shown.items()}  # other ids are new in each visit
    return found


def visited(
    world: World, wanted: dict[str, Surface], folder: Path, store: Store, damage: Callable[[], object] = lambda: None
) -> Found:
    found = Found()
    with world.opened(folder, store) as shop, pytest.MonkeyPatch.context() as patched:
        damage()
        close, store.close = store.close, lambda: None  # type: ignore[method-assign]
        patched.setattr(bootstrap, "open_shop", lambda *_, **__: shop)
        patched.setattr(logs, "configure", lambda *_, **__: None)
        patched.setenv("DATA_DIR", str(folder))
        visit = Visit(world, shop, folder)
        for name, surface in wanted.items():
            if isinstance(store, WatchedStore):
                store.touched = found.touched[name] = set()
            try:
                found.shown[name] = set(_WORD.findall(repr(surface(visit))))
            except Exception as error:
                found.raised[name] = error
        if isinstance(store, WatchedStore):
            store.touched = set()
        found.noted = {record.key for record in unreadable_records(shop)}
        store.close = close  # type: ignore[method-assign]
    return found


# --- which kinds there are ---------------------------------------------------------------------------------------


def test_the_shop_of_these_tests_has_an_item_of_every_kind_and_of_every_setting(world: World) -> None:
    """A new entity of docs/architecture.md, or a new setting, comes with an item in `made_world`."""
    assert [kind.entity for kind in KINDS if not any(map(kind.has, world.rows))] == []
    names = [row.key.sk for row in world.rows if row.key.pk == "META"]
    assert [marker for marker in markers() if not any(name.startswith(marker) for name in names)] == []


def test_the_shop_of_these_tests_has_nothing_that_is_not_documented(world: World) -> None:
    assert [row.key for row in world.rows if not any(kind.has(row) for kind in KINDS)] == []


# --- what a bad row costs ----------------------------------------------------------------------------------------

LOST: dict[str, str] = {
    r"META / shop$": "shop|email overview|afterwards|sent",
    r"META / event-drill": "drill",
    r"mail / FACTS#": "afterwards|sent",
    r"AUTOMATIONS|TEMPLATES|TPL#": "afterwards|sent|automation|template",
    r"mail / AUTO#": "automation|sent|afterwards",
    r"mail / BEATS": "processes",
    r"AUDIT#|SEALS": "audit",
    r"mail / X#": "suppression",
    r"META / alerts": "alert settings",
}
"""What may be lost beside things that the key names: by the item, in which surfaces. All that waits for a repair."""


def is_own(key: Key, surface: str, world: World) -> bool:
    """Whether the surface is about the very thing that the item belongs to, and may say that it cannot be read."""
    words = set(_WORD.findall(" ".join(key)))
    names = {key.sk} if key.pk == "TEMPLATES" else {key.pk[4:]} if key.pk.startswith("TPL#") else set()
    return any(surface.endswith(f" {each}") for each in words | names) or _may_lose(key, surface)


def _may_lose(key: Key, surface: str) -> bool:
    said = " / ".join(key)
    return any(re.search(item, said) and re.search(where, surface) for item, where in LOST.items())


def _words_of(row: Row, world: World) -> set[str]:
    """What goes with an item: what its key names, and all that belongs to a customer or a campaign."""
    words = set(_WORD.findall(" ".join(row.key))) | set(_WORD.findall(repr(row.item)))
    if row.key.sk == "A":
        keys = [each.key for each in world.rows if each.key.pk == row.key.pk]
        words |= {word for key in keys for word in _WORD.findall(" ".join(key))}
    return words


def _lost(words: set[str], mine: set[str], surface: str) -> set[str]:
    """Those that are not the item's own. An automation may have one message only, which then is."""
    lost = {word for word in words if not any(own in word for own in mine)}
    return lost if "automation" in surface else {word for word in lost if not word.startswith("auto-")}


@pytest.fixture(scope="module")
def kinds(world: World) -> dict[str, Row]:
    return examples(KINDS, world.rows)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("entity", [kind.entity for kind in KINDS])
def test_a_damaged_item_costs_itself(
    world: World, undamaged: Found, kinds: dict[str, Row], tmp_path: Path, entity: str, damage: str
) -> None:
    faults: list[str] = []
    for name, row in kinds.items():
        if name.startswith(entity):
            faults += faults_of(world, undamaged, tmp_path / str(len(faults)) / row.key.sk[:20], row, damage)
    assert faults == []


def wanted_for(key: Key, every: dict[str, Surface], touched: dict[str, set[Key]]) -> dict[str, Surface]:
    """What looks at the item or changes it. Rounds whose work others go on with are done all or none."""
    at_work = any(key in touched[f"round of {name}"] for name in AT_WORK)
    wanted = {name for name, keys in touched.items() if key in keys and not name.endswith("afterwards")}
    if at_work:
        wanted |= {f"round of {name}" for name in AT_WORK} | {"sent"}
        wanted |= {name for name, keys in touched.items() if key in keys}
    return {name: surface for name, surface in every.items() if name in wanted}


def faults_of(world: World, undamaged: Found, folder: Path, row: Row, damage: str) -> list[str]:
    wanted = wanted_for(row.key, surfaces(world), undamaged.touched)
    store = SqlStore("sqlite://")
    found = visited(world, wanted, folder, store, lambda: do_damage(store, row, DAMAGES[damage]))
    faults = [
        f"{row.key}: {name} raised {error!r}"
        for name, error in found.raised.items()
        if not (isinstance(error, UnreadableItemError) and is_own(row.key, name, world))
    ]
    if found.raised and row.key not in found.noted:
        faults.append(f"{row.key}: it cannot be read, and System does not name it")
    mine = _words_of(row, world)
    for name, words in found.shown.items():
        lost = _lost(undamaged.shown[name] - words, mine, name)
        if lost and not is_own(row.key, name, world):
            faults.append(f"{row.key}: {name} lost {sorted(lost)}")
    return faults


# --- on the other engines ----------------------------------------------------------------------------------------

SOME = (
    "Customer",
    "Order, with its line items, refunds and history",
    "Totals of a day",
    "Job",
    "Suppression of an address, with all reasons",
    "Rate window and daily quota",
    "Message, an entry of the ledger",
    "Campaign",
    "Send statistics of an hour and a template",
)


@pytest.mark.parametrize(
    ("engine", "damage"),
    [
        pytest.param("postgres", "not JSON", marks=pytest.mark.postgres),
        pytest.param("postgres", "wrong types", marks=pytest.mark.postgres),
        pytest.param("dynamodb-ministack", "wrong types", marks=pytest.mark.ministack),
        pytest.param("dynamodb-ministack", "fields missing", marks=pytest.mark.ministack),
    ],
)
def test_many_damaged_items_at_once_cost_themselves_on_other_engines(
    world: World,
    undamaged: Found,
    kinds: dict[str, Row],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    engine: str,
    damage: str,
) -> None:
    bad = [kinds[name] for name in SOME]
    if engine == "postgres":
        prefix = f"bad{damage.partition(' ')[0]}_"
        store: Store = SqlStore(request.getfixturevalue("postgres_url"), prefix=prefix)
    else:
        address = request.getfixturevalue("ministack_address")
        store = open_store(f"dynamodb://bad{os.getpid()}-{damage.partition(' ')[0]}?endpoint={address}")
    found = visited(
        world, surfaces(world), tmp_path, store, lambda: [do_damage(store, row, DAMAGES[damage]) for row in bad]
    )
    mine = set().union(*(_words_of(row, world) for row in bad))
    assert not {
        name: error
        for name, error in found.raised.items()
        if not (isinstance(error, UnreadableItemError) and any(is_own(row.key, name, world) for row in bad))
    }
    lost = {
        name: _lost(undamaged.shown[name] - words, mine, name)
        for name, words in found.shown.items()
        if not any(is_own(row.key, name, world) for row in bad)
    }
    assert {name: words for name, words in lost.items() if words} == {}
    assert {row.key for row in bad if row.key.pk[:2] in ("C#", "K#")} <= found.noted
