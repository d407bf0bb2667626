"""Changes of a document that is being written: blocks added, moved, copied, removed and replaced.

A block's place is its index, or for one in columns that of the columns, the side, and its index there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from backend.domain.emails import Need, TemplateFacts, TemplateSource
from backend.email.blocks.merge_fields import merge_fields
from backend.email.blocks.model import KINDS, Block, Button, Columns, Document, Heading, Signature, Text

Place: TypeAlias = tuple[int] | tuple[int, str, int]
SIDES = ("left", "right")

_BEGUN: dict[str, Block] = {
    "button": Button(label="Read more", link="{Shop website}"),
    "columns": Columns(left=(Text(),), right=(Text(),)),
    "signature": Signature(greeting="Warm greetings,", name="everybody at {Shop name}"),
}


def first_document(source: TemplateSource, facts: TemplateFacts) -> Document:
    """What somebody begins with who goes on in blocks: the subject and preheader as they are, as far as blocks can."""
    known = {f"{{{{ {field.expression} }}}}": f"{{{field.name}}}" for field in merge_fields(facts).values()}
    headers = []
    for text in (source.subject.strip(), source.preheader.strip()):
        for jinja, name in known.items():
            text = text.replace(jinja, name)
        headers.append("" if "{{" in text or "{%" in text else text)
    hello = "Hello {First name|there}," if Need.CUSTOMER in facts.needs else ""
    return Document((Heading(), Text(text=hello), _BEGUN["signature"]), *headers)


def new_block(kind: str) -> Block:
    """A block as it is added."""
    return _BEGUN.get(kind) or KINDS[kind]()


def places(document: Document) -> Iterator[Place]:
    """Where there is a block, in reading order."""
    for index, block in enumerate(document.blocks):
        yield (index,)
        if isinstance(block, Columns):
            yield from ((index, side, inner) for side in SIDES for inner in range(len(getattr(block, side))))


def block_at(document: Document, place: Place) -> Block | None:
    """The block, or None where there is none (any more)."""
    row = _row(document, place)
    return row[place[-1]] if 0 <= place[-1] < len(row) else None


def replaced(document: Document, place: Place, block: Block) -> Document:
    """With another block at this place."""
    at = place[-1]
    return _changed(document, place, lambda row: (*row[:at], block, *row[at + 1 :]))


def added(document: Document, place: Place, block: Block) -> Document:
    """With the block before the one that is at this place."""
    at = place[-1]
    return _changed(document, place, lambda row: (*row[:at], block, *row[at:]))


def removed(document: Document, place: Place) -> Document:
    at = place[-1]
    return _changed(document, place, lambda row: (*row[:at], *row[at + 1 :]))


def moved(document: Document, place: Place, by: int) -> tuple[Document, Place]:
    """With the block further up (-1) or down (1), and where it is then; as it was at either end of its column."""
    block, there = block_at(document, place), next_to(place, by)
    if block is None or block_at(document, there) is None:
        return document, place
    return added(removed(document, place), there, block), there


def next_to(place: Place, by: int = 1) -> Place:
    """The place after this one in the same column, or another one so many further on."""
    return (place[0] + by,) if len(place) == 1 else (place[0], place[1], place[2] + by)


def _row(document: Document, place: Place) -> tuple[Block, ...]:
    """The blocks beside each other of which the place is one."""
    if len(place) == 1:
        return document.blocks
    columns = document.blocks[place[0]] if 0 <= place[0] < len(document.blocks) else None
    return getattr(columns, place[1]) if isinstance(columns, Columns) else ()


def _changed(document: Document, place: Place, change: Callable[[tuple[Block, ...]], tuple[Block, ...]]) -> Document:
    row = change(_row(document, place))
    if len(place) == 1:
        return replace(document, blocks=row)
    columns = document.blocks[place[0]]
    if not isinstance(columns, Columns):
        return document
    changed = replace(columns, left=row) if place[1] == "left" else replace(columns, right=row)
    return replaced(document, (place[0],), changed)
