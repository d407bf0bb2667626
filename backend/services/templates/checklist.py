"""What to look at before an email goes out: a checklist of sentences, each with how serious it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import lxml.html
from lxml.html import HtmlElement

from backend.domain.emails import Kind, Rendered, TemplateVersion
from backend.domain.shop import ShopFacts
from backend.domain.templates import PARTS
from backend.email.blocks.problems import problems_of
from backend.email.blocks.reading import read_document
from backend.email.rendering.context import Data
from backend.email.rendering.uses import empty_names
from backend.errors import BackendError

SUBJECT_LENGTH = 60
"""About as many characters of a subject as an inbox on a desktop shows."""
PREHEADER_LENGTH = 110
GMAIL_CLIPS_AT = 102 * 1024
"""Bytes of HTML beyond which Gmail hides the rest, and with it the link to unsubscribe."""
_WITH_VALUES = [part for part in PARTS if part != "blocks"]
_LEFTOVER = re.compile(r"\{\{|\}\}|\{%|%\}|\blorem ipsum\b|\bTODO\b|\bXXX+\b|\[(?:insert|your|name|link|text)\b", re.I)


class Level(StrEnum):
    """A problem should keep the email from going out; a warning is for a person to decide."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class CheckResult:
    name: str
    level: Level
    sentence: str


def check_email(version: TemplateVersion, data: Data, shop: ShopFacts, email: Rendered) -> list[CheckResult]:
    """All checks of an email that was rendered for one person, in the order in which they are shown."""
    document = lxml.html.document_fromstring(email.html)
    return [
        CheckResult("Renders", Level.OK, "It renders for this person."),
        _subject(email),
        _preheader(email),
        _text_part(email),
        *(_marketing(data, shop, email, document) if version.facts.kind is Kind.MARKETING else []),
        _images(document),
        _links(document),
        _size(email),
        _empty_values(version, data),
        _leftovers(email, document),
        *_blocks(version),
    ]


def not_rendered(problem: BackendError | None) -> CheckResult:
    """The only check of an email that could not be rendered."""
    return CheckResult("Renders", Level.PROBLEM, problem.sentence if problem else "It does not render.")


def _blocks(version: TemplateVersion) -> list[CheckResult]:
    """What is missing in the blocks, each a problem; no check for a template of code."""
    if not version.source.blocks:
        return []
    problems = problems_of(read_document(version.source.blocks), version.facts)
    if not problems:
        return [CheckResult("Blocks", Level.OK, "All blocks are complete.")]
    return [CheckResult("Blocks", Level.PROBLEM, sentence) for sentence in problems]


def _subject(email: Rendered) -> CheckResult:
    subject = email.subject
    if not subject:
        return CheckResult("Subject", Level.PROBLEM, "The subject is empty.")
    if len(subject) > SUBJECT_LENGTH:
        sentence = f"The subject has {len(subject)} characters; many inboxes show about {SUBJECT_LENGTH}."
        return CheckResult("Subject", Level.WARNING, sentence)
    letters = [character for character in subject if character.isalpha()]
    if len(letters) > 5 and subject.upper() == subject:
        return CheckResult("Subject", Level.WARNING, "The subject is in capitals, which looks like spam.")
    return CheckResult("Subject", Level.OK, f"The subject has {len(subject)} characters.")


def _preheader(email: Rendered) -> CheckResult:
    if not email.preheader:
        sentence = "There is no preheader, so inboxes show the first words of the email beside the subject."
        return CheckResult("Preheader", Level.WARNING, sentence)
    if email.preheader == email.subject:
        return CheckResult("Preheader", Level.WARNING, "The preheader says the same as the subject.")
    if len(email.preheader) > PREHEADER_LENGTH:
        sentence = f"The preheader has {len(email.preheader)} characters; inboxes show at most {PREHEADER_LENGTH}."
        return CheckResult("Preheader", Level.WARNING, sentence)
    return CheckResult("Preheader", Level.OK, f"The preheader has {len(email.preheader)} characters.")


def _text_part(email: Rendered) -> CheckResult:
    if len(email.text.strip()) < 20:
        return CheckResult("Text part", Level.PROBLEM, "The text part is empty; some people read nothing else.")
    return CheckResult("Text part", Level.OK, "There is a text part.")


def _marketing(data: Data, shop: ShopFacts, email: Rendered, document: HtmlElement) -> list[CheckResult]:
    return [_way_out(data, email, document), _postal_address(shop, document, email)]


def _way_out(data: Data, email: Rendered, document: HtmlElement) -> CheckResult:
    url = data["links"].get("unsubscribe_url", "")
    visible = any(a.get("href") == url and a.text_content().strip() and not _hidden(a) for a in document.iter("a"))
    if not url or not visible or url not in email.text:
        sentence = "There is no visible link to unsubscribe. Use the layout, or put links.unsubscribe_url into a link."
        return CheckResult("Unsubscribe link", Level.PROBLEM, sentence)
    return CheckResult("Unsubscribe link", Level.OK, "There is a visible link to unsubscribe.")


def _postal_address(shop: ShopFacts, document: HtmlElement, email: Rendered) -> CheckResult:
    lines = [line.strip() for line in shop.postal_address.splitlines() if line.strip()]
    if not lines:
        sentence = "The shop has no postal address yet, and marketing needs one. Enter it in the shop's settings."
        return CheckResult("Postal address", Level.PROBLEM, sentence)
    shown = _words(document.text_content())
    if not all(_words(line) in shown and line in email.text for line in lines):
        sentence = "The shop's postal address is missing. Use the layout, or write {{ address(shop.address_lines) }}."
        return CheckResult("Postal address", Level.PROBLEM, sentence)
    return CheckResult("Postal address", Level.OK, "The shop's postal address is there.")


def _images(document: HtmlElement) -> CheckResult:
    images = list(document.iter("img"))
    silent = [image for image in images if image.get("alt") is None or (not image.get("alt") and _link_of(image))]
    if silent:
        sentence = f"{_counted(len(silent), 'image has', 'images have')} no alternative text for people who see none."
        return CheckResult("Alternative texts", Level.WARNING, sentence)
    return CheckResult(
        "Alternative texts", Level.OK, "All images have an alternative text." if images else "No images."
    )


def _links(document: HtmlElement) -> CheckResult:
    links = [(a.get("href") or "").strip() for a in document.iter("a")]
    broken = list(dict.fromkeys(link for link in links if not _well_formed(link)))
    if broken:
        shown = broken[0][:60] or "an empty one"
        sentence = f"{_counted(len(broken), 'link leads', 'links lead')} nowhere: {shown}."
        return CheckResult("Links", Level.PROBLEM, sentence)
    plain = [link for link in links if link.lower().startswith("http:")]
    if plain:
        return CheckResult("Links", Level.WARNING, f"A link is not encrypted (http instead of https): {plain[0][:60]}.")
    if not links:
        return CheckResult("Links", Level.OK, "No links.")
    return CheckResult("Links", Level.OK, f"{_counted(len(links), 'link is', 'links are')} well-formed.")


def _size(email: Rendered) -> CheckResult:
    size = len(email.html.encode())
    shown = f"{size / 1024:.0f} KB"
    if size > GMAIL_CLIPS_AT:
        return CheckResult("Size", Level.WARNING, f"The HTML has {shown}; Gmail hides what comes after 102 KB.")
    return CheckResult("Size", Level.OK, f"The HTML has {shown}; Gmail shows up to 102 KB.")


def _empty_values(version: TemplateVersion, data: Data) -> CheckResult:
    names = dict.fromkeys(name for part in _WITH_VALUES for name in empty_names(getattr(version.source, part), data))
    if names:
        shown = ", ".join(f"“{name}”" for name in list(names)[:5])
        verb = "is" if len(names) == 1 else "are"
        return CheckResult("Merge fields", Level.WARNING, f"{shown} {verb} empty for this person.")
    return CheckResult("Merge fields", Level.OK, "All merge fields have a value for this person.")


def _leftovers(email: Rendered, document: HtmlElement) -> CheckResult:
    for text in (email.subject, email.preheader, email.text, document.text_content()):
        if found := _LEFTOVER.search(text):
            sentence = f"“{found[0]}” looks like something that was left over."
            return CheckResult("Leftovers", Level.WARNING, sentence)
    return CheckResult("Leftovers", Level.OK, "No placeholders are left over.")


def _well_formed(link: str) -> bool:
    if re.search(r"[\s<>\"{}]", link):
        return False
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        return "." in host or host == "localhost"
    return parts.scheme in ("mailto", "tel") and bool(parts.path)


def _hidden(element: HtmlElement) -> bool:
    styles = ((node.get("style") or "").replace(" ", "").lower() for node in _with_ancestors(element))
    return any("display:none" in style or "visibility:hidden" in style for style in styles)


def _link_of(image: HtmlElement) -> bool:
    return any(node.tag == "a" for node in _with_ancestors(image))


def _with_ancestors(element: HtmlElement) -> Iterator[HtmlElement]:
    yield element
    yield from element.iterancestors()


def _words(text: str) -> str:
    return " ".join(text.split())


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
