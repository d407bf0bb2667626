"""Reads and works pages as people do: links by their words, figures by their labels, fields by their names."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs

from streamlit.testing.v1 import AppTest

from tests.pages.dashboard import texts

MARKUP = ("<b>x</b>", "[x](javascript:1)", "*x*", "$a$ and $b$", ":red[x]", ":tada:", ":material/edit:", "a -> b")
"""Names that Markdown, HTML or Streamlit's own signs would change if they were not shown as they are."""


def links(app: AppTest) -> dict[str, dict[str, list[str]]]:
    """The page's links with the parameters that they lead to."""
    return {as_read(link.label): parse_qs(link.proto.query_string) for link in app.get("page_link")}


def figures(app: AppTest) -> dict[str, str]:
    """The values of the metrics by their labels."""
    return {as_read(metric.label): as_read(metric.value) for metric in app.metric}


def said(app: AppTest) -> str:
    """All texts of the page as one, to look for a sentence in."""
    return "\n".join(texts(app))


def field(app: AppTest, label: str) -> Any:
    """The one text field, area or number field with this label."""
    fields = [*app.text_input, *app.text_area, *app.number_input]
    (found,) = [each for each in fields if each.label == label]
    return found


def press(app: AppTest, label: str) -> AppTest:
    """Presses the one button with this label and runs the page."""
    (button,) = [each for each in app.button if as_read(each.label) == label]
    return button.click().run()


def buttons(app: AppTest) -> list[str]:
    """The labels of the buttons that can be pressed."""
    return [as_read(button.label) for button in app.button if not button.disabled]


def as_read(markdown: str) -> str:
    """A label as people read it: without escapes, emphasis, colours and icons."""
    text = re.sub(r":material/\w+:\s?", "", markdown.replace(":gray[]", ""))
    text = re.sub(r"(?<!\\):[a-z-]+\[((?:\\.|[^\]\\])*)\]", r"\1", text)
    text = re.sub(r"(?<!\\)\*\*", "", text)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


def is_literal(markdown: str) -> bool:
    """Whether nothing of the text is left for Markdown or Streamlit to read a meaning into."""
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", markdown).replace(":gray[]", "")
    return (
        not re.search(r"[*_`<>\[\]$~|:]", bare)
        and ":material/" not in markdown
        and not re.search(r":\w+\\?:", markdown)
    )
