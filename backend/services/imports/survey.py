"""The first reading of an order export: nothing is written before the whole file is known to be readable.

It finds orders whose rows do not follow each other (importing the first part would cut them short), and learns how
the file writes decimals and dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backend.errors import InvalidInputError
from backend.services.imports.amounts import DecimalSigns
from backend.services.imports.dates import DateEvidence
from backend.services.imports.dialect import Table, reading
from backend.services.imports.order_rows import Layout, group

_MOST_SCATTERED = 10_000
_ORDERS_A_REPORT = 1_000


class Survey:
    """The first reading of a table. `scattered` maps the name of an order to two lines that are apart."""

    def __init__(self, table: Table, layout: Layout, dates: DateEvidence, currency: str) -> None:
        self._table, self._layout = table, layout
        self._signs = DecimalSigns(table.delimiter, currency)
        self.dates = dates
        self.scattered: dict[str, tuple[int, int]] = {}

    @property
    def decimal_comma(self) -> bool | None:
        """Whether decimals are written with a comma; None when the file does not show it."""
        return self._signs.decimal_comma

    def positions(self) -> Iterator[int]:
        """Reads the whole table, and yields from time to time how many bytes were read.

        Raises: `InvalidInputError` when the rows of most orders are scattered, or the file's encoding breaks off.
        """
        layout = self._layout
        first_lines: dict[int, int] = {}  # by the hash of a name: a file may name millions, and each is long
        with reading(self._table, sums_lack=layout.marks) as rows:
            for count, raw in enumerate(group(rows, layout, self._table.delimiter)):
                if count % _ORDERS_A_REPORT == 0:
                    yield rows.position
                for row in raw.rows:
                    for place in layout.amounts:
                        self._signs.see(row.cells[place])
                    for place in layout.dates:
                        self.dates.see(row.cells[place])
                before = first_lines.setdefault(hash(raw.name), raw.line) if raw.name else raw.line
                if before != raw.line:
                    self.scattered.setdefault(raw.name, (before, raw.line))
                    _refuse_if_most(self.scattered)


def _refuse_if_most(scattered: Mapping[str, tuple[int, int]]) -> None:
    if len(scattered) > _MOST_SCATTERED:
        raise InvalidInputError(
            "The rows of many orders do not follow each other. Sort the file by the order number and import it again.",
            "file",
        )
