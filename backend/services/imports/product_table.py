"""Shopify's export of products: the first row of a product carries its title, and each row may carry a variant.

Columns: Shopify Help Center, "Using CSV files to import and export products". Exports since 2024 have other titles for
some of them. Unknown columns are ignored and the order of columns is free.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from backend.domain.imports import Fault, ImportedProduct, ImportKind, Repair
from backend.domain.products import TITLE_LENGTH, clean_picture
from backend.domain.text import SHORT_LENGTH
from backend.errors import InvalidInputError
from backend.services.imports.amounts import Amounts
from backend.services.imports.csv_rows import BrokenLine, Line
from backend.services.imports.dialect import column_places, folded
from backend.services.imports.file_kinds import refuse_other_file
from backend.services.imports.repair import Repairs

_TITLES = {
    folded(written): title
    for title, names in {
        "handle": ("Handle", "URL handle"),
        "title": ("Title",),
        "status": ("Status",),
        "published": ("Published", "Published on online store"),
        "sku": ("Variant SKU", "SKU"),
        "price": ("Variant Price", "Price"),
        "picture": ("Image Src", "Product image URL"),
        "variant picture": ("Variant Image", "Variant image URL"),
        "option 1": ("Option1 Value", "Option1 value"),
        "option 2": ("Option2 Value", "Option2 value"),
        "option 3": ("Option3 Value", "Option3 value"),
    }.items()
    for written in names
}
_REQUIRED = {"handle": "Handle", "title": "Title"}
_NO_VARIANT = "default title"
"""What Shopify writes where a product has no variants."""
_NOT_SOLD = frozenset({"draft", "archived"})

Found = tuple[int, ImportedProduct, tuple[Repair, ...]]
"""The line of a variant, the variant, and what was repaired."""


def product_places(header: Sequence[str]) -> dict[str, int]:
    """The column numbers by our names for them.

    Raises: `InvalidInputError` that says what the file is, or names the columns that are missing.
    """
    refuse_other_file(header, ImportKind.PRODUCTS)
    places = column_places(header, _TITLES)
    missing = [title for name, title in _REQUIRED.items() if name not in places]
    if missing:
        columns = f"{'columns' if len(missing) > 1 else 'column'} {' and '.join(missing)}"
        raise InvalidInputError(
            f"This is not Shopify's export of products: it lacks the {columns}. In Shopify: Products → Export → All "
            "products → Plain CSV file.",
            "file",
        )
    return places


class ProductReader:
    """Makes products of rows, of which several may belong to one product."""

    def __init__(self, places: Mapping[str, int], amounts: Amounts) -> None:
        self._places, self._amounts = places, amounts
        self._repairs = Repairs()

    def read(self, rows: Iterable[Line | BrokenLine]) -> Iterator[Found | Fault]:
        """The variants in their order. Rows that only add a picture, and what was repaired, are no variants."""
        handle, first = "", dict[str, str]()
        for row in rows:
            if isinstance(row, BrokenLine):
                yield Fault("", row.number, "", row.reason)
                continue
            cells = {name: row.cells[place].strip() for name, place in self._places.items()}
            if cells["title"] or cells["handle"] != handle:
                handle, first = cells["handle"], cells
            elif not any(cells.get(name) for name in ("sku", "price", "option 1")):
                continue
            found = self._variant(row.number, cells, first)
            yield found

    def _variant(self, line: int, cells: Mapping[str, str], first: Mapping[str, str]) -> Found | Fault:
        called = first["title"] or first["handle"]
        self._repairs.begin(called, line)
        if not first["title"]:
            return Fault(called, line, "Title", "The product's first row, which carries its title, is not here.")
        options = [cells.get(f"option {n}", "") for n in (1, 2, 3)]
        variant = " / ".join(each for each in options if each)
        if variant.casefold() == _NO_VARIANT:
            variant = ""
        product = ImportedProduct(
            title=self._repairs.line(first["title"], "Title", TITLE_LENGTH),
            variant=self._repairs.line(variant, "Option1 Value", TITLE_LENGTH),
            sku=self._repairs.line(cells.get("sku", "").removeprefix("'"), "Variant SKU", SHORT_LENGTH),
            price=self._price(cells.get("price", "")),
            picture=self._picture(cells.get("variant picture") or first.get("picture", "")),
            archived=first.get("status", "").casefold() in _NOT_SOLD,
        )
        if not product.title:
            return Fault(called, line, "Title", "The title holds nothing that can be read.")
        return line, product, tuple(self._repairs.found)

    def _price(self, text: str) -> int | None:
        if not text:
            return None
        try:
            return self._amounts.read(text, "Variant Price").minor
        except InvalidInputError as error:
            self._repairs.note("Variant Price", f"{error.sentence} The product has no price.")
            return None

    def _picture(self, address: str) -> str:
        try:
            return clean_picture(address)
        except InvalidInputError as error:
            self._repairs.note("Image Src", f"{error.sentence} It was left out.")
            return ""
