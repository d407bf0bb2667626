"""Names at the end of a run what it could not test, and why: engines, the browser, anything that was skipped."""

from __future__ import annotations

from collections import Counter

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = Counter(reason_of(report) for report in terminalreporter.getreports("skipped"))
    if not reasons:
        return
    terminalreporter.section("Not tested here")
    for reason, count in sorted(reasons.items()):
        terminalreporter.line(f"{reason} ({count} test{'s' if count > 1 else ''})")


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """The sentence given to `pytest.skip`, without pytest's own words around it."""
    longrepr = report.longrepr
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return text.removeprefix("Skipped: ")
