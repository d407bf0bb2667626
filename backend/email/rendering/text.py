"""The text part of an email, made from the body once per version.

MJML's elements become plain HTML, without the tables that it needs for its columns; inscriptis turns that into text;
then the tags come back. So the text is as cheap to render for one person as the HTML, and what a macro shows as a
table of HTML, the macro of the same name for texts shows as lines.
"""

from __future__ import annotations

import re
from functools import cache

import lxml.html
from inscriptis import get_text
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.html_properties import Display, WhiteSpace
from inscriptis.model.config import ParserConfig
from inscriptis.model.html_element import HtmlElement as Style
from lxml.html import HtmlElement

from backend.email.rendering.mjml_scan import Body, Layout
from backend.email.rendering.tags import TOKEN, Mapped, Tag, as_written, restore

_EMPTY = re.compile(r"<(mj-[a-z-]++)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)/>")
_NAME = re.compile(r"(</?)(mj-[a-z-]+|mjml|table|thead|tbody|tfoot|tr|td|th)\b")
_AS_HTML = {
    "mj-text": "article",
    "mj-table": "article",
    "mj-accordion-text": "article",
    "mj-accordion-title": "article",
    "mj-button": "nav",
    "mj-navbar-link": "nav",
    "mj-social-element": "nav",
    "mj-image": "img",
    "mj-divider": "hr",
    "td": "data",
    "th": "data",
}
"""What each element becomes: an article is a paragraph, a nav a link of its own, a data a cell; others are blocks."""
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


def text_template(layout: Layout, body: Body) -> Mapped:
    """The text of an email whose author wrote none, as a Jinja2 template."""
    template = restore(_plain(body.scanned.text, body.tags), body.tags, _macros(layout))
    return template.followed_by("_base/footer.txt", layout.text_footer)


def written_text_template(layout: Layout, text: str) -> Mapped:
    """The text that an author wrote, with the layout's footer."""
    return as_written("body.txt", text, _macros(layout)).followed_by("_base/footer.txt", layout.text_footer)


def tidy(text: str) -> str:
    """A rendered text with at most one empty line in a row; choices that were not taken leave more."""
    return _BLANK_LINES.sub("\n\n", text.replace("\r\n", "\n")).strip() + "\n"


def _macros(layout: Layout) -> list[tuple[str, str]]:
    return [("_base/macros.txt", layout.text_macros)]


def _plain(body: str, tags: tuple[Tag, ...]) -> str:
    html = _NAME.sub(_renamed, _EMPTY.sub(r"<\1\2></\1>", _without_head(body)))
    root = lxml.html.fragment_fromstring(html, create_parent="div")
    for element in list(root.iter("a", "nav", "img", "hr", "data")):
        _write_out(element)
    # inscriptis decodes entities once more: "&amp;lt;", which says "&lt;", would become "<".
    written = lxml.html.tostring(root, encoding="unicode").replace("&amp;", "&amp;amp;")
    text = get_text(written, _config()).replace("\xa0", " ")
    lines = [line.rstrip() for line in text.strip("\n").splitlines()]
    return "".join(line.strip() if _only_statements(line, tags) else f"{line}\n" for line in lines)


def _without_head(body: str) -> str:
    """The body without <mj-head>, in one pass for any content."""
    kept, at = [], 0
    while (start := body.find("<mj-head", at)) >= 0 and (end := body.find("</mj-head>", start)) >= 0:
        kept.append(body[at:start])
        at = end + len("</mj-head>")
    return "".join((*kept, body[at:]))


def _renamed(found: re.Match[str]) -> str:
    return found[1] + _AS_HTML.get(found[2], "div")


def _write_out(element: HtmlElement) -> None:
    """Puts into words what the element shows: where a link leads, what an image is of, that there is a line."""
    target = element.get("href", "")
    if element.tag == "img":
        element.addnext(_span(element.get("alt", "") + (f": {target}" if target else "")))
    elif element.tag == "hr":
        element.addnext(_span("-" * 24))
    elif element.tag == "data":
        element.append(_span("  "))
    elif target and target.removeprefix("mailto:") != element.text_content().strip():
        element.append(_span(f": {target}" if element.tag == "nav" else f" ({target})"))


def _span(text: str) -> HtmlElement:
    """The spaces of the text stay, as those of a <pre>."""
    span = lxml.html.Element("samp")
    span.text = text
    return span


def _only_statements(line: str, tags: tuple[Tag, ...]) -> bool:
    """Lines of nothing but statements leave no empty line behind."""
    found = TOKEN.findall(line)
    return bool(found) and not TOKEN.sub("", line).strip() and all(tags[int(number)].is_statement for number in found)


@cache
def _config() -> ParserConfig:
    css = {
        **STRICT_CSS_PROFILE,
        "article": Style(display=Display.block, margin_before=1, margin_after=1),
        "nav": Style(display=Display.block, margin_before=1, margin_after=1),
        "hr": Style(display=Display.none),
        "img": Style(display=Display.none),
        "samp": Style(display=Display.inline, whitespace=WhiteSpace.pre),
    }
    return ParserConfig(css=css)
