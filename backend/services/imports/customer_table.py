"""Reads the rows of a plain table of customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from backend.domain.addresses import Address
from backend.domain.customers import clean_ip
from backend.domain.imports import Fault, ImportedCustomer, Repair
from backend.domain.names import named
from backend.domain.text import NAME_LENGTH, NOTE_LENGTH, SHORT_LENGTH
from backend.errors import InvalidInputError
from backend.services.imports import fields
from backend.services.imports.addresses import SHOPIFY_PARTS, read_address
from backend.services.imports.csv_rows import BrokenLine, Line
from backend.services.imports.customer_titles import CUSTOMER_FIELDS, means_opt_out
from backend.services.imports.dates import Moments
from backend.services.imports.dialect import open_table, reading
from backend.services.imports.repair import Repairs

_STATES_OF_ACCOUNTS = frozenset({"enabled", "disabled", "invited", "declined", "active", "inactive"})
"""What a column "State" holds where it is not that of an address, as in exports of Matrixify."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a table, for choosing what its columns are."""

    header: tuple[str, ...]
    rows: list[list[str]]
    encoding: str


def read_preview(path: Path, rows: int = 5, *, encoding: str = "") -> Preview:
    """The header and the first readable rows.

    Raises: `InvalidInputError` when it is not a CSV file.
    """
    table = open_table(path, encoding)
    with reading(table) as lines:
        cells = (line.cells for line in lines if isinstance(line, Line))
        return Preview(table.header, list(islice(cells, rows)), table.encoding.shown)


def check_mapping(header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """The column numbers of the fields.

    Raises: `InvalidInputError` for an unknown field or column, and without a field that identifies customers.
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
    """Makes customers of rows. `home` is the shop's country; without `moments` no dates are read."""

    def __init__(
        self, header: Sequence[str], places: Mapping[str, int], home: str = "", moments: Moments | None = None
    ) -> None:
        self._header, self._home, self._moments = header, home, moments
        self._places = places
        self._opt_out = "consent" in places and means_opt_out(header[places["consent"]])
        self._refusals = [
            place for place, title in enumerate(header) if place != places.get("consent") and means_opt_out(title)
        ]
        self._repairs = Repairs()

    @property
    def marks(self) -> tuple[int, ...]:
        """The columns that a row of sums leaves empty: by them a customer without an address is known."""
        return tuple(place for field, place in self._places.items() if field in ("phone", "id"))

    @property
    def has_consent(self) -> bool:
        """Whether any column is about marketing consent."""
        return "consent" in self._places or bool(self._refusals)

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """The repairs in the row that was read last."""
        return tuple(self._repairs.found)

    def read(self, row: Line | BrokenLine) -> ImportedCustomer | Fault:
        """The customer, or why the row cannot be read. An invalid cell is dropped alone, and is among the repairs."""
        if isinstance(row, BrokenLine):
            return Fault("", row.number, "", row.reason)
        self._repairs.begin(self._called(row.cells), row.number)
        return self._customer(row.cells)

    def answer(self, row: Line | BrokenLine) -> tuple[str, bool | None] | None:
        """The address and consent of a row, as in `read`; None without an answer."""
        if isinstance(row, BrokenLine):
            return None
        if not self._cell(row.cells, "consent") and not self._is_refused(row.cells):
            return None
        self._repairs.begin("", row.number)
        email = self._repairs.email(self._cell(row.cells, "email"), "")
        return (email, self._consent(row.cells)) if email else None

    def _customer(self, cells: list[str]) -> ImportedCustomer:
        written = self._cell(cells, "email")
        email = self._repairs.email(written, self._title("email")) or ""
        name, given, family = (named(self._line(cells, each)) for each in ("name", "first_name", "last_name"))
        name = name or " ".join(part for part in (given, family) if part)
        return ImportedCustomer(
            id=self._repairs.source_id(self._cell(cells, "id"), self._title("id")),
            email=email,
            name=name,
            given_name=given,
            family_name=family,
            country=self._repairs.country(self._cell(cells, "country"), self._title("country")),
            city=self._line(cells, "city", SHORT_LENGTH),
            phone=self._repairs.phone(self._cell(cells, "phone"), self._title("phone")),
            tags=self._repairs.tags(self._cell(cells, "tags"), self._title("tags")),
            consent=self._consent(cells) if email else None,
            consent_at=self._consent_at(cells),
            consent_text=self._line(cells, "consent_text", NOTE_LENGTH),
            consent_ip=self._consent_ip(cells),
            refused_address="" if email else written,
            address=self._address(cells, name),
        )

    def _address(self, cells: list[str], name: str) -> Address | None:
        """The postal address; a city alone is part of the profile and no address."""
        if not (self._cell(cells, "street") or self._cell(cells, "postcode")):
            return None
        texts = {field: self._cell(cells, field) for field in SHOPIFY_PARTS if field != "name"}
        if texts["region"].casefold() in _STATES_OF_ACCOUNTS:
            texts["region"] = ""
        titles = {field: self._title(field) for field in SHOPIFY_PARTS}
        return read_address(self._repairs, {**texts, "name": name}, titles, self._home)

    def _cell(self, cells: list[str], field: str) -> str:
        place = self._places.get(field)
        return "" if place is None else cells[place].strip()

    def _line(self, cells: list[str], field: str, longest: int = NAME_LENGTH) -> str:
        return self._repairs.line(self._cell(cells, field), self._title(field), longest)

    def _title(self, field: str) -> str:
        place = self._places.get(field)
        return "" if place is None else self._header[place]

    def _is_refused(self, cells: list[str]) -> bool:
        """Whether an opt-out column refuses marketing; it overrides the consent column."""
        return any(fields.refuses(cells[place]) for place in self._refusals)

    def _consent(self, cells: list[str]) -> bool | None:
        if self._is_refused(cells):
            return False
        try:
            return fields.consent_of(self._cell(cells, "consent"), "The consent to marketing", opt_out=self._opt_out)
        except InvalidInputError as error:
            self._repairs.note(self._title("consent"), f"{error.sentence} No consent was taken over.")
            return None

    def _consent_at(self, cells: list[str]) -> datetime | None:
        text = self._cell(cells, "consent_at")
        if not (text and self._moments):
            return None
        try:
            return self._moments.read(text, "The date of the consent")
        except InvalidInputError as error:
            self._repairs.note(self._title("consent_at"), f"{error.sentence} It was left out.")
            return None

    def _consent_ip(self, cells: list[str]) -> str:
        try:
            return clean_ip(self._cell(cells, "consent_ip"))
        except InvalidInputError as error:
            self._repairs.note(self._title("consent_ip"), f"{error.sentence} It was left out.")
            return ""

    def _called(self, cells: list[str]) -> str:
        """How a person finds the row: its address, or another value."""
        found = (cells[self._places[field]] for field in ("email", "id", "name") if field in self._places)
        return next((cell.strip()[:100] for cell in found if cell.strip()), "")
