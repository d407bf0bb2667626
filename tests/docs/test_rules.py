"""Tables of rules in the guides say what the domain does."""

from __future__ import annotations

import re
from pathlib import Path

from backend.domain.orders import NEXT_STATUSES
from backend.domain.team import PERMISSIONS, Permission, Role

DOCS = Path(__file__).parents[2] / "docs"


def table(document: str, first_line: str) -> list[list[str]]:
    """The cells of the rows of the table that begins with this line."""
    text = (DOCS / document).read_text().split(first_line + "\n")[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[1:]]


def test_the_table_of_permissions_is_that_of_the_roles() -> None:
    shown = {row[0]: row[1:] for row in table("managers.md", "| | manager | staff | engineer | admin |")}
    roles = (Role.MANAGER, Role.STAFF, Role.ENGINEER, Role.ADMIN)
    assert shown == {
        permission.value: ["yes" if permission in PERMISSIONS[role] else "" for role in roles]
        for permission in Permission
    }


def test_the_figures_explained_are_those_of_the_overview() -> None:
    shown = {row[0] for row in table("managers.md", "| figure | what it is |")}
    cards = (DOCS.parent / "pages" / "components" / "metrics.py").read_text().split("def _cards")[1]
    assert shown == set(re.findall(r'(?:amount|number|_Card)\(\s*"([^"]+)"', cards))


def test_the_table_of_statuses_is_that_of_the_orders() -> None:
    shown = {row[0]: row[1].split(", ") for row in table("staff.md", "| from | to |")}
    assert shown == {status.value: [following.value for following in NEXT_STATUSES[status]] for status in NEXT_STATUSES}
