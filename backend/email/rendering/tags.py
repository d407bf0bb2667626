"""Jinja2's tags as tokens that MJML carries through, and where each of them came from.

A token is one word that neither MJML nor HTML has reason to touch. When a token becomes a tag again, a line break goes
into the tag, where it is not visible: every tag is on a line of its own, so a line of the compiled template leads
back to a line that a person wrote.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.email.rendering.environment import environment
from backend.email.rendering.errors import Place, refuse

TOKEN = re.compile(r"tillpost(\d{5})tag")
_OPENING = re.compile(r"\{[{%][-+]?")


@dataclass(frozen=True, slots=True)
class Tag:
    """One `{{ … }}` or `{% … %}` as it was written."""

    source: str
    place: Place

    @property
    def is_statement(self) -> bool:
        return self.source.startswith("{%")

    @property
    def keyword(self) -> str:
        """The first word of a statement: "if", "endfor"."""
        found = re.search(r"\w+", self.source)
        return found[0] if found else ""


@dataclass(slots=True)
class Tokenised:
    """A file with tokens for its tags, and the lines that its characters came from."""

    file: str
    text: str = ""
    anchors: list[tuple[int, int]] = field(default_factory=list)

    def place(self, offset: int) -> Place:
        """The line of the file from which the character at this offset came."""
        at = bisect_right(self.anchors, offset, key=lambda anchor: anchor[0]) - 1
        if at < 0:
            return Place(self.file, 1)
        start, line = self.anchors[at]
        return Place(self.file, line + self.text.count("\n", start, offset))

    def add(self, text: str, line: int) -> None:
        self.anchors.append((len(self.text), line))
        self.text += text


@dataclass(frozen=True, slots=True)
class Mapped:
    """A template as Jinja2 gets it. `starts` are lines of it, in order, and `places` where each came from."""

    source: str
    starts: tuple[int, ...]
    places: tuple[Place, ...]

    def place(self, line: int) -> Place:
        """Where a line of the template came from."""
        at = bisect_right(self.starts, line) - 1
        if at < 0:
            return self.places[0]
        found = self.places[at]
        return Place(found.file, found.line + line - self.starts[at], found.source)

    def followed_by(self, file: str, source: str) -> Mapped:
        """With a file behind it, as it is."""
        start = self.source.count("\n") + 2
        return Mapped(f"{self.source}\n{source}", (*self.starts, start), (*self.places, Place(file, 1)))


def tokenise(template: str, file: str, source: str, tags: list[Tag]) -> Tokenised:
    """The source with a token for each tag, which is added to `tags`. Comments are left out.

    Raises: `TemplateError` for `{% raw %}`, and for a text that looks like a token.
    """
    result, pending, start = Tokenised(file), "", 1
    for line, kind, value in environment(html=True).lex(source):
        if kind.startswith("raw_"):
            refuse(template, Place(file, line), "“raw” is not available.")
        if kind == "data":
            if found := TOKEN.search(value):
                at = Place(file, line + value.count("\n", 0, found.start()))
                refuse(template, at, "it holds a word that is kept for the compiler.")
            result.add(value, line)
        elif kind in ("variable_begin", "block_begin"):
            pending, start = value, line
        elif kind in ("variable_end", "block_end"):
            result.add(f"tillpost{len(tags):05d}tag", start)
            tags.append(Tag(pending + value, Place(file, start, pending + value)))
        elif not kind.startswith("comment"):
            pending += value
    return result


def restore(text: str, tags: Sequence[Tag], before: Sequence[tuple[str, str]] = ()) -> Mapped:
    """The text with tags in place of tokens. The files `before` it (name, source) are put there as they are."""
    starts: list[int] = []
    places: list[Place] = []
    pieces: list[str] = []
    line = 1

    def add(piece: str, place: Place | None) -> None:
        nonlocal line
        if place is not None:
            starts.append(line)
            places.append(place)
        pieces.append(piece)
        line += piece.count("\n")

    for name, source in before:
        add(source, Place(name, 1))
    end = 0
    for found in TOKEN.finditer(text):
        tag = tags[int(found[1])]
        opening = _OPENING.match(tag.source)
        cut = opening.end() if opening else 2
        add(text[end : found.start()] + tag.source[:cut] + "\n", None)
        add(tag.source[cut:], tag.place)
        end = found.end()
    add(text[end:], None)
    return Mapped("".join(pieces), tuple(starts) or (1,), tuple(places) or (Place("body.mjml"),))


def as_written(file: str, source: str, before: Sequence[tuple[str, str]] = ()) -> Mapped:
    """A template that a person wrote without MJML, such as a subject."""
    parts = [*before, (file, source)]
    starts, line = [], 1
    for _, text in parts:
        starts.append(line)
        line += text.count("\n")
    return Mapped(
        "".join(text for _, text in parts), tuple(starts), tuple(Place(name, 1, text) for name, text in parts)
    )
