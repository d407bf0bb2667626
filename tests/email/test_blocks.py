"""Emails made of blocks: read strictly, compiled without exception, shown as they were written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings

from backend.domain.emails import Need, TemplateSource, TemplateVersion
from backend.domain.templates import MOST_BYTES
from backend.email.blocks import model
from backend.email.blocks.compiling import compile_document
from backend.email.blocks.model import MOST_CHARACTERS, MOST_MERGE_FIELDS, Case, Condition, Document
from backend.email.blocks.problems import problems_of
from backend.email.blocks.reading import read_document, written_document
from backend.email.blocks.sources import with_body
from backend.email.rendering.limits import LONGEST_SOURCE
from backend.email.rendering.renderer import render
from backend.errors import InvalidInputError
from tests.email.blocks import FACTS, ONE_OF_EACH, documents, version_of
from tests.email.support import CUSTOMER, ORDER, data, files

EXAMPLES = int(os.environ.get("BLOCK_DOCUMENTS", "60"))


def shown(*blocks: model.Block, **given: Any) -> tuple[str, str]:
    """HTML and text of these blocks for Maria and her order."""
    values = {"order": ORDER, "fields": {"note": "", "track": ""}, **given}
    email = render(files().layout, version_of(Document(blocks)), data(FACTS, **values))
    return email.html, email.text


@given(documents)
@example(json.loads(written_document(ONE_OF_EACH)))
@example({"format": 1, "blocks": [{"type": "text", "text": "&#123;{Note} &#123;&#123; &amp;lt;"}]})
@settings(max_examples=EXAMPLES)
def test_whatever_is_written_renders_and_survives_the_way_to_json_and_back(written: dict[str, Any]) -> None:
    document = read_document(json.dumps(written))
    assert read_document(written_document(document)) == document
    email = render(files().layout, version_of(document), data(FACTS, order=ORDER, fields={"note": "A\n\nB"}))
    assert email.text.endswith("12 Market Street\nPortland, OR 97205\n")


@pytest.mark.parametrize(
    "text",
    [
        "&" * 4_000,
        "{" * 4_000,
        "*a* " * 1_000,
        "[a](https://b.example)" * 180,
        "{City}" * 21,
        "a\n\n" * 70,
        "{First name|" + "x" * 60 + "}",
    ],
)
def test_the_longest_documents_are_within_what_a_template_may_have(text: str) -> None:
    blocks: list[model.Block] = [model.Text(text=text), model.Text(text=text)]
    blocks += [model.Product(title="a", price="b", picture="https://b.example", link="{Tracking link}")] * 58
    document = Document(tuple(blocks))
    document = read_document(written_document(document))
    assert len(compile_document(document, FACTS)) < LONGEST_SOURCE < MOST_BYTES
    render(files().layout, version_of(document), data(FACTS, order=ORDER))


def test_every_block_shows_what_it_is_for() -> None:
    html, text = shown(*ONE_OF_EACH.blocks, fields={"track": "https://carrier.example/1"})
    for part in ("<strong>Bold</strong>", "<em>italic</em>", 'href="https://shop.example/a"', 'alt="A blue mug"'):
        assert part in html
    assert "Good to see you, Maria" in text
    assert "Track it: https://carrier.example/1" in text
    assert "Assam tea" in text
    assert "HELLO5" in text
    assert "everybody at Fern & Fig" in text
    assert problems_of(replace(ONE_OF_EACH, subject="Hello {Full name}"), FACTS) == []


def test_the_fallback_is_shown_when_the_value_is_empty() -> None:
    nameless = replace(CUSTOMER, name="")
    assert "Hello there," in shown(model.Text(text="Hello {First name|there},"), customer=nameless)[1]
    assert "Hello Maria," in shown(model.Text(text="Hello {First name|there},"))[1]


def test_a_subject_may_look_like_code() -> None:
    facts = replace(FACTS, title="{{ title }}")
    source = with_body(TemplateSource("", "", blocks='{"format": 1, "blocks": []}'), facts)
    email = render(files().layout, TemplateVersion(facts, 1, source), data(facts, order=ORDER))
    assert (email.subject, email.preheader) == ("{{ title }}", "")
    written = replace(ONE_OF_EACH, subject="{% if %} {#", preheader="{Note} {City|somewhere}")
    source = with_body(replace(source, blocks=written_document(written)), FACTS)
    email = render(
        files().layout, TemplateVersion(FACTS, 1, source), data(FACTS, order=ORDER, fields={"note": "n" * 200})
    )
    assert email.subject == "{% if %} {#"
    assert email.preheader == "n" * 99 + "… Lisbon"


def test_text_that_looks_like_code_is_text() -> None:
    written = "<b>{{ shop.name }}</b> {% if x %} {Nobody} 1 < 2"
    html, text = shown(model.Text(text=written), model.Button(label=written, link="https://shop.example"))
    assert "<b>" not in html
    assert "Fern &amp; Fig</b>" not in html
    assert text.replace("\u2060", "").count(written) == 2


@pytest.mark.parametrize(
    ("condition", "seen"),
    [
        (Condition(case=Case.ORDER_HAS, value="ASSAM"), True),
        (Condition(case=Case.ORDER_HAS, value="coffee"), False),
        (Condition(case=Case.ORDER_HAS, value="coffee", unless=True), True),
        (Condition(case=Case.COUNTRY, value="pt"), True),
        (Condition(case=Case.CITY, value='Lis"bon %}'), False),
        (Condition(case=Case.NAME_KNOWN), True),
        (Condition(case=Case.ORDER_UNPAID), False),
        (Condition(case=Case.FIELD, value="note"), False),
    ],
)
def test_a_block_is_shown_only_if_its_condition_fits(condition: Condition, seen: bool) -> None:
    block = model.Text(text="Only sometimes", only_if=condition)
    assert ("Only sometimes" in shown(block)[1]) is seen
    assert ("Only sometimes" in shown(model.Columns(left=(block,)))[1]) is seen


def test_a_button_whose_link_is_empty_for_somebody_is_left_out() -> None:
    button = model.Button(label="Track it", link="{Tracking link}")
    assert "Track it" not in shown(button)[0]


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        (model.Picture(address="https://shop.example/p.jpg"), "the alternative text is missing"),
        (model.Picture(address="http://shop.example/p.jpg", alternative="x"), "the address of the picture"),
        (model.Button(label="Go", link="shop.example"), "“shop.example” is no link"),
        (model.Text(text="See [this](javascript:x)"), "“javascript:x” is no link"),
        (model.Text(text="Hello {Frist name}"), "“{Frist name}” is no merge field"),
        (model.Text(text="x", only_if=Condition(case=Case.CITY)), "the condition lacks its value: City."),
        (model.Text(text="x", only_if=Condition(case=Case.FIELD, value="Nothing")), "cannot be checked in this email"),
        (model.Columns(left=(model.Coupon(),)), "Block 1.1 (coupon): the code is missing."),
    ],
)
def test_what_is_incomplete_is_told_and_does_not_keep_the_rest_from_being_seen(
    block: model.Block, sentence: str
) -> None:
    assert sentence in " ".join(problems_of(Document((block,)), FACTS))
    assert "The rest" in shown(block, model.Text(text="The rest"))[1]


def test_an_order_table_is_left_out_of_an_email_about_no_order() -> None:
    facts = replace(FACTS, needs=(Need.CUSTOMER,))
    document = Document((model.OrderTable(), model.Text(text="{Order number}")))
    assert len(problems_of(replace(document, subject="Hello"), facts)) == 2
    assert "order_table" not in compile_document(document, facts)


def _nested() -> dict[str, Any]:
    return {"type": "columns", "left": [{"type": "columns"}]}


@pytest.mark.parametrize(
    ("blocks", "sentence"),
    [
        (lambda: "x", "needs a list"),
        (lambda: [{"type": "video"}], "Block 1 is of no known type"),
        (lambda: [{"type": []}], "Block 1 is of no known type"),
        (lambda: [{"type": "text", "colour": "red"}], "something unknown: colour"),
        (lambda: [{"type": "text", "text": 5}], "Block 1, text has to be a text"),
        (lambda: [{"type": "text", "small": 1}], "has to be true or false"),
        (lambda: [{"type": "text", "text": "a\u0000"}], "control character"),
        (lambda: [{"type": "text", "only_if": {"case": "weather"}}], "of no known kind"),
        (lambda: [_nested()], "has columns itself"),
        (lambda: [{"type": "divider"}] * 61, "more than 60 blocks"),
        (lambda: [{"type": "columns", "left": [{"type": "divider"}] * 60}], "61 blocks, of 60"),
        (lambda: [{"type": "text", "text": "a" * 5_000}] * 3, f"15,000 characters, of {MOST_CHARACTERS:,}"),
        (lambda: [{"type": "text", "text": "{City}" * 101}], f"101 merge fields, of {MOST_MERGE_FIELDS}"),
        (lambda: [{"type": "text", "text": "a\n" * 301 + "a"}], "301 line breaks, of 300"),
    ],
)
def test_what_is_no_document_is_refused_with_its_place(blocks: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        read_document(json.dumps({"format": 1, "blocks": blocks()}))


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2, "blocks": []}', '{"format": 1, "more": 1}', "{" * 5_000])
def test_what_is_no_json_of_this_format_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read_document(text)
