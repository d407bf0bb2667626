"""The layer contracts hold, and each of them notices what it forbids."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("importlinter", reason="the layer contracts are not tested: import-linter is not installed")

ROOT = Path(__file__).parents[2]

DIRECTION = "Imports point one way"
ENGINES = "Only bootstrap opens an engine; the rest knows the port"
RULES = "The port, the schema and the rules beside them know no engine"
SQL = "Only engines speak SQL"
AWS = "Only adapters speak to AWS"
STREAMLIT = "Nothing but pages knows Streamlit"

VIOLATIONS = [
    ("backend/domain/money.py", "import backend.store.port", DIRECTION),
    ("backend/records/values.py", "import backend.services.context", DIRECTION),
    ("backend/observability/measures.py", "import backend.services.context", DIRECTION),
    ("backend/services/context.py", "import backend.bootstrap", DIRECTION),
    ("backend/api/app.py", "import front_door.gate", DIRECTION),
    ("front_door/gate.py", "import pages.components.ui.shell", DIRECTION),
    ("backend/services/context.py", "import benchmarks.results", DIRECTION),
    ("backend/services/context.py", "import backend.store.sql", ENGINES),
    ("pages/__init__.py", "import backend.store.port", ENGINES),
    ("backend/store/port.py", "import backend.store.sql", RULES),
    ("backend/services/context.py", "import sqlalchemy", SQL),
    ("backend/services/context.py", "import boto3", AWS),
    ("backend/email/events/spool.py", "import boto3", AWS),
    ("backend/services/context.py", "from streamlit import session_state", STREAMLIT),
]


def checked(folder: Path) -> str:
    """What import-linter says of the folder."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", program, "--no-logo", "--no-cache"]
    run = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Contracts: " in run.stdout, run.stdout + run.stderr
    return run.stdout


def test_no_contract_is_broken() -> None:
    assert " 0 broken" in checked(ROOT)


def test_each_forbidden_import_is_found(tmp_path: Path) -> None:
    """All of them at once, because a run takes seconds."""
    for package in ("backend", "benchmarks", "front_door", "pages"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for file, line, _ in VIOLATIONS:
        with (tmp_path / file).open("a") as module:
            module.write(f"\n{line}\n")
    _, *parts = re.split(r"^(.+)\n-+\n\n", checked(tmp_path).partition("Broken contracts")[2], flags=re.MULTILINE)
    found = dict(zip(parts[::2], parts[1::2], strict=True))
    for file, line, contract in VIOLATIONS:
        importer = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        imported = line.split()[1]
        assert f"{importer} -> {imported}" in found[contract], line


def test_the_sql_engine_knows_no_aws_and_the_dynamodb_engine_no_sql() -> None:
    for module in (ROOT / "backend" / "store").glob("*.py"):
        text = module.read_text()
        if not module.name.startswith("dynamodb"):
            assert "import boto" not in text, module.name
            assert "from boto" not in text, module.name
        if not module.name.startswith("sql"):
            assert "sqlalchemy" not in text, module.name


def test_every_part_of_the_backend_has_its_layer() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = " ".join(next(c["layers"] for c in contracts if c["name"] == DIRECTION))
    parts = [
        path.stem for path in (ROOT / "backend").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    ]
    placed = set(re.findall(r"backend\.(\w+)", layers))
    assert {part for part in parts if part != "__init__"} <= placed
