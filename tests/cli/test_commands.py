"""Every command: what it does, what it writes as JSON, and how it tells that something is wrong."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from typer.main import get_command

from backend.cli import app
from backend.domain.orders import OrderStatus
from backend.domain.team import Role
from backend.services.context import Shop
from backend.services.customers.lists import CustomerFilter, list_customers
from backend.services.demo import shop as demo
from backend.services.orders import orders
from backend.services.products.counting import count_sold
from backend.services.team import members
from backend.store import schema
from backend.store.port import Put
from benchmarks.shopify_file import write_shopify_file
from tests.cli.conftest import THEN, Run
from tests.recount import assert_totals_hold
from tests.services.signing import PASSWORD, quick_hashes
from tests.support import ADMIN, STAFF, add_customer, add_order, ref

__all__ = ["quick_hashes"]
ROOT = Path(__file__).parents[2]


def _commands() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []

    def walk(command: object, path: tuple[str, ...]) -> None:
        found.append(path)
        for name, inner in getattr(command, "commands", {}).items():
            walk(inner, (*path, name))

    walk(get_command(app), ())
    return found


@pytest.mark.parametrize("command", _commands(), ids=" ".join)
def test_every_command_explains_itself(run: Run, command: tuple[str, ...]) -> None:
    shown = run(*command, "--help")
    assert shown.code == 0
    assert "Usage:" in shown.out


def test_the_commands_are_those_that_the_documents_promise() -> None:
    names = {" ".join(command) for command in _commands()}
    assert names >= {
        "import orders",
        "import customers",
        "export orders",
        "export customers",
        "top-customers",
        "top-products",
        "totals",
        "reconcile",
        "seed",
        "check",
        "worker",
        "user add",
        "user list",
        "user disable",
    }


# --- figures -----------------------------------------------------------------------------------------------------


@pytest.fixture
def sold(shop: Shop) -> Shop:
    big = add_customer(shop, "Bärbel Groß", "big@example.com")
    often = add_customer(shop, "Often", "")
    add_order(shop, big, 9000, placed_at=THEN - timedelta(days=40))
    for _ in range(3):
        add_order(shop, often, 100)
    refunded = add_order(shop, often, 500)
    orders.refund_order(shop, STAFF, ref(refunded), 200, "", "refund-1")
    gone = add_order(shop, add_customer(shop, "Gone"), 700)
    orders.change_status(shop, STAFF, ref(gone), OrderStatus.CANCELLED)
    return shop


def test_top_customers_by_each_measure(run: Run, sold: Shop) -> None:
    by_revenue = run("top-customers", "--by", "revenue", "--json").json
    assert [(row["name"], row["email"], row["orders"], row["revenue"]) for row in by_revenue] == [
        ("Bärbel Groß", "big@example.com", 1, 9000),
        ("Often", None, 4, 600),
    ]
    assert set(by_revenue[0]) == {"customer_id", "name", "email", "orders", "revenue"}
    assert [row["name"] for row in run("top-customers", "--by", "orders", "--json").json] == ["Often", "Bärbel Groß"]
    assert len(run("top-customers", "--limit", "1", "--json").json) == 1


def test_top_customers_of_a_month(run: Run, sold: Shop) -> None:
    assert [row["name"] for row in run("top-customers", "--month", "2025-10", "--json").json] == ["Bärbel Groß"]
    assert [row["name"] for row in run("top-customers", "--month", "2025-11", "--json").json] == ["Often"]
    assert run("top-customers", "--month", "2020-01", "--json").json == []


def test_top_customers_for_people(run: Run, sold: Shop) -> None:
    shown = run("top-customers").out
    assert "Bärbel Groß" in shown
    assert "$90.00" in shown
    assert "Nobody has ordered" in run("top-customers", "--month", "2020-01").out


def test_top_products_of_a_period(run: Run, sold: Shop) -> None:
    while count_sold(sold).entries:
        pass
    (tea,) = run("top-products", "--json").json
    assert (tea["name"], tea["sku"], tea["units"], tea["revenue"]) == ("Assam tea", "TEA-1", 5, 9600)
    (october,) = run("top-products", "--from", "2025-10-01", "--to", "2025-10-31", "--json").json
    assert (october["units"], october["revenue"]) == (1, 9000)
    assert "Assam tea" in run("top-products", "--by", "units").out
    assert "Nothing was sold" in run("top-products", "--from", "2020-01-01", "--to", "2020-01-31").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("top-customers", "--month", "November"), "such as 2026-11"),
        (("top-customers", "--limit", "0"), "Between 1 and 1,000"),
        (("totals", "--from", "yesterday"), "is not a day"),
        (("totals", "--from", "2026-02-30"), "is not a day"),
        (("totals", "--from", "20016-01-01"), "is not a day"),
        (("totals", "--from", "2025-12-01", "--to", "2025-11-01"), "after the last day"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(run: Run, arguments: tuple[str, ...], said: str) -> None:
    refused = run(*arguments, "--json")
    assert (refused.code, refused.out) == (1, "")
    assert said in refused.err
    assert refused.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [("top-customers", "--by", "luck"), ("totals", "--form", "2025-01-01"), ("nonsense",), ("import", "orders")],
)
def test_wrong_usage_has_an_exit_code_of_its_own(run: Run, arguments: tuple[str, ...]) -> None:
    refused = run(*arguments)
    assert (refused.code, refused.out) == (2, "")
    assert "Usage:" in refused.err


def test_totals_of_all_time_and_of_a_period(run: Run, sold: Shop) -> None:
    everything = {"orders": 5, "revenue": 9600, "refunded": 200, "customers": 2}
    assert run("totals", "--from", "2025-01-01", "--to", "2025-12-31", "--json").json == everything
    november = {"orders": 4, "revenue": 600, "refunded": 200, "customers": 1}
    assert run("totals", "--from", "2025-11-01", "--to", "2025-11-30", "--json").json == november
    nothing = dict.fromkeys(everything, 0)
    assert run("totals", "--from", "2020-01-01", "--to", "2020-12-31", "--json").json == nothing
    shown = run("totals", "--from", "2025-01-01", "--to", "2025-12-31").out
    assert "$96.00" in shown


# --- files -------------------------------------------------------------------------------------------------------


def test_orders_are_imported_once_and_counted(run: Run, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    write_shopify_file(file, 40)
    first = run("import", "orders", str(file), "--json").json
    assert set(first) == {"orders", "customers", "seconds"}
    assert first["orders"] == {"created": 40, "updated": 0, "unchanged": 0, "failed": 0}
    assert first["customers"]["created"] > 0
    again = run("import", "orders", str(file), "--json").json
    assert again["orders"] == {"created": 0, "updated": 0, "unchanged": 40, "failed": 0}
    assert again["customers"] == {"created": 0}
    assert_totals_hold(shop)


def test_what_an_import_leaves_out_is_reported(run: Run, tmp_path: Path) -> None:
    file, report = tmp_path / "orders.csv", tmp_path / "report.csv"
    write_shopify_file(file, 5)
    file.write_text(file.read_text().replace("USD", "EUR", 1))
    done = run("import", "orders", str(file), "--report", str(report))
    assert done.code == 0
    assert "4 created" in done.out
    assert str(report) in done.err
    assert "EUR" in report.read_text()


def test_a_file_that_is_no_export_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("a,b\n1,2\n")
    refused = run("import", "orders", str(file), "--json")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.strip().endswith(".")


def test_customers_are_imported_with_a_mapping_or_by_their_titles(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("Mail,Who\nmaria@example.com,Maria\njose@example.com,José\n")
    mapped = run("import", "customers", str(file), "--map", "email=Mail", "--map", "name=Who", "--json").json
    assert mapped["customers"] == {"created": 2, "updated": 0, "unchanged": 0, "failed": 0}
    file.write_text("Email,Name\nzoe@example.com,Zoë\n")
    guessed = run("import", "customers", str(file), "--json")
    assert guessed.json["customers"]["created"] == 1
    assert "email=Email" in guessed.err


@pytest.mark.parametrize("mapping", ["email", "mail=Mail", "=Mail"])
def test_a_mapping_that_makes_no_sense_is_refused(run: Run, tmp_path: Path, mapping: str) -> None:
    file = tmp_path / "people.csv"
    file.write_text("Mail\nmaria@example.com\n")
    refused = run("import", "customers", str(file), "--map", mapping)
    assert refused.code == 1
    assert "email=Mail" in refused.err


def test_customers_are_exported_to_standard_output_or_a_file(run: Run, sold: Shop, tmp_path: Path) -> None:
    rows = list(csv.reader(io.StringIO(run("export", "customers").out.lstrip("\ufeff"))))
    assert len(rows) == 4
    target = tmp_path / "out" / "customers.xlsx"
    told = run("export", "customers", str(target), "--json").json
    assert told == {"customers": 3, "file": str(target)}
    assert target.read_bytes()[:2] == b"PK"


def test_orders_are_exported_by_days_and_status(run: Run, sold: Shop, tmp_path: Path) -> None:
    target = tmp_path / "orders.csv"
    days = ("--from", "2025-11-01", "--to", "2025-11-30")
    assert run("export", "orders", str(target), *days, "--json").json["orders"] == 5
    assert run("export", "orders", str(target), *days, "--status", "cancelled", "--json").json["orders"] == 1
    assert run("export", "orders", "--to", "2025-12-31", "--json").json["orders"] == 6
    assert run("export", "orders", str(target), *days, "--lines", "--json").json["lines"] == 5
    assert target.read_text("utf-8-sig").startswith("Number,Placed at,Status,Customer id")


# --- looking after -----------------------------------------------------------------------------------------------


def test_reconcile_reports_and_repairs(run: Run, sold: Shop) -> None:
    assert run("reconcile", "--json").json == {"customers": 3, "orders": 6, "drift": []}
    assert "agrees" in run("reconcile").out
    sold.store.write_batch([Put(schema.alias_key("perez", "NOBODY0000"), {})])
    told = run("reconcile", "--json")
    assert told.code == 1
    assert "1 differ and were not repaired" in told.err
    (drift,) = told.json["drift"]
    assert drift == {
        "what": "customer NOBODY0000: search word",
        "expected": "none of others",
        "found": "one too many",
        "fixed": False,
    }
    fixing = run("reconcile", "--fix", "--json")
    assert fixing.code == 0
    assert [each["fixed"] for each in fixing.json["drift"]] == [True]
    assert run("reconcile", "--json").json["drift"] == []


def test_the_demo_shop_is_loaded_and_removed(run: Run, shop: Shop, quick_hashes: None) -> None:
    loaded = run("seed", "--customers", "30", "--json").json
    assert (loaded["customers"], loaded["reason"]) == (30, "")
    assert loaded["orders"] > 30
    again = run("seed", "--customers", "30")
    assert again.code == 0
    assert "loaded already" in again.out
    assert "demo-manager" in again.out
    assert run("seed", "--if-empty").out == ""
    assert run("seed", "--remove", "--json").json == {"customers": 30, "orders": loaded["orders"], "kept": 0}
    assert run("seed", "--if-empty").out == ""
    assert not demo.is_demo(shop)


def test_the_demo_is_not_loaded_beside_customers_unless_asked(run: Run, shop: Shop, quick_hashes: None) -> None:
    add_customer(shop)
    refused = run("seed", "--customers", "5", "--json")
    assert (refused.code, refused.out) == (1, "")
    assert "customers already" in refused.err
    assert run("seed", "--if-empty").code == 0
    assert run("seed", "--customers", "5", "--anyway", "--json").json["customers"] == 5


def test_there_has_to_be_a_demo_to_be_removed(run: Run) -> None:
    refused = run("seed", "--remove")
    assert refused.code == 1
    assert "no demo shop" in refused.err


def test_a_new_installation_is_checked_without_being_touched(run: Run, tmp_path: Path) -> None:
    before = run("check", "--json")
    assert before.code == 1
    assert not before.json["ok"]
    assert {check["name"]: check["ok"] for check in before.json["checks"]} == {
        "settings": True,
        "store": True,
        "tables": False,
        "data folder": True,
    }
    assert "first start creates them" in run("check").out


def test_an_installation_that_works_passes_its_check(run: Run, shop: Shop) -> None:
    passed = run("check", "--json")
    assert passed.code == 0
    assert passed.json["ok"]
    assert "WRONG" not in run("check").out


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("STORE_URL", "mysql://root:geheim@localhost/x", "STORE_URL"),
        ("STORE_URL", "nonsense", "STORE_URL"),
        ("SHOP_TIMEZONE", "Middle/Earth", "SHOP_TIMEZONE"),
        ("PORT", "geheim", "PORT"),
    ],
)
def test_settings_that_are_wrong_are_named_without_their_value(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    checked = run("check", "--json")
    assert checked.code == 1
    assert said in checked.json["checks"][0]["found"]
    refused = run("top-customers", "--json")
    assert (refused.code, refused.out) == (1, "")
    for shown in (checked.out, refused.err):
        assert "geheim" not in shown


def test_a_store_that_cannot_be_reached_is_reported(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_URL", "postgresql+psycopg://nobody:geheim@127.0.0.1:1/none")
    checked = run("check", "--json")
    assert checked.code == 1
    assert {check["name"]: check["ok"] for check in checked.json["checks"]}["store"] is False
    refused = run("totals", "--json")
    assert (refused.code, refused.out) == (1, "")
    assert "geheim" not in refused.err + checked.out


def test_a_store_without_tables_is_refused_where_they_may_not_be_created(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE_CREATE", "false")
    refused = run("top-customers")
    assert refused.code == 1
    assert "STORE_CREATE=true" in refused.err
    assert "STORE_CREATE=true" in run("check").out


def test_what_nobody_expected_is_an_incident(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("backend.services.customers.leaderboards.top_customers", broken)
    failed = run("top-customers", "--json")
    assert (failed.code, failed.out) == (1, "")
    assert "incident" in failed.err
    assert "Traceback" not in failed.err


# --- the team ----------------------------------------------------------------------------------------------------


def test_a_member_is_added_with_the_password_of_standard_input(run: Run, shop: Shop, quick_hashes: None) -> None:
    arguments = ("user", "add", "Olga", "--name", "Olga P.", "--email", "olga@example.com", "--role", "manager")
    added = run(*arguments, "--json", input=f"{PASSWORD}\n").json
    assert added == {
        "username": "olga",
        "name": "Olga P.",
        "email": "olga@example.com",
        "role": "manager",
        "disabled": False,
        "demo": False,
        "second_factor": False,
    }
    assert run("user", "list", "--json").json == [added]
    assert members.find_member(shop, "olga") is not None
    assert PASSWORD not in run("user", "list").out


def test_a_member_is_added_with_the_password_of_the_environment(
    run: Run, monkeypatch: pytest.MonkeyPatch, quick_hashes: None
) -> None:
    monkeypatch.setenv("TILLPOST_PASSWORD", PASSWORD)
    assert run("user", "add", "olga", "--email", "olga@example.com").code == 0
    monkeypatch.setenv("TILLPOST_PASSWORD", "short")
    assert run("user", "add", "ivan", "--email", "ivan@example.com").code == 1


def test_no_option_takes_a_password() -> None:
    for command in ("add", "password"):
        found = get_command(app)
        for name in ("user", command):
            found = found.commands[name]  # type: ignore[attr-defined]
        options = {option for parameter in found.params for option in parameter.opts}
        assert not {option for option in options if "password" in option} - {"--no-password"}


def test_a_member_for_openid_connect_needs_no_password(run: Run, shop: Shop) -> None:
    assert run("user", "add", "olga", "--email", "olga@example.com", "--no-password").code == 0
    member = members.find_member(shop, "olga")
    assert member is not None
    assert member.password_hash == ""


def test_a_member_is_disabled_and_enabled(run: Run, shop: Shop, quick_hashes: None) -> None:
    members.add_member(shop, ADMIN, username="root", name="Root", email="root@example.com", role=Role.ADMIN)
    members.add_member(shop, ADMIN, username="olga", name="Olga", email="olga@example.com", role=Role.STAFF)
    assert run("user", "disable", "olga", "--json").json["disabled"] is True
    assert "disabled" in run("user", "list").out
    assert run("user", "enable", "OLGA", "--json").json["disabled"] is False
    assert run("user", "password", "olga", input=f"{PASSWORD}\n").code == 0
    refused = run("user", "disable", "root")
    assert refused.code == 1
    assert "last admin" in refused.err
    assert run("user", "disable", "nobody").code == 1


def test_a_team_of_nobody_says_so(run: Run) -> None:
    assert "Nobody" in run("user", "list").out
    assert run("user", "list", "--json").json == []


# --- as a process ------------------------------------------------------------------------------------------------


def _process(store_url: str, tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "STORE_URL": store_url, "DATA_DIR": str(tmp_path / "var"), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "backend", *arguments],
        env=environment,
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_as_a_process_json_is_alone_on_standard_output(store_url: str, tmp_path: Path, sold: Shop) -> None:
    with _process(store_url, tmp_path, "reconcile", "--json") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out) == {"customers": 3, "orders": 6, "drift": []}


def test_a_damaged_customer_is_left_out_and_named_in_the_log_of_the_process(
    store_url: str, tmp_path: Path, sold: Shop
) -> None:
    key = schema.customer_key(add_customer(sold).id)
    sold.store.write_batch([Put(key, {**(sold.store.get(key) or {}), "board": "ALL#0", "name": "x", "created_at": 5})])
    with _process(store_url, tmp_path, "top-customers") as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert len(out.splitlines()) > 1
    assert f"shop / {key.pk} / A cannot be read" in err


def test_the_worker_ends_when_it_is_asked_to(store_url: str, tmp_path: Path, shop: Shop) -> None:
    with _process(store_url, tmp_path, "worker") as process:
        assert process.stderr is not None
        assert "waits for work" in process.stderr.readline()
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=15)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("suppression", "list"), "address"),
        (("suppression", "list", "--reason", "manual"), "address"),
        (("audit", "--action", "suppress"), "target"),
    ],
)
def test_a_list_goes_on_after_its_cursor_and_misses_nothing(run: Run, command: tuple[str, ...], name: str) -> None:
    for number in range(5):
        run("suppression", "add", f"user{number}@example.com")
    whole = [entry[name] for entry in run(*command, "--json").json]

    found: list[str] = []
    cursor: tuple[str, ...] = ()
    while True:
        page = run(*command, "--limit", "2", *cursor, "--json").json
        found += [entry[name] for entry in page]
        assert [entry["cursor"] for entry in page[:-1]] == [None] * (len(page) - 1)
        if page[-1]["cursor"] is None:
            break
        cursor = ("--cursor", page[-1]["cursor"])

    assert len(whole) >= 5
    assert found == whole
    assert "--cursor" in run(*command, "--limit", "2").err


def test_what_is_kept_about_one_customer_is_exported(run: Run, sold: Shop, tmp_path: Path) -> None:
    (listed,) = list_customers(sold, CustomerFilter(search="big@example.com")).customers
    assert run("export", "customer", listed.id, str(tmp_path / "big.zip")).code == 0
    with zipfile.ZipFile(tmp_path / "big.zip") as archive:
        assert b"big@example.com" in archive.read("data.json")
