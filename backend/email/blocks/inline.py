"""The writing of blocks: a little Markdown and merge fields, which become HTML with Jinja's tags in it.

Whatever somebody types means something: what is no mark, no field and no link is text, and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from urllib.parse import urlsplit

from backend.email.blocks.merge_fields import MERGE_FIELD, MergeField, literal, value_of

Fields = Mapping[str, MergeField]
LINK = re.compile(r"\[([^\[\]\n]+)\]\(([^()\n]+)\)")
_MARKS = re.compile(
    rf"\\(?P<plain>[\\*\[\]{{}}-])|\*\*(?=\S)(?P<bold>[^\n]+?)(?<=\S)\*\*|\*(?=[^\s*])(?P<italic>[^*\n]+?)(?<=\S)\*"
    rf"|(?P<link>{LINK.pattern})|(?P<field>{MERGE_FIELD.pattern})"
)
_ITEM = re.compile(r"(?:(?P<bullet>[-*])|(?P<number>\d{1,3})\.)\s+(?P<text>\S.*)")
_TAG = re.compile(r"tillpost(?=\d{5}tag)")
_HOLD = "\u2060"
"""WORD JOINER, which has no width: it keeps two characters from being read as one sign by Jinja or the compiler."""


def paragraphs(text: str, fields: Fields) -> Iterator[str]:
    """Each paragraph or list of the text as HTML. A blank line begins another."""
    for kind, lines in groupby(text.split("\n"), _kind):
        found = list(lines)
        if kind in ("ul", "ol"):
            items = (_ITEM.match(line.strip()) for line in found)
            shown = "".join(f"<li>{inline(item['text'], fields)}</li>" for item in items if item)
            yield f"<{kind}>{shown}</{kind}>"
        elif kind == "text":
            alone = MERGE_FIELD.fullmatch(found[0].strip()) if len(found) == 1 else None
            field = fields.get(alone[1].strip().casefold()) if alone else None
            if field is not None and field.is_long:
                yield f"{{{{ {field.expression} | paragraphs }}}}"
            else:
                yield "<br/>".join(inline(line.strip(), fields) for line in found)


def inline(text: str, fields: Fields) -> str:
    """One line as HTML."""
    return "".join(_pieces(text, fields, marks=True))


def plain(text: str, fields: Fields) -> str:
    """One line as the value of an attribute: merge fields, and no marks."""
    return "".join(_pieces(text, fields, marks=False))


def header(text: str, fields: Fields) -> str:
    """One line as the Jinja of a subject or preheader, in which long values are cut."""
    pieces: list[str] = []
    at = 0
    for found in MERGE_FIELD.finditer(text):
        field = fields.get(found[1].strip().casefold())
        if field is not None:
            cut = " | truncate(100)" if field.is_long else ""
            pieces += [_literally(text[at : found.start()]), f"{{{{ {value_of(field, found[2] or '')}{cut} }}}}"]
            at = found.end()
    return "".join((*pieces, _literally(text[at:])))


def expression(text: str, fields: Fields) -> str:
    """One line as a Jinja expression, for a macro."""
    parts: list[str] = []
    at = 0
    for found in MERGE_FIELD.finditer(text):
        field = fields.get(found[1].strip().casefold())
        if field is not None:
            parts += [literal(text[at : found.start()]), f"({value_of(field, found[2] or '')})"]
            at = found.end()
    parts.append(literal(text[at:]))
    return " ~ ".join(part for part in parts if part != '""') or '""'


def link_expression(link: str, fields: Fields) -> str | None:
    """Where a link leads, as a Jinja expression; None when it leads nowhere."""
    if found := MERGE_FIELD.fullmatch(link.strip()):
        field = fields.get(found[1].strip().casefold())
        return field.expression if field and field.is_url else None
    return literal(link) if is_address(link) else None


def is_address(link: str) -> bool:
    """Whether it is a whole https or mailto address."""
    if not link.isprintable() or re.search(r"[\s<>\"'{}|\\^`]", link):
        return False
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "mailto":
        return re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", parts.path) is not None
    return parts.scheme == "https" and "." in host.strip(".")


def escaped(text: str) -> str:
    """The text as HTML, in which nothing is left that could be read as a tag, or as Jinja's."""
    text = _TAG.sub(f"till{_HOLD}post", re.sub("[\ufffe\uffff]", "", text)).replace("{", "{" + _HOLD)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _literally(text: str) -> str:
    """The text outside HTML, in which no brace is Jinja's."""
    return re.sub(r"\{+", lambda found: f"{{{{ {literal(found[0])} }}}}", text)


def _kind(line: str) -> str:
    """What a line is part of; "" for an empty one."""
    item = _ITEM.match(line.strip())
    if item:
        return "ul" if item["bullet"] else "ol"
    return "text" if line.strip() else ""


def _pieces(text: str, fields: Fields, *, marks: bool) -> Iterator[str]:
    at = 0
    for found in (_MARKS if marks else MERGE_FIELD).finditer(text):
        yield escaped(text[at : found.start()])
        yield _marked(found, fields) if marks else _field(found[0], fields)
        at = found.end()
    yield escaped(text[at:])


def _marked(found: re.Match[str], fields: Fields) -> str:
    if found["plain"]:
        return escaped(found["plain"])
    if found["bold"]:
        return f"<strong>{inline(found['bold'], fields)}</strong>"
    if found["italic"]:
        return f"<em>{inline(found['italic'], fields)}</em>"
    if found["link"]:
        return _link(found["link"], fields)
    return _field(found[0], fields)


def _link(written: str, fields: Fields) -> str:
    """A link, or only its words while it leads nowhere."""
    words, link = LINK.fullmatch(written).groups()  # type: ignore[union-attr]  # it was found by this pattern
    target = link_expression(link, fields)
    shown = "".join(_pieces(words, fields, marks=False))
    return f'<a href="{{{{ {target} }}}}">{shown}</a>' if target else shown


def _field(written: str, fields: Fields) -> str:
    """A merge field; one that is not known is the text that it is."""
    name, fallback = MERGE_FIELD.fullmatch(written).groups()  # type: ignore[union-attr]  # as above
    field = fields.get(name.strip().casefold())
    return f"{{{{ {value_of(field, fallback or '')} }}}}" if field else escaped(written)
