"""A plain table of customers: which of its columns is what, and what a row says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from backend.domain.imports import Fault, ImportedCustomer
from backend.domain.text import NAME_LENGTH, SHORT_LENGTH
from backend.errors import InvalidInputError
from backend.services.imports import fields
from backend.services.imports.dialect import folded, open_table, reading
from backend.services.imports.fields import CellError, column
from backend.services.imports.reading import BrokenLine, Line

CUSTOMER_FIELDS: dict[str, str] = {
    "email": "E-mail address",
    "name": "Name",
    "first_name": "First name",
    "last_name": "Last name",
    "country": "Country",
    "city": "City",
    "phone": "Phone",
    "tags": "Tags",
    "consent": "Marketing",
    "id": "Customer id",
}
"""What a column can be, and how people call it. First and last name together are a name."""

_OTHER_TITLES: dict[str, tuple[str, ...]] = {
    "email": ("email", "e-mail", "email address", "mail"),
    "name": ("customer name", "full name", "customer", "display name"),
    "first_name": ("firstname", "given name", "forename"),
    "last_name": ("lastname", "surname", "family name"),
    "country": (
        "country code",
        "default address country code",
        "country/region",
        "default address country",
        "address country",
    ),
    "city": ("town", "default address city", "address city"),
    "phone": ("phone number", "telephone", "default address phone", "mobile"),
    "tags": ("tag", "groups", "segment"),
    "consent": (
        "accepts email marketing",
        "accepts marketing",
        "email marketing",
        "marketing consent",
        "newsletter",
        "subscribed",
    ),
    "id": ("customer_id", "tillpost id"),
}
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


def guess_mapping(header: Sequence[str]) -> dict[str, str]:
    """Which column is which field, as far as the titles tell: `{"email": "E-mail", …}`."""
    titles = {folded(title): title for title in reversed(header)}
    mapping = {}
    for field, label in CUSTOMER_FIELDS.items():
        found = next((titles[name] for name in (folded(label), *_OTHER_TITLES[field]) if name in titles), None)
        if found is not None:
            mapping[field] = found
    if "name" in mapping:
        mapping.pop("first_name", None)
        mapping.pop("last_name", None)
    return mapping


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

    def read(self, row: Line | BrokenLine) -> ImportedCustomer | Fault:
        """The customer, or the first thing that is wrong with the row."""
        if isinstance(row, BrokenLine):
            return Fault("", row.number, "", row.reason)
        try:
            return self._customer(row.cells)
        except CellError as error:
            return Fault(self._called(row.cells), row.number, error.column, error.reason)

    def _customer(self, cells: list[str]) -> ImportedCustomer:
        email = self._cell(cells, "email", fields.email_of)
        names = [
            self._cell(cells, name, _line("The name", NAME_LENGTH)) for name in ("name", "first_name", "last_name")
        ]
        return ImportedCustomer(
            id=self._cell(cells, "id", _line("The customer id", SHORT_LENGTH)),
            email=email,
            name=" ".join(name for name in names if name),
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
            return fields.yes_or_no(cells[place], "The consent to marketing")

    def _called(self, cells: list[str]) -> str:
        """How a person finds the row: its address, or what stands for it."""
        found = (cells[self._places[field]] for field in ("email", "id", "name") if field in self._places)
        return next((cell.strip()[:100] for cell in found if cell.strip()), "")


def _line(label: str, longest: int) -> Callable[[str], str]:
    return lambda text: fields.short_text(text, label, longest)
