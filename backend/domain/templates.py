"""Editing templates: the working copy that people share, and what is known of a template at a glance."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime

from backend.domain.emails import TemplateFacts, TemplateSource
from backend.errors import InvalidInputError

PARTS = {"subject": "Subject", "preheader": "Preheader", "body": "Body", "text": "Text part", "blocks": "Blocks"}
"""The parts of a template by their attributes, and what people call them."""
MOST_BYTES = 150_000
"""Of all parts together in UTF-8, so that a version and its difference fit into one item of the store."""


@dataclass(frozen=True, slots=True)
class WorkingCopy:
    """The one draft of a template. `revision` counts its saves from 1; `base` is the version that it began with."""

    name: str
    source: TemplateSource
    revision: int
    base: int
    edited_by: str
    edited_at: datetime


@dataclass(frozen=True, slots=True)
class TemplateState:
    """A template as the gallery shows it: which version is in use, and whether somebody is editing."""

    facts: TemplateFacts
    number: int = 0
    published_at: datetime | None = None
    published_by: str = ""
    note: str = ""
    edited_by: str = ""
    edited_at: datetime | None = None


def clean_source(source: TemplateSource) -> TemplateSource:
    """The parts with line ends as they are kept.

    Raises: `InvalidInputError` when they are too long together.
    """
    parts = {name: "\n".join(getattr(source, name).splitlines()) for name in PARTS}
    size = sum(len(part.encode("utf-8", "replace")) for part in parts.values())
    if size > MOST_BYTES:
        raise InvalidInputError(f"The template is too long: {size:,} bytes, of {MOST_BYTES:,} at most.", "body")
    return TemplateSource(**parts)


def parts_between(one: TemplateSource, other: TemplateSource) -> dict[str, str]:
    """The parts in which two sources can differ: where both are made of blocks, nothing but these."""
    return {"blocks": PARTS["blocks"]} if one.blocks and other.blocks else PARTS


def difference(before: TemplateSource, after: TemplateSource, older: str, newer: str) -> str:
    """What changed, as a unified diff with a header for each part, "" when nothing did."""
    lines: list[str] = []
    for name, label in parts_between(before, after).items():
        old, new = (getattr(source, name).splitlines() for source in (before, after))
        lines += difflib.unified_diff(old, new, f"{label}, {older}", f"{label}, {newer}", lineterm="")
    return "\n".join(lines)
