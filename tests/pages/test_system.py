"""The System page as engineers read it."""

from __future__ import annotations

import pytest

from backend.domain.health import State
from backend.domain.switches import BACKFILL, Switch
from backend.domain.team import Role
from backend.domain.time import utc_now
from backend.observability.measures import Measures
from backend.observability.ring import LogRecord, Ring
from backend.observability.rounds import Rounds
from backend.services.switches import saved
from backend.services.system import heartbeats, maintenance
from backend.services.system.usage import SavedUsage, save_usage
from backend.store.meter import Meter, access_pattern
from pages.components.system import speed
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, as_read, field, figures, press, said


def view(dashboard: Dashboard, name: str) -> object:
    app = dashboard.open("system.py", Role.ENGINEER)
    app.segmented_control(key="system_view").set_value(name).run()
    assert not app.exception
    return app


def beating(dashboard: Dashboard, sentence: str = "Incident ABCD1234") -> None:
    rounds, ring = Rounds(), Ring()
    for name in ("mail", "imports"):
        rounds.announce(name, 60)
    ring.add(LogRecord(utc_now(), "ERROR", sentence, "page orders"))
    pulse = heartbeats.BeatingProcess("worker", "1.0", utc_now(), Measures(), rounds, ring)
    heartbeats.beat(dashboard.shop, pulse)


def test_it_says_that_nobody_works_and_what_to_do(dashboard: Dashboard) -> None:
    app = dashboard.open("system.py", Role.ENGINEER)
    assert not app.exception
    assert "Something is broken" in said(app)
    assert "Nobody does mail and imports." in said(app)
    assert "python -m backend worker" in said(app)


def test_it_shows_processes_their_duties_the_queue_and_the_last_errors(dashboard: Dashboard) -> None:
    beating(dashboard)
    app = dashboard.open("system.py", Role.ENGINEER)
    text = said(app)
    assert "Something is broken" not in text
    assert all(part in text for part in ("worker on", "mail", "imports", "Incident ABCD1234", "page orders"))
    assert State.UP.value.capitalize() in text
    assert figures(app)["Due"] == "0"


@pytest.mark.parametrize("typed", MARKUP)
def test_errors_are_shown_as_they_are(dashboard: Dashboard, typed: str) -> None:
    beating(dashboard, typed)
    assert typed in said(dashboard.open("system.py", Role.ENGINEER))


def test_speed_shows_objectives_with_their_budgets_and_the_slowest_actions(dashboard: Dashboard) -> None:
    assert "No data yet" in said(view(dashboard, "Speed"))
    saved = SavedUsage(Meter(), Measures())
    for milliseconds in [10] * 97 + [90] * 3:
        saved.measures.action("page overview", milliseconds / 1000)
    save_usage(dashboard.shop, saved)
    app = view(dashboard, "Speed")
    assert "97.00% of 100 were good." in said(app)
    assert "Met" in said(app)
    (table,) = app.table
    assert table.value["Action"].tolist() == ["Page overview"]
    assert table.value["p99"].tolist() == ["≤ 100 ms"]


def test_cost_shows_the_month_and_what_uses_the_store(dashboard: Dashboard) -> None:
    saved = SavedUsage(Meter(), Measures())
    with access_pattern("duty mail"):
        saved.meter.add(write_units=4_000_000.0)
    save_usage(dashboard.shop, saved)
    app = view(dashboard, "Cost")
    assert figures(app)["Store"] == "$2.50"
    assert "so the store costs money" in said(app)
    assert [as_read(cell) for cell in app.table[0].value["Write units"]] == ["4,000,000"]
    assert len(app.table[1].value) == 3


def test_the_log_is_narrowed_by_level_and_text(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = Ring()
    monkeypatch.setattr(speed, "RING", ring)
    ring.add(LogRecord(utc_now(), "INFO", "Snapshot made"))
    ring.add(LogRecord(utc_now(), "ERROR", "Incident ABCD1234", "page orders", "1a2b3c4d", "ValueError: no"))
    app = view(dashboard, "Log")
    assert [part in app.code[0].value for part in ("Snapshot", "ValueError: no")] == [True, True]
    field(app, "Find").set_value("1A2B3C4D")
    app.run()
    assert [part in app.code[0].value for part in ("Snapshot", "Incident ABCD1234")] == [False, True]
    field(app, "Find").set_value("nothing like it")
    app.run()
    assert "No records here" in said(app)


def test_maintenance_is_begun_with_a_reason_and_ended(dashboard: Dashboard) -> None:
    app = press(dashboard.open("system.py", Role.ENGINEER, view="controls"), "Begin maintenance")
    assert "Reason" in said(app)
    assert maintenance.current(dashboard.shop) is None
    field(app, "Reason").set_value("Back at 22:00.")
    press(app, "Begin maintenance")
    found = maintenance.current(dashboard.shop)
    assert found is not None
    assert found.reason == "Back at 22:00."
    app = dashboard.open("system.py", Role.ADMIN, view="controls")
    assert "Back at 22:00." in said(app)
    press(app, "End maintenance")
    assert maintenance.current(dashboard.shop) is None


def test_a_feature_is_switched_off_and_kept_for_some(dashboard: Dashboard) -> None:
    app = dashboard.open("system.py", Role.ENGINEER, view="controls")
    app.toggle[0].set_value(False)
    press(app, "Save")
    assert saved.switch_of(dashboard.shop, BACKFILL) == Switch(on=False)
    app = dashboard.open("system.py", Role.ENGINEER, view="controls")
    app.toggle[0].set_value(True)
    app.multiselect[0].set_value([Role.MANAGER])
    press(app, "Save")
    assert saved.switch_of(dashboard.shop, BACKFILL) == Switch(roles=(Role.MANAGER,))
