"""From MJML to the HTML template of an email, once per version: the layout goes around the body, MRML compiles it.

Jinja2's tags travel through MRML as tokens (`tags`), so choices and loops are left to the moment when the
email is rendered for one person, and MJML is not compiled again for each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import mjml

from backend.email.rendering.errors import Place, refuse
from backend.email.rendering.limits import LONGEST_OUTPUT
from backend.email.rendering.mjml_scan import Scanned, scan
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
