"""Every shipped template, rendered from its sample, is what a person has looked at and found good.

After a change that is meant to show, run the tests once with UPDATE_GOLDEN=1 and look at the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import lxml.html
import pytest

from backend.email.rendering.renderer import render
from tests.email.support import files, from_sample, shipped

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(files().versions)


@pytest.mark.parametrize("name", NAMES)
def test_the_template_renders_as_it_was_reviewed(name: str) -> None:
    layout, version = shipped(name)
    email = render(layout, version, from_sample(name))
    inbox = f"{email.subject}\n{email.preheader}\n"
    # One tag a line, so that a difference can be read.
    html = email.html.replace("><", ">\n<") + "\n"
    for ending, text in (("subject.txt", inbox), ("html", html), ("txt", email.text)):
        path = GOLDEN / f"{name}.{ending}"
        if os.environ.get("UPDATE_GOLDEN"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", NAMES)
def test_the_template_can_be_used_with_a_screen_reader(name: str) -> None:
    layout, version = shipped(name)
    email = render(layout, version, from_sample(name))
    document = lxml.html.document_fromstring(email.html)
    assert document.get("lang") == "en-US"
    assert document.findtext(".//title") == email.subject
    assert len(document.findall(".//h1")) == 1
    for table in document.iter("table"):
        assert table.get("role") == "presentation" or table.findall(".//th[@scope]")
    assert all(link.text_content().strip() for link in document.iter("a"))


def test_the_payment_reminder_asks_only_for_what_is_still_owed() -> None:
    layout, version = shipped("payment-reminder")
    sample = from_sample("payment-reminder")
    sample["order"] = {**sample["order"], "balance": 871}
    email = render(layout, version, sample)
    assert "Pay $8.71" in email.text
    assert email.preheader.startswith("$8.71 for")


def test_no_golden_file_is_left_of_a_template_that_is_gone() -> None:
    assert {path.name.partition(".")[0] for path in GOLDEN.iterdir()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_template_loads_nothing_but_pictures(name: str) -> None:
    """MJML fetches fonts of a known name from another company's server, which then knows who reads."""
    layout, version = shipped(name)
    email = render(layout, version, from_sample(name))
    document = lxml.html.document_fromstring(email.html)
    assert not [*document.iter("link", "script", "iframe", "object")]
    assert "@import" not in email.html
    assert "@font-face" not in email.html
