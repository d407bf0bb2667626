"""Renders emails: a version of a template, and the data of one person, become subject, HTML and text.

A version is compiled once and kept; rendering it for one more person costs tens of microseconds. The same version and
data give the same email, to the byte, which `Rendered.digest` proves.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Template, TemplateSyntaxError

from backend.domain.emails import Kind, Rendered, TemplateSource, TemplateVersion
from backend.email.rendering.environment import check_constructs, environment
from backend.email.rendering.errors import LimitError, Place, refuse, rendering_error, syntax_error, template_lines
from backend.email.rendering.limits import LONGEST_OUTPUT, LONGEST_SOURCE, LONGEST_SUBJECT, Budget, budget, joined
from backend.email.rendering.mjml_scan import Layout, html_template, read_body
from backend.email.rendering.tags import Mapped, as_written
from backend.email.rendering.text import text_template, tidy, written_text_template

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Part:
    """One text of an email, ready to be rendered."""

    file: str
    template: Template
    mapped: Mapped


@dataclass(frozen=True, slots=True)
class Compiled:
    """A version, ready to be rendered for anybody."""

    name: str
    kind: Kind
    subject: Part
    preheader: Part
    html: Part
    text: Part


def render(layout: Layout, version: TemplateVersion, data: Mapping[str, Any]) -> Rendered:
    """The email for one person. `data` comes from `context.build_context`.

    Raises: `TemplateError` naming part, line and variable.
    """
    facts = version.facts
    return render_compiled(compile_template(layout, facts.name, facts.kind, version.source), data)


def render_compiled(compiled: Compiled, data: Mapping[str, Any]) -> Rendered:
    """As `render`, for a version that was compiled before."""
    spent, data = budget.set(Budget()), with_marks(data)
    try:
        subject = one_line(_rendered(compiled, compiled.subject, data, LONGEST_SUBJECT))
        preheader = one_line(_rendered(compiled, compiled.preheader, data, LONGEST_SUBJECT))
        email = {"subject": subject, "preheader": preheader, "kind": compiled.kind.value}
        values = {**data, "email": email}
        html = _rendered(compiled, compiled.html, values, LONGEST_OUTPUT)
        text = tidy(_rendered(compiled, compiled.text, values, LONGEST_OUTPUT))
    finally:
        budget.reset(spent)
    return Rendered(subject, preheader, html, text, digest_of(subject, html, text))


@lru_cache(maxsize=128)
def compile_template(layout: Layout, name: str, kind: Kind, source: TemplateSource) -> Compiled:
    """Checks and compiles a version; kept by content.

    Raises: `TemplateError` naming part and line.
    """
    _check_sources(name, source)
    body = read_body(name, source.body)
    text = written_text_template(layout, source.text) if source.text.strip() else text_template(layout, body)
    return Compiled(
        name=name,
        kind=kind,
        subject=_part(name, "subject.txt", as_written("subject.txt", source.subject.rstrip())),
        preheader=_part(name, "preheader.txt", as_written("preheader.txt", source.preheader.rstrip())),
        html=_part(name, "body.mjml", html_template(name, layout, body), html=True),
        text=_part(name, "body.txt", text),
    )


def one_line(text: str) -> str:
    """The text without line breaks and other control characters: a subject that can become no second header."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def digest_of(subject: str, html: str, text: str) -> str:
    """SHA-256 over the three texts, in hexadecimal: the proof of what was sent."""
    return hashlib.sha256(f"{subject}\0{html}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()


def _check_sources(name: str, source: TemplateSource) -> None:
    files = {
        "subject.txt": source.subject,
        "preheader.txt": source.preheader,
        "body.mjml": source.body,
        "body.txt": source.text,
    }
    for file, text in files.items():
        if len(text) > LONGEST_SOURCE:
            refuse(name, Place(file), f"it is longer than {LONGEST_SOURCE:,} characters.")
        try:
            check_constructs(text)
        except TemplateSyntaxError as error:
            raise syntax_error(name, Place(file, error.lineno), error) from error
        except RecursionError as error:
            raise rendering_error(name, Place(file), error) from error
        except ValueError as error:
            # Python reads numbers of 4,300 digits at most.
            raise rendering_error(name, Place(file), LimitError("It holds a number that is too long.")) from error
    if not source.subject.strip():
        refuse(name, Place("subject.txt"), "an email needs a subject.")


def _part(name: str, file: str, mapped: Mapped, *, html: bool = False) -> Part:
    try:
        return Part(file, environment(html=html).compiled(mapped.source), mapped)
    except TemplateSyntaxError as error:
        raise syntax_error(name, mapped.place(error.lineno), error) from error
    except (RecursionError, SyntaxError) as error:
        # Python allows 20 loops within loops, and about a hundred choices.
        raise rendering_error(name, Place(file), RecursionError()) from error


def _rendered(compiled: Compiled, part: Part, data: Mapping[str, Any], longest: int) -> str:
    template = part.template
    try:
        return closed(joined(template.root_render_func(template.new_context(dict(data))), longest))
    except Exception as error:  # Whatever an expression of the template may raise.
        places = [part.mapped.place(line) for line in template_lines(error.__traceback__, template)]
        raise rendering_error(compiled.name, _to_blame(places) or Place(part.file), error) from error


def _to_blame(places: Sequence[Place]) -> Place | None:
    """The last place that the author wrote: a macro of the layout fails because of what it was given."""
    return next((place for place in reversed(places) if place.part != "layout"), places[-1] if places else None)


# --- Missing names: "Hello {{ customer.first_name }}," becomes "Hello," ------------------------------------------


_MARK = "\ue0ff"
"""A private character (Unicode, "Private Use Area"), which no text of a shop has a reason to hold."""
_GAP = re.compile(rf"(?:,\s*|\s+)?{_MARK}")
_AT_START = re.compile(rf"(^|>|\n)([ \t]*){_MARK}[,:!]?\s*(\w?)")
_PEOPLE = ("customer", "member")


class _NoName(str):
    """The mark of a name that is not known."""

    __slots__ = ()

    def __new__(cls) -> _NoName:
        return super().__new__(cls, _MARK)

    def __bool__(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return other == ""

    def __ne__(self, other: object) -> bool:
        return other != ""

    def __hash__(self) -> int:
        return hash("")


def with_marks(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data of an email, in which first names that are not known are marked; the same data when all are known."""
    missing = [person for person in _PEOPLE if person in data and data[person].get("first_name") == ""]
    if not missing:
        return data
    return {**data, **{person: {**data[person], "first_name": _NoName()} for person in missing}}


def closed(text: str) -> str:
    """The text without marks, and without the space or comma before them; at the beginning of a line, after them."""
    if _MARK not in text:
        return text
    return _GAP.sub("", _AT_START.sub(lambda match: match[1] + match[2] + match[3].upper(), text))
