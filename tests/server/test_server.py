"""The whole server as people start it: what it says, what it answers, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from backend.api import create_app
from backend.bootstrap import open_shop
from backend.config import Settings
from backend.errors import ConfigurationError, StoreUnreachableError
from backend.secret_file import FILE_NAME, cookie_key
from backend.services.context import Shop
from backend.services.team import first_admin, members, sessions
from backend.store import schema
from backend.store.port import Item, Key, Put
from backend.store.sql import SqlStore
from server import oidc_secrets
from tests.engines import ROOT
from tests.server.client import tab
from tests.server.processes import Server, environment_of, whole_server
from tests.support import in_own_loop, shop_on


def headers_of(server: Server, path: str) -> dict[str, str]:
    with urllib.request.urlopen(server.url(path), timeout=10) as reply:  # noqa: S310 - our own loopback address
        return {name.lower(): value for name, value in reply.headers.items()}


def asked(api: FastAPI, path: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://api") as client:
            return await client.get(path)

    return in_own_loop(ask)


def test_a_new_server_prints_the_set_up_code_and_keeps_its_key_to_itself(tmp_path: Path) -> None:
    with whole_server(tmp_path) as server:
        settings = Settings(store_url=f"sqlite:///{tmp_path}/tillpost.db", data_dir=tmp_path)
        shop = open_shop(settings)
        code = first_admin.setup_code(shop, sessions.policy_of(settings, cookie_key(settings)))
        shop.store.close()
        assert f"serves My shop at http://127.0.0.1:{server.port}" in server.log
        assert f"set-up code {code}" in server.log
        assert cookie_key(settings).decode() not in server.log
        assert "Demo sign-ins" not in server.log
        assert (tmp_path / FILE_NAME).exists()


def test_a_server_with_the_demo_shop_shows_its_sign_ins_on_this_machine_only(tmp_path: Path) -> None:
    shop = open_shop(Settings(store_url=f"sqlite:///{tmp_path}/tillpost.db", data_dir=tmp_path))
    members.add_demo_team(shop)
    shop.store.put(Put(schema.meta_key("demo"), {"loaded": True}))
    shop.store.close()
    with whole_server(tmp_path) as server:
        assert "demo-manager-2026" in server.log
        assert "set-up code" not in server.log
        with tab(server.port) as here:
            assert b"demo-manager-2026" in here.open().raw()
        with tab(server.port, forwarded_for="203.0.113.9") as through_a_proxy:
            assert b"demo-manager-2026" not in through_a_proxy.open().raw()


def test_every_answer_keeps_browsers_from_framing_and_guessing(tmp_path: Path) -> None:
    with whole_server(tmp_path) as server:
        for path in ("/", "/api/health", "/_stcore/health"):
            headers = headers_of(server, path)
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert headers["content-security-policy"].startswith("default-src 'none'")
            assert "server" not in headers


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_server_ends_within_five_seconds_although_people_are_connected(tmp_path: Path, how: signal.Signals) -> None:
    with whole_server(tmp_path) as server, tab(server.port) as visitor:
        visitor.open()
        began = time.monotonic()
        server.process.send_signal(how)
        server.process.wait(10)
        assert time.monotonic() - began < 5
        assert "Traceback" not in server.log


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"SHOP_TIMEZONE": "Mars/Base"}, "SHOP_TIMEZONE"),
        ({"COOKIE_KEY": "short"}, "COOKIE_KEY is too short"),
        ({"AUTH_MODE": "oidc", "OIDC_CLIENT_ID": "x"}, "needs OIDC_CLIENT_SECRET, OIDC_METADATA_URL"),
        ({"TRUSTED_PROXIES": "everybody"}, "TRUSTED_PROXIES"),
        ({"HOST": "192.0.2.1"}, "cannot listen on port 8501 of 192.0.2.1"),
        ({"STORE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/nothing"}, "cannot be reached"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_its_name(tmp_path: Path, settings: dict[str, str], sentence: str) -> None:
    environment = {**os.environ, **environment_of(tmp_path), **settings}
    ended = subprocess.run(
        [sys.executable, str(ROOT / "server.py")], env=environment, cwd=ROOT, capture_output=True, timeout=60
    )
    assert ended.returncode == 1
    assert sentence in ended.stderr.decode()
    assert "Traceback" not in ended.stderr.decode()


def test_a_port_that_is_taken_is_reported_before_anything_is_promised(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment = {**os.environ, **environment_of(tmp_path), "PORT": str(taken.getsockname()[1])}
        ended = subprocess.run(
            [sys.executable, str(ROOT / "server.py")], env=environment, cwd=ROOT, capture_output=True, timeout=60
        )
    assert ended.returncode == 1
    assert "cannot listen on port" in ended.stderr.decode()
    assert b"serves" not in ended.stdout


def test_ready_means_that_the_store_answers_and_health_that_the_process_does() -> None:
    class Gone(SqlStore):
        def get(self, key: Key) -> Item | None:
            raise StoreUnreachableError("The store does not answer.")

    store = Gone("sqlite://")
    api = create_app(lambda: shop_on(store))
    assert asked(api, "/health").json() == {"status": "ok"}
    assert asked(api, "/ready").status_code == 503
    assert asked(api, "/docs").status_code == 404
    store.close()


def test_ready_when_the_store_answers(tmp_path: Path) -> None:
    shop: Shop = open_shop(Settings(store_url=f"sqlite:///{tmp_path}/tillpost.db"))
    assert asked(create_app(lambda: shop), "/ready").status_code == 200
    shop.store.close()


def _no_shop() -> Shop:
    raise AssertionError("health asks nobody")


@pytest.mark.parametrize(("given", "kept"), [("build-7.42", True), ("", False), ("a\tb c", False), ("x" * 65, False)])
def test_a_request_keeps_the_id_that_its_caller_gave_it_if_it_is_one(given: str, kept: bool) -> None:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(_no_shop))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.get("/health", headers={"X-Request-Id": given})

    answered = in_own_loop(ask).headers["x-request-id"]
    assert (answered == given) is kept
    assert len(answered) >= 8


def test_streamlit_learns_of_the_provider_and_gets_a_key_of_its_own(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        auth_mode="oidc",
        oidc_client_id="id",
        oidc_client_secret="secret",  # type: ignore[arg-type]  # pydantic wraps it
        oidc_metadata_url="https://tenant.example.com/.well-known/openid-configuration",
        oidc_redirect_uri="https://shop.example.com/oauth2callback",
    )
    secrets = oidc_secrets(settings)
    assert secrets is not None
    assert secrets["auth"]["client_secret"] == "secret"
    assert secrets["auth"]["cookie_secret"] not in (cookie_key(settings).decode(), "")
    assert oidc_secrets(Settings(data_dir=tmp_path)) is None
    with pytest.raises(ConfigurationError, match="needs OIDC_CLIENT_ID, OIDC_CLIENT_SECRET"):
        oidc_secrets(Settings(data_dir=tmp_path, auth_mode="oidc"))
