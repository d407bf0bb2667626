"""Files that are made when somebody presses the button, not when the page is rendered."""

from __future__ import annotations

from collections.abc import Callable

from backend.domain.team import Actor
from backend.errors import PermissionDeniedError
from backend.services.context import Shop
from backend.services.team.members import find_member


def deferred(here: Shop, actor: Actor, make: Callable[[Actor], bytes]) -> Callable[[], bytes]:
    """Makes the file if the person is still signed in as they were when the button was rendered.

    The button may be pressed much later, and Streamlit then runs this outside of the page and its guard.
    """
    drawn_for = find_member(here, actor.username)

    def checked() -> bytes:
        member = find_member(here, actor.username)
        if (
            member is None
            or drawn_for is None
            or member.disabled
            or member.sessions_valid_from != drawn_for.sessions_valid_from
        ):
            raise PermissionDeniedError("Your session has ended. Sign in again.")
        return make(member.actor)

    return checked
