"""Files that are not Unicode: the encoding is told from the names in them, or asked for, and never wrong in silence."""

from __future__ import annotations

# ruff: noqa: RUF001 - names in their own letters
import unicodedata
from io import BytesIO
from pathlib import Path

import pytest

from backend.domain.imports import ImportKind
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.customers.customers import find_by_email
from backend.services.imports import ENCODINGS, UnclearEncodingError, import_customers, preview_of, readings_in
from backend.services.imports.code_pages import decoded, readings_of
from backend.services.imports.encoding import find_encoding
from backend.services.suppression.files import import_suppressions
from tests.services.imports.shopify_csv import written
from tests.support import STAFF

WESTERN = "Jörg Müller,Bärbel Weiß,François Lefèvre,Hélène Durand,María Muñoz,João Gonçalves,Søren Bjørn,Åsa Sjöström"
CENTRAL = "Łukasz Żółkiewski,Jiří Dvořák,Šárka Černá,Zoltán Erdős,Małgorzata Wiśniewska,Božena Kučerová,Anđelka Babić"
TURKISH = "Işıl Öztürk,Ayşe Yılmaz,Çağla Şahin,Oğuz Kılıç,Gülşah Doğan,İbrahim Güneş,Şeyma Aydın,Nazlı Çelik"
BALTIC = "Žydrūnė Jankauskienė,Rūta Šimkutė,Jānis Bērziņš,Līga Ozoliņa,Kęstutis Žukauskas,Vaidotas Čepaitis"
VIETNAMESE = "Đặng Thị Hồng,Nguyễn Văn Đức,Trần Thị Hương,Phạm Quốc Việt,Võ Thị Mỹ Lệ,Lê Hoàng Phúc,Bùi Thế Hưng"
CYRILLIC = "Анна Иванова,Сергей Петров,Ольга Смирнова"
GREEK = "Γιώργος Παπαδόπουλος,Μαρία Νικολάου,Ελένη Γεωργίου"
HEBREW = "יוסף כהן,רחל לוי,שרה מזרחי,דוד פרידמן"
ARABIC = "محمد علي,فاطمة حسن,عبد الله السعيد"
THAI = "สมชาย ใจดี,สุดา ทองคำ,วิชัย ศรีสุข"
JAPANESE = "山田太郎,佐藤花子,鈴木一郎,高橋さくら,田中ユキ"
CHINESE = "王小明,李娜,张伟,刘洋,陈静,杨帆,赵敏,黄丽"
TAIWANESE = "陳淑芬,林志明,黃美玲,張家豪,李雅婷,王建國"
KOREAN = "김철수,이영희,박지민,최수진"
KNOWN = {
    "cp1252": WESTERN, "mac_roman": WESTERN, "cp850": WESTERN, "cp1250": CENTRAL, "iso8859_2": CENTRAL,
    "mac_latin2": CENTRAL.rpartition(",")[0], "cp852": CENTRAL, "cp1254": TURKISH, "mac_turkish": TURKISH,
    "cp1257": BALTIC, "cp1251": CYRILLIC, "mac_cyrillic": CYRILLIC, "cp866": CYRILLIC, "koi8_r": CYRILLIC,
    "cp1253": GREEK, "cp1255": HEBREW, "cp1256": ARABIC, "cp874": THAI, "shift_jis": JAPANESE, "gbk": CHINESE,
    "big5": TAIWANESE, "euc_kr": KOREAN,
}  # fmt: skip


@pytest.mark.parametrize("encoding", KNOWN)
def test_a_handful_of_names_says_the_encoding(encoding: str) -> None:
    names = KNOWN[encoding].split(",")
    cells = [name.encode(encoding) for name in names]
    found = readings_of(cells)
    assert found.clear
    assert [decoded(cell, found.all[0].name) for cell in cells] == names


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("iso8859_5", "Сергей Иванов,Москва,Ольга Петрова"),
        ("iso8859_6", "محمد علي,القاهرة,فاطمة حسن"),
        ("iso8859_16", "Ștefan Țepeș,Iași,Timișoara"),
        ("iso8859_3", "Ġorġ Borġ,Ħamrun"),
        ("koi8_u", "Олексій Їжак,Київ,Юлія Ґудзь"),
        ("mac_iceland", "Þórður Guðmundsson,Reykjavík"),
    ],
)
def test_rare_encodings_are_read_right_or_asked_about(encoding: str, names: str) -> None:
    cells = [name.encode(encoding) for name in names.split(",")]
    found = readings_of(cells)
    assert not found.clear or [decoded(cell, found.all[0].name) for cell in cells] == names.split(",")
    assert encoding in {reading.name for reading in found.all}


@pytest.mark.parametrize("encoding", KNOWN)
def test_single_names_are_read_right_or_asked_about(encoding: str) -> None:
    names = KNOWN[encoding].split(",")
    wrong = []
    for name in names:
        if not (cell := name.encode(encoding)).isascii():
            found = readings_of([cell])
            if found.clear and decoded(cell, found.all[0].name) != name:
                wrong.append((name, found.all[0]))
    assert wrong == []


def test_vietnamese_is_read_right_or_asked_about() -> None:
    parts = [unicodedata.normalize("NFD", name).replace("\u0302", "") for name in VIETNAMESE.split(",")]
    cells = [part.encode("cp1258", "ignore") for part in parts]
    found = readings_of(cells)
    assert not found.clear or found.all[0].name == "cp1258"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Tee – 250 g „Grün“, Café™ 5 €", "cp1252"), ("L’Été à la plage… «Crème brûlée»", "cp1252"),
     ("L’Été à la plage… «Crème brûlée»", "mac_roman")],
)  # fmt: skip
def test_signs_of_typography_belong_to_text(text: str, encoding: str) -> None:
    found = readings_of([text.encode(encoding)])
    assert decoded(text.encode(encoding), found.all[0].name) == text


UNCLEAR = "Dalė".encode("cp1257")


def test_a_file_that_does_not_show_its_encoding_is_refused_with_how_its_names_would_read(
    shop: Shop, tmp_path: Path
) -> None:
    path = written(tmp_path, b"Email,Name\nd@example.com," + UNCLEAR + b"\n")
    with pytest.raises(UnclearEncodingError, match="--encoding") as refusal:
        import_customers(shop, STAFF, path, {"email": "Email", "name": "Name"})
    assert "cp1257 (Baltic, Windows) reads “Dalė”" in refusal.value.sentence
    assert find_by_email(shop, "d@example.com") is None
    import_customers(shop, STAFF, path, {"email": "Email", "name": "Name"}, encoding="cp1257")
    customer = find_by_email(shop, "d@example.com")
    assert customer is not None
    assert customer.name == "Dalė"


def test_an_upload_is_shown_in_each_encoding_that_it_may_have() -> None:
    text = "Email,Name\n" + "".join(f"c{n}@example.com,{name}\n" for n, name in enumerate(WESTERN.split(",")))
    found = readings_in(BytesIO(text.encode("mac_roman")))
    assert found.clear
    assert (found.all[0].name, len(found.all), len(found.all[0].samples)) == ("mac_roman", 5, 5)
    assert set(found.all[0].samples) <= set(WESTERN.split(","))
    assert len({reading.samples for reading in found.all}) == 5
    assert readings_in(BytesIO(text.encode())).all == ()
    assert not readings_in(BytesIO(b"Email,Name\nd@example.com," + UNCLEAR + b"\n")).clear


def test_the_only_letter_beyond_ascii_counts_wherever_it_is() -> None:
    beginning = b"Email,Name\n" + b"maria@example.com,Maria\n" * 20_000
    names = "\n".join(f"x@example.com,{name}" for name in TURKISH.split(",")).encode("cp1254")
    assert readings_in(BytesIO(beginning + names)).all[0].name == "cp1254"
    assert preview_of(ImportKind.CUSTOMERS, BytesIO(beginning + names)).encoding == "cp1254"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_can_be_named(shop: Shop, tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, "Email,Name\nmaria@example.com,Maria\n".encode(encoding))
    import_customers(shop, STAFF, path, {"email": "Email", "name": "Name"}, encoding=encoding)
    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    assert customer.name == "Maria"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Windows-1254", "cp1254"), ("latin-1", "cp1252"), ("ISO-8859-9", "cp1254"), ("macintosh", "mac_roman"),
        ("SJIS", "shift_jis"), ("cp932", "shift_jis"), ("GB2312", "gbk"), ("cp949", "euc_kr"), ("Big5-HKSCS", "big5"),
        ("UTF8", "utf-8"), ("utf-8-sig", "utf-8"), ("tis-620", "cp874"), ("gb18030", "gb18030"),
    ],
)  # fmt: skip
def test_other_names_of_encodings_are_understood(tmp_path: Path, said: str, name: str) -> None:
    assert find_encoding(written(tmp_path, "a,b\n1,2\n"), said).name == name


@pytest.mark.parametrize("said", ["rot13", "utf-7", "unicode_escape", "idna", "hex", "klingon", "utf-8; x"])
def test_what_is_no_encoding_of_a_table_is_refused(tmp_path: Path, said: str) -> None:
    with pytest.raises(InvalidInputError, match="is not one of"):
        find_encoding(written(tmp_path, "a,b\n1,2\n"), said)


def test_a_suppression_list_needs_no_encoding(shop: Shop, tmp_path: Path) -> None:
    path = written(tmp_path, b"Email,Name\nd@example.com," + UNCLEAR + b"\n")
    assert import_suppressions(shop, STAFF, path).added == 1


def test_characters_of_two_bytes_survive_delimiters(shop: Shop, tmp_path: Path) -> None:
    path = written(tmp_path, "Email|Name\nmaria@example.com|ポール\n".encode("shift_jis"))
    import_customers(shop, STAFF, path, {"email": "Email", "name": "Name"}, encoding="shift_jis")
    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    assert customer.name == "ポール"
