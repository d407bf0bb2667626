"""The shop's settings as managers see and change them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from backend.domain.retention import Retention
from backend.domain.team import Role
from backend.services.customer_data.retention import retention_of
from backend.services.shop_settings import get_shop_facts, save_shop_facts
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, field, press, said
from tests.support import ADMIN


def opened(dashboard: Dashboard, role: Role = Role.MANAGER) -> AppTest:
    return dashboard.open("shop_settings.py", role)


def test_what_is_typed_is_saved_and_shown_in_the_example(dashboard: Dashboard) -> None:
    app = opened(dashboard)
    assert "Add a postal address" in said(app)
    field(app, "Name").set_value("Fern & Fig")
    field(app, "Postal address").set_value("12 Harbour Road\nLisbon")
    field(app, "Reply-to address").set_value("hello@fern.example")
    app.color_picker[0].set_value("#7a1f4d")
    press(app, "Save")
    assert not app.exception
    facts = get_shop_facts(dashboard.shop)
    assert (facts.name, facts.brand, facts.reply_to) == ("Fern & Fig", "#7a1f4d", "hello@fern.example")
    assert facts.postal_address == "12 Harbour Road\nLisbon"
    assert "Add a postal address" not in said(app)
    assert "12 Harbour Road" in app.get("iframe")[0].proto.srcdoc


@pytest.mark.parametrize(
    ("label", "value", "sentence"),
    [
        ("Logo", "http://shop.example/logo.png", "Logo has to be a web address that begins with https://"),
        ("Sender address", "not an address", "not an address"),
        ("Name", " ", "Name is missing"),
        ("Website", "javascript:alert(1)", "Website has to be a web address"),
    ],
)
def test_what_cannot_be_is_reported_and_what_was_typed_stays(
    dashboard: Dashboard, label: str, value: str, sentence: str
) -> None:
    app = opened(dashboard)
    field(app, label).set_value(value)
    field(app, "Postal address").set_value("Somewhere")
    press(app, "Save")
    assert sentence in said(app)
    assert field(app, "Postal address").value == "Somewhere"
    assert get_shop_facts(dashboard.shop).version == 0


def test_what_somebody_else_saved_meanwhile_is_not_overwritten(dashboard: Dashboard) -> None:
    app = opened(dashboard)
    save_shop_facts(dashboard.shop, ADMIN, replace(get_shop_facts(dashboard.shop), name="Theirs"))
    field(app, "Name").set_value("Mine")
    press(app, "Save")
    assert "Someone else has changed the settings" in said(app)
    assert get_shop_facts(dashboard.shop).name == "Theirs"
    press(app, "Reload and discard mine")
    assert field(app, "Name").value == "Theirs"


def test_saving_twice_is_no_conflict(dashboard: Dashboard) -> None:
    app = opened(dashboard)
    field(app, "Name").set_value("Once")
    press(app, "Save")
    field(app, "Name").set_value("Twice")
    press(app, "Save")
    assert get_shop_facts(dashboard.shop).name == "Twice"


@pytest.mark.parametrize("name", MARKUP)
def test_markup_in_the_name_is_shown_as_text(dashboard: Dashboard, name: str) -> None:
    save_shop_facts(dashboard.shop, ADMIN, replace(get_shop_facts(dashboard.shop), name=name))
    app = opened(dashboard)
    assert not app.exception
    assert f"**{name}**" in said(app)


def test_the_prefix_of_order_numbers_is_changed(dashboard: Dashboard) -> None:
    app = dashboard.open("shop_settings.py", Role.MANAGER)
    assert "Next number: T1001." in said(app)
    field(app, "Prefix of order numbers").set_value("KM-").run()
    app = press(app, "Save prefix")
    assert "Next number: KM-1001." in said(app)


def test_an_admin_sees_what_would_go_before_records_end_sooner(dashboard: Dashboard) -> None:
    assert "How long records are kept" not in said(opened(dashboard))
    app = opened(dashboard, Role.ADMIN)
    field(app, "Recipients and contents of emails").set_value(90)
    press(app, "Preview")
    assert not app.exception
    assert retention_of(dashboard.shop) == Retention()
    assert "0 go, older than 90 days" in said(app)
    app.button[-1].click().run()
    assert not app.exception
    assert retention_of(dashboard.shop) == Retention(messages=90, version=1)
