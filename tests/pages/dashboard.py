"""Runs pages of the dashboard by Streamlit's AppTest, as a member of the team or as nobody."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from backend.domain.team import Member, Role
from backend.services.context import Shop
from backend.services.team import roster
from backend.services.team.members import find_member, new_member
from backend.services.team.sessions import begin_session
from pages.components.ui import shell
from pages.components.ui.state import SESSION

ROOT = Path(__file__).parents[2]


class Dashboard:
    """The dashboard of one test. Its store is a file in the test's folder."""

    @property
    def shop(self) -> Shop:
        return shell.current_shop()

    def member(self, role: Role) -> Member:
        """The one member with this role, added when first asked for."""
        username = f"the-{role.value}"
        return find_member(self.shop, username) or roster.add(
            self.shop,
            new_member(self.shop, username=username, name=username, email=f"{username}@example.com", role=role),
        )

    def open(self, page: str, /, role: Role | None = None, **query: str | list[str]) -> AppTest:
        """A page after its first run; signed in as the member with this role, or not at all."""
        app = AppTest.from_file(str(ROOT / page if page == "streamlit_app.py" else ROOT / "pages" / page))
        app.default_timeout = 30
        if role is not None:
            app.session_state[SESSION.key] = begin_session(self.shop, self.member(role))
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    def close(self) -> None:
        self.shop.store.close()


def texts(app: AppTest) -> list[str]:
    """All that the page says in headings, alerts, captions and plain text, as people read it."""
    found: list[Any] = [*app.title, *app.header, *app.subheader, *app.markdown, *app.caption, *app.text]
    found += [*app.error, *app.warning, *app.info, *app.success]
    return [_read(str(element.value)) for element in found]


def _read(markdown: str) -> str:
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown.replace(":gray[]", ""))
