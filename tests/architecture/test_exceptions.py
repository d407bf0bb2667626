"""No exception object outlives its raise: one that is kept and raised again grows with each raise."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / "server.py", ROOT / "streamlit_app.py", *ROOT.glob("backend/**/*.py"), *ROOT.glob("pages/**/*.py")]


def kept_exceptions(source: str) -> list[str]:
    """Exceptions that are made when a module is loaded: in a module, a class body or a default of an argument."""
    if "Error(" not in source and "Exception(" not in source:
        return []
    return [ast.unparse(call) for node in ast.parse(source).body for call in _calls_at_load(node) if _is_error(call)]


def _calls_at_load(node: ast.AST) -> Iterator[ast.Call]:
    if isinstance(node, ast.Call):
        yield node
    if isinstance(node, ast.Lambda):
        children: Iterator[ast.AST] = iter([node.args])
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        children = iter([node.args, *node.decorator_list])
    elif isinstance(node, ast.Raise):
        return
    else:
        children = ast.iter_child_nodes(node)
    for child in children:
        yield from _calls_at_load(child)


def _is_error(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name.endswith(("Error", "Exception"))


def test_no_module_keeps_an_exception() -> None:
    assert {str(path): kept for path in SOURCES if (kept := kept_exceptions(path.read_text()))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "_TAKEN = ConflictError('x')",
        "_TAKEN: BackendError = errors.ConflictError('x')",
        "_ALL = {'a': [ConflictError('x')]}",
        "class Settings:\n    refusal = ConflictError('x')",
        "def write(otherwise=ConflictError('x')): ...",
        "async def write(*, otherwise=ConflictError('x')): ...",
        "write = lambda otherwise=ConflictError('x'): otherwise",
        "if True:\n    _TAKEN = ConflictError('x')",
        "_TAKEN = partial(Put, otherwise=ConflictError('x'))",
    ],
)
def test_a_kept_exception_is_noticed(source: str) -> None:
    assert kept_exceptions(source) == ["ConflictError('x')"] or kept_exceptions(source) == ["errors.ConflictError('x')"]


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    raise ConflictError('x')",
        "f = lambda: ConflictError('x')",
        "if not ok:\n    raise ValueError('x')",
    ],
)
def test_an_exception_that_is_made_when_it_is_raised_is_not(source: str) -> None:
    assert kept_exceptions(source) == []
