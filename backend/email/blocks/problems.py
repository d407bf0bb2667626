"""What keeps an email made of blocks from being published: what is missing in it, in sentences."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from backend.domain.emails import Need, TemplateFacts
from backend.email.blocks import inline, model
from backend.email.blocks.compiling import is_picture
from backend.email.blocks.conditions import VALUE_LABELS, expression_of, in_words
from backend.email.blocks.merge_fields import found_in, merge_fields
from backend.email.blocks.model import Block, Document

_LINKS = ("link", *model.NETWORKS)


def problems_of(document: Document, facts: TemplateFacts) -> list[str]:
    """What has to be completed or corrected, by block; [] when nothing."""
    headers = [document.subject, document.preheader]
    return [
        *([] if document.subject else ["The subject is missing."]),
        *([] if document.blocks else ["The email has no blocks yet. Add one."]),
        *(f"Subject or preheader: {sentence}" for text in headers for sentence in _unknown(text, merge_fields(facts))),
        *_problems_of_blocks(document, facts),
    ]


def _problems_of_blocks(document: Document, facts: TemplateFacts) -> list[str]:
    return [
        f"Block {place} ({block.TITLE.lower()}): {sentence}"
        for place, block in numbered(document)
        for sentence in _problems(block, facts)
    ]


def numbered(document: Document) -> Iterator[tuple[str, Block]]:
    """Each block with its number as people see it: "3", and "3.1" for the first in the columns of the third."""
    for number, block in enumerate(document.blocks, 1):
        yield str(number), block
        if isinstance(block, model.Columns):
            for inner, each in enumerate((*block.left, *block.right), 1):
                yield f"{number}.{inner}", each


def _problems(block: Block, facts: TemplateFacts) -> Iterator[str]:
    fields = merge_fields(facts)
    values = {field.name: getattr(block, field.name) for field in dataclasses.fields(block)}
    for name, value in values.items():
        if not isinstance(value, str):
            continue
        yield from _unknown(value, fields)
        links = [link for _, link in inline.LINK.findall(value)] if block.KIND in ("text", "product") else []
        for link in [value] if name in _LINKS and value else links:
            if inline.link_expression(link, fields) is None:
                yield f"“{link[:60]}” is no link. Links begin with https:// or mailto:."
    yield from _incomplete(block, facts)
    if block.only_if is not None and expression_of(block.only_if, facts) is None:
        if block.only_if.case in VALUE_LABELS and not block.only_if.value:
            yield f"the condition lacks its value: {VALUE_LABELS[block.only_if.case]}."
        else:
            yield f"the condition “{in_words(block.only_if)}” cannot be checked in this email."


def _unknown(text: str, fields: inline.Fields) -> Iterator[str]:
    for name in found_in(text):
        if name.casefold() not in fields:
            yield f"“{{{name}}}” is no merge field of this email."


def _incomplete(block: Block, facts: TemplateFacts) -> Iterator[str]:
    match block:
        case model.Heading(text="") | model.Text(text=""):
            yield "the text is missing."
        case model.Picture():
            if not is_picture(block.address):
                yield "the address of the picture is missing, or does not begin with https://."
            if not block.alternative:
                yield "the alternative text is missing. Say what the picture shows."
        case model.Button():
            if not block.label:
                yield "the label is missing."
            if not block.link:
                yield "the link is missing."
        case model.Product():
            if not block.title:
                yield "the title is missing."
            if block.picture and not is_picture(block.picture):
                yield "the address of the picture does not begin with https://."
        case model.OrderTable() if Need.ORDER not in facts.needs:
            yield "this email is about no order."
        case model.Coupon(code=""):
            yield "the code is missing."
        case model.SocialLinks() if not any(getattr(block, name) for name in model.NETWORKS):
            yield "all links are missing."
        case model.Columns(left=(), right=()):
            yield "both columns are empty."
