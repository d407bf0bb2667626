"""No template keeps a processor busy: whatever staff write is refused or rendered within a moment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from backend.domain.emails import Rendered, TemplateSource
from backend.email.rendering.errors import dotted_name
from backend.email.rendering.renderer import compile_template, render_compiled
from backend.errors import TemplateError
from tests.email.support import FACTS, data, files, section

SECONDS = 1.0
"""Of the processor; most of what is here takes milliseconds now, and took minutes."""

SHARED = "{% set a = [1, 1] %}" + "".join("{% set a = [a, a] %}" for _ in range(60))
NESTED = "{% set a = (1, 1) %}" + "".join("{% set a = (a, a) %}" for _ in range(60))
LONG = '{% set t = "' + "x" * 40_000 + '" %}'


def rendered(*, subject: str = "Hello", body: str = "") -> Rendered:
    """The email with this subject or this body, compiled now."""
    source = TemplateSource(subject, body or section("Hello!"))
    compiled = compile_template.__wrapped__(files().layout, FACTS.name, FACTS.kind, source)
    return render_compiled(compiled, data())


@contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < seconds


@pytest.mark.parametrize(
    "text",
    [
        SHARED + "{% set b = a %}" + SHARED + "{{ a == b }}",
        SHARED + "{% set b = a %}" + SHARED + "{{ a < b }}",
        SHARED + "{% set b = a %}" + SHARED + "{{ a is eq b }}",
        SHARED + "{% set b = a %}" + SHARED + "{{ a is le b }}",
        SHARED + "{% set b = a %}" + SHARED + "{{ [b] in [a] }}",
        SHARED + "{% set b = a %}" + SHARED + "{{ 1 < 2 != a == b }}",
        SHARED + "{% set b = a %}" + SHARED + "{{ a not in [b, b] }}",
        SHARED + "{{ a ~ '' }}",
        SHARED + "{{ a | e }}",
        SHARED + "{{ a | escape }}",
        SHARED + "{{ 2 | plural('', a) }}",
        SHARED + "{{ 'xxxxxx' | truncate(2, a) }}",
        SHARED + "{{ 'x' | date(a) }}",
        SHARED + "{{ a | join(a) }}",
        NESTED + "{{ {a: 1} }}",
        NESTED + "{{ 5 | money(a) }}",
        NESTED + "{{ 'x' | date(a) }}",
        "{{ 5 | round(-1000000000) }}",
        "{% set n = 1000000000 %}{{ 5 | round(-n) }}",
        "{{ 1.5 | round(1000000000) }}",
        '{{ "%1000000000d" is odd }}',
        '{% set t = "%1000000000d" %}{{ t is even }}',
        "{% for i in range(1000) if " + "+".join(["1"] * 3000) + " == 0 %}{% endfor %}",
        "{% for i in range(1000) %}{% for j in range(100) if "
        + "+".join(["i"] * 2000)
        + " < 0 %}{% endfor %}{% endfor %}",
        LONG
        + "{% for i in range(1000) %}{% for j in range(60) %}{% if 'xy' in t %}{% endif %}{% endfor %}{% endfor %}",
        LONG + "{% for i in range(1000) %}{% for j in range(60) %}{% set u = t[1:] %}{% endfor %}{% endfor %}",
        LONG
        + "{% for i in range(1000) %}{% for j in range(60) %}{% if t == t ~ '' %}{% endif %}{% endfor %}{% endfor %}",
        LONG + "{% for i in range(1000) %}{% for j in range(60) %}{% set u = t | join('') %}{% endfor %}{% endfor %}",
        "{% for i in range(1000) %}{% for j in range(60) %}{% if 'x' in range(1000) %}{% endif %}"
        "{% endfor %}{% endfor %}",
    ],
    ids=lambda text: text.removeprefix(SHARED).removeprefix(NESTED)[-60:],
)
def test_work_that_an_email_does_not_need_is_refused(text: str) -> None:
    with within(SECONDS), pytest.raises(TemplateError):
        rendered(subject=text)


@pytest.mark.parametrize(
    "body",
    [
        "<" + "a" * 99_000,
        "<mj-" + "a" * 99_000,
        "<a" * 49_000,
        "<a " + "b" * 99_000,
        "<a " + "b=" * 49_000,
        "<a '" * 24_000,
        '<a "' * 24_000,
        "<a" + " " * 99_000,
        "<a" + " b" * 49_000,
        '<a b="' + "-" * 99_000 + '">',
        "<" * 99_000,
        "<!--" * 24_000,
        "{% if " * 16_000,
        "{{ a " * 19_000,
        "{#" * 49_000,
        "{%" + " " * 99_000,
        "{{ '" * 24_000,
        "{% raw" * 16_000,
        "-%}" * 33_000,
        "tillpost" * 12_000,
    ],
    ids=lambda body: f"{body[:8]}…",
)
def test_a_body_that_is_no_mjml_is_refused_at_once(body: str) -> None:
    with within(SECONDS), pytest.raises(TemplateError):
        rendered(body=body)


@pytest.mark.parametrize(
    "text",
    [
        '<p title="' + "<mj-head " * 9_000 + '">x</p>',
        '<p title="</mj-head>">x</p><p title="' + "<mj-head " * 9_000 + '">x</p>',
        '<p title="' + "<mj-text" * 10_000 + '">x</p>',
        "<p>" + "\n" * 90_000 + "</p>",
        "<p>" + " \t" * 45_000 + "x</p>",
        "<p>" + "&nbsp;" * 15_000 + "</p>",
    ],
    ids=lambda text: f"{text[:30]!r}…{text[-20:]!r}",
)
def test_odd_texts_are_rendered_in_a_moment(text: str) -> None:
    with within(SECONDS):
        rendered(body=section(text))


def test_comparisons_parts_and_records_work_as_before() -> None:
    cases = {
        "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 'a' in 'cat' }} {{ 4 not in [1, 2] }}": "True False True True",
        "{{ 3 is odd }} {{ 4 is even }} {{ 2 is ge 2 }} {{ 2 is in [1, 2] }}": "True True True True",
        "{{ 'Tillpost'[:4] }} {{ 'Tillpost'[4:] }} {{ 'abc'[::-1] }} {{ [1, 2, 3][-2:] | join }}": "Till post cba 2, 3",
        "{% set k = 'x' %}{{ {k: 5}.x }} {{ {'y': 6}['y'] }}": "5 6",
        "{{ 2.345 | round(2) }} {{ 1250 | round(-2) }} {{ 2.5 | round }}": "2.35 1300 3",
        "{{ 'a' ~ 1 ~ none }} {{ '<' | e }}": "a1None &lt;",
        "{% for i in range(9) if i is odd %}{{ i }}{% endfor %}": "1357",
    }
    for template, expected in cases.items():
        assert rendered(subject=template).subject == expected


@pytest.mark.parametrize(
    ("source", "last", "name"),
    [
        ("{{ order.tracking_url }}", "tracking_url", "order.tracking_url"),
        ("{{ 12 + customer.nick }}", "nick", "customer.nick"),
        ("{{ nick }}", "nick", "nick"),
        ("{{ 3.nick }}", "nick", "nick"),
        ("{{ other }}", "nick", "nick"),
    ],
)
def test_a_missing_value_is_named_as_it_is_written(source: str, last: str, name: str) -> None:
    assert dotted_name(source, last) == name


def test_a_long_word_before_a_missing_value_costs_nothing() -> None:
    with within(0.2):
        dotted_name("{{ '" + "a" * 99_000 + "' ~ missing }}", "missing")
        dotted_name("a." * 49_000 + "b", "missing")
