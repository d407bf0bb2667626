"""The first reading of an order export: nothing is written before the whole file is known to be readable.

It finds orders whose rows do not follow each other (importing the first part would cut them short), and learns how
the file writes decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from backend.errors import InvalidInputError
from backend.services.imports.dialect import DecimalSigns, Table, reading
from backend.services.imports.grouping import group
from backend.services.imports.seen import SeenNames

_MOST_SCATTERED = 10_000
_ORDERS_A_REPORT = 1_000


@dataclass(frozen=True, slots=True)
class Survey:
    """What the first reading found. `scattered` maps the name of an order to two lines that lie apart."""

    scattered: Mapping[str, tuple[int, int]]
    decimal_comma: bool


def survey(table: Table, places: Mapping[str, int], report: Callable[[int], None]) -> Survey:
    """Reads the table through. `report` is told from time to time how many bytes were read.

    Raises: `InvalidInputError` when the rows of most orders are scattered, or the file's encoding breaks off.
    """
    amounts = (places["Total"], places["Lineitem price"])
    signs, seen = DecimalSigns(table.delimiter), SeenNames()
    scattered: dict[str, tuple[int, int]] = {}
    with reading(table) as rows:
        for count, raw in enumerate(group(rows, places, table.delimiter)):
            if count % _ORDERS_A_REPORT == 0:
                report(rows.position)
            for row in raw.rows:
                for place in amounts:
                    signs.see(row.cells[place])
            before = seen.first_line(raw.name, raw.line) if raw.name else 0
            if before:
                scattered.setdefault(raw.name, (before, raw.line))
                _refuse_if_most(scattered)
    return Survey(scattered, signs.decimal_comma)


def _refuse_if_most(scattered: Mapping[str, tuple[int, int]]) -> None:
    if len(scattered) > _MOST_SCATTERED:
        raise InvalidInputError(
            "The rows of many orders do not follow each other. Sort the file by the column Name and import it again.",
            "file",
        )
