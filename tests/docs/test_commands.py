"""Every command that the documents show exists: `make` targets, `python -m backend` and `python -m benchmarks`."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from backend import cli
from benchmarks.__main__ import app as benchmarks

ROOT = Path(__file__).parents[2]
COMMAND_LINE: Any = get_command(cli.app)
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_TARGET = re.compile(r"^([a-z-]+):.*## ", re.MULTILINE)
_INLINE = re.compile(r"`((?:python -m (?:backend|benchmarks)|make) [^`…]+)`")


def shown() -> list[tuple[str, str]]:
    """Document and command of every console line, and of every command inside a sentence."""
    found: list[tuple[str, str]] = []
    for document in DOCUMENTS:
        text, name = document.read_text(), str(document.relative_to(ROOT))
        for block in _BLOCK.findall(text):
            found += [(name, line[2:]) for line in block.splitlines() if line.startswith("$ ")]
        found += [(name, command) for command in _INLINE.findall(text)]
    return found


MAKE = [(name, command) for name, command in shown() if re.match(r"make\b", command)]
BACKEND = [(name, command) for name, command in shown() if re.search(r"python -m backend\b", command)]
BENCHMARKS = [(name, command) for name, command in shown() if "python -m benchmarks" in command]


@pytest.mark.parametrize(("document", "command"), MAKE)
def test_a_make_target_that_is_shown_exists_and_is_listed_by_help(document: str, command: str) -> None:
    targets = [word for word in shlex.split(command, comments=True)[1:] if "=" not in word]
    assert set(targets) <= set(_TARGET.findall((ROOT / "Makefile").read_text()))


@pytest.mark.parametrize(("document", "command"), BACKEND)
def test_a_command_that_is_shown_exists_with_its_options(document: str, command: str) -> None:
    words = shlex.split(command.split("python -m backend", 1)[1], comments=True)
    found = COMMAND_LINE
    while words and hasattr(found, "commands") and not (words[0].startswith("--") and found.invoke_without_command):
        assert words[0] in found.commands, f"{document}: {command}"
        found = found.commands[words.pop(0)]
    assert_known(words, found.params)


@pytest.mark.parametrize(("document", "command"), BENCHMARKS)
def test_an_option_of_the_benchmarks_that_is_shown_exists(document: str, command: str) -> None:
    words = shlex.split(command.split("python -m benchmarks", 1)[1], comments=True)
    assert_known(words, get_command(benchmarks).params)


def assert_known(words: list[str], parameters: list[Any]) -> None:
    options = {name for parameter in parameters for name in parameter.opts + parameter.secondary_opts}
    assert {word.split("=")[0] for word in words if word.startswith("--")} <= options | {"--help"}


def test_the_documents_show_commands_of_each_kind() -> None:
    assert MAKE
    assert BACKEND
    assert BENCHMARKS
