"""The doctor on the command line: a table with what to do, JSON for programs, an exit code for both."""

from __future__ import annotations

import pytest

from backend.services.context import Shop
from tests.cli.conftest import Run

HERE = ("--time-server", "127.0.0.1")
"""No network: nobody tells the time here."""


def test_each_thing_is_reported_with_its_verdict_and_the_exit_code_says_whether_one_fails(run: Run, shop: Shop) -> None:
    told = run("doctor", "--json", *HERE)
    checks = {check["subject"]: check for check in told.json["checks"]}
    assert (told.code, told.json["ok"]) == (1, False)
    assert checks["Workers"]["verdict"] == "fail"
    assert checks["Tables"] == {"subject": "Tables", "verdict": "ok", "found": "All are there.", "fix": ""}
    assert checks["Clock"]["verdict"] == "unknown"


def test_people_read_what_to_do_below_what_is_wrong(run: Run, shop: Shop) -> None:
    lines = run("doctor", *HERE).out.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("fail     Workers"))
    assert lines[place + 1].strip() == "→ Start the server, or python -m backend worker."
    assert lines[-1].endswith("1 fail")


@pytest.mark.parametrize(("name", "value"), [("PORT", "x"), ("COOKIE_KEY", "too-short"), ("STORE_URL", "mysql://x/y")])
def test_settings_that_are_wrong_are_the_one_thing_to_repair_first(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    told = run("doctor", "--json", *HERE)
    (check,) = told.json["checks"]
    assert (told.code, check["subject"], check["verdict"]) == (1, "Settings", "fail")
    assert name in check["found"]
    assert value not in check["found"] or name == "STORE_URL"
