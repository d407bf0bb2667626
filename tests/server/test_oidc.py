"""OpenID Connect from the button to the page and out again, with a provider of our own on loopback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from backend.bootstrap import open_shop
from backend.config import Settings
from backend.domain.team import Role
from backend.services.context import Shop
from backend.services.team import members
from tests.engines import free_port
from tests.server.client import Tab, tab
from tests.server.processes import Server, whole_server
from tests.server.provider import CLIENT_ID, CLIENT_SECRET, Provider, provider
from tests.support import ADMIN


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(Settings(store_url=f"sqlite:///{tmp_path}/tillpost.db", data_dir=tmp_path))
    members.add_member(opened, ADMIN, username="ada", name="Ada", email="ada@example.com", role=Role.ADMIN)
    yield opened
    opened.store.close()


def settings_for(source: Provider, port: int) -> Mapping[str, str]:
    return {
        "AUTH_MODE": "oidc",
        "PORT": str(port),
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "OIDC_METADATA_URL": source.metadata_url,
        "OIDC_REDIRECT_URI": f"http://127.0.0.1:{port}/oauth2callback",
    }


def cookies_after_signing_in(server: Server) -> str:
    """Presses "Sign in", goes where it leads, and comes back with the cookies that the server has set."""
    with httpx.Client(follow_redirects=True) as browser:
        page = browser.get(server.url("/_stcore/health"))
        assert page.status_code == 200
        with tab(server.port, cookie=_cookies(browser)) as visitor:
            visitor.open().click("Sign in")
            (target,) = [
                message.auth_redirect.url
                for message in visitor.messages
                if message.WhichOneof("type") == "auth_redirect"
            ]
        browser.get(httpx.URL(server.url()).join(target))
        return _cookies(browser)


def _cookies(browser: httpx.Client) -> str:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)


def alerts(seen: Tab) -> list[str]:
    return [text.replace("\\", "").replace(":gray[]", "") for kind, text in seen.elements() if kind == "alert"]


def test_a_member_comes_in_by_a_verified_address_and_is_out_everywhere_after_signing_out(
    tmp_path: Path, shop: Shop
) -> None:
    port = free_port()
    with provider() as source, whole_server(tmp_path, settings_for(source, port)) as server:
        source.claims = {"email": "Ada@Example.com", "email_verified": True}
        cookies = cookies_after_signing_in(server)
        with tab(port, cookie=cookies, xsrf=True) as one, tab(port, cookie=cookies, xsrf=True) as other:
            assert {"Team", "Sign out"} <= set(one.open("team").texts())
            assert "Sign out" in other.open("account").texts()
            one.click("Sign out")
            assert alerts(other.open("account")) == ["Your session has ended. Sign in again."]
        with tab(port, cookie=cookies, xsrf=True) as later:
            assert alerts(later.open("team")) == ["Your session has ended. Sign in again."]
        assert CLIENT_SECRET not in server.log


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        (
            {"email": "eve@example.com", "email_verified": True},
            "eve@example.com is not in the team of My shop. Ask an admin of the shop to add this address.",
        ),
        (
            {"email": "ada@example.com", "email_verified": False},
            "Your sign-in provider has not verified your email address. Verify it there, then try again.",
        ),
    ],
)
def test_whoever_is_nobody_here_is_told_why(tmp_path: Path, claims: dict[str, object], sentence: str) -> None:
    port = free_port()
    with provider() as source, whole_server(tmp_path, settings_for(source, port)) as server:
        source.claims = claims
        with tab(port, cookie=cookies_after_signing_in(server), xsrf=True) as visitor:
            visitor.open("team")
            assert alerts(visitor) == [sentence]
            assert "Sign out" not in visitor.texts()
