"""Files as programs and people write them: encodings, delimiters, decimals, quotation marks, and what is no CSV."""

from __future__ import annotations

import codecs
import errno
import gzip
import os
import zipfile
from pathlib import Path

import pytest

from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.imports import import_orders
from backend.services.orders.lists import find_order
from tests.services.imports.shopify_csv import HEADER, faults, line, order, text_of, written
from tests.support import STAFF

ROWS = (order("#1", billing_name="Jürgen Müßig", lineitem_name="Café “Größe”"), line("#1"))


def name_in(shop: Shop, content: str | bytes, encoding: str = "") -> str:
    """The customer's name after importing the content."""
    import_orders(shop, STAFF, written(shop.data_dir, content), encoding=encoding)
    found = find_order(shop, "#1")
    assert found is not None
    assert len(found.lines) == 2
    return found.customer_name


@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-16-le with mark",
        "utf-16-be with mark",
        "cp1252",
    ],
)
def test_encodings_are_recognised_by_the_bytes(shop: Shop, encoding: str) -> None:
    marks = {"utf-16-le with mark": codecs.BOM_UTF16_LE, "utf-16-be with mark": codecs.BOM_UTF16_BE}
    content = marks.get(encoding, b"") + text_of(ROWS).encode(encoding.split(" ")[0])
    assert name_in(shop, content) == "Jürgen Müßig"


def test_a_code_page_that_cannot_be_told_may_be_named(shop: Shop) -> None:
    content = text_of([order("#1", billing_name="Łukasz Dvořák"), line("#1")]).encode("cp1250")
    assert name_in(shop, content, "cp1250") == "Łukasz Dvořák"


def test_cyrillic_is_recognised_where_western_letters_would_be_nonsense(shop: Shop) -> None:
    content = text_of([order("#1", billing_name="Иван Петров", billing_city="Москва"), line("#1")]).encode("cp1251")
    assert name_in(shop, content) == "Иван Петров"


def test_an_unknown_encoding_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidInputError, match="ebcdic"):
        name_in(shop, text_of(ROWS), "ebcdic")


def test_a_broken_byte_costs_its_order_alone(shop: Shop) -> None:
    good = order("#2", email="x@example.com", billing_name="Zoë Größer")
    content = text_of([order("#1", billing_name="Maria XX"), good]).encode().replace(b"XX", b"\xff")

    result = import_orders(shop, STAFF, written(shop.data_dir, content))

    assert (result.orders.created, result.encoding) == (1, "utf-8")
    [fault] = faults(result)
    assert (fault["Order"], fault["Line"]) == ("#1", "2")
    assert fault["Reason"] == "The byte 0xFF is not a character of the file's encoding."


def test_utf_16_that_breaks_off_is_refused_with_the_line_before_anything_is_written(shop: Shop) -> None:
    content = text_of(ROWS).encode("utf-16") + b"\x00"
    with pytest.raises(InvalidInputError, match=r"From line \d+ on"):
        import_orders(shop, STAFF, written(shop.data_dir, content))
    assert find_order(shop, "#1") is None


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_read_from_the_header(shop: Shop, delimiter: str, end: str) -> None:
    assert name_in(shop, text_of(ROWS, delimiter=delimiter, end=end)) == "Jürgen Müßig"


def test_excels_hint_about_the_delimiter_is_understood(shop: Shop) -> None:
    assert name_in(shop, "sep=;\r\n" + text_of(ROWS, delimiter=";", end="\r\n")) == "Jürgen Müßig"


def test_columns_may_be_anywhere_in_any_case_beside_unknown_ones(shop: Shop) -> None:
    header = ["Vendor", *reversed(HEADER), "Tax 1 Name"]
    text = text_of(ROWS, header=header).replace("Financial Status", "  FINANCIAL  status ", 1)
    assert name_in(shop, text) == "Jürgen Müßig"


@pytest.mark.parametrize(
    ("delimiter", "total", "price", "minor"),
    [
        (";", "1.234,50", "617,25", 123450),
        (";", "1234,5", "617,25", 123450),
        (";", "1.234", "617,00", 123400),
        (";", "1234.50", "617.25", 123450),
        (",", "1,234.50", "617.25", 123450),
        (",", "1,234", "617.25", 123400),
        (",", "$1234.50", "617.25", 123450),
        ("\t", "1234,50", "617,25", 123450),
        ("\t", "1.234", "617,25", 123400),
    ],
)
def test_decimal_commas_are_decided_for_the_whole_file(
    shop: Shop, delimiter: str, total: str, price: str, minor: int
) -> None:
    rows = [order("#1", total=total, lineitem_price=price), line("#1", lineitem_price=price)]
    name_in(shop, text_of(rows, delimiter=delimiter))
    found = find_order(shop, "#1")
    assert found is not None
    assert found.total == minor


def test_line_numbers_count_the_lines_of_notes_too(shop: Shop) -> None:
    rows = [order("#1", notes="one\ntwo\nthree"), order("#2", notes='"quoted"\r\n'), order("#3", total="?")]
    result = import_orders(shop, STAFF, written(shop.data_dir, text_of(rows)))
    assert [fault["Line"] for fault in faults(result)] == ["7"]


def test_blank_lines_and_rows_of_empty_cells_are_passed_over(shop: Shop) -> None:
    text = text_of(ROWS).replace("\n#1", f"\n\n{',' * (len(HEADER) - 1)}\n#1", 1)
    assert name_in(shop, text + "\n\n") == "Jürgen Müßig"


def test_a_quotation_mark_left_open_costs_its_order_and_not_the_rest(shop: Shop) -> None:
    orders = [order(f"#{n}", email=f"customer{n}@example.com", notes="a, b") for n in range(1, 2000)]
    text = text_of(orders).replace("#5,customer5@example.com", '#5,"customer5@example.com')

    result = import_orders(shop, STAFF, written(shop.data_dir, text))

    [fault] = faults(result)
    assert (fault["Order"], fault["Line"]) == ("#5", "6")
    assert "never closed" in fault["Reason"]
    assert result.orders.created == 1998


def test_a_quotation_mark_left_open_that_nothing_closes_costs_its_order_too(shop: Shop) -> None:
    orders = [order(f"#{n}", email=f"customer{n}@example.com") for n in range(1, 2000)]
    for place in ("5", "1998"):
        text = text_of(orders).replace(f"#{place},customer{place}@", f'#{place},"customer{place}@')
        result = import_orders(shop, STAFF, written(shop.data_dir, text))
        assert [(fault["Order"], fault["Line"]) for fault in faults(result)] == [(f"#{place}", f"{int(place) + 1}")]


def test_a_quotation_mark_left_open_in_a_further_row_costs_the_order_that_it_belongs_to(shop: Shop) -> None:
    text = text_of([order("#1"), line("#1", lineitem_name="POT"), line("#1"), order("#2")]).replace("POT", '"POT')
    result = import_orders(shop, STAFF, written(shop.data_dir, text))
    assert [(fault["Order"], fault["Line"]) for fault in faults(result)] == [("#1", "3")]
    assert result.orders.created == 1


def test_a_broken_row_between_two_rows_of_another_order_does_not_cut_that_order(shop: Shop) -> None:
    text = text_of([order("#1"), line("#1"), order("#2")]) + '#9,"oops\n' + text_of([line("#2")]).split("\n", 1)[1]
    result = import_orders(shop, STAFF, written(shop.data_dir, text))
    assert [(fault["Order"], fault["Column"]) for fault in faults(result)] == [("#2", "Name"), ("#9", "")]
    assert find_order(shop, "#2") is None


def test_a_file_of_one_endless_line_is_refused_without_reading_it_into_memory(shop: Shop) -> None:
    with pytest.raises(InvalidInputError, match="Line 1, which should name the columns"):
        import_orders(shop, STAFF, written(shop.data_dir, "x" * 5_000_000))


def no_csv(folder: Path, kind: str) -> Path:
    """A file (or not) that is no CSV file."""
    match kind:
        case "workbook":
            with zipfile.ZipFile(folder / "orders.csv", "w") as archive:
                archive.writestr("xl/workbook.xml", "<workbook/>")
            return folder / "orders.csv"
        case "compressed":
            return written(folder, gzip.compress(text_of(ROWS).encode()))
        case "pipe":
            os.mkfifo(folder / "pipe")
            return folder / "pipe"
        case "folder":
            return folder
        case "missing":
            return folder / "missing.csv"
    contents = {
        "empty": b"",
        "blank": b" \r\n\r\n",
        "mark alone": codecs.BOM_UTF8,
        "old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "pdf": b"%PDF-1.7",
        "customers": b"Email,Name\nmaria@example.com,Maria\n",
        "unknown table": b"Name,Email at,Colour\nA,B,red\n",
        "column twice": text_of(ROWS, header=[*HEADER, "Total"]).encode(),
    }
    return written(folder, contents[kind])


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("workbook", "The workbook has no sheet with a table. Save it again"),
        ("old workbook", "This is an old Excel workbook"),
        ("compressed", "This is a compressed file"),
        ("pdf", "This is a PDF document"),
        ("empty", "The file is empty."),
        ("blank", "The file is empty."),
        ("mark alone", "The file is empty."),
        ("folder", "is a folder"),
        ("missing", "There is no file missing.csv"),
        ("pipe", "is not a file"),
        ("customers", "This is a table of customers, not a table of orders."),
        ("unknown table", "The table needs a column for: Order number"),
        ("column twice", "The column “Total” is in the file twice"),
    ],
)
def test_what_is_no_shopify_export_is_refused_with_one_sentence(shop: Shop, kind: str, sentence: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        import_orders(shop, STAFF, no_csv(shop.data_dir, kind))
    assert sentence in refused.value.sentence


def test_a_file_that_may_not_be_read_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(shop.data_dir, text_of(ROWS))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    # Taking the right away from the file would not stop a test that runs as root.
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InvalidInputError, match="cannot be read: Permission denied"):
        import_orders(shop, STAFF, path)
