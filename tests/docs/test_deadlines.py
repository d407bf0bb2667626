"""The table of deadlines is that of the program, and nothing calls out that is not in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from backend.deadlines import LONGEST_WAIT
from tests.docs.test_rules import DOCS, table

ROWS = table("operations.md", "| call | seconds | set in |")
ROOT = DOCS.parent
CALLERS = frozenset(
    {
        "boto3",
        "dns.resolver",
        "ftplib",
        "http.client",
        "httpx",
        "psycopg",
        "requests",
        "sentry_sdk",
        "smtplib",
        "urllib.request",
    }
)
"""Modules by which a program reaches others."""
BY_OTHERS = {
    "backend.store.dynamodb_client": "backend.store.dynamodb_calls",
}
"""Modules that call out, and where the deadline is set for them."""


def where(row: list[str]) -> tuple[str, str]:
    module, _, name = row[2].strip("`").rpartition(".")
    return module, name


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_deadline_is_the_one_that_is_set(row: list[str]) -> None:
    module, name = where(row)
    assert getattr(import_module(module), name) == float(row[1].partition(",")[0])


def test_what_people_wait_for_ends_within_ten_seconds() -> None:
    longer = [row[0] for row in ROWS if float(row[1].partition(",")[0]) >= LONGEST_WAIT]
    assert longer == ["SES takes an email", "S3 takes or gives one file of a backup"]


def modules_that_call_out() -> Iterator[str]:
    for folder in ("backend", "front_door", "pages"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if any(name in path.read_text() for name in CALLERS) and CALLERS & set(imported_by(path)):
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imported_by(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_whatever_calls_out_has_a_deadline_in_the_table() -> None:
    explained = {where(row)[0] for row in ROWS}
    callers = {BY_OTHERS.get(module, module) for module in modules_that_call_out()}
    assert callers <= explained
