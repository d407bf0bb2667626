"""Reads MJML with tokens, as people write it, and says in which line it is wrong. MRML itself names no lines.

Statements between elements ("if" around a section) are put into <mj-raw>, which MJML passes on as it is. A block must
end in the element in which it began, so that no choice of a template can tear the HTML apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import mjml

from backend.email.rendering.errors import Place, refuse
from backend.email.rendering.limits import DEEPEST, LONGEST_OUTPUT
from backend.email.rendering.tags import TOKEN, Mapped, Tag, Tokenised, restore, tokenise

_INCLUDE = re.compile(r"<mj-include path=\"([a-z.]+)\"\s*/>")
_WHOLE = re.compile(r"\s*<mjml[\s>]")


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of `_base/`: what goes around every email, and the macros that every template may use."""

    layout: str
    header: str
    footer: str
    macros: str
    text_macros: str
    text_footer: str


@dataclass(frozen=True, slots=True)
class Body:
    """A body that has been checked. `whole`: it is a document of its own and goes without the layout."""

    tokenised: Tokenised
    scanned: Scanned
    tags: tuple[Tag, ...]
    whole: bool


def read_body(template: str, source: str) -> Body:
    """Raises: `TemplateError` naming the line in which the body is wrong."""
    tags: list[Tag] = []
    tokenised = tokenise(template, "body.mjml", source, tags)
    whole = bool(_WHOLE.match(tokenised.text))
    return Body(tokenised, scan(template, tokenised, tags, "" if whole else "mj-wrapper"), tuple(tags), whole)


def html_template(template: str, layout: Layout, body: Body) -> Mapped:
    """The HTML of the email as a Jinja2 template.

    Raises: `TemplateError`.
    """
    tags = list(body.tags)
    if body.whole:
        document, parts = body.scanned.text, [body.scanned]
    else:
        document, parts = _in_layout(template, layout, body, tags)
    html = _compiled(template, document)
    _check_nothing_lost(template, html, [number for part in parts for number in part.statements], tags)
    return restore(html, tags, [("_base/macros.html", layout.macros)])


def _in_layout(template: str, layout: Layout, body: Body, tags: list[Tag]) -> tuple[str, list[Scanned]]:
    """The whole document, and its scanned parts in order."""
    parts = {"body.mjml": body.scanned}
    for name, source in (("header.mjml", layout.header), ("footer.mjml", layout.footer)):
        parts[name] = scan(template, tokenise(template, f"_base/{name}", source, tags), tags, "mj-body")
    frame = tokenise(template, "_base/layout.mjml", layout.layout, tags).text
    document = _INCLUDE.sub(lambda found: parts[found[1]].text, frame)
    return document, [parts[name] for name in _INCLUDE.findall(frame)]


def _compiled(template: str, document: str) -> str:
    try:
        html = mjml.mjml2html(document)
    except ValueError as error:
        refuse(template, Place("body.mjml"), f"MJML cannot read it ({error}).")
    if len(html) > LONGEST_OUTPUT:
        # A carousel of a few hundred pictures becomes megabytes.
        refuse(template, Place("body.mjml"), f"its HTML becomes longer than {LONGEST_OUTPUT:,} characters.")
    return html


def _check_nothing_lost(template: str, html: str, expected: Sequence[int], tags: Sequence[Tag]) -> None:
    """MRML drops text in places where it expects none. A lost "if" would change what the other tags mean."""
    wanted = set(expected)
    found = [number for number in map(int, TOKEN.findall(html)) if number in wanted]
    if found == list(expected):
        return
    lost = next((n for n, m in zip(expected, [*found, -1], strict=False) if n != m), expected[-1])
    refuse(
        template,
        tags[lost].place,
        f"MJML has no place for “{tags[lost].keyword}” in this line. Move it into <mj-text>.",
    )


# Possessive (*+): a name that is given back letter by letter makes the search quadratic.
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*+)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)(/?)>")
_ATTRIBUTE = re.compile(r"\s+([A-Za-z_][\w:.-]*)\s*=\s*(\"[^\"]*\"|'[^']*')")
_VOID = frozenset({"br", "hr", "img", "wbr", "col"})
_RAW_TEXT = frozenset({"mj-style", "style"})
_FORBIDDEN = frozenset(
    {"script", "iframe", "object", "embed", "form", "input", "base", "link", "applet", "frame", "svg", "math"}
)
_EVIL_URL = re.compile(r"^\W*(javascript|vbscript|data:text)", re.IGNORECASE)

_HEAD = frozenset({"mj-title", "mj-preview", "mj-style", "mj-font", "mj-breakpoint", "mj-attributes"})
_IN_COLUMN = frozenset(
    {
        *("mj-text", "mj-button", "mj-image", "mj-divider", "mj-spacer", "mj-table", "mj-social", "mj-navbar"),
        *("mj-accordion", "mj-carousel"),
    }
)
_PARENTS: dict[str, frozenset[str]] = {
    "mjml": frozenset({""}),
    "mj-head": frozenset({"mjml"}),
    "mj-body": frozenset({"mjml"}),
    "mj-wrapper": frozenset({"mj-body"}),
    "mj-hero": frozenset({"mj-body", "mj-wrapper"}),
    "mj-section": frozenset({"mj-body", "mj-wrapper"}),
    "mj-group": frozenset({"mj-section"}),
    "mj-column": frozenset({"mj-section", "mj-group"}),
    "mj-raw": frozenset({"mj-head", "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"}),
    "mj-social-element": frozenset({"mj-social"}),
    "mj-navbar-link": frozenset({"mj-navbar"}),
    "mj-accordion-element": frozenset({"mj-accordion"}),
    "mj-accordion-title": frozenset({"mj-accordion-element"}),
    "mj-accordion-text": frozenset({"mj-accordion-element"}),
    "mj-carousel-image": frozenset({"mj-carousel"}),
    **{name: frozenset({"mj-head"}) for name in _HEAD},
    **{name: frozenset({"mj-column", "mj-hero"}) for name in _IN_COLUMN},
}
"""The elements of MJML, and the parents that each may have."""
_WITH_TEXT = frozenset(
    {
        *("mj-text", "mj-button", "mj-table", "mj-raw", "mj-title", "mj-preview", "mj-style", "mj-social-element"),
        *("mj-navbar-link", "mj-accordion-title", "mj-accordion-text"),
    }
)
_BEGIN = frozenset({"if", "for", "with"})
_BETWEEN = frozenset({"elif", "else"})
_END = frozenset({"endif", "endfor", "endwith"})


@dataclass(frozen=True, slots=True)
class _Element:
    name: str
    offset: int

    @property
    def takes_text(self) -> bool:
        return self.name in _WITH_TEXT or not (self.name.startswith("mj-") or self.name in ("", "mjml"))


@dataclass(frozen=True, slots=True)
class Scanned:
    """MJML that MRML can read. `statements` are the numbers of those tags that must come out once, in this order."""

    text: str
    statements: tuple[int, ...]


def scan(template: str, source: Tokenised, tags: Sequence[Tag], parent: str) -> Scanned:
    """Checks a file whose content will be put into `parent`, such as "mj-wrapper" ("" for a whole document).

    Raises: `TemplateError` naming the line.
    """
    return _Scanner(template, source, tags, parent).run()


@dataclass(slots=True)
class _Scanner:
    template: str
    source: Tokenised
    tags: Sequence[Tag]
    parent: str
    stack: list[_Element] = field(default_factory=list)
    blocks: list[tuple[Tag, tuple[int, bool]]] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    def run(self) -> Scanned:
        text, at = self.source.text, 0
        self.stack.append(_Element(self.parent, -1))
        while (start := text.find("<", at)) >= 0:
            self._text(at, start)
            if text.startswith("<!--", start):
                at = self._comment_end(start)
                continue
            found = _TAG.match(text, start)
            if found is None:
                self._refuse(start, "a “<” begins no tag there. Write &lt; for the character, and quote attributes.")
            self._tag(found)
            at = found.end()
            if found[2] in _RAW_TEXT and not found[1] and not found[4]:
                at = self._raw_text(found[2], at)
        self._text(at, len(text))
        if len(self.stack) > 1:
            self._refuse(self.stack[-1].offset, f"<{self.stack[-1].name}> is never closed.")
        return Scanned("".join(self.pieces), tuple(self.statements))

    def _comment_end(self, start: int) -> int:
        end = self.source.text.find("-->", start)
        if end < 0:
            self._refuse(start, "a comment is never closed.")
        if found := TOKEN.search(self.source.text, start, end):
            self._refuse(found.start(), "a value is in a comment. Use {# … #} for comments.")
        return end + 3

    def _raw_text(self, name: str, start: int) -> int:
        end = self.source.text.find(f"</{name}", start)
        if end < 0:
            self._refuse(start, f"<{name}> is never closed.")
        self._text(start, end)
        return end

    def _text(self, start: int, end: int) -> None:
        """Passes on the text between two tags."""
        inside = self.stack[-1]
        at = start
        for found in TOKEN.finditer(self.source.text, start, end):
            self._plain(at, found.start(), inside)
            number = int(found[1])
            if self.tags[number].is_statement:
                self._block(self.tags[number], (inside.offset, False))
                self.statements.append(number)
            elif not inside.takes_text:
                self._refuse(found.start(), "a value is between elements. Put it into <mj-text>.")
            self.pieces.append(found[0] if inside.takes_text else f"<mj-raw>{found[0]}</mj-raw>")
            at = found.end()
        self._plain(at, end, inside)

    def _plain(self, start: int, end: int, inside: _Element) -> None:
        text = self.source.text[start:end]
        if not inside.takes_text and text.strip():
            at = start + len(text) - len(text.lstrip())
            self._refuse(at, f"“{text.strip()[:30]}” is between elements. Put it into <mj-text>.")
        self.pieces.append(text)

    def _tag(self, found: re.Match[str]) -> None:
        closing, name, attributes, empty = found.groups()
        if closing:
            self._close(name, found.start())
        else:
            self._check_element(name, found.start())
            self._attributes(attributes, found.start(3))
            if not empty and name not in _VOID:
                self.stack.append(_Element(name, found.start()))
                if len(self.stack) > DEEPEST:
                    self._refuse(found.start(), "elements are nested too deeply.")
        slash = "/" if name in _VOID and not closing else empty
        self.pieces.append(f"<{closing}{name}{attributes}{slash}>")

    def _close(self, name: str, offset: int) -> None:
        inside = self.stack[-1]
        if len(self.stack) == 1:
            self._refuse(offset, f"</{name}> closes nothing.")
        if inside.name != name:
            line = self.source.place(inside.offset).line
            self._refuse(offset, f"</{name}> comes before <{inside.name}> of line {line} is closed.")
        if self.blocks and self.blocks[-1][1] == (inside.offset, False):
            self._refuse_torn(self.blocks[-1][0])
        self.stack.pop()

    def _check_element(self, name: str, offset: int) -> None:
        inside = self.stack[-1]
        if name.lower() in _FORBIDDEN or name == "mj-include":
            self._refuse(offset, f"<{name}> is not available in emails.")
        if name.startswith("mj-") or name == "mjml":
            if inside.name == "mj-attributes":
                return
            if name not in _PARENTS:
                self._refuse(offset, f"MJML has no element <{name}>.")
            if inside.name not in _PARENTS[name]:
                allowed = " or ".join(f"<{parent}>" for parent in sorted(_PARENTS[name]))
                self._refuse(offset, f"<{name}> has to be in {allowed or 'no other element'}.")
        elif not inside.takes_text:
            self._refuse(offset, f"<{name}> is between elements. Put it into <mj-text>.")

    def _attributes(self, text: str, offset: int) -> None:
        at = 0
        while found := _ATTRIBUTE.match(text, at):
            name, value = found[1].lower(), found[2][1:-1]
            if name.startswith("on") or _EVIL_URL.match(value):
                self._refuse(offset + found.start(1), f"scripts are not available in emails ({found[1]}).")
            for token in TOKEN.finditer(value):
                tag = self.tags[int(token[1])]
                if tag.is_statement:
                    self._block(tag, (offset + found.start(1), True))
            if self.blocks and self.blocks[-1][1] == (offset + found.start(1), True):
                self._refuse_torn(self.blocks[-1][0])
            at = found.end()
        if text[at:].strip():
            self._refuse(offset + at, 'attributes are written name="value".')

    def _block(self, tag: Tag, where: tuple[int, bool]) -> None:
        """Follows where blocks begin and end. That they do end has been checked by Jinja2."""
        if tag.keyword in _BEGIN:
            self.blocks.append((tag, where))
        elif tag.keyword in _BETWEEN | _END:
            begin, began = self.blocks[-1]
            if began != where:
                self._refuse_torn(begin)
            if tag.keyword in _END:
                self.blocks.pop()

    def _refuse_torn(self, begin: Tag) -> NoReturn:
        refuse(
            self.template,
            Place(begin.place.file, begin.place.line),
            f"“{begin.keyword}” begins in one element and ends in another.",
        )

    def _refuse(self, offset: int, reason: str) -> NoReturn:
        refuse(self.template, self.source.place(offset), reason)
