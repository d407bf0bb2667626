"""What is installed is what the requirements files name: the locks agree with them, and hold a hash for everything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.engines import ROOT

_FILES = sorted(ROOT.glob("requirements*.txt"))
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def pins(text: str) -> set[tuple[str, str]]:
    return {(re.sub(r"[-_.]+", "-", name).lower(), version) for name, version in _PIN.findall(text)}


def named_in(file: Path) -> set[tuple[str, str]]:
    """What a requirements file names, with the files that it includes."""
    text = file.read_text()
    included = [named_in(ROOT / name) for name in re.findall(r"^-r (\S+)", text, re.MULTILINE)]
    return pins(text).union(*included)


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_a_lock_has_every_version_that_is_asked_for(file: Path) -> None:
    lock = (ROOT / "locks" / f"{file.stem}.lock").read_text()
    assert named_in(file) - pins(lock) == set(), "run `make lock`"


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_every_package_of_a_lock_has_hashes(file: Path) -> None:
    lock = (ROOT / "locks" / f"{file.stem}.lock").read_text()
    packages = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert [package.split("\n")[0] for package in packages if "--hash=sha256:" not in package] == []
    assert "://" not in lock


def test_the_smaller_locks_are_part_of_the_larger_one() -> None:
    """So that what is tested is what runs."""
    whole = pins((ROOT / "locks" / "requirements-check.lock").read_text())
    for name in ("requirements", "requirements-dev", "requirements-litestream"):
        assert pins((ROOT / "locks" / f"{name}.lock").read_text()) <= whole
