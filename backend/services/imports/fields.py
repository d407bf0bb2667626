"""Reads single cells: addresses, countries, tags, yes and no. Repeated values are cached."""

from __future__ import annotations

import csv
import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

from backend.domain.customers import clean_email
from backend.domain.orders import LineItem, check_line
from backend.domain.text import SHORT_LENGTH, clean_line
from backend.errors import InvalidInputError
from backend.services.imports.countries import country_of as country_of
from backend.services.imports.dialect import title_words

_REMEMBERED = 1 << 15
"""Cells: columns repeat, and an import takes a quarter longer when each is read again (docs/benchmarks.md)."""
_QUANTITY = re.compile(r"(\(?)\s*(-?)\s*(\d{1,9})(?:([.,])(\d{1,6}))?\s*([-)]?)")
_TEXT_FORMULA = re.compile(
    r'="(?P<text>(?:[^"]|"")*)"|=HYPERLINK\(\s*"(?P<link>(?:[^"]|"")*)"\s*(?:[,;]\s*"(?P<label>(?:[^"]|"")*)"\s*)?\)',
    re.IGNORECASE,
)
_SPREADSHEET_ERRORS = frozenset(
    {"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!"}
    | {"#ERROR!", "#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#¡REF!", "#¿NOMBRE?", "#¡VALOR!", "#NOM?", "#VALEUR!"}
)
"""Of Excel, LibreOffice and Google Sheets, in English, German, Spanish and French."""
_UNSEEN = frozenset({"Cc", "Cf"})
_FORMULA_STARTS = frozenset("=+-@")
_WORDS = {
    True: "yes|y|true|1|on|x|✓|✔|t|subscribed|opted in|opt in|confirmed|accepted|granted|agreed|consented|subscriber"
    "|double opt in|single opt in|confirmed opt in|email subscribed|ja|j|wahr|oui|vrai|si|verdadero|vero|sim|abonniert"
    "|angemeldet|abonne|inscrit|suscrito|inscrito|iscritto|ok",
    False: "no|n|false|0|off|f|unsubscribed|not subscribed|opted out|opt out|declined|refused|rejected|revoked"
    "|withdrawn|denied|cleaned|bounced|hard bounced|complained|spam|blocked|blocklisted|blacklisted|suppressed"
    "|unsubscriber|nein|falsch|non|faux|falso|nao|nee|abgemeldet|desabonne|desinscrit|disiscritto|dado de baja|baja"
    "|email unsubscribed|do not email",
    None: "never subscribed|nonsubscribed|non subscribed|unknown|n a|na|none|null|nil|nan|pending|unconfirmed|not set"
    "|unset|undefined|transactional|invalid|redacted|no consent|implied|not confirmed|awaiting confirmation"
    "|pending confirmation|opt in pending|archived|imported|active|inactive|enabled|disabled|invited|nie angemeldet"
    "|unbekannt|ausstehend",
}
_PLAIN_NO = frozenset({"no", "n", "false", "0", "off", "f", "nein", "falsch", "non", "faux", "falso", "nao", "nee"})
_ANSWERS = {word: answer for answer, words in _WORDS.items() for word in words.split("|")}
"""What programs write into a consent column. None is no answer: not asked, or not confirmed yet."""


class CellError(Exception):
    """A cell has a value that cannot be imported. `line` is 0 for the first line of the order."""

    def __init__(self, column: str, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.column, self.reason, self.line = column, reason, line


class column:  # noqa: N801 - used like a function
    """A block whose `InvalidInputError` becomes a `CellError` of this column."""

    __slots__ = ("_line", "_title")

    def __init__(self, title: str, line: int = 0) -> None:
        self._title, self._line = title, line

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, InvalidInputError):
            raise CellError(self._title, error.sentence, self._line) from error


@lru_cache(_REMEMBERED)
def quantity(text: str, decimal_comma: bool | None) -> Decimal:
    """How many of a product: "2", "2,5", "-1", "(1)", "2 pcs". `decimal_comma` decides what "1,000" is.

    Raises: `InvalidInputError` when it is not a number, or can be read as two.
    """
    found = _QUANTITY.findall(text.replace("\u2212", "-"))
    if len(found) != 1:
        raise InvalidInputError(f"The quantity is not a number: “{text.strip()[:40]}”.")
    before, minus, whole, sign, rest, after = found[0]
    number = Decimal(f"{int(whole)}.{rest or 0}")
    if len(rest) == len("000") and whole.strip("0"):
        if decimal_comma is None:
            raise InvalidInputError(f"“{text.strip()[:40]}” can be read as {int(whole)} or as {int(whole + rest)}.")
        if (sign == ",") != decimal_comma:
            number = Decimal(int(whole + rest))
    return -number if minus or after == "-" or (before, after) == ("(", ")") else number


def shown(text: str) -> str:
    """What a spreadsheet shows of a cell: without the apostrophe that keeps it from being taken for a formula, and of
    the formulas that only show a text (`="00123"`, `=HYPERLINK("https://…","Maria")`) that text.
    """
    if text[:1] == "'" and is_like_formula(text[1:]):
        return text[1:]
    if text[:1] == "=" and (match := _TEXT_FORMULA.fullmatch(text)):
        return str(match["text"] or match["label"] or match["link"] or "").replace('""', '"')
    return text


def is_lost(text: str) -> bool:
    """Whether a spreadsheet has put an error ("#N/A", "#REF!"), or signs for a narrow column, where a value was."""
    return text[:1] == "#" and (text.upper() in _SPREADSHEET_ERRORS or (len(text) > 1 and not text.strip("#")))


def defused(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would take for a formula (OWASP, "CSV injection")."""
    return f"'{text}" if is_like_formula(text) else text


def is_like_formula(text: str) -> bool:
    """Whether a spreadsheet may calculate this text: it begins with a tab or a line break, or, after spaces and
    invisible characters, with one of = + - @, in every width (as in Excel for East Asian languages).
    """
    if not text or (text[0].isascii() and text[0].isalnum()):
        return False
    if text[0] in "\t\r\n":
        return True
    first = next((each for each in text if not each.isspace() and unicodedata.category(each) not in _UNSEEN), "")
    return unicodedata.normalize("NFKC", first)[:1] in _FORMULA_STARTS


@lru_cache(_REMEMBERED)
def email_of(text: str) -> str:
    """The address in the form in which it is kept."""
    return clean_email(shown(text.strip()))


@lru_cache(_REMEMBERED)
def short_text(text: str, label: str, longest: int = SHORT_LENGTH) -> str:
    return clean_line(shown(text.strip()), label, longest=longest)


@lru_cache(_REMEMBERED)
def line_item(title: str, quantity: int, unit_price: int, sku: str) -> LineItem:
    """A checked line item. Shops sell the same products again and again."""
    return check_line(LineItem(title, quantity, unit_price, sku))


def tag_parts(text: str) -> list[str]:
    """The parts of a list of tags: between commas, else ":::" (Google), semicolons, bars or lines."""
    bare = text.strip()
    if bare[:1] == "[" and bare[-1:] == "]":
        bare = bare[1:-1]
    separator = next((each for each in (",", ":::", ";", "|", "\n") if each in bare), ",")
    if '"' in bare and len(separator) == 1:
        rows = csv.reader([bare.replace("\n", " ")] if separator != "\n" else bare.splitlines(),
                          delimiter="," if separator == "\n" else separator, skipinitialspace=True)  # fmt: skip
        parts = [" ".join(part.replace('"', "").replace(",", " ").split()) for row in rows for part in row]
    else:
        parts = bare.split(separator)
    return [part.strip().removeprefix("* ").strip(" '") for part in parts]


def consent_of(text: str, label: str, *, opt_out: bool = False) -> bool | None:
    """As `yes_or_no`, for consent columns; in an opt-out column "yes" refuses, and "no" is no answer."""
    answer = yes_or_no(text, label)
    if not opt_out or answer is None:
        return answer
    return None if title_words(text) in _PLAIN_NO else False


def refuses(text: str) -> bool:
    """Whether a cell of an opt-out column refuses email: it is filled, and not with a plain "no"."""
    words = title_words(text)
    return bool(words) and words not in _PLAIN_NO and words != "sms" and _ANSWERS.get(words, True) is not None


def yes_or_no(text: str, label: str) -> bool | None:
    """An answer, as people and programs write it; None when there is none.

    Raises: `InvalidInputError` for unknown words.
    """
    words = title_words(text) or text.strip()
    if not words or (not any(map(str.isalnum, words)) and words not in _ANSWERS):
        return None
    if words not in _ANSWERS:
        raise InvalidInputError(f"{label} is neither yes nor no: “{text.strip()[:40]}”.")
    return _ANSWERS[words]
