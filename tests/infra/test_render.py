"""The Blueprint for Render fits the program, and keeps to Render's rules for disks, secrets and deploys.

Render's own schema is not to be had here; `render blueprints validate` looks at it where there is a network.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from backend.api import create_app
from backend.bootstrap import open_store
from backend.config import Settings
from tests.engines import ROOT
from tests.infra.files import read_yaml

ENVIRONMENTS: dict[str, dict[str, Any]] = {
    each["name"]: each for each in read_yaml(ROOT / "render.yaml")["projects"][0]["environments"]
}
SERVICES: list[tuple[str, dict[str, Any]]] = [
    (name, service) for name, each in ENVIRONMENTS.items() for service in each["services"]
]
each_service = pytest.mark.parametrize(
    ("environment", "service"), SERVICES, ids=[service["name"] for _, service in SERVICES]
)
SECRETS = {"COOKIE_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "STORE_URL"}


def variables(environment: str, service: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The variables of a service by name, those of its group included."""

    def found() -> Iterator[dict[str, Any]]:
        groups = {group["name"]: group["envVars"] for group in ENVIRONMENTS[environment]["envVarGroups"]}
        for variable in service["envVars"]:
            yield from groups[variable["fromGroup"]] if "fromGroup" in variable else [variable]

    return {variable["key"]: variable for variable in found()}


def test_staging_and_production_are_apart() -> None:
    assert [(name, [s["type"] for s in each["services"]]) for name, each in ENVIRONMENTS.items()] == [
        ("production", ["web", "worker"]),
        ("staging", ["web"]),
    ]
    databases = [database["name"] for each in ENVIRONMENTS.values() for database in each["databases"]]
    assert len(set(databases)) == len(databases) == 2
    for name, service in SERVICES:
        own = {database["name"] for database in ENVIRONMENTS[name]["databases"]}
        assert variables(name, service)["STORE_URL"]["fromDatabase"]["name"] in own


@each_service
def test_each_variable_is_a_setting_and_no_secret_is_in_the_file(environment: str, service: dict[str, Any]) -> None:
    found = variables(environment, service)
    ours = {name.upper() for name in Settings.model_fields}
    assert {name for name in found if name not in ours and not name.startswith("AWS_")} == set()
    assert [name for name in SECRETS & found.keys() if "value" in found[name]] == []


@each_service
def test_the_written_values_are_valid(
    environment: str, service: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, variable in variables(environment, service).items():
        if "value" in variable:
            monkeypatch.setenv(name, str(variable["value"]))
    settings = Settings(_env_file=None)
    assert service["maxShutdownDelaySeconds"] >= settings.shutdown_seconds + 10


@each_service
def test_no_disk_prevents_a_deploy_without_an_outage(environment: str, service: dict[str, Any]) -> None:
    assert "disk" not in service
    assert service["numInstances"] == 1
    if service["type"] == "web":
        paths = {getattr(route, "path", "") for route in create_app(lambda: None).routes}  # type: ignore[arg-type, return-value]
        path = service["healthCheckPath"]
        assert path.removeprefix("/api") in paths


def test_the_worker_has_what_the_web_service_has() -> None:
    web, worker = (service for name, service in SERVICES if name == "production")
    mine, its = variables("production", worker), variables("production", web)
    assert mine.keys() == its.keys()
    for name, variable in mine.items():
        if "fromService" in variable:
            assert variable["fromService"] == {"type": "web", "name": web["name"], "envVarKey": name}
            assert its[name] == {"key": name, "sync": False}
        else:
            assert variable == its[name]


def test_staging_sends_no_mail_to_anybody() -> None:
    ((name, service),) = [each for each in SERVICES if each[0] == "staging"]
    assert variables(name, service)["MAIL_TRANSPORT"]["value"] == "local"


def test_the_form_in_which_render_says_the_address_of_its_databases_is_taken() -> None:
    open_store("postgresql://user:password@host.example/database").close()
