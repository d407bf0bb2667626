"""The shop as its customers see it in emails: name, logo, colours, addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from backend.errors import InvalidInputError

READABLE = 4.5
"""The least contrast of text against its background (WCAG 2.2, 1.4.3)."""
VISIBLE = 3.0
"""The least contrast of what can be clicked against its background (WCAG 2.2, 1.4.11)."""
PAPER, NIGHT, INK = "#ffffff", "#1b1d21", "#040506"
"""Behind the text of emails in light and in dark mode, and the darkest text."""
_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What emails say about the shop. `brand` is a colour such as "#1f5f5b"; addresses are empty until set.

    `postal_address` has several lines; marketing emails need it. `sender_address` "" leaves the choice to the settings.
    """

    name: str
    currency: str = "USD"
    locale: str = "en_US"
    zone: str = "UTC"
    logo_url: str = ""
    brand: str = "#1f5f5b"
    postal_address: str = ""
    sender_name: str = ""
    sender_address: str = ""
    reply_to: str = ""
    url: str = ""
    support_url: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours that go together, made from one. Texts in them are readable with any colour.

    `brand` is for surfaces such as buttons, `on_brand` for text on them, `edge` for their border, where a pale brand
    would not stand out from the paper, `link` for text.
    """

    brand: str
    on_brand: str
    edge: str
    link: str
    brand_dark: str
    on_brand_dark: str
    link_dark: str


def clean_colour(text: str, field: str = "brand") -> str:
    """A colour as "#rrggbb".

    Raises: `InvalidInputError`.
    """
    colour = text.strip().lower()
    if not _COLOUR.fullmatch(colour):
        raise InvalidInputError(f"“{text.strip()[:20]}” is not a colour such as #1f5f5b.", field)
    return colour


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 (none) to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def palette_of(brand: str) -> Palette:
    """Colours around the shop's own, which stays as it is in light mode."""
    brand_dark = _apart(brand, NIGHT, "#ffffff", VISIBLE)
    return Palette(
        brand=brand,
        on_brand=_text_on(brand),
        edge=_apart(brand, PAPER, "#000000", VISIBLE),
        link=_apart(brand, PAPER, "#000000", READABLE),
        brand_dark=brand_dark,
        on_brand_dark=_text_on(brand_dark),
        link_dark=_apart(brand, NIGHT, "#ffffff", READABLE),
    )


def _text_on(colour: str) -> str:
    """White or nearly black: with every colour, one of them reaches 4.5 to 1."""
    return max((PAPER, INK), key=lambda text: contrast(colour, text))


def _apart(colour: str, background: str, towards: str, least: float) -> str:
    """The colour, mixed with another in steps of a twentieth until it stands out from the background."""
    mixes = (_mixed(colour, towards, step / 20) for step in range(21))
    return next((mixed for mixed in mixes if contrast(mixed, background) >= least), towards)


def _mixed(colour: str, other: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _luminance(colour: str) -> float:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
