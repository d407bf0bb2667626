"""Errors of templates name the part, the line and the variable, in sentences that its author understands."""

from __future__ import annotations

import pytest

from backend.email.rendering.renderer import render
from backend.errors import TemplateError
from tests.email.support import ORDER, data, shipped, version

SECTION = "<mj-section>\n  <mj-column>\n    <mj-text>{}</mj-text>\n  </mj-column>\n</mj-section>\n"


def refused(**written: str) -> TemplateError:
    """What is said of a template with these parts."""
    with pytest.raises(TemplateError) as error:
        render(shipped()[0], version(**written), data(order=ORDER))  # type: ignore[arg-type]
    return error.value


def test_a_missing_value_is_named_with_its_line() -> None:
    error = refused(body=SECTION.format("Hello,\n{{ customer.first_name }},\nsee {{ order.tracking_url }}"))
    assert error.sentence == (
        "The template greeting uses “order.tracking_url” in line 5 of its body, but no such value was given."
    )
    assert (error.part, error.line, error.variable) == ("body", 5, "order.tracking_url")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("{{ one }}", 3),
        ("\n\n{{ one }}", 5),
        ("{{ customer.name }}\n{{ customer.name }} {{ one }}", 4),
        ("{% if customer.name %}\n{% for line in order.lines %}\n{{ one }}{% endfor %}{% endif %}", 5),
        ("{# a comment\nof two lines #}\n{{ one }}", 5),
        ("{{ customer\n.name\n}}\n{{ one }}", 6),
        ("{{ button('a',\n one) }}", 3),
        ("<a title='x'\nhref='{{ one }}'>x</a>", 4),
        ("{%- if customer.name -%}\n\n x {{ one }}{% endif %}", 5),
    ],
)
def test_the_line_is_that_of_the_tag_whatever_is_around_it(content: str, line: int) -> None:
    error = refused(body=SECTION.format(content))
    assert error.variable == "one"
    assert error.line == line


def test_each_part_is_called_by_its_name() -> None:
    assert "in line 1 of its subject" in refused(subject="Hello {{ nobody }}").sentence
    assert "in line 2 of its preheader" in refused(preheader="Hello\n{{ nobody }}").sentence
    assert "in line 3 of its text part" in refused(text="Hello\n\n{{ nobody }}").sentence


def test_a_missing_value_of_the_layout_is_said_to_be_of_the_layout() -> None:
    layout, newsletter = shipped("newsletter")
    given = data(newsletter.facts, fields={"headline": "a", "first_title": "b", "first_text": "c"})
    del given["links"]["unsubscribe_url"]
    with pytest.raises(TemplateError, match=r"“links.unsubscribe_url” in line \d+ of the layout \(_base/footer.mjml\)"):
        render(layout, newsletter, given)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{{ customer.name", "line 3 of its body: unexpected '/' (is a “}}”"),
        ("\n{% if customer.name %}", "line 4 of its body: unexpected end of template"),
        ("{{ customer.name | loud }}", "line 3 of its body: there is no filter “loud”"),
        ("{{ order.total | money('ZZZ') }}", "“ZZZ” is not a currency code"),
        ("{{ customer.name | money }}", "“money” needs an amount"),
        ("{{ customer.name | date }}", "“Maria Lopez” is not a date"),
        ("{{ order.placed_at | date('huge') }}", "Dates can be short"),
        ("{{ order.placed_at }}", "It prints a date as it is stored"),
        ("{{ order.lines }}", "It prints a whole list or record"),
        ("{{ customer.name + 1 }}", "“+” works with numbers only"),
        ("{% for x in customer.name %}{% endfor %}", "It loops over something that is no list"),
        ("{% for x in nothing %}{% endfor %}", "uses “nothing” in line 3"),
        ("{{ buton('a', 'b') }}", "uses “buton” in line 3"),
    ],
)
def test_mistakes_are_explained(content: str, said: str) -> None:
    assert said in refused(body=SECTION.format(content)).sentence


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        ("<mj-section>\n<mj-column>\n</mj-section>", 3, "</mj-section> comes before <mj-column> of line 2 is closed"),
        ("<mj-section>\n<mj-column>\n</mj-column>", 1, "<mj-section> is never closed"),
        ("</mj-section>", 1, "</mj-section> closes nothing"),
        ("\n<mj-text>Hello</mj-text>", 2, "<mj-text> has to be in <mj-column> or <mj-hero>"),
        ("<mj-section>\nHello\n</mj-section>", 2, "“Hello” is between elements"),
        ("<mj-section>\n{{ customer.name }}\n</mj-section>", 2, "a value is between elements"),
        ("<mj-section>\n<p>x</p></mj-section>", 2, "<p> is between elements"),
        ("<mj-txt>Hello</mj-txt>", 1, "MJML has no element <mj-txt>"),
        ("<mj-section padding=0></mj-section>", 1, 'attributes are written name="value"'),
        ("<mj-section {{ customer.name }}></mj-section>", 1, 'attributes are written name="value"'),
        (SECTION.format("a\nb < c"), 4, "begins no tag"),
        (SECTION.format("<!-- open"), 3, "a comment is never closed"),
        (SECTION.format("<!-- {{ customer.name }} -->"), 3, "a value is in a comment"),
        (SECTION.format("<b>{% if customer.name %}</b>x{% endif %}"), 3, "“if” begins in one element and ends in"),
        (SECTION.format("{% if customer.name %}<b>{% else %}</b>{% endif %}"), 3, "“if” begins in one element"),
        (SECTION.format("<a title='{% if customer.name %}'>x</a>{% endif %}"), 3, "“if” begins in one element"),
        (SECTION.format("<script>alert(1)</script>"), 3, "<script> is not available"),
        (SECTION.format("<IFRAME src='x'></IFRAME>"), 3, "<IFRAME> is not available"),
        (SECTION.format("<p onclick='x()'>x</p>"), 3, "scripts are not available"),
        (SECTION.format("<a href='javascript:x()'>x</a>"), 3, "scripts are not available"),
        (SECTION.format("<a href=' JavaScript:x()'>x</a>"), 3, "scripts are not available"),
        ("<mj-include path='footer.mjml' />", 1, "<mj-include> is not available"),
        (SECTION.format("tillpost00000tag"), 3, "a word that is kept for the compiler"),
    ],
)
def test_wrong_mjml_is_explained_with_its_line(body: str, line: int, said: str) -> None:
    error = refused(body=body)
    assert said in error.sentence
    assert (error.part, error.line) == ("body", line)


def test_an_email_needs_a_subject() -> None:
    assert "an email needs a subject" in refused(subject=" \n").sentence


def test_a_template_that_was_wrong_can_be_corrected() -> None:
    refused(body=SECTION.format("{{ customer.nme }}"))
    email = render(shipped()[0], version(body=SECTION.format("{{ customer.name }}")), data())
    assert "Maria Lopez" in email.html
