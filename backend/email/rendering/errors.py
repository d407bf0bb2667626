"""What goes wrong in templates, in sentences that say where and why to the person who wrote the template."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import TracebackType
from typing import NoReturn

from jinja2 import Template, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from backend.errors import BackendError, TemplateError

_PARTS = {"subject.txt": "subject", "preheader.txt": "preheader", "body.mjml": "body", "body.txt": "text part"}

_NEVER_THERE = {
    "order.refund": "This email is about a refund, and this order has none.",
    "links.verify_url": "This email is for confirming an address, and there is none.",
}
"""Values that are missing although the template is right, and what that means for this customer or order."""


class LimitError(BackendError):
    """The template needs more than an email may use."""


class MisuseError(BackendError):
    """A value was used in a way that makes no sense."""


class MissingValueError(UndefinedError):
    """The template used a value that was not given. `name` is the last part of its name."""

    def __init__(self, name: object, message: str | None) -> None:
        super().__init__(message)
        self.name = str(name)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, from 1; 0 means the file as a whole. Files of the layout begin with "_base/"."""

    file: str
    line: int = 0
    source: str = ""

    @property
    def part(self) -> str:
        return _PARTS.get(self.file, "layout")

    @property
    def words(self) -> str:
        where = f"the layout ({self.file})" if self.part == "layout" else f"its {self.part}"
        return f"line {self.line} of {where}" if self.line else where


def refuse(template: str, place: Place, reason: str) -> NoReturn:
    """Raises: `TemplateError` saying that the template is wrong at this place."""
    sentence = f"The template {template} is wrong in {place.words}: {reason}"
    raise TemplateError(sentence, part=place.part, line=place.line)


def syntax_error(template: str, place: Place, error: TemplateSyntaxError) -> TemplateError:
    """`place` is where Jinja2 found the error."""
    message = (error.message or "it cannot be read").rstrip(".")
    if message.startswith("unexpected"):
        message += " (is a “}}” or “%}” missing before it?)"
    sentence = f"The template {template} cannot be read in {place.words}: {message[:1].lower()}{message[1:]}."
    return TemplateError(sentence, part=place.part, line=place.line)


def rendering_error(template: str, place: Place, error: Exception) -> TemplateError:
    """`place` is where the template was when the error happened; its `source` helps to name the variable."""
    if isinstance(error, MissingValueError):
        variable = dotted_name(place.source, error.name)
        missing = f"The template {template} uses “{variable}” in {place.words}, but no such value was given."
        sentence = _NEVER_THERE.get(variable, missing)
        return TemplateError(sentence, part=place.part, line=place.line, variable=variable)
    reason = f"The template {template} was stopped in {place.words}. {_explained(error)}"
    return TemplateError(reason, part=place.part, line=place.line)


def dotted_name(source: str, last: str) -> str:
    """The name as it is written in the source ("order.tracking_url"), or its last part if it is not found there."""
    found = re.search(rf"\b{re.escape(last)}\b", source)
    if found is None:
        return last
    start = found.start()
    while start and (source[start - 1] in "._" or source[start - 1].isalnum()):
        start -= 1
    return source[start : found.end()].lstrip(".0123456789")


def template_lines(traceback: TracebackType | None, template: Template) -> list[int]:
    """The lines of the template that were at work when the exception happened: a line that calls a macro, then its."""
    lines: list[int] = []
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__jinja_template__") is template:
            lines.append(template.get_corresponding_lineno(traceback.tb_lineno))
        traceback = traceback.tb_next
    return lines


def _explained(error: Exception) -> str:
    if isinstance(error, BackendError):
        return error.sentence
    if isinstance(error, SecurityError):
        return str(error)
    if isinstance(error, ZeroDivisionError):
        return "It divides by zero."
    if isinstance(error, MemoryError):
        return "It takes more memory than an email may."
    if isinstance(error, RecursionError):
        return "It is nested too deeply."
    return f"Something does not fit together there ({type(error).__name__}: {str(error)[:200]})."
