"""The tables and names of the operations guide are those of the program."""

from __future__ import annotations

import re

from backend.config import Settings
from backend.domain.objectives import TARGETS
from backend.services.system.health import HEALTH_CHECKS
from tests.docs.test_rules import DOCS, table

GUIDE = (DOCS / "operations.md").read_text()


def test_every_part_that_is_checked_is_explained() -> None:
    explained = {row[0] for row in table("operations.md", "| part | needs attention or does not work when |")}
    assert explained == {check.__name__.removeprefix("check_").capitalize() for check in HEALTH_CHECKS}


def test_the_objectives_are_those_of_the_program() -> None:
    shown = {row[0]: row[1] for row in table("operations.md", "| objective | target |")}
    assert shown == {target.objective.value: target.words for target in TARGETS}


def test_the_settings_that_are_named_exist() -> None:
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", GUIDE))
    assert named <= {name.upper() for name in Settings.model_fields}
