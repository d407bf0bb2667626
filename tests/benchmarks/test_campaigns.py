"""The bench of campaigns: that it measures what it says. How fast anything is decides no test, what it costs does."""

from __future__ import annotations

from pathlib import Path

from benchmarks import campaigns


def test_it_measures_speed_and_what_an_email_costs(tmp_path: Path) -> None:
    found = {each.what: each for each in campaigns.measure(tmp_path, 130, 1.0)}
    assert all(each.value > 0 for each in found.values())
    costs = [each for what, each in found.items() if "write units" in what]
    assert len(costs) == 2
    assert all(2 < each.value <= campaigns.UNITS_TARGET for each in costs)
    assert found["most emails in any second at 50 a second"].value <= campaigns.RATE
    assert list(tmp_path.iterdir()) == []
