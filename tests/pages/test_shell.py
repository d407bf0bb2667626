"""What people are told when something goes wrong, and where requests come from."""

from __future__ import annotations

import re

import pytest
from loguru import logger
from streamlit.testing.v1 import AppTest

from backend.domain.network import original_client
from tests.pages.dashboard import texts


def run(body: str) -> AppTest:
    script = f"from pages.components.shell import incidents\nimport streamlit as st\nwith incidents():\n    {body}\n"
    return AppTest.from_string(script, default_timeout=30).run()


def test_a_backend_error_is_shown_as_its_sentence_and_not_as_markdown() -> None:
    app = run("from backend.errors import ConflictError; raise ConflictError('**No** [link](http://x.example) <b>')")
    assert not app.exception
    assert texts(app) == ["**No** [link](http://x.example) <b>"]
    assert "[link](" not in app.error[0].value


def test_any_other_error_is_an_incident_number_that_the_log_has() -> None:
    lines: list[str] = []
    sink = logger.add(lines.append, format="{message}\n{exception}")
    app = run("raise ZeroDivisionError('the inside')")
    logger.remove(sink)
    found = re.search(r"under incident ([0-9A-Z]{8})\.", " ".join(texts(app)))
    assert found is not None
    assert "the inside" not in " ".join(texts(app))
    (line,) = [line for line in lines if "Incident" in line]
    assert f"Incident {found.group(1)}" in line
    assert "ZeroDivisionError: the inside" in line
    assert not app.exception


def test_stopping_and_rerunning_are_no_errors() -> None:
    assert texts(run("st.text('before'); st.stop()")) == ["before"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        ("203.0.113.9", [], "", "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "", "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.1"], "10.0.0.0/8", "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1"], "127.0.0.1", "198.51.100.1"),
        ("10.0.0.2", ["1.1.1.1, 198.51.100.1, 10.0.0.3"], "10.0.0.0/8", "198.51.100.1"),
        ("10.0.0.2", ["1.1.1.1", "198.51.100.1"], "10.0.0.0/8, 127.0.0.1", "198.51.100.1"),
        ("10.0.0.2", ["10.0.0.9"], "10.0.0.0/8", "10.0.0.9"),
        ("10.0.0.2", ["forged-text"], "10.0.0.0/8", "forged-text"),
        ("::1", ["2001:db8::7"], "::1", "2001:db8::7"),
        ("not an address", ["198.51.100.1"], "10.0.0.0/8", "not an address"),
    ],
)
def test_only_trusted_proxies_say_whose_address_it_is(
    peer: str, forwarded: list[str], trusted: str, expected: str
) -> None:
    assert original_client(peer, forwarded, trusted) == expected
