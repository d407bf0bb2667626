"""The country that a cell of a file names: ISO 3166 codes, and names in many languages (Unicode CLDR)."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from babel.core import Locale, get_global

from backend.domain.customers import clean_country
from backend.domain.text import fold
from backend.errors import InvalidInputError

_LANGUAGES = (
    "en de fr es it pt nl pl cs sk sl hr hu ro bg el da sv nb fi is et lv lt tr ru uk sr he ar fa hi th vi id ms "
    "zh zh_Hant ja ko ca"
)
"""In the order in which their names count, where a name means two countries."""
_ALSO = {
    "US": "america, united states of america, estados unidos de america",
    "GB": "uk, great britain, britain, england, scotland, wales, northern ireland, grossbritannien, grande bretagne",
    "NL": "holland, the netherlands",
    "AE": "uae, emirates",
    "CZ": "czech republic",
    "CD": "democratic republic congo, congo democratic republic, dr congo, drc",
    "CG": "congo, republic congo",
    "KR": "korea, republic korea",
    "KP": "democratic people s republic korea",
    "HK": "hong kong",
    "MO": "macao, macau",
    "TW": "taiwan province china",
    "RU": "russian federation",
    "SY": "syrian arab republic",
    "LA": "lao people s democratic republic, lao",
    "LY": "libyan arab jamahiriya",
    "MK": "macedonia, former yugoslav republic macedonia",
    "MM": "burma, myanmar",
    "SZ": "swaziland",
    "TL": "east timor",
    "CV": "cabo verde",
    "CI": "ivory coast",
    "TR": "turkey",
    "VA": "holy see, vatican, vatican city state",
    "VC": "saint vincent",
    "PS": "palestine, palestinian territory occupied",
    "VN": "viet nam",
    "BN": "brunei darussalam",
    "UM": "united states minor outlying islands",
    "VI": "virgin islands united states, virgin islands us",
    "HM": "heard island mcdonald islands",
    "SX": "saint maarten dutch part, sint maarten",
    "MF": "saint martin french part",
    "BQ": "bonaire sint eustatius saba",
    "SH": "saint helena ascension tristan da cunha",
    "FK": "falkland islands malvinas",
    "FM": "micronesia federated states",
    "AT": "osterreich",
    "DE": "brd, germany federal republic",
}
"""Names that shops and ISO 3166 write, and CLDR does not."""
_SMALL_WORDS = frozenset({"the", "of", "and", "island", "islands", "y", "und", "et", "e"})
_POLITICAL = frozenset(
    {
        "republic",
        "kingdom",
        "state",
        "states",
        "federation",
        "federal",
        "democratic",
        "arab",
        "islamic",
        "plurinational",
    }
    | {"bolivarian", "united", "people", "s", "socialist", "principality", "commonwealth", "grand", "duchy"}
)
_NO_COUNTRIES = frozenset({"EU", "UN", "EZ", "QO", "XA", "XB", "ZZ"})
_IN_BRACKETS = re.compile(r"\(.*?\)")


@lru_cache(1 << 12)
def country_of(text: str) -> str:
    """The code of a country that is given as a code of two or three letters or by its name; "" for "".

    Raises: `InvalidInputError`.
    """
    name = text.strip()
    if len(name) == 2 and name.isascii():
        return {"UK": "GB"}.get(name.upper()) or clean_country(name)
    if not name:
        return ""
    code = _names().get(_key(name)) or _iso(name.upper()) or _names().get(_key(_IN_BRACKETS.sub(" ", name)))
    code = code or _names().get(_key(name, without=_POLITICAL))
    if code is None:
        raise InvalidInputError(f"“{name[:40]}” is no country's name or code of two letters, such as DE.")
    return code


def _iso(code: str) -> str | None:
    """The code of two letters for one of three letters or digits."""
    found = get_global("territory_aliases").get(code.zfill(3) if code.isdecimal() else code, ())
    return str(found[0]) if len(found) == 1 and len(code) >= 2 and len(found[0]) == 2 else None


@cache
def _names() -> dict[str, str]:
    names = {_key(name): code for code, more in _ALSO.items() for name in more.split(", ")}
    for language in _LANGUAGES.split():
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES:
                names.setdefault(_key(name), code)
    names.pop("", None)
    return names


def _key(name: str, *, without: frozenset[str] = frozenset()) -> str:
    """The words of a name without those that are often left out, in an order of their own."""
    words = {"saint" if word == "st" else word for word in re.findall(r"\w+", fold(name.replace(".", "")))}
    return " ".join(sorted((words - _SMALL_WORDS or words) - without))
