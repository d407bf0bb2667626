"""What people are told when something goes wrong, and where requests come from."""

from __future__ import annotations

import re

import pytest
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


NOTICE = """
import streamlit as st
from pages.components.ui import shell
from pages.components.ui.state import NOTICE
if st.button("save"):
    NOTICE.set("Saved *it*.")
if st.button("refused"):
    shell.forget_notice()
shell.show_notice()
"""


def test_what_was_done_is_said_as_long_as_it_takes_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("pages.components.ui.shell.time.monotonic", lambda: now[0])
    app = AppTest.from_string(NOTICE, default_timeout=30).run()
    app.button[0].click().run()
    assert [each.value for each in app.success] == ["Saved \\*it\\*\\."]
    assert len(app.run().success) == 1
    now[0] += 5
    assert not app.run().success


def test_what_was_done_is_not_said_beside_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    app = AppTest.from_string(NOTICE, default_timeout=30).run()
    app.button[0].click().run()
    assert app.success
    app.button[1].click().run()
    assert not app.success
