"""Lists alerts for people: current and past ones."""

from __future__ import annotations

import re

from backend.domain.alerts import Alert
from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError
from backend.services.alerts import states
from backend.services.context import Shop


def list_current(shop: Shop, actor: Actor) -> list[Alert]:
    """Open alerts, and those whose end has not been notified yet; newest first.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.VIEW_SYSTEM)
    return states.current_alerts(shop)


def list_past(
    shop: Shop, actor: Actor, month: str, *, limit: int = 50, cursor: str | None = None
) -> tuple[list[Alert], str | None]:
    """The alerts that began in a month ("2026-11", UTC), newest first, and the cursor of the next page.

    Raises: `PermissionDeniedError`; `InvalidInputError` when the month is none or the cursor is of another list.
    """
    actor.require(Permission.VIEW_SYSTEM)
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month):
        raise InvalidInputError("Choose a month such as 2026-11.", "month")
    return states.past_alerts(shop, month, limit=limit, cursor=cursor)
