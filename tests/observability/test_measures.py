"""What a process counts of its own work: right, bounded, and about the last minutes."""

from __future__ import annotations

import pytest

from backend.errors import InvalidInputError, StoreBusyError
from backend.observability.measures import Durations, Measures


class Monotonic:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Monotonic:
    return Monotonic()


@pytest.fixture
def measures(time: Monotonic) -> Measures:
    return Measures(time)


def test_durations_are_counted_in_classes_by_kind_and_name(measures: Measures) -> None:
    for seconds in (0.004, 0.005, 0.0051, 0.06, 0.061, 99.0):
        measures.action("page overview", seconds)
    measures.action("totals", 0.1)
    measures.action("top customers", 0.1)
    found = measures.measured().actions
    assert set(found) == {("page", "overview"), ("command", "totals"), ("command", "top customers")}
    overview = found["page", "overview"]
    assert (overview.count, overview.within(5), overview.within(60), overview.longest_ms) == (6, 3, 4, 99000)


def test_percentiles_are_ends_of_classes() -> None:
    nothing = Durations()
    assert nothing.percentile(0.5) is None
    measures = Measures()
    for milliseconds in [3] * 95 + [80] * 5:
        measures.action("page orders", milliseconds / 1000)
    took = measures.measured().actions["page", "orders"]
    assert (took.percentile(0.5), took.percentile(0.95), took.percentile(0.96)) == (5, 5, 100)


def test_what_raises_is_counted_and_only_our_own_faults_are_failures(measures: Measures) -> None:
    for error in (InvalidInputError("No."), StoreBusyError("Busy."), ZeroDivisionError()):
        with pytest.raises(type(error)), measures.timed("page orders"):
            raise error
    with pytest.raises(SystemExit), measures.timed("page orders"):
        raise SystemExit
    took = measures.measured().actions["page", "orders"]
    assert (took.count, took.failed) == (4, 2)


def test_names_and_labels_are_bounded(measures: Measures) -> None:
    for number in range(500):
        measures.action(f"api GET /{number}", 0.001)
        measures.count("events", f"type {number}")
    found = measures.measured()
    assert len(found.actions) <= 61
    assert len(found.counts) <= 41
    assert sum(took.count for took in found.actions.values()) == 500
    assert sum(found.counts.values()) == 500
    measures.action("page overview", 0.001)
    assert ("page", "overview") in measures.measured().actions


def test_lately_forgets_after_five_minutes(measures: Measures, time: Monotonic) -> None:
    measures.action("page orders", 0.1, failed=True)
    measures.count("throttled", "store", 7)
    time.now += 290
    measures.action("page orders", 0.1)
    assert (measures.lately().actions, measures.lately().failed, measures.lately().throttled) == (2, 1, 7)
    time.now += 15
    assert (measures.lately().actions, measures.lately().failed, measures.lately().throttled) == (1, 0, 0)
    time.now += 300
    assert measures.lately().actions == 0
    assert measures.measured().counts == {("throttled", "store"): 7}
