"""The doctor names what is wrong with an installation, and how to fix it; what is right is called so."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from backend.domain.health import Diagnosis, Verdict
from backend.email.web import Reached, Unreached
from backend.errors import StoreUnreachableError
from backend.services.context import Shop
from backend.services.demo import shop as demo
from backend.services.doctor import access, machine, mail
from backend.services.doctor.examination import QUESTIONS, Question, examine
from backend.services.doctor.installation import Installation
from backend.services.system import health
from tests.services.doctor.conftest import ACCOUNT, KEY, Make, sleeping, with_clock
from tests.services.test_domain_check import FakeWeb, Zone

DYNAMO = "dynamodb://shop?region=eu-central-1"


def only(found: list[Diagnosis]) -> Diagnosis:
    (diagnosis,) = found
    return diagnosis


def verdict(question: Question, installation: Installation) -> str:
    return only(question(installation)).verdict.value


def test_each_question_is_answered_and_whatever_is_wrong_comes_with_a_sentence_to_repair_it(make: Make) -> None:
    found = examine(make(account=None, web=FakeWeb(get=Unreached("refused"))))
    assert {diagnosis.subject for diagnosis in found} >= set(QUESTIONS) - {"Store", "Sender's domain"}
    assert [each for each in found if each.verdict in (Verdict.WARN, Verdict.FAIL) and not each.fix] == []
    assert all(each.found.endswith(".") for each in found)


def test_what_hangs_is_unknown_and_holds_up_no_other(make: Make) -> None:
    questions: dict[str, Question] = {"Hangs": sleeping, "Answers": mail.alerts}
    hung, answered = examine(make(), questions, seconds=0.1)
    assert (hung.verdict, hung.found) == (Verdict.UNKNOWN, "No answer within 0.1 seconds.")
    assert answered.verdict is Verdict.OK


def test_a_question_that_fails_itself_is_unknown_and_shows_no_more_than_the_kind_of_error(make: Make) -> None:
    def broken(_: Installation) -> list[Diagnosis]:
        raise ValueError("maria@example.com")

    def refused(_: Installation) -> list[Diagnosis]:
        raise StoreUnreachableError("The store cannot be reached.")

    first, second = examine(make(), {"Broken": broken, "Refused": refused})
    assert (first.verdict, "ValueError" in first.found, "maria" in first.found) == (Verdict.UNKNOWN, True, False)
    assert (second.verdict, second.found) == (Verdict.UNKNOWN, "The store cannot be reached.")


# --- The machine -------------------------------------------------------------------------------------------------


def test_a_store_without_tables_fails_with_how_to_make_them(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    installation = make()
    assert [each.verdict for each in machine.store(installation)] == [Verdict.OK] * 3
    lacking = SimpleNamespace(missing_tables=lambda: ["mail"])
    tables = machine.store(replace(installation, shop=replace(installation.shop, store=lacking)))[1]
    assert (tables.subject, tables.verdict, tables.found) == ("Tables", Verdict.FAIL, "Missing: mail.")
    assert "STORE_CREATE=true" in tables.fix


def test_copies_are_distinguished_from_litestreams_own_notes(make: Make, tmp_path: Path) -> None:
    installation = make()
    assert verdict(machine.backup, installation) == "ok"
    here = replace(installation, environment={"LITESTREAM_REPLICA_URL": "file:///mnt/backup"})
    assert verdict(machine.backup, here) == "warn"
    notes = tmp_path / ".tillpost.db-litestream"
    for path in notes.rglob("*.ltx"):
        os.utime(path, (0, 0))
    assert verdict(machine.backup, installation) == "fail"
    notes.rename(tmp_path / "elsewhere")
    assert verdict(machine.backup, installation) == "warn"
    assert verdict(machine.backup, make(store_url=DYNAMO)) == "unknown"


@pytest.mark.parametrize(
    ("name", "mode", "expected"),
    [("tillpost.db", 0o640, "warn"), ("secrets.json", 0o644, "fail"), (".env", 0o604, "fail"), (".", 0o755, "warn")],
)
def test_files_that_others_may_read_are_named_with_the_command_that_closes_them(
    make: Make, tmp_path: Path, name: str, mode: int, expected: str
) -> None:
    installation = make()
    assert verdict(machine.file_modes, installation) == "ok"
    path = tmp_path / name
    if not path.exists():
        path.touch()
    path.chmod(mode)
    found = only(machine.file_modes(installation))
    assert found.verdict.value == expected
    assert found.fix == f"chmod {'700' if name == '.' else '600'} {path}."


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (timedelta(seconds=1.9), "ok"),
        (timedelta(seconds=-2.5), "warn"),
        (timedelta(minutes=6), "fail"),
        (TimeoutError("timed out"), "unknown"),
    ],
)
def test_a_clock_that_is_off_is_reported_by_how_far(make: Make, offset: timedelta | Exception, expected: str) -> None:
    assert verdict(machine.clock, with_clock(make(), offset)) == expected


def test_a_disk_that_is_nearly_full_fails(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdict(machine.disk, make()) in ("ok", "warn")
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: SimpleNamespace(free=10**6, total=10**9))
    assert verdict(machine.disk, make()) == "fail"


# --- Access ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "expected", "named"),
    [
        ({}, "ok", ""),
        ({"cookie_key": ""}, "ok", ""),
        ({"cookie_key": "", "store_url": DYNAMO}, "warn", "COOKIE_KEY"),
        ({"cookie_key": "abcabcabcabcabcabcabcabcabcabcabcabc"}, "fail", "easy to guess"),
        ({"cookie_key": "Xk3-9vQm_TzL7"}, "fail", "COOKIE_KEY is too short"),
        ({"metrics_token": "abc"}, "warn", "METRICS_TOKEN"),
        ({"auth_mode": "oidc"}, "fail", "OIDC_CLIENT_SECRET"),
    ],
)
def test_secrets_are_judged_and_never_shown(make: Make, settings: dict[str, str], expected: str, named: str) -> None:
    found = only(access.secrets(make(**settings)))
    assert (found.verdict.value, named in found.found) == (expected, True)
    shown = f"{found.found} {found.fix}"
    assert all(value not in shown for name, value in settings.items() if name == "cookie_key" and value)
    assert KEY not in shown


@pytest.mark.parametrize(
    ("settings", "answer", "expected"),
    [
        ({}, Reached(200), "ok"),
        ({}, Reached(502), "warn"),
        ({}, Unreached("its certificate is not valid"), "warn"),
        ({"public_url": "http://shop.example"}, Reached(200), "fail"),
        ({"public_url": "http://localhost:8501"}, Reached(200), "fail"),
        ({"public_url": "http://127.0.0.1:8501", "mail_transport": "local"}, Reached(200), "warn"),
    ],
)
def test_the_address_has_to_be_https_and_to_answer(
    make: Make, settings: dict[str, str], answer: Reached | Unreached, expected: str
) -> None:
    web = FakeWeb(get=answer)
    assert verdict(access.address, make(web=web, **settings)) == expected
    assert [url for url, _ in web.asked] in ([], ["https://shop.example/api/health"])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "ok"),
        ({"trusted_proxies": ""}, "warn"),
        ({"trusted_proxies": "127.0.0.1, 0.0.0.0/0"}, "fail"),
        ({"trusted_proxies": "::/0"}, "fail"),
        ({"trusted_proxies": "", "public_url": "http://localhost:8501"}, "ok"),
    ],
)
def test_the_proxy_has_to_be_named_and_nobody_else(make: Make, settings: dict[str, str], expected: str) -> None:
    assert verdict(access.proxy, make(**settings)) == expected


def test_public_passwords_fail_where_others_can_reach_the_server(make: Make, shop: Shop) -> None:
    assert verdict(access.sign_ins, make()) == "warn"  # nobody is there yet
    demo.seed_demo(shop, customers=5)
    found = only(access.sign_ins(make()))
    assert (found.verdict, "seed --remove" in found.fix) == (Verdict.FAIL, True)
    at_home = make(public_url="http://localhost:8501", mail_transport="local", trusted_proxies="")
    assert verdict(access.sign_ins, at_home) == "ok"


# --- Mail --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (ACCOUNT, "ok"),
        (None, "fail"),
        (replace(ACCOUNT, sandbox=True), "fail"),
        (replace(ACCOUNT, sending_enabled=False), "fail"),
        (replace(ACCOUNT, status="PROBATION"), "warn"),
        (replace(ACCOUNT, sent_last_24_hours=40_000), "warn"),
        (replace(ACCOUNT, daily_quota=-1, sent_last_24_hours=40_000), "ok"),
    ],
)
def test_what_ses_allows_is_reported(make: Make, account: object, expected: str) -> None:
    assert verdict(mail.sending, make(account=account)) == expected


def test_the_records_of_the_senders_domain_are_looked_up_each(make: Make) -> None:
    found = {each.subject: each for each in mail.sender_domain(make(zone=Zone({"shop.example": "v=spf1 -all"})))}
    assert {"SPF", "DKIM", "DMARC"} <= found.keys()
    assert found["DMARC"].verdict in (Verdict.WARN, Verdict.FAIL)
    assert found["DMARC"].fix
    assert verdict(mail.sender_domain, make(mail_transport="local")) == "ok"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "warn"),
        ({"ses_events_queue_url": ""}, "fail"),
        ({"ses_configuration_set_marketing": ""}, "fail"),
        ({"mail_transport": "local"}, "ok"),
    ],
)
def test_reports_of_ses_have_to_come_in(make: Make, settings: dict[str, str], expected: str) -> None:
    assert verdict(mail.events, make(**settings)) == expected


def test_somebody_has_to_do_the_duties(make: Make) -> None:
    found = only(mail.workers(make()))
    assert (found.verdict, found.fix) == (Verdict.FAIL, "Start the server, or python -m backend worker.")


def test_alerts_need_a_second_way(make: Make) -> None:
    assert verdict(mail.alerts, make()) == "ok"
    assert verdict(mail.alerts, make(alert_webhook_url="")) == "warn"


@pytest.mark.parametrize("question", [mail.sending, mail.sender_domain, mail.events, mail.alerts])
def test_a_shop_that_keeps_its_mail_here_is_asked_for_nothing_of_ses(
    make: Make, question: Callable[[Installation], list[Diagnosis]]
) -> None:
    installation = make(account=None, mail_transport="local", alert_webhook_url="", ses_events_queue_url="")
    assert verdict(question, installation) == "ok"
