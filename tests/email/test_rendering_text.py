"""The text part is made from the body, unless somebody wrote one."""

from __future__ import annotations

import pytest

from backend.email.rendering.renderer import render
from tests.email.support import ORDER, data, section, shipped, version


def text_of(content: str = "", *, body: str = "", text: str = "") -> str:
    """The text part above the footer."""
    email = render(shipped()[0], version(content, body=body, text=text), data(order=ORDER))
    return email.text.partition("\n--\n")[0].strip()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<h1>Hello</h1><p>One</p><p>Two<br/>Three</p>", "Hello\n\nOne\n\nTwo\nThree"),
        ("See <a href='https://a.example/?x=1&amp;y=2'>the page</a>.", "See the page (https://a.example/?x=1&y=2)."),
        ("<a href='mailto:a@b.example'>a@b.example</a>", "a@b.example"),
        ("<a href='https://a.example'>https://a.example</a>", "https://a.example"),
        ("<img src='https://a.example/x.png' alt='A cup'/>", "A cup"),
        ("Tea &amp; cake&nbsp;&eacute; 5 &lt; 6", "Tea & cake é 5 < 6"),
        ("<ul><li>One</li><li>Two</li></ul>", "* One\n  * Two"),
        ("{{ button('Go', 'https://a.example/?a=1&b=2') }}", "Go: https://a.example/?a=1&b=2"),
        ("{{ address(['A', 'B']) }}", "A\nB"),
        ("{% if customer.city %}\n<p>Yes</p>\n{% else %}\n<p>No</p>\n{% endif %}", "Yes"),
        (
            "<table>{% for line in order.lines %}<tr><td>{{ line.quantity }}</td><td>{{ line.title }}</td></tr>"
            "{% endfor %}</table>",
            "2  Assam tea\n1  Mug",
        ),
    ],
)
def test_what_the_html_shows_the_text_says(content: str, text: str) -> None:
    assert text_of(content) == text


def test_the_elements_of_mjml_become_lines() -> None:
    body = (
        "<mj-section><mj-column><mj-text>Left</mj-text></mj-column><mj-column><mj-text>Right</mj-text></mj-column>"
        "</mj-section><mj-section><mj-column><mj-divider /><mj-button href='https://a.example'>Go</mj-button>"
        "<mj-image src='https://a.example/x.png' alt='A cup' href='https://b.example' /><mj-spacer />"
        "<mj-table><tr><td>1</td><td>2</td></tr></mj-table></mj-column></mj-section>"
    )
    lines = [line for line in text_of(body=body).splitlines() if line]
    assert lines == [
        "Left",
        "Right",
        "-" * 24,
        "Go: https://a.example",
        "A cup: https://b.example",
        "1  2",
    ]


def test_choices_that_were_not_taken_leave_no_gaps() -> None:
    body = section("One") + "".join(
        f"{{% if customer.city == 'Nowhere' %}}{section(str(number))}{{% endif %}}" for number in range(5)
    )
    assert text_of(body=body + section("Two")) == "One\n\nTwo"


def test_values_are_not_escaped_in_the_text() -> None:
    assert text_of("{{ 'Tea & <cake>' }}") == "Tea & <cake>"


def test_a_written_text_is_used_as_it_is_with_the_footer() -> None:
    email = render(shipped()[0], version("HTML", text="Hello {{ customer.name }},\n\n  as I said."), data())
    assert email.text.startswith("Hello Maria Lopez,\n\n  as I said.\n\n--\n")
    assert "12 Market Street" in email.text


def test_a_macro_for_html_has_a_namesake_for_texts_with_the_same_arguments() -> None:
    layout, _ = shipped()
    names = [
        [line.partition("macro ")[2].partition("-%}")[0].strip() for line in source.splitlines() if "{%- macro" in line]
        for source in (layout.macros, layout.text_macros)
    ]
    assert names[0] == names[1]
    assert len(names[0]) >= 3
