"""The search above every page leads to what it found, and to pages that one may open."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from backend.domain.team import Role
from backend.services.team.sessions import begin_session
from pages.components.ui.state import SESSION
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, field, is_literal, links, said
from tests.support import add_customer, add_order


def _above() -> None:
    from pages.components.search import everything
    from pages.components.ui.session import current_actor
    from pages.components.ui.shell import current_shop

    actor = current_actor()
    assert actor is not None
    everything.show(current_shop(), actor, "overview")


def opened(dashboard: Dashboard, role: Role = Role.STAFF) -> AppTest:
    app = AppTest.from_function(_above, default_timeout=30)
    app.session_state[SESSION.key] = begin_session(dashboard.shop, dashboard.member(role))
    return app.run()


def found(dashboard: Dashboard, text: str, role: Role = Role.STAFF) -> dict[str, dict[str, list[str]]]:
    app = opened(dashboard, role)
    assert links(app) == {}
    field(app, "Search everything").set_value(text).run()
    assert not app.exception
    return links(app)


def test_it_is_above_every_page(dashboard: Dashboard) -> None:
    app = dashboard.open("streamlit_app.py", Role.STAFF)
    assert [each.label for each in app.text_input] == ["Search everything"]


def test_it_leads_to_customers_and_orders(dashboard: Dashboard) -> None:
    maria = add_customer(dashboard.shop, "Maria Lopez", "maria@example.com")
    order = add_order(dashboard.shop, maria, 500)
    assert found(dashboard, "lop") == {"Maria Lopez Customer · maria@example.com": {"id": [maria.id]}}
    assert found(dashboard, order.number)[f"{order.number} Order · Maria Lopez"] == {
        "id": [order.id],
        "customer": [maria.id],
    }


def test_it_leads_to_pages_that_one_may_open(dashboard: Dashboard) -> None:
    assert "Suppression list Page" in found(dashboard, "suppr")
    assert "Team Page" in found(dashboard, "team", Role.ADMIN)
    assert "Team Page" not in found(dashboard, "team")


def test_it_says_what_can_be_found_when_nothing_was(dashboard: Dashboard) -> None:
    app = opened(dashboard)
    assert "Nothing found" not in said(app)
    assert "Nothing found. Type the beginning of a name" in said(
        field(app, "Search everything").set_value("zzzz").run()
    )


@pytest.mark.parametrize("name", MARKUP)
def test_names_are_shown_as_they_are(dashboard: Dashboard, name: str) -> None:
    add_customer(dashboard.shop, f"Maria {name}", "")
    app = field(opened(dashboard), "Search everything").set_value("maria").run()
    labels = [str(link.label) for link in app.get("page_link") if "Customer" in link.label]
    assert labels
    assert all(is_literal(label.split("** ")[0].removeprefix("**")) for label in labels)
