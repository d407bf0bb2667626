"""The documents are built as a site without a warning, each of them in the table of contents."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("sphinx", reason="Sphinx is not installed (requirements-check.txt)")
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "-d", str(tmp_path / "cache")]
    built = subprocess.run(
        [*command, str(ROOT / "docs"), str(tmp_path / "site")], capture_output=True, text=True, check=False
    )
    assert (built.returncode, built.stderr) == (0, "")
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} <= {
        path.stem for path in (tmp_path / "site").glob("*.html")
    }
