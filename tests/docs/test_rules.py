"""Tables of rules in the guides say what the domain does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backend.domain.customers import MOST_TAGS
from backend.domain.orders import MOST_HISTORY, MOST_LINES, NEXT_STATUSES
from backend.domain.team import PERMISSIONS, Permission, Role
from backend.services.customers.lists import _MATCHES
from backend.services.customers.writes import MONTHS_PER_TRANSACTION
from backend.store.dynamodb_calls import Patience

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
    cards = (DOCS.parent / "pages" / "components" / "statistics" / "cards.py").read_text().split("def _cards")[1]
    assert shown == set(re.findall(r'(?:amount|number|_Card)\(\s*"([^"]+)"', cards))


def test_the_table_of_statuses_is_that_of_the_orders() -> None:
    shown = {row[0]: row[1].split(", ") for row in table("staff.md", "| from | to |")}
    assert shown == {status.value: [following.value for following in NEXT_STATUSES[status]] for status in NEXT_STATUSES}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("staff.md", f"Tags are short words of your own, {MOST_TAGS} at most."),
        ("staff.md", f"matches more than {_MATCHES} customers says so"),
        ("architecture.md", f"A search looks at {_MATCHES} customers at most"),
        ("architecture.md", f"An order has {MOST_LINES} line items and {MOST_HISTORY} changes at most"),
        ("architecture.md", f"the customer's last {MONTHS_PER_TRANSACTION} months"),
        ("architecture.md", f"repeated with random pauses for up to {Patience().seconds:.0f} seconds"),
    ],
)
def test_a_limit_that_is_named_is_that_of_the_code(document: str, sentence: str) -> None:
    assert sentence in " ".join((DOCS / document).read_text().split())
