"""What people are told when something goes wrong, and where requests come from."""

from __future__ import annotations

import re

from loguru import logger
from streamlit.testing.v1 import AppTest

from tests.pages.dashboard import texts


def run(body: str) -> AppTest:
    script = f"from pages.components.ui.shell import incidents\nimport streamlit as st\nwith incidents():\n    {body}\n"
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
    found = re.search(r"incident ([0-9A-Z]{8}):", " ".join(texts(app)))
    assert found is not None
    assert "the inside" not in " ".join(texts(app))
    (line,) = [line for line in lines if "Incident" in line]
    assert f"Incident {found.group(1)}" in line
    assert "ZeroDivisionError: the inside" in line
    assert not app.exception


def test_stopping_and_rerunning_are_no_errors() -> None:
    assert texts(run("st.text('before'); st.stop()")) == ["before"]
