"""Whatever customers are called and whatever they bought: it cannot break an email, or speak in the shop's name."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.emails import Kind, Rendered, TemplateFacts, TemplateField
from backend.domain.orders import LineItem
from backend.domain.shop import ShopFacts
from backend.email.rendering.context import build_context
from backend.email.rendering.renderer import render
from backend.errors import InvalidInputError
from tests.email.support import CUSTOMER, ORDER, SHOP, data, files, from_sample, shipped, version

HOSTILE = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "{{ 7 * 7 }}",
            "{% for x in range(9) %}",
            "{# gone #}",
            "tillpost00000tag",
            "\r\nBcc: everyone@example.com",
            "a\x00b\x0bc\x85d\u2028e",
            '"><img src=x onerror=alert(1)>',
            "</style></title><b>",
            "--><script>",
            "<![endif]-->",
            "&lt;b&gt; &amp;amp;",
            "=?utf-8?q?x?=",
            "\u202eolleh",
            "👩‍👩‍👧‍👦 ﷽",
        ]
    ),
)


@settings(max_examples=40)
@given(name=HOSTILE, title=HOSTILE, city=HOSTILE)
@pytest.mark.parametrize("template", ["order-confirmation", "order-shipped"])
def test_no_text_of_a_customer_or_an_order_breaks_an_email(template: str, name: str, title: str, city: str) -> None:
    email = rendered(template, name, title, city)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", email.subject + email.preheader)
    assert structure(email.html) == structure(rendered(template, "Maria", "Tea", "Lisbon").html)


@lru_cache(maxsize=4)
def rendered(template: str, name: str, title: str, city: str) -> Rendered:
    """An email in which everything that others may write is one of these texts."""
    layout, shown = shipped(template)
    line = LineItem(title, 1, 100, title)
    order = replace(ORDER, number=title, discount_code=city, discount=1, lines=(line,))
    shop = replace(SHOP, name=name + ".")
    customer = replace(CUSTOMER, name=name, city=city)
    return render(layout, shown, data(shown.facts, shop=shop, customer=customer, order=order))


def structure(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """Each element with the names of its attributes."""
    document = lxml.html.document_fromstring(html.replace("\x00", ""))
    return [(str(element.tag), tuple(sorted(element.keys()))) for element in document.iter()]


def test_what_looks_like_a_template_is_shown_as_it_is() -> None:
    layout, shown = shipped()
    customer = replace(CUSTOMER, name="{{7*7}} {% raw %} {#")
    email = render(layout, shown, data(shown.facts, customer=customer, order=ORDER))
    assert "{{7*7}}" in email.html
    assert "49" not in email.subject + email.preheader


def test_fields_that_staff_type_are_escaped_and_keep_their_lines() -> None:
    layout, shown = shipped("announcement")
    fields = {"headline": "A & B", "message": "One <b>\nTwo\n\nThree"}
    email = render(layout, shown, data(shown.facts, fields=fields))
    assert email.subject == "A & B"
    assert "<p>One &lt;b&gt;<br/>Two</p><p>Three</p>" in email.html
    assert "One <b>\nTwo\n\nThree" in email.text


def test_a_field_that_should_be_a_link_cannot_be_a_script() -> None:
    facts = files().versions["order-shipped"].facts
    with pytest.raises(InvalidInputError, match="Tracking link has to be a link"):
        build_context(facts, SHOP, fields={"tracking_url": "javascript:alert(1)"})


def test_a_required_field_has_to_be_there_and_others_are_empty() -> None:
    facts = TemplateFacts(
        "x", "X", "", Kind.MARKETING, fields=(TemplateField("a", "The A", True), TemplateField("b", "B"))
    )
    with pytest.raises(InvalidInputError, match="The A is missing"):
        build_context(facts, SHOP, fields={"b": "1"})
    assert build_context(facts, SHOP, fields={"a": "1"})["b"] == ""


def test_unknown_fields_cannot_replace_the_shop_or_the_links() -> None:
    facts = files().versions["announcement"].facts
    fields = {"headline": "a", "message": "b", "shop": "evil", "links": "evil", "email": "evil"}
    context = build_context(facts, SHOP, fields=fields)
    assert context["shop"]["name"] == SHOP.name
    assert context["links"] == {}
    assert "email" not in context


def test_what_the_team_notes_does_not_reach_a_template() -> None:
    context = data(order=replace(ORDER, note="difficult customer"), customer=CUSTOMER)
    assert "difficult" not in repr(context)


def test_moments_are_written_for_the_shop_s_zone_and_language() -> None:
    content = "{{ order.placed_at | date }} | {{ order.placed_at | datetime }} | {{ 123456 | money }}"
    order = replace(ORDER, placed_at=datetime(2026, 11, 24, 23, 30, tzinfo=UTC))
    berlin = replace(SHOP, zone="Europe/Berlin", locale="de_DE", currency="EUR")
    texts = [render(shipped()[0], version(content), data(shop=shop, order=order)).text for shop in (SHOP, berlin)]
    assert texts[0].startswith("November 25, 2026 | Nov 25, 2026, 12:30\xa0AM | $1,234.56")
    assert texts[1].startswith("25. November 2026 | 25.11.2026, 00:30 | 1.234,56\xa0€")


def test_plurals_and_dates_alone() -> None:
    content = "{{ 1 | plural('item', 'items') }} {{ 0 | plural('item', 'items') }} {{ 1200 | plural('a', 'b') }}"
    text = render(shipped()[0], version(content + " {{ '2026-11-26' | date('short') }}"), data()).text
    assert text.startswith("1 item 0 items 1,200 b 11/26/26")


@pytest.mark.parametrize("name", sorted(files().versions))
def test_every_template_renders_for_a_shop_that_has_set_nothing_but_its_name(name: str) -> None:
    layout, shown = shipped(name)
    email = render(layout, shown, from_sample(name, ShopFacts("My shop")))
    assert "My shop" in email.text
