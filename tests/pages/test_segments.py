"""Segments as people look at them, build them and save them."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from backend.domain.automations import Condition, Fact, TriggerKind
from backend.domain.segments import Group, Number, NumberField, NumberTest, Rule, WordField, Words
from backend.domain.team import Role
from backend.services.campaigns.drafts import create_campaign
from backend.services.segments import library
from backend.services.segments.audience import get_segment
from backend.services.snapshots.build import make_snapshot
from pages.components.segments.words import What
from tests.automations.making import AT_ONCE, automation, step
from tests.campaigns.support import draft
from tests.pages.dashboard import Dashboard
from tests.pages.reading import (
    MARKUP,
    buttons,
    downloads,
    field,
    figures,
    links,
    open_export,
    press,
    said,
    tables,
    words_of,
)
from tests.support import ADMIN, MANAGER, add_customer, add_order

REGULARS = Rule(Group(parts=(Number(NumberField.ORDERS, NumberTest.AT_LEAST, 2),)))


def sold(dashboard: Dashboard) -> None:
    """Maria has ordered twice, Ana once, Jo never; and they have been counted."""
    shop = dashboard.shop
    maria, ana = add_customer(shop, "Maria", country="DE", consent=True), add_customer(shop, "Ana", country="AT")
    add_customer(shop, "Jo", email="")
    for customer in (maria, maria, ana):
        add_order(shop, customer, 1500, placed_at=shop.clock())
    make_snapshot(shop)


def choose(app: AppTest, label: str, value: object, place: int = -1) -> AppTest:
    boxes = [box for box in app.selectbox if box.label == label]
    return boxes[place].set_value(value).run()


def saved(dashboard: Dashboard, rule: Rule = REGULARS, name: str = "Regulars") -> str:
    return library.create_segment(dashboard.shop, ADMIN, library.new_segment_id(), name, rule).id


def test_before_the_first_count_the_page_says_what_it_waits_for(dashboard: Dashboard) -> None:
    app = dashboard.open("segments.py", Role.MANAGER)
    assert not app.exception
    assert "Counting customers" in said(app)


def test_segments_are_listed_with_their_counts(dashboard: Dashboard) -> None:
    sold(dashboard)
    identity = saved(dashboard)
    app = dashboard.open("segments.py", Role.STAFF)
    found = {label.split(" ")[0]: query.get("id") for label, query in links(app).items()}
    assert found["Regulars"] == [identity]
    assert found["VIPs"] == ["ready-vips"]
    (own, _) = tables(app)
    assert words_of(own["rows"][0])[-1] == "1"
    assert "No segments of your own" not in said(app)


def test_a_ready_segment_shows_who_belongs_and_can_be_duplicated(dashboard: Dashboard) -> None:
    sold(dashboard)
    app = dashboard.open("segment.py", Role.MANAGER, id="ready-one-time-buyers")
    assert not app.exception
    assert "Customers who have ordered once." in said(app)
    assert figures(app) == {"Customers": "1", "Campaigns reach": "0", "All-time revenue": "$15.00"}
    assert links(app)["Duplicate"] == {"copy": ["ready-one-time-buyers"]}
    assert links(app)["Plan a campaign"] == {"segment": ["ready-one-time-buyers"]}
    assert any(label.startswith("Ana") for label in links(app))
    assert "Add condition" not in buttons(app)


def test_a_new_segment_is_built_counted_and_saved(dashboard: Dashboard) -> None:
    sold(dashboard)
    app = dashboard.open("segment.py", Role.MANAGER)
    assert figures(app)["Customers"] == "1"
    app = press(app, "Add condition")
    app = choose(app, "Condition", What.COUNTRY)
    assert "Choose at least one country" in said(app)
    press(app, "Save segment")
    assert library.list_segments(dashboard.shop, MANAGER) == []
    (countries,) = app.multiselect
    app = countries.set_value(["AT"]).run()
    assert figures(app)["Customers"] == "0"
    assert "No matching customers" in said(app)
    app = choose(app, "Match", True)
    assert figures(app)["Customers"] == "1"
    app = field(app, "Name").set_value("Regulars abroad").run()
    press(app, "Save segment")
    (segment,) = library.list_segments(dashboard.shop, MANAGER)
    assert segment.name == "Regulars abroad"
    assert segment.rule.group.parts == (
        *REGULARS.group.parts,
        Words(WordField.COUNTRY, ("AT",), negated=True),
    )


def test_groups_are_added_and_taken_away(dashboard: Dashboard) -> None:
    sold(dashboard)
    app = press(dashboard.open("segment.py", Role.MANAGER), "Add group")
    assert "(are anybody)" not in said(app)
    assert [box.label for box in app.selectbox].count("Condition") == 1
    inner = next(button for button in app.button if button.label == "Add condition")
    app = inner.click().run()
    assert [box.label for box in app.selectbox].count("Condition") == 2
    app = press(app, "Remove group")
    assert [box.label for box in app.selectbox].count("Condition") == 1
    assert figures(app)["Customers"] == "1"


def test_every_kind_of_condition_can_be_chosen(dashboard: Dashboard) -> None:
    sold(dashboard)
    app = dashboard.open("segment.py", Role.MANAGER)
    for what in What:
        app = choose(app, "Condition", what)
        assert not app.exception
        assert not app.error


def test_an_amount_that_is_none_is_reported_and_keeps_saving_away(dashboard: Dashboard) -> None:
    sold(dashboard)
    app = choose(dashboard.open("segment.py", Role.MANAGER), "Condition", What.REVENUE)
    app = field(app, "Value in USD").set_value("a lot").run()
    assert "is not an amount" in said(app)
    assert "Complete the conditions above first." in said(press(app, "Save segment"))
    assert library.list_segments(dashboard.shop, MANAGER) == []


def test_the_second_of_two_people_is_warned_and_may_look_at_what_is_saved(dashboard: Dashboard) -> None:
    sold(dashboard)
    identity = saved(dashboard)
    app = dashboard.open("segment.py", Role.MANAGER, id=identity)
    app = field(app, "Name").set_value("Mine").run()
    library.update_segment(dashboard.shop, ADMIN, identity, "Theirs", REGULARS, seen_version=1)
    app = press(app, "Save segment")
    assert "has changed this segment" in app.error[0].value
    assert get_segment(dashboard.shop, identity).name == "Theirs"
    app = press(app, "Reload and discard mine")
    assert field(app, "Name").value == "Theirs"


def test_the_second_of_two_people_may_go_on_with_what_they_typed(dashboard: Dashboard) -> None:
    sold(dashboard)
    identity = saved(dashboard)
    app = dashboard.open("segment.py", Role.MANAGER, id=identity)
    app = field(app, "Name").set_value("Mine").run()
    library.update_segment(dashboard.shop, ADMIN, identity, "Theirs", REGULARS, seen_version=1)
    app = press(press(app, "Save segment"), "Keep mine")
    assert field(app, "Name").value == "Mine"
    press(app, "Save segment")
    assert get_segment(dashboard.shop, identity).name == "Mine"


def test_whoever_has_changed_nothing_sees_what_others_save(dashboard: Dashboard) -> None:
    sold(dashboard)
    identity = saved(dashboard)
    app = dashboard.open("segment.py", Role.MANAGER, id=identity)
    library.update_segment(dashboard.shop, ADMIN, identity, "Theirs", REGULARS, seen_version=1)
    app = app.run()
    assert field(app, "Name").value == "Theirs"


def test_a_segment_is_deleted_after_a_look(dashboard: Dashboard) -> None:
    sold(dashboard)
    identity = saved(dashboard)
    app = press(dashboard.open("segment.py", Role.MANAGER, id=identity), "Delete")
    assert "Campaigns planned with it keep the current rule" in said(app)
    press(app, "Delete this segment")
    assert library.list_segments(dashboard.shop, MANAGER) == []


def test_whoever_deletes_a_segment_is_told_which_campaigns_use_it(dashboard: Dashboard) -> None:
    sold(dashboard)
    identity = saved(dashboard)
    create_campaign(dashboard.shop, ADMIN, draft(name="Autumn news", segment_id=identity))
    app = press(dashboard.open("segment.py", Role.MANAGER, id=identity), "Delete")
    assert "“Autumn news” uses it and is not over yet" in said(app)


def test_whoever_deletes_a_segment_is_told_which_automations_ask_for_it(dashboard: Dashboard) -> None:
    sold(dashboard)
    identity = saved(dashboard)
    asking = step("order-confirmation", AT_ONCE, Condition(Fact.SEGMENT, identity))
    automation(dashboard.shop, TriggerKind.ORDER_PLACED, asking, name="Thank regulars")
    app = press(dashboard.open("segment.py", Role.MANAGER, id=identity), "Delete")
    assert "“Thank regulars” asks for it." in said(app)


def test_each_role_sees_what_it_may_do(dashboard: Dashboard) -> None:
    sold(dashboard)
    identity = saved(dashboard)
    engineer, staff = (dashboard.open("segment.py", role, id=identity) for role in (Role.ENGINEER, Role.STAFF))
    assert not {"Add condition", "Save segment", "Delete"} & set(buttons(engineer))
    assert not {"Plan a campaign", "Duplicate"} & set(links(engineer))
    assert downloads(open_export(engineer, "members")) == ["Download members (CSV)", "Download members (XLSX)"]
    assert "Delete" in buttons(staff)
    assert downloads(open_export(staff, "members")) == []


def test_a_copy_and_a_square_of_the_grid_begin_new_segments(dashboard: Dashboard) -> None:
    sold(dashboard)
    copy = dashboard.open("segment.py", Role.MANAGER, copy="ready-vips")
    assert field(copy, "Name").value == "VIPs (copy)"
    square = dashboard.open("segment.py", Role.MANAGER, recency="5", frequency="1")
    assert "recency score of exactly 5 and have a frequency score of exactly 1" in said(square)
    kind = dashboard.open("segment.py", Role.MANAGER, **{"class": "at risk"})
    assert "are marked “At risk”" in said(kind)


@pytest.mark.parametrize("wrong", ["nothing", "../../x", "ready-none"])
def test_a_segment_that_does_not_exist_is_reported_as_such(dashboard: Dashboard, wrong: str) -> None:
    for query in ({"id": wrong}, {"copy": wrong}):
        app = dashboard.open("segment.py", Role.MANAGER, **query)
        assert not app.exception
        assert "This segment does not exist" in said(app)


def test_what_people_typed_is_shown_as_it_is(dashboard: Dashboard) -> None:
    sold(dashboard)
    tags = tuple(Words(WordField.TAG, (name,)) for name in MARKUP)
    identity = saved(dashboard, Rule(Group(parts=tags)), MARKUP[0])
    app = dashboard.open("segment.py", Role.ENGINEER, id=identity)
    assert app.title[0].value != MARKUP[0]
    for name in MARKUP:
        assert name in said(app)


def test_asking_for_newer_figures_waits_for_them(dashboard: Dashboard) -> None:
    sold(dashboard)
    app = press(dashboard.open("segments.py", Role.MANAGER), "Refresh")
    assert "Updating" in said(app)
    make_snapshot(dashboard.shop)
    app = app.run()
    assert "Updated just now" in said(app)
