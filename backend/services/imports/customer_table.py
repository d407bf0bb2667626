"""A plain table of customers: what a row says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from backend.domain.imports import Fault, ImportedCustomer
from backend.domain.names import named
from backend.domain.text import NAME_LENGTH, SHORT_LENGTH
from backend.errors import InvalidInputError
from backend.services.imports import fields
from backend.services.imports.customer_titles import CUSTOMER_FIELDS, means_opt_out
from backend.services.imports.dialect import open_table, reading
from backend.services.imports.fields import CellError, column
from backend.services.imports.reading import BrokenLine, Line

_PHONE_LENGTH = 50


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a table, for people to say what its columns are."""

    header: tuple[str, ...]
    rows: list[list[str]]
    encoding: str


def read_preview(path: Path, rows: int = 5, *, encoding: str = "") -> Preview:
    """The header and the first rows that can be read.

    Raises: `InvalidInputError` when the file is no CSV file.
    """
    table = open_table(path, encoding)
    with reading(table) as lines:
        cells = (line.cells for line in lines if isinstance(line, Line))
        return Preview(table.header, list(islice(cells, rows)), table.encoding.shown)


def check_mapping(header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """Where the columns of the fields stand.

    Raises: `InvalidInputError` for an unknown field or column, and when nothing tells customers apart.
    """
    places = {}
    for field, title in mapping.items():
        if field not in CUSTOMER_FIELDS:
            raise InvalidInputError(
                f"There is no field “{field[:40]}”; fields are {', '.join(CUSTOMER_FIELDS)}.", "mapping"
            )
        if title not in header:
            raise InvalidInputError(f"The file has no column “{title[:60]}”.", "mapping")
        places[field] = list(header).index(title)
    if not {"email", "id"} & places.keys():
        raise InvalidInputError(
            "Choose the column with the e-mail addresses: without it a second import would double the customers.",
            "mapping",
        )
    return places


class CustomerReader:
    """Makes customers of rows."""

    def __init__(self, header: Sequence[str], places: Mapping[str, int]) -> None:
        self._header = header
        self._places = places
        self._opt_out = "consent" in places and means_opt_out(header[places["consent"]])

    def read(self, row: Line | BrokenLine) -> ImportedCustomer | Fault:
        """The customer, or the first thing that is wrong with the row."""
        if isinstance(row, BrokenLine):
            return Fault("", row.number, "", row.reason)
        try:
            return self._customer(row.cells)
        except CellError as error:
            return Fault(self._called(row.cells), row.number, error.column, error.reason)

    def answer(self, row: Line | BrokenLine) -> tuple[str, bool | None] | None:
        """The address of a row and what it says about consent, as `read` has them; None when it says nothing."""
        place = self._places.get("consent")
        if isinstance(row, BrokenLine) or place is None or not row.cells[place].strip():
            return None
        try:
            return self._cell(row.cells, "email", fields.email_of), self._consent(row.cells)
        except CellError:
            return None

    def _customer(self, cells: list[str]) -> ImportedCustomer:
        email = self._cell(cells, "email", fields.email_of)
        name, given, family = (
            named(self._cell(cells, field, _line("The name", NAME_LENGTH)))
            for field in ("name", "first_name", "last_name")
        )
        return ImportedCustomer(
            id=self._cell(cells, "id", _line("The customer id", SHORT_LENGTH)),
            email=email,
            name=name or " ".join(part for part in (given, family) if part),
            given_name=given,
            family_name=family,
            country=self._cell(cells, "country", fields.country_of),
            city=self._cell(cells, "city", _line("The city", SHORT_LENGTH)),
            phone=self._cell(cells, "phone", _line("The phone number", _PHONE_LENGTH)),
            tags=self._tags(cells),
            consent=self._consent(cells) if email else None,
        )

    def _cell(self, cells: list[str], field: str, read: Callable[[str], str]) -> str:
        place = self._places.get(field)
        if place is None or not cells[place].strip():
            return ""
        with column(self._header[place]):
            return read(cells[place].strip())

    def _tags(self, cells: list[str]) -> tuple[str, ...]:
        place = self._places.get("tags")
        if place is None:
            return ()
        with column(self._header[place]):
            return fields.tags_of(cells[place])

    def _consent(self, cells: list[str]) -> bool | None:
        place = self._places.get("consent")
        if place is None:
            return None
        with column(self._header[place]):
            return fields.consent_of(cells[place], "The consent to marketing", opt_out=self._opt_out)

    def _called(self, cells: list[str]) -> str:
        """How a person finds the row: its address, or what stands for it."""
        found = (cells[self._places[field]] for field in ("email", "id", "name") if field in self._places)
        return next((cell.strip()[:100] for cell in found if cell.strip()), "")


def _line(label: str, longest: int) -> Callable[[str], str]:
    return lambda text: fields.short_text(text, label, longest)
