"""Templates that are written in blocks: their body is made of the blocks whenever they are kept or shown."""

from __future__ import annotations

from backend.domain.emails import TemplateFacts, TemplateSource
from backend.email.blocks.compiling import compile_document, compile_header
from backend.email.blocks.reading import read_document, written_document


def with_body(source: TemplateSource, facts: TemplateFacts) -> TemplateSource:
    """The source that its blocks make; one of code as it is.

    Raises: `InvalidInputError` when the blocks cannot be read.
    """
    if not source.blocks:
        return source
    document = read_document(source.blocks)
    return TemplateSource(
        subject=compile_header(document.subject or facts.title, facts),
        body=compile_document(document, facts),
        preheader=compile_header(document.preheader, facts),
        blocks=written_document(document),
    )
