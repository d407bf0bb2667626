"""Documents as JSON, read strictly: whoever gives something else learns what is wrong, and where."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import orjson

from backend.domain.text import clean_line, clean_text
from backend.email.blocks.merge_fields import MERGE_FIELD
from backend.email.blocks.model import (
    KINDS,
    MOST_BLOCKS,
    MOST_CHARACTERS,
    MOST_LINES,
    MOST_MERGE_FIELDS,
    Block,
    Case,
    Columns,
    Condition,
    Document,
)
from backend.errors import InvalidInputError

_FORMAT = 1
_FIELD = "blocks"
_HEADERS = {field.name: field for field in dataclasses.fields(Document) if field.name != "blocks"}


def read_document(text: str) -> Document:
    """The document of this JSON.

    Raises: `InvalidInputError` naming the block and what is wrong with it.
    """
    try:
        written = orjson.loads(text)
    except ValueError as error:
        raise InvalidInputError("The blocks are not JSON.", _FIELD) from error
    _check_names(written, {"format", "blocks", *_HEADERS}, "The document")
    if written.get("format") != _FORMAT:
        raise InvalidInputError(f"The blocks are of format {written.get('format')!r}, not {_FORMAT}.", _FIELD)
    headers = {name: _value(field, written.get(name, ""), "The email") for name, field in _HEADERS.items()}
    document = Document(_blocks(written.get("blocks", []), "", inside=False), **headers)
    check_limits(document)
    return document


def written_document(document: Document) -> str:
    """The document as JSON with a line for each value, so that a difference can be read. What is as usual is left out.

    The document was read, or its blocks were made by `cleaned`.
    """
    headers = {name: value for name in _HEADERS if (value := getattr(document, name))}
    content = {"format": _FORMAT, **headers, "blocks": [_as_json(block) for block in document.blocks]}
    return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()


def check_limits(document: Document) -> None:
    """Raises: `InvalidInputError` when it is more than an email can hold."""
    blocks = document.all_blocks
    texts = [document.subject, document.preheader, *(text for block in blocks for text in _texts(block))]
    for found, most, what in (
        (len(blocks), MOST_BLOCKS, "blocks"),
        (sum(map(len, texts)), MOST_CHARACTERS, "characters"),
        (sum(text.count("\n") for text in texts), MOST_LINES, "line breaks"),
        (sum(len(MERGE_FIELD.findall(text)) for text in texts), MOST_MERGE_FIELDS, "merge fields"),
    ):
        if found > most:
            raise InvalidInputError(f"The email has {found:,} {what}, of {most:,} at most. Make it shorter.", _FIELD)


def _blocks(written: Any, where: str, *, inside: bool) -> tuple[Block, ...]:
    if not isinstance(written, list):
        raise InvalidInputError(f"{where or 'The document'} needs a list of blocks.", _FIELD)
    if len(written) > MOST_BLOCKS:
        raise InvalidInputError(f"The email has more than {MOST_BLOCKS} blocks. Make it shorter.", _FIELD)
    return tuple(_block(each, f"{where} block {number}".strip(), inside) for number, each in enumerate(written, 1))


def _block(written: Any, where: str, inside: bool) -> Block:
    kind = written.get("type") if isinstance(written, dict) else None
    made = KINDS.get(kind) if isinstance(kind, str) else None
    where = where[:1].upper() + where[1:]
    if made is None:
        raise InvalidInputError(f"{where} is of no known type.", _FIELD)
    if made is Columns and inside:
        raise InvalidInputError(f"{where} is in a column and has columns itself.", _FIELD)
    return cast(Block, _made(made, {name: value for name, value in written.items() if name != "type"}, where))


def _made(kind: type[Any], written: Any, where: str) -> Any:
    fields = {field.name: field for field in dataclasses.fields(kind)}
    _check_names(written, set(fields), where)
    return kind(**{name: _value(fields[name], value, where) for name, value in written.items()})


def _value(field: dataclasses.Field[Any], value: Any, where: str) -> Any:
    """The value, of the type that the default has."""
    label = f"{where}, {field.name}"
    if field.name == "only_if":
        return None if value is None else _made(Condition, value, f"{label},")
    if field.default == ():
        return _blocks(value, label, inside=True)
    if isinstance(field.default, Case):
        if value not in list(Case):
            raise InvalidInputError(f"{label} is of no known kind.", _FIELD)
        return Case(value)
    wanted = type(field.default) if isinstance(field.default, bool) else str
    if not isinstance(value, wanted):
        raise InvalidInputError(f"{label} has to be {'true or false' if wanted is bool else 'a text'}.", _FIELD)
    if not isinstance(value, str):
        return value
    clean = clean_text if field.metadata.get("lines") else clean_line
    return clean(value, label, longest=field.metadata["longest"], field=_FIELD)


def _check_names(written: Any, known: set[str], where: str) -> None:
    if not isinstance(written, dict):
        raise InvalidInputError(f"{where} is no record.", _FIELD)
    if unknown := sorted(set(written) - known):
        raise InvalidInputError(f"{where} has something unknown: {unknown[0][:40]}.", _FIELD)


def _as_json(part: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"type": part.KIND} if isinstance(part, Block) else {}
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        if isinstance(value, tuple):
            value = [_as_json(each) for each in value]
        elif dataclasses.is_dataclass(value):
            value = _as_json(value)
        if value not in ([], field.default) or field.name == "case":
            content[field.name] = value
    return content


def _texts(block: Block) -> list[str]:
    parts: list[Block | Condition] = [block, block.only_if] if block.only_if else [block]
    values = [getattr(part, field.name) for part in parts for field in dataclasses.fields(part)]
    return [value for value in values if type(value) is str and value]
