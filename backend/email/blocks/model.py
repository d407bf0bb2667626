"""What an email made of blocks consists of. Nothing here can act: blocks hold texts, links and choices."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

LONGEST_LINE, LONGEST_URL, LONGEST_TEXT = 300, 1_000, 5_000
MOST_BLOCKS = 60
"""Of a document, those in columns included."""
MOST_CHARACTERS = 10_000
"""Of all texts together: some 1,500 words. With the other limits it keeps the MJML below what a template may have."""
MOST_LINES = 300
"""Line breaks, each of which may begin a paragraph."""
MOST_MERGE_FIELDS = 100


def _line(longest: int = LONGEST_LINE) -> str:
    return field(default="", metadata={"longest": longest})


def _lines() -> str:
    return field(default="", metadata={"longest": LONGEST_TEXT, "lines": True})


class Case(StrEnum):
    """The facts that a condition can ask for. What each needs is in `conditions`."""

    NAME_KNOWN = "name_known"
    COUNTRY = "country"
    CITY = "city"
    ORDER_HAS = "order_has"
    ORDER_UNPAID = "order_unpaid"
    FIELD = "field"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A block is shown only if this is so; with `unless`, only if it is not. `value` is a city, a product and so on."""

    case: Case = Case.NAME_KNOWN
    value: str = _line(100)
    unless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One part of an email. `only_if` None means that everybody sees it."""

    KIND: ClassVar[str] = ""
    TITLE: ClassVar[str] = ""
    only_if: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading(Block):
    KIND: ClassVar[str] = "heading"
    TITLE: ClassVar[str] = "Heading"
    text: str = _line()
    small: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Block):
    """Paragraphs with **bold**, *italic*, [links](https://…) and lists, as `inline` reads them."""

    KIND: ClassVar[str] = "text"
    TITLE: ClassVar[str] = "Text"
    text: str = _lines()
    small: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture(Block):
    """`alternative` says what the picture shows, for people who do not see it; without it nothing is published."""

    KIND: ClassVar[str] = "picture"
    TITLE: ClassVar[str] = "Picture"
    address: str = _line(LONGEST_URL)
    alternative: str = _line()
    link: str = _line(LONGEST_URL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Button(Block):
    KIND: ClassVar[str] = "button"
    TITLE: ClassVar[str] = "Button"
    label: str = _line(100)
    link: str = _line(LONGEST_URL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product(Block):
    """A product as the writer shows it. `price` is a text: an email keeps the price that it was written with."""

    KIND: ClassVar[str] = "product"
    TITLE: ClassVar[str] = "Product"
    title: str = _line()
    price: str = _line(40)
    text: str = _lines()
    picture: str = _line(LONGEST_URL)
    link: str = _line(LONGEST_URL)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTable(Block):
    KIND: ClassVar[str] = "order_table"
    TITLE: ClassVar[str] = "Order table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon(Block):
    KIND: ClassVar[str] = "coupon"
    TITLE: ClassVar[str] = "Coupon"
    code: str = _line(60)
    text: str = _line()


@dataclass(frozen=True, slots=True, kw_only=True)
class Divider(Block):
    KIND: ClassVar[str] = "divider"
    TITLE: ClassVar[str] = "Divider"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature(Block):
    KIND: ClassVar[str] = "signature"
    TITLE: ClassVar[str] = "Signature"
    greeting: str = _line()
    name: str = _line()


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialLinks(Block):
    """Links to the shop's profiles, as words: icons would be loaded from somebody else's server."""

    KIND: ClassVar[str] = "social"
    TITLE: ClassVar[str] = "Social links"
    instagram: str = _line(LONGEST_URL)
    facebook: str = _line(LONGEST_URL)
    tiktok: str = _line(LONGEST_URL)
    pinterest: str = _line(LONGEST_URL)
    youtube: str = _line(LONGEST_URL)


NETWORKS = {
    "instagram": "Instagram",
    "facebook": "Facebook",
    "tiktok": "TikTok",
    "pinterest": "Pinterest",
    "youtube": "YouTube",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns(Block):
    """Two columns beside each other, which a phone shows one after the other. Columns hold no columns."""

    KIND: ClassVar[str] = "columns"
    TITLE: ClassVar[str] = "Columns"
    left: tuple[Block, ...] = ()
    right: tuple[Block, ...] = ()


KINDS: dict[str, type[Block]] = {
    kind.KIND: kind
    for kind in (
        *(Heading, Text, Picture, Button, Product, OrderTable),
        *(Coupon, Columns, Divider, Signature, SocialLinks),
    )
}


@dataclass(frozen=True, slots=True)
class Document:
    """The blocks of an email, from top to bottom, and what inboxes list of it."""

    blocks: tuple[Block, ...] = ()
    subject: str = _line()
    preheader: str = _line()

    @property
    def all_blocks(self) -> tuple[Block, ...]:
        """Those in columns too, in the order in which they are read."""
        found: list[Block] = []
        for block in self.blocks:
            found.append(block)
            if isinstance(block, Columns):
                found += (*block.left, *block.right)
        return tuple(found)
