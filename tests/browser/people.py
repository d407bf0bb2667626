"""A person at a browser: signs in, opens pages, reads, types and presses, by the words that they see."""

from __future__ import annotations

import re
import time
from typing import Any

from backend.domain.team import Role
from tests.server.processes import Server

PASSWORD = "seventeen-linen-napkins"
_PATIENCE = 20_000
"""Milliseconds; the machine may be busy with other tests."""
_PROBES = re.compile(r"/_stcore/(health|host-config)$")
"""Below a page's address Streamlit first looks for its server in the wrong place, and then in the right one."""


def username_of(role: Role) -> str:
    return f"the-{role.value}"


class Person:
    """Somebody of the team with a window of their own. `page` is Playwright's, for what has no words."""

    def __init__(self, page: Any, server: Server, role: Role) -> None:
        self.page = page
        self.role = role
        self.console_errors: list[str] = []
        self._server = server
        page.set_default_timeout(_PATIENCE)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.console_errors.append(str(error)))

    def _hear(self, message: Any) -> None:
        if message.type == "error" and not _PROBES.search(message.location.get("url", "")):
            self.console_errors.append(f"{message.text} ({message.location.get('url', '')})")

    @property
    def width(self) -> int:
        """Of the window, in pixels."""
        return int(self.page.viewport_size["width"])

    @property
    def main(self) -> Any:
        """The page without the menu."""
        return self.page.get_by_test_id("stMainBlockContainer")

    def visit(self, path: str = "/") -> Person:
        """Opens an address, as from a bookmark."""
        self.page.goto(self._server.url(path))
        return self

    def sign_in(self, path: str = "/") -> Person:
        """Opens an address and signs in there."""
        self.visit(path)
        self.page.get_by_label("Username").fill(username_of(self.role))
        self.page.get_by_role("textbox", name="Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_test_id("stSidebar").wait_for(state="attached")
        # The browser gets its cookie from a component, which runs the page once more when it is done.
        deadline = time.monotonic() + _PATIENCE / 1000
        while not any(cookie["name"] == "tillpost_session" for cookie in self.page.context.cookies()):
            assert time.monotonic() < deadline, "the browser got no cookie"
            self.page.wait_for_timeout(50)
        return self.settled()

    def visit_in_app(self, path: str) -> Person:
        """Opens an address without leaving the session, as a link of the page does."""
        self.page.evaluate(
            "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')); }", path
        )
        self.page.wait_for_timeout(150)
        return self.settled()

    def sign_out(self) -> Person:
        self.page.get_by_test_id("stSidebar").get_by_role("button", name="Sign out").click()
        self.page.get_by_label("Username").wait_for()
        return self

    def goes_to(self, title: str) -> Person:
        """Chooses a page in the menu, which a phone shows on demand."""
        menu = self.page.get_by_test_id("stExpandSidebarButton")
        if menu.is_visible():
            menu.click()
        self.unfold_menu()
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
        self.sees_title(title)
        return self.settled()

    def unfold_menu(self) -> None:
        """Shows all of the menu, of which the pages of daily work are seen at first."""
        more = self.page.get_by_test_id("stSidebarNavViewButton").filter(has_text="more")
        if more.is_visible():
            more.click()

    def menu(self) -> list[str]:
        self.unfold_menu()
        return [
            text.strip().splitlines()[-1] for text in self.page.get_by_test_id("stSidebarNavLink").all_inner_texts()
        ]

    def sees(self, text: str | re.Pattern[str]) -> Person:
        self.page.get_by_text(text).first.wait_for()
        return self

    def sees_title(self, text: str | re.Pattern[str]) -> Person:
        self.page.get_by_role("heading", level=1, name=text).wait_for()
        return self

    def types(self, label: str, text: str) -> Person:
        """Fills a field and leaves it, so that the page takes notice."""
        field = self.page.get_by_label(label, exact=True).and_(self.page.locator("input, textarea")).first
        field.fill(text)
        field.press("Tab")
        return self.settled()

    def fills(self, **values: str) -> Person:
        """Types into fields by the beginning of their labels, `_` for a blank; the last one is not left."""
        for label, text in values.items():
            self._field(label).fill(text)
        return self

    def has(self, **values: str) -> Person:
        """Waits until the fields hold these texts."""
        deadline = time.monotonic() + _PATIENCE / 1000
        for label, text in values.items():
            while (found := self._field(label).input_value()) != text:
                assert time.monotonic() < deadline, f"{label}: {found!r}"
                self.page.wait_for_timeout(50)
        return self

    def _field(self, label: str) -> Any:
        beginning = re.compile(f"^{re.escape(label.replace('_', ' '))}")
        return self.page.get_by_label(beginning).and_(self.page.locator("input, textarea")).last

    def chooses(self, label: str, beginning: str) -> Person:
        """Chooses an option of a list by the beginning of its words."""
        self.page.get_by_role("combobox", name=re.compile(f"^{re.escape(label)}")).first.click()
        self.page.get_by_role("option", name=re.compile(f"^{re.escape(beginning)}")).first.click()
        return self.settled()

    def searches(self, label: str, text: str) -> Person:
        """Types into a field that is read while somebody types, and waits as long as it waits."""
        self.page.get_by_label(label, exact=True).press_sequentially(text, delay=30)
        self.page.wait_for_timeout(400)
        return self.settled()

    def uploads(self, name: str, text: str) -> Person:
        """Gives the page's file field a CSV file."""
        file = {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
        self.main.locator("input[type=file]").set_input_files(file)
        self.sees(name)
        return self.settled()

    def presses(self, label: str) -> Person:
        self.page.get_by_role("button", name=label, exact=True).last.click()
        return self.settled()

    def presses_one(self, beginning: str) -> Person:
        """Presses the button whose words begin so."""
        self.page.get_by_role("button", name=re.compile(f"^{re.escape(beginning)}")).first.click()
        return self.settled()

    def follows(self, text: str | re.Pattern[str]) -> Person:
        """Clicks a link of the page, or a row of a list, by what it says."""
        self.main.get_by_role("link", name=text).or_(self.main.get_by_role("row", name=text)).first.click()
        return self.settled()

    def settled(self) -> Person:
        """Waits until no run of the page is under way any more."""
        self.page.wait_for_timeout(150)
        self.page.wait_for_function(
            "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
        )
        return self
