"""Why a press was refused is said beside the button that was pressed, or above the page when that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backend.domain.team import Role
from backend.services.customers import customers
from backend.services.team.sessions import begin_session
from pages.components.ui.state import SESSION
from tests.pages.dashboard import Dashboard
from tests.pages.reading import as_read, press
from tests.support import MANAGER, add_customer


def drawn(block: Any) -> Iterator[tuple[str, str]]:
    """Kind and text of all that a page has drawn, from top to bottom."""
    for child in block.children.values():
        if hasattr(child, "children"):
            yield from drawn(child)
        else:
            yield child.type, as_read(str(getattr(child, "label", "") or getattr(child, "value", "")))


def after(app: AppTest, label: str) -> tuple[str, str]:
    """What comes right after the button with this label."""
    everything = list(drawn(app.main))
    return everything[everything.index(("button", label)) + 1]


@pytest.mark.parametrize("label", ["Customer agrees", "Customer declines"])
def test_a_refusal_is_said_beside_the_button_until_somebody_has_looked_again(dashboard: Dashboard, label: str) -> None:
    customer = add_customer(dashboard.shop, "Maria", "maria@example.com")
    app = dashboard.open("customer.py", Role.STAFF, id=customer.id)
    customers.edit_customer(
        dashboard.shop, MANAGER, customer.id, customer.version, customers.Profile("Maria Lopez", "maria@example.com")
    )
    press(app, label)
    for _ in range(2):
        kind, text = after(app, label)
        assert kind == "error"
        assert "Someone else has changed" in text
        assert len(app.error) == 1
        assert [
            button.label for button in app.button if button.label.startswith("Customer") and not button.disabled
        ] == []
        app.run()
    press(app, "Reload")
    assert not app.error
    press(app, label)
    assert not app.error


def _page() -> None:
    import streamlit as st

    from backend.domain.team import Permission
    from backend.errors import InvalidInputError
    from pages.components.ui import actions

    def refuse() -> None:
        def action(actor: object) -> None:
            raise InvalidInputError("Not today.")

        st.session_state["gone"] = True
        actions.act(Permission.VIEW_CUSTOMERS, action, "")

    with actions.refusals_on_top():
        st.title("Title")
        if "gone" not in st.session_state:
            actions.button("Do it", refuse, key="do_it")


def test_a_refusal_whose_button_is_gone_is_said_above_the_page_and_once(dashboard: Dashboard) -> None:
    app = AppTest.from_function(_page, default_timeout=30)
    app.session_state[SESSION.key] = begin_session(dashboard.shop, dashboard.member(Role.STAFF))
    app.run()
    press(app, "Do it")
    assert list(drawn(app.main)) == [("error", "Not today."), ("title", "Title")]
    app.run()
    assert list(drawn(app.main)) == [("title", "Title")]
