"""Changes of a document that is being written."""

from __future__ import annotations

import pytest

from backend.email.blocks import editing
from backend.email.blocks.editing import Place
from backend.email.blocks.model import Block, Columns, Document, Text

A, B, C, D = (Text(text=letter) for letter in "abcd")
DOCUMENT = Document((A, Columns(left=(B, C), right=(D,))))


def words(document: Document) -> str:
    return " ".join(block.text if isinstance(block, Text) else "|" for block in document.all_blocks)


def test_every_block_has_a_place() -> None:
    found = [editing.block_at(DOCUMENT, place) for place in editing.places(DOCUMENT)]
    assert tuple(found) == DOCUMENT.all_blocks


@pytest.mark.parametrize("place", [(2,), (-1,), (0, "left", 0), (1, "left", 2), (7, "right", 0)])
def test_nothing_is_at_other_places(place: Place) -> None:
    assert editing.block_at(DOCUMENT, place) is None


@pytest.mark.parametrize(
    ("place", "block", "expected"),
    [((0,), D, "d a | b c d"), ((2,), A, "a | b c d a"), ((1, "right", 1), A, "a | b c d a")],
)
def test_a_block_is_added_before_a_place(place: Place, block: Block, expected: str) -> None:
    assert words(editing.added(DOCUMENT, place, block)) == expected


def test_a_block_is_replaced_and_removed() -> None:
    assert words(editing.replaced(DOCUMENT, (1, "left", 0), D)) == "a | d c d"
    assert words(editing.removed(DOCUMENT, (1, "left", 0))) == "a | c d"
    assert words(editing.removed(DOCUMENT, (1,))) == "a"


@pytest.mark.parametrize(
    ("place", "by", "expected", "there"),
    [
        ((0,), 1, "| b c d a", (1,)),
        ((0,), -1, "a | b c d", (0,)),
        ((1, "left", 1), -1, "a | c b d", (1, "left", 0)),
        ((1, "right", 0), 1, "a | b c d", (1, "right", 0)),
    ],
)
def test_a_block_moves_within_its_column(place: Place, by: int, expected: str, there: Place) -> None:
    document, now = editing.moved(DOCUMENT, place, by)
    assert (words(document), now) == (expected, there)
