"""Options that several commands share."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from backend.errors import InvalidInputError

FIRST_DAY = "2000-01-01"

FromDay = Annotated[str, typer.Option("--from", metavar="DAY", help="First day, such as 2026-01-01.")]
ToDay = Annotated[str, typer.Option("--to", metavar="DAY", help="Last day, such as 2026-12-31; today without it.")]


Limit = Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")]
Cursor = Annotated[
    str, typer.Option(help="Go on after an earlier list: the cursor that it ended with.", show_default=False)
]


def day_of_text(text: str) -> date:
    """Raises: `InvalidInputError` for what is no day."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidInputError(f"“{text[:40]}” is not a day such as 2026-01-31.", "day") from error
