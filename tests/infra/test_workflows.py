"""GitHub's workflows: no right that is not named, no action that can change under us, no credentials left behind."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.engines import ROOT
from tests.infra.files import program, read_yaml

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
each_workflow = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
_PINNED = re.compile(r"^\s*(?:- )?uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def steps(workflow: Path) -> list[dict[str, Any]]:
    return [step for job in read_yaml(workflow)["jobs"].values() for step in job["steps"]]


@each_workflow
def test_a_workflow_has_no_rights_and_each_job_only_those_that_it_names(workflow: Path) -> None:
    found = read_yaml(workflow)
    assert found["permissions"] == {}
    for job in found["jobs"].values():
        signs_in = {"id-token": "write"} if "environment" in job else {}
        assert job["permissions"] in ({}, {"contents": "read", **signs_in})
        assert job["timeout-minutes"] <= 90


@each_workflow
def test_actions_are_pinned_by_commit_with_their_version_beside_it(workflow: Path) -> None:
    lines = [line for line in workflow.read_text().splitlines() if "uses:" in line]
    assert [line for line in lines if not _PINNED.match(line)] == []


@each_workflow
def test_what_is_checked_out_keeps_no_credentials(workflow: Path) -> None:
    checkouts = [step for step in steps(workflow) if "actions/checkout@" in step.get("uses", "")]
    assert checkouts or not any("scripts/" in step.get("run", "") for step in steps(workflow))
    assert [step for step in checkouts if step["with"]["persist-credentials"] is not False] == []


def test_production_is_deployed_after_staging_and_by_its_own_environment() -> None:
    jobs = read_yaml(ROOT / ".github/workflows/deploy.yml")["jobs"]
    assert (jobs["staging"]["environment"], jobs["production"]["environment"]) == ("staging", "production")
    assert jobs["production"]["needs"] == "staging"
    assert "secrets." not in (ROOT / ".github/workflows/deploy.yml").read_text()


def test_zizmor_finds_nothing() -> None:
    command = [program("zizmor"), "--offline", "--no-progress", "--quiet", str(ROOT / ".github")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
