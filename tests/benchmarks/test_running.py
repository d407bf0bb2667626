"""The benchmarks: that it measures what it says, in shops that are right. How fast anything is decides no test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from backend import logs
from backend.services.customers.customers import find_by_email, get_customer
from backend.services.reconcile import reconcile
from benchmarks.__main__ import app
from benchmarks.big_shop import BigShop, big_shop, customer_id_at
from benchmarks.results import Measurement, timing_of
from tests.recount import assert_totals_hold

GROUPS = {"top", "intake", "import", "lists", "capacity", "stats", "segments"}


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `python -m benchmarks` in this process. The log of the whole test run is left as it is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORE_URL", f"sqlite:///{tmp_path}/tillpost.db")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setattr(logs, "configure", lambda *_, **__: None)

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.stderr
        return result

    return run


def _silent(_: str) -> None:
    pass


def test_the_smallest_bench_measures_every_group_beside_the_naive_way(run: Run) -> None:
    chosen = [argument for group in sorted(GROUPS) for argument in ("--only", group)]
    report = json.loads(run("--size", "tiny", *chosen, "--json").stdout)
    assert {"processor", "cores", "python", "fsync"} <= set(report["machine"])
    measured = report["measurements"]
    assert {line["group"] for line in measured} == GROUPS
    assert all(line["value"] > 0 and line["runs"] > 0 for line in measured)
    compared = {line["group"] for line in measured if line["naive"]}
    assert compared == {"top", "intake", "import"}
    costs = {line["what"]: line["value"] for line in measured if line["group"] == "capacity"}
    assert costs["an order is placed: requests that write"] == 1
    assert costs["an order is placed: write units"] <= 20
    assert costs["top 25 of all time: read units"] <= 4
    assert (report["size"], report["skipped"]) == ("tiny", [])


def test_pages_are_measured_in_a_server_of_their_own(run: Run) -> None:
    report = json.loads(run("--size", "tiny", "--only", "pages", "--json").stdout)
    what = " ".join(line["what"] for line in report["measurements"])
    assert report["skipped"] == []
    for page in ("page overview", "page customers", "page customer", "people at once"):
        assert page in what


def test_the_bench_is_shown_to_people_with_its_targets(run: Run) -> None:
    shown = run("--size", "tiny", "--only", "capacity").stdout
    assert "19 WCU" in shown
    assert "≤ 20" in shown


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> BigShop:
    return big_shop(tmp_path_factory.mktemp("bench"), 150, _silent)


def test_a_shop_for_measuring_holds_what_the_services_would_have_written(big: BigShop) -> None:
    shop = big.open()
    try:
        found = reconcile(shop, pause=lambda _: None)
        assert (found.customers, found.orders, found.drift) == (150, 450, [])
        assert_totals_hold(shop)
        customer = get_customer(shop, customer_id_at(75, 150))
        assert find_by_email(shop, customer.email or "") == customer
    finally:
        shop.store.close()


def test_a_shop_for_measuring_is_written_once(big: BigShop) -> None:
    told: list[str] = []
    folder = big.naive.parent
    before = {path: path.stat().st_mtime_ns for path in folder.glob("naive-*.db")}
    assert big_shop(folder, 150, told.append) == big
    assert told == []
    assert {path: path.stat().st_mtime_ns for path in folder.glob("naive-*.db")} == before


def test_a_shop_that_was_not_finished_is_written_again(tmp_path: Path) -> None:
    first = big_shop(tmp_path, 20, _silent)
    next(tmp_path.glob("*.done")).unlink()
    told: list[str] = []
    again = big_shop(tmp_path, 20, told.append)
    assert told
    assert again.orders == first.orders
    shop = again.open()
    assert reconcile(shop, pause=lambda _: None).drift == []
    shop.store.close()


def test_less_time_is_better_and_more_a_second_is_better() -> None:
    faster = Measurement("top", "x", 2.0, "ms", 1, naive=10.0, target=2.0)
    assert (faster.times_better, faster.reached) == (5.0, True)
    more = Measurement("intake", "x", 500.0, "orders/s", 1, naive=1000.0, target=1000.0)
    assert (more.times_better, more.reached) == (0.5, False)
    alone = Measurement("top", "x", 2.0, "ms", 1)
    assert (alone.times_better, alone.reached) == (None, None)


def test_the_95th_percentile_is_of_the_slowest_twentieth() -> None:
    timing = timing_of([float(number) for number in range(1, 101)])
    assert (timing.runs, timing.median, timing.p95) == (100, 50.5, 96.0)
