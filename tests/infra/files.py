"""Reads the files of infra/ as the programs that they are for do, and finds those programs."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engines import ROOT, unavailable

yaml = pytest.importorskip("yaml", reason="infra/ is not tested: PyYAML is not installed")
INFRA = ROOT / "infra"


class _Loader(yaml.SafeLoader):  # type: ignore[misc, name-defined]  # it is looked for above
    """Reads CloudFormation's short forms, such as !Ref, as a list of their name and their value."""


def _short_form(loader: Any, suffix: str, node: Any) -> list[Any]:
    if isinstance(node, yaml.SequenceNode):
        return [suffix, loader.construct_sequence(node, deep=True)]
    return [suffix, loader.construct_scalar(node)]


_Loader.add_multi_constructor("!", _short_form)


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file as dictionaries and lists."""
    found: dict[str, Any] = yaml.load(path.read_text(), _Loader)
    return found


def program(name: str) -> str:
    """Where a program is: beside this Python, or on the path. Skips the test where it is not installed."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        unavailable(name, f"{name} is not installed (requirements-check.txt)")
    return found
