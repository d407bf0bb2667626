"""Finds the code page of a file from its cells, or the likeliest ones when that is not certain.

Each reading is scored as text of any language: how likely its letters follow each other in the names of countries,
languages and currencies of the Unicode CLDR (by babel), and by what no writing does: signs within words, capitals after
small letters. When two readings are nearly as likely, a person has to choose.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby, pairwise

from babel.core import Locale


@dataclass(frozen=True, slots=True)
class CodePage:
    """An encoding that files may have. `prior` is how likely one is before it is looked at (a logarithm)."""

    name: str
    label: str
    prior: float


CODE_PAGES: tuple[CodePage, ...] = (
    CodePage("cp1252", "Western European, Windows", 0),
    CodePage("cp1250", "Central European, Windows", -2),
    CodePage("cp1251", "Cyrillic, Windows", -2),
    CodePage("cp1253", "Greek, Windows", -2),
    CodePage("cp1254", "Turkish, Windows", -2),
    CodePage("cp1255", "Hebrew, Windows", -2),
    CodePage("cp1256", "Arabic, Windows", -2),
    CodePage("cp1257", "Baltic, Windows", -2),
    CodePage("cp1258", "Vietnamese, Windows", -4),
    CodePage("cp874", "Thai, Windows", -2),
    CodePage("shift_jis", "Japanese, Shift_JIS", -2),
    CodePage("gbk", "Chinese, simplified, GBK", -2),
    CodePage("big5", "Chinese, traditional, Big5", -2),
    CodePage("euc_kr", "Korean, EUC-KR", -2),
    CodePage("euc_jp", "Japanese, EUC-JP", -4),
    CodePage("mac_roman", "Western European, Mac", -1),
    CodePage("mac_latin2", "Central European, Mac", -6),
    CodePage("mac_turkish", "Turkish, Mac", -6),
    CodePage("mac_cyrillic", "Cyrillic, Mac", -6),
    CodePage("mac_greek", "Greek, Mac", -6),
    CodePage("cp850", "Western European, DOS", -4),
    CodePage("cp437", "American, DOS", -6),
    CodePage("cp852", "Central European, DOS", -4),
    CodePage("cp857", "Turkish, DOS", -7),
    CodePage("cp866", "Cyrillic, DOS", -4),
    CodePage("koi8_r", "Cyrillic, KOI8-R", -4),
    CodePage("iso8859_2", "Central European, ISO 8859-2", -4),
    CodePage("iso8859_15", "Western European, ISO 8859-15", -4),
    CodePage("koi8_u", "Ukrainian, KOI8-U", -5),
    CodePage("iso8859_3", "South European, ISO 8859-3", -7),
    CodePage("iso8859_4", "North European, ISO 8859-4", -7),
    CodePage("iso8859_5", "Cyrillic, ISO 8859-5", -5),
    CodePage("iso8859_6", "Arabic, ISO 8859-6", -5),
    CodePage("iso8859_10", "Nordic, ISO 8859-10", -7),
    CodePage("iso8859_14", "Celtic, ISO 8859-14", -7),
    CodePage("iso8859_16", "Romanian, ISO 8859-16", -6),
    CodePage("mac_iceland", "Icelandic, Mac", -6),
)
CODECS = {"shift_jis": "cp932", "gbk": "gb18030", "big5": "cp950", "euc_kr": "cp949"}
"""What programs of today write under these names (WHATWG, "Encoding"): Windows' supersets."""
_MARGIN = 6.0
"""How much likelier the best reading must be than the next one: 400 times (e to this power)."""
_MOST_CELLS = 120
_LANGUAGES = {
    "LATIN": "en de fr es it pt nl sv da nb fi is pl cs sk sl hr hu ro et lv lt tr vi sq ca mt cy",
    "CYRILLIC": "ru uk bg sr",
    "GREEK": "el",
    "HEBREW": "he",
    "ARABIC": "ar fa",
    "THAI": "th",
    "EAST": "zh zh_Hant ja ko",
}
_SELDOM = {"mt": 0.05, "cy": 0.1, "is": 0.1, "sq": 0.2, "ca": 0.3, "vi": 0.5}
"""How many customers' languages they are, where one is of each other language."""
_EAST = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "FULLWIDTH", "IDEOGRAPHIC"})
_SMOOTHING = 0.02
_UNSEEN = 200
_IN_WORDS = frozenset("\u2019·")
_BEFORE_WORDS = frozenset("\u2018“„«¿¡€£\u2013—•\xa0\u3000・")
_USUAL_SIGNS = _IN_WORDS | _BEFORE_WORDS | frozenset("”»…™®©°№\xb4½\xd7")
_USUAL_SIGN = -5.0
_RARE_SIGN = -12.0
_SIGN_IN_WORD = -9.0
_NOTHING = -16.0
_RARE = math.exp(-13.0)
_NEVER = math.exp(-17.0)
_CASE = -7.0
_SMALL = -1.5
_MIXED = -9.0
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """Some cells of a file, decoded in one encoding."""

    name: str
    label: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Readings:
    """The readings of a file, the likeliest first. `clear`: the first one is certain."""

    all: tuple[Reading, ...]
    clear: bool


def readings_of(cells: Sequence[bytes], *, shown: int = 5, most: int = 5) -> Readings:
    """Scores the cells in each encoding. Encodings in which all cells read the same count as one."""
    chosen = _most_informative(cells)
    best: dict[tuple[str, ...], tuple[float, CodePage]] = {}
    for page in CODE_PAGES:
        texts = tuple(unicodedata.normalize("NFC", decoded(cell, page.name)) for cell in chosen)
        weight = page.prior + _weight(texts)
        if texts not in best or best[texts][0] < weight:
            best[texts] = weight, page
    ranked = sorted(best.items(), key=lambda item: -item[1][0])
    places = _differing([texts for texts, _ in ranked[:most]], shown)
    found = tuple(
        Reading(page.name, page.label, tuple(texts[place] for place in places)) for texts, (_, page) in ranked[:most]
    )
    return Readings(found, len(ranked) < 2 or ranked[0][1][0] - ranked[1][1][0] >= _MARGIN)


def decoded(cell: bytes, name: str) -> str:
    """The text of a cell; invalid bytes become U+FFFD."""
    return cell.decode(CODECS.get(name, name), "replace")


def _most_informative(cells: Iterable[bytes]) -> list[bytes]:
    """The cells with the most distinct bytes first, so that the most informative ones are kept."""
    seen: set[int] = set()
    new_ones: list[bytes] = []
    others: list[bytes] = []
    for cell in cells:
        new = {byte for byte in cell if byte > 127} - seen
        seen |= new
        (new_ones if new else others).append(cell)
    return [*new_ones, *others][:_MOST_CELLS]


def _differing(readings: Sequence[tuple[str, ...]], shown: int) -> list[int]:
    """Places of short cells; first those that differ between the readings."""
    places = range(len(readings[0]))
    different = {place: len({texts[place] for texts in readings}) for place in places}
    return sorted(sorted(places, key=lambda place: (-different[place], len(readings[0][place]) > 40))[:shown])


def _weight(texts: Sequence[str]) -> float:
    """The logarithm of how likely these cells are text, of languages that most of them share."""
    looks = [_look(text) for text in texts]
    total = sum(look.signs for look in looks)
    for script, languages in _LANGUAGES.items():
        rows = [look.languages[script] for look in looks if script in look.languages]
        if rows:
            total += _mixed(rows, [_SELDOM.get(language, 1.0) for language in languages.split()])
    return total


def _mixed(rows: Sequence[tuple[float, ...]], before: Sequence[float]) -> float:
    """The likelihood of cells in a mixture of languages, whose shares follow from the cells themselves."""
    before = [each / sum(before) for each in before]
    shares = before
    for _ in range(_ROUNDS):
        found = before
        for row in rows:
            top = max(row)
            parts = [share * math.exp(weight - top) for share, weight in zip(shares, row, strict=True)]
            whole = sum(parts)
            found = [each + part / whole for each, part in zip(found, parts, strict=True)]
        shares = [each / (len(rows) + 1) for each in found]
    return sum(
        max(row) + math.log(sum(share * math.exp(w - max(row)) for share, w in zip(shares, row, strict=True)))
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """The score of a cell: for what is independent of language, and for its words in each language of a script."""

    signs: float
    languages: Mapping[str, tuple[float, ...]]


@lru_cache(1 << 14)
def _look(text: str) -> _Look:
    signs = _signs_weight(text)
    by_script: dict[str, list[str]] = {}
    for word in _words(text):
        signs += _case_weight(word) + (_SIGN_IN_WORD if unicodedata.category(word[0])[0] == "M" else 0)
        runs = [(script, "".join(letters)) for script, letters in groupby(word, _script) if script != "COMBINING"]
        signs += _MIXED * (len(runs) - 1)
        for script, letters in runs:
            if script in _LANGUAGES:
                by_script.setdefault(script, []).append(letters)
            else:
                signs += _RARE_SIGN * len(letters)
    languages = {
        script: tuple(map(sum, zip(*(_word_weights(script, word) for word in words), strict=True)))
        for script, words in by_script.items()
    }
    return _Look(signs, languages)


def _is_letter(character: str) -> bool:
    """Whether it is part of words: letters, and the marks that are vowels and tones in many scripts."""
    return character.isalpha() or unicodedata.category(character)[0] == "M"


def _words(text: str) -> list[str]:
    return ["".join(run) for is_word, run in groupby(text, _is_letter) if is_word]


def _signs_weight(text: str) -> float:
    total = 0.0
    padded = f" {text} "
    for before, sign, after in zip(padded, padded[1:], padded[2:], strict=False):
        if sign.isascii() or _is_letter(sign):
            continue
        category = unicodedata.category(sign)[0]
        if category == "C" or sign == "\ufffd":
            total += _NOTHING
        else:
            total += _USUAL_SIGN if sign in _USUAL_SIGNS or category == "Z" else _RARE_SIGN
        fitting = _IN_WORDS if _is_letter(before) else _BEFORE_WORDS
        if _is_letter(after) and sign not in fitting and category != "Z":
            total += _SIGN_IN_WORD
    return total


def _case_weight(word: str) -> float:
    """The penalty for capitals after small letters, small letters among capitals, and names that begin small."""
    if word[0].islower() and not word[0].isascii():
        return _SMALL
    if word.isascii() or word.isupper() or len(word) < 3:
        return 0.0
    inner = sum(letter.isupper() and not letter.isascii() for letter in word[1:])
    shouted = sum(letter.isupper() for letter in word) > len(word) / 2
    return _CASE * (sum(letter.islower() and not letter.isascii() for letter in word) if shouted else inner)


@lru_cache(1 << 14)
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "NONE").split()[0].split("-")[0]
    return "EAST" if name in _EAST else "LATIN" if letter in "ªº" else name


def _lead(letter: str, codec: str) -> int:
    """The first of the two bytes of a letter in an encoding, which is lower for usual letters than for rare ones."""
    try:
        found = letter.encode(codec)
    except UnicodeEncodeError:
        return 0
    return found[0] if len(found) == 2 else 0


class _Letters:
    """How letters follow each other in a language that has an alphabet."""

    def __init__(self, language: str) -> None:
        words = _words_of(language)
        self._pairs = Counter(pair for word in words for pair in pairwise("^" + word))
        self._firsts = Counter("".join("^" + word[:-1] for word in words))
        self.alone = Counter("".join(words))
        self.all = sum(self.alone.values())

    def weight(self, word: str, others: Mapping[str, float]) -> float:
        """The logarithm of how likely the word is; `others` is how likely letters are in any language of the script."""
        total = 0.0
        for before, letter in pairwise("^" + word):
            alone = (self.alone[letter] + _SMOOTHING) / (self.all + _UNSEEN)
            together = self._pairs[before, letter] / (self._firsts[before] or 1)
            total += math.log(0.65 * together + 0.3 * alone + 0.05 * others.get(letter, 0.0))
        return total


class _Signs:
    """How likely letters are in Chinese, Japanese or Korean: the standards put the usual ones first."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._alone = Counter("".join(_words_of(language)))
        self._all = sum(self._alone.values())

    def weight(self, letter: str) -> float:
        return math.log(0.5 * self._alone[letter] / self._all + 0.5 * self._by_standard(letter))

    def _by_standard(self, letter: str) -> float:
        kind = unicodedata.name(letter, "").split()[0].split("-")[0]
        usual = {
            "zh": kind == "CJK" and 0xB0 <= _lead(letter, "gb2312") <= 0xD7 and 3755,
            "zh_Hant": kind == "CJK" and 0xA4 <= _lead(letter, "big5") <= 0xC6 and 5401,
            "ja": (kind in ("HIRAGANA", "KATAKANA") and 90)
            or (kind == "CJK" and 0x88 <= _lead(letter, "shift_jis") <= 0x98 and 2965),
            "ko": kind == "HANGUL" and 0xB0 <= _lead(letter, "euc_kr") <= 0xC8 and 2350,
        }[self._language]
        if usual:
            return 1 / usual
        return _RARE if kind == "CJK" and self._language != "ko" else _NEVER


def _words_of(language: str) -> list[str]:
    locale = Locale.parse(language)
    names = (name for group in (locale.territories, locale.languages, locale.currencies) for name in group.values())
    return sorted({word.lower() for name in names for word in _words(unicodedata.normalize("NFC", str(name)))})


@cache
def _alphabets(script: str) -> tuple[tuple[_Letters, ...], dict[str, float]]:
    """The languages of a script, and how likely each letter is in any of them."""
    models = tuple(_Letters(language) for language in _LANGUAGES[script].split())
    letters = {letter for model in models for letter in model.alone}
    shares = {letter: sum(model.alone[letter] / model.all for model in models) / len(models) for letter in letters}
    return models, shares


@cache
def _east() -> tuple[_Signs, ...]:
    return tuple(_Signs(language) for language in _LANGUAGES["EAST"].split())


@lru_cache(1 << 15)
def _word_weights(script: str, word: str) -> tuple[float, ...]:
    """The weight of a word in each language of a script."""
    if script == "EAST":
        return tuple(sum(map(language.weight, word)) for language in _east())
    models, others = _alphabets(script)
    return tuple(model.weight(word.lower(), others) for model in models)
