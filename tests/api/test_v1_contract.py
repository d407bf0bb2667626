"""The description of the API: every call has a key, a scope, a limit, an example and problem documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from backend.api.v1 import ApiSettings, create_v1
from backend.api.v1.app import ROUTERS
from backend.api.v1.problems import KINDS
from backend.api.v1.route import ApiRoute
from backend.api.v1.samples import body_of
from backend.domain.api_keys import Scope, scopes_of
from backend.domain.team import Role
from backend.services.context import Shop
from tests.api.v1_support import Client
from tests.services.api_keys.provider import Provider

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "openapi.json"


def nothing() -> NoReturn:
    raise AssertionError("A description needs no shop.")


DOCUMENT: dict[str, Any] = create_v1(nothing, ApiSettings(nothing, nothing)).openapi()
CALLS = [(path, method) for path, operations in DOCUMENT["paths"].items() for method in operations]


def test_the_file_in_the_repository_is_the_description() -> None:
    """`python -m tests.api.test_v1_contract` writes it."""
    assert json.loads(FILE.read_text()) == DOCUMENT


def test_every_route_passes_the_gate() -> None:
    routes = [route for router in ROUTERS for route in router.routes]
    assert all(isinstance(route, ApiRoute) for route in routes)
    assert len(routes) == len(CALLS) > 25


@pytest.mark.parametrize(("path", "method"), CALLS)
def test_a_call_says_all_that_a_caller_has_to_know(path: str, method: str) -> None:
    operation = DOCUMENT["paths"][path][method]
    assert operation["security"] == [{"key": []}, {"token": []}]
    assert Scope(operation["x-scope"]).is_read is (method == "get")
    assert operation["x-scope"].startswith(f"{operation['tags'][0].lower()}:")
    assert operation["description"].endswith(f"Scope: `{operation['x-scope']}`.")
    assert {"401", "403", "422", "429", "500", "503"} <= set(operation["responses"])
    named = {each["name"]: each for each in operation["parameters"]}
    assert all(each["schema"].get("examples") for each in named.values() if each["in"] == "path")
    if method != "get":
        assert {"409", "413"} <= set(operation["responses"])
        assert named["Idempotency-Key"]["required"] is (method == "post")
        assert ("requestBody" in operation) is (body_of(operation) is not None)
    if "If-Match" in named:
        assert {"412", "428"} <= set(operation["responses"])
    for status, answer in operation["responses"].items():
        if status < "3":
            assert "RateLimit" in answer["headers"]
            content = answer["content"]["application/json"]
            checked = Draft202012Validator({**content["schema"], "components": DOCUMENT["components"]})
            assert [*checked.iter_errors(content["example"])] == []
            assert content["example"]


@pytest.mark.parametrize("role", Role)
def test_a_token_reaches_the_calls_whose_scope_its_role_has(role: Role, shop: Shop) -> None:
    provider = Provider()
    ask, token = Client(shop, tokens=provider.tokens()), provider.token(roles=[role.value])
    for path, method in CALLS:
        status = ask(method, path, key=token, version=1).status_code
        allowed = Scope(DOCUMENT["paths"][path][method]["x-scope"]) in scopes_of(role)
        assert (status == 403) is not allowed, (path, method, status)
        assert status != 401


def test_every_problem_has_a_type_of_its_own_and_says_what_to_do() -> None:
    assert len({kind.type for kind in KINDS}) == len(KINDS) > 15
    assert all(kind.action.endswith((".", "….")) for kind in KINDS)


def test_the_reference_shows_every_call_and_problem_and_loads_nothing(shop: Shop) -> None:
    ask = Client(shop)
    page = ask("GET", "/../docs", key="")
    assert page.status_code == 200
    for path, method in CALLS:
        assert f"{method.upper()} {path}" in page.text
    assert all(f'id="problem-{kind.name}"' in page.text for kind in KINDS)
    assert "<script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'nonce-")
    assert ask("GET", "/openapi.json", key="").json() == DOCUMENT


def write() -> None:
    FILE.write_text(json.dumps(DOCUMENT, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    write()
