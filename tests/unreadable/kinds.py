"""The kinds of items that the store keeps, as the table of entities in `docs/architecture.md` lists them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.store.port import Row

ROOT = Path(__file__).parents[2]
_ENTITIES = re.compile(r"^## Entities and keys\n(.*?)^## ", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"\bmeta_key\(f?\"([a-z_-]*[a-z_])")


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table: what it is, and which keys it has."""

    entity: str
    table: str
    pk: re.Pattern[str]
    sk: re.Pattern[str]

    def has(self, row: Row) -> bool:
        key = row.key
        return key.table == self.table and bool(self.pk.fullmatch(key.pk) and self.sk.fullmatch(key.sk))


def documented_kinds() -> list[Kind]:
    table = _ENTITIES.search((ROOT / "docs" / "architecture.md").read_text())
    assert table
    lines = [line.split(" | ") for line in table[1].splitlines() if line.startswith("| ") and "`" in line]
    return [Kind(entity[2:], name, _pattern(pk), _pattern(sk)) for entity, name, pk, sk, *_ in lines]


def markers() -> set[str]:
    """The names of settings and markers that the code spells."""
    files = (ROOT / "backend").rglob("*.py")
    return {name for file in files for name in _NAMED.findall(file.read_text())}


def _pattern(cell: str) -> re.Pattern[str]:
    """Capitals and signs are as they stand; what is small, or a number, stands for anything."""
    keys = re.findall(r"`([^`]+)`", cell) or [cell.strip(" |")]
    return re.compile("|".join("#".join(map(_part, key.split("#"))) for key in keys))


def _part(part: str) -> str:
    return re.escape(part) if re.fullmatch(r"[A-Z]+", part) else ".*"


def examples(kinds: Sequence[Kind], rows: Sequence[Row]) -> dict[str, Row]:
    """One item of each kind, the first by its key; one of each name where names are all that an entity has."""
    found: dict[str, Row] = {}
    for kind in kinds:
        for row in sorted(rows, key=lambda row: row.key):
            if kind.has(row):
                name = f"{kind.entity}: {row.key.sk.partition(':')[0]}" if row.key.pk == "META" else kind.entity
                found.setdefault(f"{name} ({row.key.sk.partition('#')[0]})" if ";" in kind.pk.pattern else name, row)
    return found
