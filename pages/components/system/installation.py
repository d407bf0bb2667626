"""The installation as the pages for engineers look at it, and how its states are shown."""

from __future__ import annotations

from datetime import timedelta

from backend.domain.health import State
from backend.services.system.installation import System
from pages.components.ui.formats import badge
from pages.components.ui.shell import current_shop, mailer, settings

ICONS = {
    State.UP: ":material/check_circle:",
    State.UNUSED: ":material/remove_circle:",
    State.ATTENTION: ":material/warning:",
    State.DOWN: ":material/error:",
}
_COLORS = {State.UP: "green", State.UNUSED: "gray", State.ATTENTION: "orange", State.DOWN: "red"}


def system() -> System:
    """This installation, seen from the server."""
    return System(current_shop(), mailer(), settings())


def state_badge(state: State) -> str:
    """Markdown: icon, word and colour say the same."""
    return badge(state.value.capitalize(), _COLORS[state], ICONS[state])


def span_of(span: timedelta) -> str:
    """Such as "7 s", "12 min", "5 h" or "3 days"."""
    seconds = span.total_seconds()
    if seconds < 120:
        return f"{seconds:,.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:,.0f} min"
    return f"{seconds / 3600:,.0f} h" if seconds < 172_800 else f"{seconds / 86_400:,.0f} days"
