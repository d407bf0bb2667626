"""Version 0 of every template: the folders of `email_templates/`, with the layout in `_base/`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from backend.domain.emails import Kind, Need, TemplateFacts, TemplateField, TemplateSource, TemplateVersion
from backend.email.blocks.sources import with_body
from backend.email.rendering.context import RESERVED
from backend.email.rendering.mjml_scan import Layout
from backend.email.samples import Sample, read_sample
from backend.errors import ConfigurationError, InvalidInputError

BASE = "_base"


@dataclass(frozen=True)
class TemplateFiles:
    """Everything in the folder, read once. `versions` and `samples` are by the name of the template."""

    layout: Layout
    versions: Mapping[str, TemplateVersion]
    samples: Mapping[str, Sample]


@lru_cache(maxsize=8)
def read_templates(folder: Path) -> TemplateFiles:
    """All templates of a folder. They are part of the program, so they are read once.

    Raises: `ConfigurationError` naming the file that is missing or wrong.
    """
    names = sorted(path.parent.name for path in folder.glob("*/template.toml"))
    common = _json(folder / BASE / "sample.json")
    return TemplateFiles(
        layout=_layout(folder / BASE),
        versions={name: _version(folder / name) for name in names},
        samples={name: read_sample(common, _json(folder / name / "sample.json")) for name in names},
    )


def _layout(base: Path) -> Layout:
    return Layout(
        layout=_text(base / "layout.mjml"),
        header=_text(base / "header.mjml"),
        footer=_text(base / "footer.mjml"),
        macros=_text(base / "macros.html"),
        text_macros=_text(base / "macros.txt"),
        text_footer=_text(base / "footer.txt"),
    )


def _version(folder: Path) -> TemplateVersion:
    """Version 0, whose source is a file of blocks, or a file for each part of its code."""
    facts, blocks = _facts(folder), _text(folder / "blocks.json", optional=True)
    try:
        source = with_body(TemplateSource("", "", blocks=blocks), facts) if blocks else _source(folder)
    except InvalidInputError as error:
        raise ConfigurationError(f"blocks.json of the template {folder.name} is wrong: {error}") from error
    return TemplateVersion(facts, 0, source)


def _source(folder: Path) -> TemplateSource:
    return TemplateSource(
        subject=_text(folder / "subject.txt"),
        body=_text(folder / "body.mjml"),
        text=_text(folder / "body.txt", optional=True),
        preheader=_text(folder / "preheader.txt", optional=True),
    )


def _facts(folder: Path) -> TemplateFacts:
    path = folder / "template.toml"
    try:
        written = tomllib.loads(_text(path))
        kind = Kind(written["kind"])
        facts = TemplateFacts(
            name=folder.name,
            title=str(written["title"]),
            purpose=str(written["purpose"]),
            kind=kind,
            needs=tuple(Need(need) for need in written.get("needs", [])),
            topic=str(written.get("topic", "")),
            fields=tuple(_field(field) for field in written.get("fields", [])),
        )
    except (tomllib.TOMLDecodeError, KeyError, ValueError) as error:
        raise ConfigurationError(f"{path.name} of the template {folder.name} is wrong: {error}.") from error
    if bool(facts.topic) != (kind is Kind.MARKETING):
        raise ConfigurationError(f"The template {folder.name} is {kind}; marketing, and only that, has a topic.")
    return facts


def _field(written: Mapping[str, Any]) -> TemplateField:
    name = str(written["name"])
    if not name.isidentifier() or name in RESERVED:
        raise ValueError(f"a field cannot be called {name}")
    return TemplateField(
        name=name,
        label=str(written["label"]),
        required=bool(written.get("required", False)),
        is_url=bool(written.get("url", False)),
        is_long=bool(written.get("long", False)),
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(_text(path, optional=True) or "{}"))
    except ValueError as error:
        raise ConfigurationError(f"{path.parent.name}/{path.name} is not JSON: {error}.") from error


def _text(path: Path, *, optional: bool = False) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        if optional:
            return ""
        raise ConfigurationError(f"The file {path.parent.name}/{path.name} of the emails is missing.") from error
