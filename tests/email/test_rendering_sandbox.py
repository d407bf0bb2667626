"""Templates that try to get out of their sandbox, to run for ever or to fill the memory are stopped."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from backend.email.rendering.limits import LONGEST_OUTPUT
from backend.email.rendering.renderer import render
from backend.errors import TemplateError
from tests.email.support import ORDER, data, section, shipped, version

BIG = "x" * 40_000

ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ ''['__class__'] }}",
    "{{ customer.__class__ }}",
    "{{ customer['__class__'] }}",
    "{{ customer.items() }}",
    "{{ customer.update({'name': 'x'}) }}",
    "{{ order.lines.append(1) }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ '%s' % customer }}",
    "{{ customer | attr('__class__') }}",
    "{{ customer | string }}",
    "{{ customer | safe }}",
    "{{ [1] | map(attribute='__class__') | list }}",
    "{{ range.__globals__ }}",
    "{{ order_table.__globals__ }}",
    "{{ self }}",
    "{{ self.__dict__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum() }}",
    "{{ dict(a=1) }}",
    "{{ namespace(a=1) }}",
    "{{ joiner() }}",
    "{{ button(*['a', 'b']) }}",
    "{{ button.__call__('a', 'b') }}",
    "{{ customer }}",
    "{{ order.lines }}",
    "{{ 1 | round }}{{ customer.name() }}",
    "{{ loop }}",
    "{% for line in order.lines %}{{ loop.__class__ }}{% endfor %}",
    "{% for line in order.lines %}{{ loop(order.lines) }}{% endfor %}",
    "{% include 'subject.txt' %}",
    "{% import 'macros.html' as m %}",
    "{% from 'macros.html' import button %}",
    "{% extends 'layout.mjml' %}",
    "{% block content %}{% endblock %}",
    "{% autoescape false %}{{ customer.name }}{% endautoescape %}",
    "{% filter upper %}x{% endfilter %}",
    "{% set x %}text{% endset %}",
    "{% call button('a', 'b') %}{% endcall %}",
    "{% raw %}{{ customer.name }}{% endraw %}",
    "{% do customer.clear() %}",
    "{% debug %}",
]


@pytest.mark.parametrize("content", ESCAPES)
def test_what_templates_may_not_do_is_refused(content: str) -> None:
    with pytest.raises(TemplateError) as refused:
        render(shipped()[0], version(content), data(order=ORDER))
    assert refused.value.part == "body"
    assert "does not fit together" not in refused.value.sentence


WORK, LONG, DEEP = "more work than an email may take", "builds a text of more than", "nested too deeply"
HOGS = {
    "multiplying a text": ("{{ 'x' * 10 }}", "works with numbers only"),
    "multiplying a list": ("{{ [1] * 1000000000 }}", "works with numbers only"),
    "a power": ("{{ 10 ** 1000000 }}", "powers"),
    "a padded number": ("{{ '%1000000000d' % 1 }}", "works with numbers only"),
    "a huge range": ("{{ range(1000000000) | length }}", "counts further"),
    "an unthinkable range": ("{{ range(1000000000000000000000) | length }}", "counts further"),
    "a loop over many": ("{% for i in range(100000) %}x{% endfor %}", "counts further"),
    "loops in loops": ("{% for i in range(999) %}{% for j in range(999) %}{% endfor %}{% endfor %}", WORK),
    "loops that do much": (
        "{% for i in range(999) %}{% for j in range(20) %}" + "{{ i }}" * 20 + "{% endfor %}{% endfor %}",
        WORK,
    ),
    "a big text in a loop": (f"{{% for i in range(900) %}}{BIG}{{% endfor %}}", "longer than 1,000,000"),
    "a big value in a loop": (
        f"{{% set x = '{BIG}' %}}{{% for i in range(900) %}}{{{{ x }}}}{{% endfor %}}",
        "longer than 1,000,000",
    ),
    "doubling": ("{% set a = 'x' ~ 'y' %}" + "{% set a = a ~ a %}" * 30 + "{{ a }}", LONG),
    "adding": ("{% set a = 'xy' %}" + "{% set a = a + a %}" * 30 + "{{ a }}", LONG),
    "squaring": ("{% set a = 99 %}" + "{% set a = a * a %}" * 20 + "{{ a }}", "number that is too large"),
    "a long join": (f"{{{{ range(900) | join('{BIG}') }}}}", LONG),
    "two long texts": (f"{{{{ '{BIG}' ~ '{BIG}' }}}}", LONG),
    "upper case in a loop": (
        f"{{% set x = '{BIG}' %}}{{% for i in range(999) %}}{{% set y = x | upper %}}{{% endfor %}}",
        WORK,
    ),
    "a macro of one's own": (
        "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
        "macros can only be defined in the layout",
    ),
    "a recursive loop": ("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "recursive loops"),
    "dividing by zero": ("{{ 1 / 0 }}", "divides by zero"),
    "infinity": ("{{ 1e308 * 10 }}", "number that is too large"),
    "deep brackets": ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", DEEP),
    "deep lists": ("{{ " + "[" * 150 + "]" * 150 + " }}", DEEP),
    "deep choices": ("{% if customer.name %}" * 150 + "{% endif %}" * 150, DEEP),
    "deep loops": ("{% for i in [1] %}" * 30 + "{% endfor %}" * 30, DEEP),
    "a number of many digits": ("{{ " + "9" * 5000 + " }}", "number that is too long"),
    "very many values": ("{{ customer.name }}" * 5000, "too many parts"),
    "elements in elements": ("<div>" * 8_000 + "</div>" * 8_000, DEEP),
    "a long source": ("x" * 200_000, "longer than 100,000"),
}


@pytest.mark.parametrize(("content", "reason"), HOGS.values(), ids=HOGS.keys())
def test_what_would_hang_or_fill_a_worker_is_stopped_quickly(content: str, reason: str) -> None:
    started = time.process_time()
    with pytest.raises(TemplateError, match=reason):
        render(shipped()[0], version(content), data(order=ORDER))
    assert time.process_time() - started < 5


@pytest.mark.parametrize("part", ["subject", "preheader", "text"])
@pytest.mark.parametrize("content", ["{{ 'x' * 9 }}", "{% for i in range(99999) %}x{% endfor %}", "{{ ''.__class__ }}"])
def test_the_other_parts_are_bounded_too(part: str, content: str) -> None:
    written: dict[str, Any] = {part: content}
    with pytest.raises(TemplateError):
        render(shipped()[0], version(**written), data())


def test_mjml_that_becomes_megabytes_of_html_is_refused() -> None:
    pictures = '<mj-carousel-image src="https://a.example/x.png" />' * 500
    carousel = f"<mj-carousel>{pictures}</mj-carousel>"
    with pytest.raises(TemplateError, match="longer than 1,000,000"):
        render(shipped()[0], version(body=section("").replace("<mj-text></mj-text>", carousel)), data())


def test_one_budget_is_shared_by_all_parts_of_an_email() -> None:
    loop = "{% for i in range(900) %}{% for j in range(40) %}{{ '' }}{% endfor %}{% endfor %}"
    render(shipped()[0], version(subject=f"Hello{loop}"), data())
    with pytest.raises(TemplateError, match="more work than an email may take"):
        render(shipped()[0], version(loop, subject=f"Hello{loop}", preheader=loop, text=loop), data())


def test_each_email_has_a_budget_of_its_own() -> None:
    loop = "{% for i in range(900) %}{% for j in range(20) %}{{ '' }}{% endfor %}{% endfor %}"
    shown = version(loop)
    digests = {render(shipped()[0], shown, data()).digest for _ in range(10)}
    assert len(digests) == 1


def test_the_longest_order_can_be_rendered() -> None:
    """An order has 500 line items at most, and a title 300 characters."""
    line = replace(ORDER.lines[0], title="Tea " * 75)
    layout, shown = shipped()
    email = render(layout, shown, data(shown.facts, order=replace(ORDER, lines=(line,) * 500)))
    assert email.html.count("Tea Tea") >= 500
    assert len(email.html) < LONGEST_OUTPUT


def test_data_cannot_be_changed_by_a_template() -> None:
    given = data(order=ORDER)
    before = repr(given)
    render(shipped()[0], version("{% set customer = 1 %}{% for shop in [1] %}{{ shop }}{% endfor %}"), given)
    assert repr(given) == before


def test_what_templates_need_works() -> None:
    content = (
        "{% set total = order.total + 100 %}{{ total | money }} {{ order.lines[0].title }} {{ order.lines | length }} "
        "{% for line in order.lines %}{{ loop.index }}/{{ loop.length }}{{ ', ' if not loop.last else '' }}{% endfor %}"
        " {{ customer.city | default('nowhere', true) }} {{ nothing | default('none') }} {{ customer.name[:5] }}"
        " {{ customer.name | upper | truncate(8) }} {{ 'A' ~ 1 }} {{ [1, 2] | join('-') }} {{ 7 // 2 }} {{ -3 + 1 }}"
        " {% if links.pay_url is defined %}no{% elif 'Tea' in order.lines[0].title %}no{% else %}yes{% endif %}"
    )
    html = render(shipped()[0], version(content), data(order=ORDER)).html
    assert "$52.00 Assam tea 2 1/2, 2/2 Lisbon none Maria MARIA… A1 1-2 3 -2 yes" in html
