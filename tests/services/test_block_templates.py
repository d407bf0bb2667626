"""Templates written in blocks: kept, checked, published and restored like those of code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.email.blocks.model import Block, Document, Picture, Text
from backend.email.blocks.reading import read_document, written_document
from backend.errors import InvalidInputError
from backend.services import shop_settings
from backend.services.context import Shop
from backend.services.templates import catalogue, versions
from backend.services.templates.catalogue import keep_edition, read_edition
from backend.services.templates.checklist import Level
from backend.services.templates.previews import render_preview
from tests.services.emails import edited, published
from tests.support import ADMIN, STAFF

NAME = "welcome"


@pytest.fixture(autouse=True)
def addressed(shop: Shop) -> None:
    """Marketing needs a postal address."""
    facts = shop_settings.get_shop_facts(shop)
    shop_settings.save_shop_facts(shop, ADMIN, replace(facts, postal_address="1 High Street"))


def blocks(*more: Block) -> str:
    return written_document(Document((Text(text="Hello {First name|there},"), *more), "Hello {First name}"))


def test_the_welcome_email_is_shipped_in_blocks(shop: Shop) -> None:
    source = catalogue.current_version(shop, NAME).source
    assert read_document(source.blocks).blocks
    assert "{{ customer.first_name }}" in source.body


def test_a_draft_in_blocks_is_kept_with_the_body_that_they_make(shop: Shop) -> None:
    copy = edited(shop, NAME, blocks=blocks(), body="something else")
    assert '{{ customer.first_name | default("there", true) }}' in copy.source.body
    assert versions.get_working_copy(shop, NAME) == copy


def test_blocks_that_cannot_be_read_are_refused(shop: Shop) -> None:
    with pytest.raises(InvalidInputError, match="of no known type"):
        edited(shop, NAME, blocks='{"format": 1, "blocks": [{"type": "video"}]}')


def test_a_version_shows_which_blocks_changed_and_not_their_code(shop: Shop) -> None:
    published(shop, NAME, blocks=blocks())
    newest = versions.list_versions(shop, NAME)[0]
    assert '+      "text": "Hello {First name|there},"' in newest.difference
    assert "mj-text" not in newest.difference


def test_what_is_missing_in_the_blocks_is_a_problem_of_the_preview_and_is_not_published(shop: Shop) -> None:
    picture = blocks(Picture(address="https://shop.example/mug.jpg"))
    source = replace(catalogue.current_version(shop, NAME).source, blocks=picture)
    preview = render_preview(shop, NAME, source=source)
    assert preview.email is not None
    assert "Hello Maria," in preview.email.text
    (problem,) = [check for check in preview.checks if check.level is Level.PROBLEM]
    assert problem.sentence == "Block 2 (picture): the alternative text is missing. Say what the picture shows."
    with pytest.raises(InvalidInputError, match="the alternative text is missing"):
        published(shop, NAME, blocks=picture)


def test_a_template_can_change_from_blocks_to_code_and_back(shop: Shop) -> None:
    code = catalogue.current_version(shop, NAME).source.body.replace("Thank you", "Many thanks")
    published(shop, NAME, blocks="", body=code)
    assert catalogue.current_version(shop, NAME).source.blocks == ""
    restored = versions.restore(shop, STAFF, NAME, 0, seen_number=1)
    assert restored.source == catalogue.version(shop, NAME, 0).source


def test_an_edition_of_blocks_keeps_what_is_needed_to_show_it_again(shop: Shop) -> None:
    version = published(shop, NAME, blocks=blocks())
    _, kept = read_edition(shop, keep_edition(shop, version))
    assert kept.source == replace(version.source, blocks="")
