"""The units of systemd for one machine: what they run, what they may do, and how they end."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from configparser import ConfigParser
from pathlib import Path

import pytest
from dotenv import dotenv_values

from backend.config import Settings
from front_door.visitors import caps_for
from tests.engines import ROOT, unavailable
from tests.infra.files import INFRA, program

BOX = INFRA / "box"
UNITS = sorted(BOX.glob("*.service"))
MOST_EXPOSURE = 20
"""Of `systemd-analyze security`, in tenths: 2.0 of 10. A unit without any restriction has 9.6."""
IN_EACH_UNIT = {
    "User": "tillpost",
    "EnvironmentFile": "/etc/tillpost/tillpost.env",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ReadWritePaths": "/var/lib/tillpost",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "UMask": "0077",
    "StateDirectoryMode": "0700",
    "CapabilityBoundingSet": "",
    "Restart": "always",
    "KillMode": "mixed",
    "KillSignal": "SIGTERM",
}


def service(unit: Path) -> Mapping[str, str]:
    """The section [Service] of a unit."""
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # names of systemd have capitals
    parser.read_string(unit.read_text())
    return parser["Service"]


def seconds(unit: Path) -> float:
    return float(service(unit)["TimeoutStopSec"])


def test_there_are_units_for_web_worker_and_backup() -> None:
    assert [unit.stem for unit in UNITS] == ["tillpost-litestream", "tillpost-web", "tillpost-worker"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_is_fenced_in_runs_as_its_own_user_and_is_started_again(unit: Path) -> None:
    found = service(unit)
    assert {name: found.get(name) for name in IN_EACH_UNIT} == IN_EACH_UNIT


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_no_secret_is_in_a_unit_where_everybody_of_the_machine_may_read_it(unit: Path) -> None:
    assert "Environment=" not in unit.read_text()
    assert not re.search(r"(KEY|SECRET|TOKEN|PASSWORD|DSN)\s*=", unit.read_text())


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_gives_a_process_longer_to_end_than_it_takes(unit: Path) -> None:
    written = dotenv_values(BOX / "tillpost.env")
    assert float(str(written["SHUTDOWN_SECONDS"])) == Settings(_env_file=None).shutdown_seconds
    assert seconds(unit) >= float(str(written["SHUTDOWN_SECONDS"])) + 10


def test_the_server_may_open_as_many_files_as_the_most_people_need() -> None:
    limit = int(service(BOX / "tillpost-web.service")["LimitNOFILE"])
    assert caps_for(limit) == caps_for(10 * limit)


def test_what_is_started_exists() -> None:
    prefix = "/opt/tillpost/current/"
    for unit in UNITS:
        command = service(unit)["ExecStart"].removeprefix(prefix)
        for word in command.split()[1:]:
            path = word.removeprefix(prefix)
            if path.endswith((".py", ".yml")):
                assert (ROOT / path).exists(), f"{unit.name}: {path}"
    assert service(BOX / "tillpost-worker.service")["ExecStart"].endswith("-m backend worker")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_understands_the_unit_and_finds_it_little_exposed(unit: Path, tmp_path: Path) -> None:
    """Its programs are not installed here, so this Python stands in for them."""
    here = {
        service(unit)["ExecStart"]: f"{sys.executable} -V",
        "/opt/tillpost/current": str(tmp_path),
        "User=tillpost\nGroup=tillpost": "User=root",
    }
    text = unit.read_text()
    for there, instead in here.items():
        text = text.replace(there, instead)
    (tmp_path / unit.name).write_text(text)
    verified = analyze("verify", "--man=no", str(tmp_path / unit.name))
    assert unit.name not in verified.stderr, verified.stderr
    secured = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", "--no-pager", str(unit))
    assert secured.returncode == 0, secured.stdout[-300:]


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    if not Path("/usr/bin/systemd-analyze").exists():
        unavailable("systemd-analyze", "systemd is not installed")
    return subprocess.run(["/usr/bin/systemd-analyze", *words], capture_output=True, text=True, check=False)


def test_the_settings_of_a_new_machine_are_valid_and_fit_its_units_and_its_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    settings = Settings(_env_file=BOX / "tillpost.env")
    assert settings.data_dir == Path("/var/lib/tillpost")
    assert settings.store_url == "sqlite:////var/lib/tillpost/tillpost.db"
    assert settings.host == "127.0.0.1"
    assert settings.public_url == "https://shop.example.com"
    assert f"reverse_proxy {settings.host}:{settings.port} " in (BOX / "Caddyfile").read_text()
    assert "127.0.0.1" in settings.trusted_proxies


def test_each_name_in_the_settings_of_a_new_machine_is_known_to_somebody() -> None:
    names = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (BOX / "tillpost.env").read_text(), re.MULTILINE))
    ours = {name.upper() for name in Settings.model_fields}
    assert {name for name in names - ours if not name.startswith(("AWS_", "LITESTREAM_"))} == set()


def test_shell_scripts_are_clean() -> None:
    commands = [path for path in BOX.iterdir() if path.read_text().startswith("#!")]
    scripts = [*commands, *(ROOT / "scripts").glob("*.sh"), ROOT / ".ci/run"]
    found = subprocess.run([program("shellcheck"), *map(str, scripts)], capture_output=True, text=True, check=False)
    assert found.stdout == ""
    in_make = re.search(r"^SCRIPTS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert in_make is not None
    assert {ROOT / name for name in in_make[1].split()} == set(scripts)
