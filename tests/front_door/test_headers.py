"""The security headers of every answer, and security.txt."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import streamlit
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from backend.config import Settings
from front_door import security_txt
from front_door.headers import SecurityHeaders, content_policy


def get(path: str, *, https: bool = False, contact: str = "") -> httpx.Response:
    settings = Settings(public_url="https://shop.example", security_contact=contact, _env_file=None)
    routes = [
        Route("/", lambda _: PlainTextResponse("hello")),
        Route("/strict", lambda _: PlainTextResponse("", headers={"Content-Security-Policy": "sandbox"})),
        security_txt.route(settings, clock=lambda: datetime(2026, 12, 1, 9, tzinfo=UTC)),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(SecurityHeaders, https=https)])

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://shop.example") as client:
            return await client.get(path)

    return asyncio.run(ask())


def test_scripts_come_from_this_server_alone_and_none_is_inside_a_page() -> None:
    policy = dict(part.split(" ", 1) for part in content_policy().split("; "))
    assert policy["default-src"] == "'none'"
    assert "'unsafe-inline'" not in policy["script-src"]
    assert "'unsafe-eval'" not in policy["script-src"].split()
    assert not any(source.startswith("http") for source in policy["script-src"].split())
    assert policy["connect-src"] == policy["form-action"] == policy["frame-ancestors"] == "'self'"


def test_every_script_of_streamlits_start_page_is_known_by_its_hash() -> None:
    page = Path(streamlit.__file__).with_name("static").joinpath("index.html").read_text()
    assert content_policy().count("'sha256-") == page.count("<script>") > 0


def test_an_answer_keeps_the_stricter_policy_that_it_has() -> None:
    headers = get("/strict").headers
    assert headers.get_list("content-security-policy") == ["sandbox"]
    assert headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize("https", [True, False])
def test_only_a_server_that_people_reach_by_https_insists_on_it(https: bool) -> None:
    headers = get("/", https=https).headers
    assert ("strict-transport-security" in headers) is https
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]


def test_security_txt_names_the_contact_and_when_it_ends() -> None:
    answer = get(security_txt.PATH, contact="mailto:security@shop.example")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.splitlines() == [
        "Contact: mailto:security@shop.example",
        "Expires: 2027-03-01T00:00:00Z",
        "Canonical: https://shop.example/.well-known/security.txt",
    ]


def test_without_a_contact_there_is_no_security_txt() -> None:
    assert get(security_txt.PATH).status_code == 404


@pytest.mark.parametrize("wrong", ["security@shop.example", "http://shop.example", "mailto:a@b\nExpires: never"])
def test_a_contact_is_an_address_that_programs_can_follow(wrong: str) -> None:
    with pytest.raises(ValueError, match="is not a contact"):
        Settings(security_contact=wrong, _env_file=None)
