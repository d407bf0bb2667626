"""Access tokens of an identity provider: only genuine ones count, for us, in time, with the scopes of their roles."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from backend.bootstrap import open_tokens
from backend.config import load_settings
from backend.domain.api_keys import Scope, scopes_of
from backend.domain.team import Permission, Role
from backend.email.web import Reached, Unreached
from backend.errors import ConfigurationError
from backend.services.api_keys import tokens
from backend.services.api_keys.authentication import NotSignedInError
from backend.services.api_keys.tokens import KeysUnreachableError
from backend.services.context import Shop
from tests.api.v1_support import Client, order
from tests.services.api_keys.provider import AUDIENCE, ISSUER, KEYS, METADATA, Provider, rsa_key
from tests.services.test_repairing import audit_entries


@pytest.fixture
def provider() -> Provider:
    return Provider(["one", "ec"])


@pytest.mark.parametrize("key", ["one", "ec"])
def test_a_genuine_token_has_the_scopes_of_its_role(provider: Provider, key: str) -> None:
    caller = provider.tokens().caller(provider.token(key))
    assert (caller.actor.username, caller.actor.role) == ("token:ada", Role.STAFF)
    assert caller.scopes == scopes_of(Role.STAFF)
    assert caller.actor.may(Permission.PLACE_ORDERS)
    assert not caller.actor.may(Permission.ERASE_CUSTOMERS)


def test_the_strongest_roles_add_up_and_unknown_ones_give_nothing(provider: Provider) -> None:
    taken = provider.tokens()
    both = taken.caller(provider.token(roles=["staff", "manager", "king", 7]))
    assert both.scopes == scopes_of(Role.STAFF) | scopes_of(Role.MANAGER)
    assert scopes_of(Role.ADMIN) == frozenset(Scope)
    for none in (["king"], "king", None, {"staff": True}):
        assert taken.caller(provider.token(roles=none)).scopes == frozenset()


def test_roles_may_have_other_names_and_lie_deeper(provider: Provider) -> None:
    taken = provider.tokens(role_claim="realm_access.roles", roles={"support": Role.STAFF})
    assert taken.caller(provider.token(realm_access={"roles": ["support"]})).scopes == scopes_of(Role.STAFF)
    assert not taken.caller(provider.token(realm_access={"roles": ["staff"]})).scopes
    dotted = provider.tokens(role_claim="https://shop.example/roles")
    assert dotted.caller(provider.token(**{"https://shop.example/roles": "staff admin"})).scopes == frozenset(Scope)


NOW = int(time.time())
PUBLIC = b"anybody can read this key, for it is published by the provider"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"exp": NOW - 7200}, "expired"),
        ({"nbf": NOW + 7200}, "not signed by the provider, or incomplete"),
        ({"iat": NOW + 7200}, "not signed by the provider, or incomplete"),
        ({"aud": "another"}, "another audience"),
        ({"iss": "https://evil.example/"}, "another issuer"),
        ({"sub": "a\nb"}, "subject"),
        ({"sub": ""}, "subject"),
        ({"sub": "x" * 256}, "subject"),
        *[({"without": name}, "incomplete") for name in ("exp", "aud", "iss", "sub")],
        ({"key": "other"}, "not signed by the provider"),
        ({"key": "other", "header": {"kid": "one"}}, "not signed by the provider"),
        ({"header": {"jwk": {"kty": "oct", "k": "AAAA"}, "jku": "https://evil.example", "kid": "x"}}, "not signed"),
    ],
)
def test_any_other_token_is_refused(provider: Provider, given: dict[str, Any], why: str) -> None:
    with pytest.raises(NotSignedInError, match=why):
        provider.tokens().caller(provider.token(**given))
    assert "https://evil.example" not in provider.asked


def test_only_the_algorithms_that_are_named_count(provider: Provider) -> None:
    claims = jwt.decode(provider.token(), options={"verify_signature": False})
    forged = [
        jwt.encode(claims, PUBLIC, "HS256", headers={"kid": "one"}),
        jwt.encode(claims, None, "none", headers={"kid": "one"}),
        jwt.encode(claims, rsa_key("one"), "RS512", headers={"kid": "one"}),
    ]
    for text in forged:
        with pytest.raises(NotSignedInError, match="algorithm"):
            provider.tokens().caller(text)
    with pytest.raises(NotSignedInError, match="algorithm"):
        provider.tokens(algorithms=("ES256",)).caller(provider.token("one"))
    assert provider.asked == []


@pytest.mark.parametrize("text", ["..", "a.b.c", "eyJ.eyJ.x", "é.é.é"])
def test_what_is_no_token_is_refused_and_nobody_is_asked(provider: Provider, text: str) -> None:
    with pytest.raises(NotSignedInError):
        provider.tokens().caller(text)
    assert provider.asked == []


def test_a_clock_that_is_slow_by_seconds_does_no_harm(provider: Provider) -> None:
    assert provider.tokens().caller(provider.token(nbf=int(time.time()) + 20)).scopes


def test_keys_are_kept_and_a_new_one_is_found(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: moment)
    taken = provider.tokens()
    for _ in range(3):
        taken.caller(provider.token())
    assert provider.asked == [METADATA, KEYS]
    provider.published = ["two"]
    assert taken.caller(provider.token("two")).scopes
    with pytest.raises(NotSignedInError):
        taken.caller(provider.token("one"))
    for _ in range(20):
        with pytest.raises(NotSignedInError):
            taken.caller(provider.token("other"))
    assert provider.asked == [METADATA, KEYS] * 2
    moment += 31
    provider.published = ["three"]
    assert taken.caller(provider.token("three")).scopes


@pytest.mark.parametrize(
    "down", [Unreached("did not answer in time"), Reached(503), Reached(302), Reached(200, b"[]"), Reached(200, b"{")]
)
def test_without_keys_nobody_is_let_in(
    provider: Provider, down: Reached | Unreached, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: moment)
    provider.down, taken = down, provider.tokens(keys_url=KEYS)
    for _ in range(3):
        with pytest.raises(KeysUnreachableError):
            taken.caller(provider.token())
    assert provider.asked == [KEYS]
    moment += 6
    provider.down = None
    assert taken.caller(provider.token()).scopes


def test_metadata_of_another_issuer_or_without_https_are_not_followed(provider: Provider) -> None:
    provider.issuer = "https://evil.example/"
    with pytest.raises(KeysUnreachableError):
        provider.tokens().caller(provider.token())
    with pytest.raises(KeysUnreachableError):
        provider.tokens(keys_url="http://login.example.com/keys").caller(provider.token())
    assert provider.asked == [METADATA]


def test_the_api_takes_tokens_beside_keys_and_notes_the_subject(shop: Shop, provider: Provider) -> None:
    ask = Client(shop, tokens=provider.tokens())
    token = provider.token(roles=["admin"])
    placed = ask("POST", "/orders", order(), key=token, once="a")
    assert placed.status_code == 201
    assert placed.json()["history"][0]["by"] == "token:ada"
    assert (
        ask("POST", "/orders", order(), key=provider.token(roles=["admin"], jti="2"), once="a").json() == placed.json()
    )
    assert ask("POST", "/orders", order(), key=provider.token(sub="bo"), once="a").json()["id"] != placed.json()["id"]
    erased = ask("POST", f"/customers/{placed.json()['customer_id']}/erasure", key=provider.token(roles=[]))
    assert erased.status_code == 403
    assert ask("GET", "/orders").status_code == 200
    suppression = {"address": "no@example.com", "reason": "manual"}
    assert ask("POST", "/suppressions", suppression, key=token).status_code == 200
    assert ("token:ada", "access token") in [(entry.actor, entry.role) for entry in audit_entries(shop)]


def test_the_api_says_why_a_token_does_not_count(shop: Shop, provider: Provider) -> None:
    refused = Client(shop, tokens=provider.tokens())("GET", "/orders", key=provider.token(exp=NOW - 7200))
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert "expired" in refused.json()["detail"]
    provider.down = Unreached("cannot be reached")
    unknown = Client(shop, tokens=provider.tokens())("GET", "/orders", key=provider.token())
    assert (unknown.status_code, unknown.headers["retry-after"]) == (503, "1")
    assert Client(shop)("GET", "/orders", key=provider.token()).status_code == 401


def test_settings_that_would_let_strangers_in_stop_the_start() -> None:
    given: dict[str, Any] = {"api_token_issuer": ISSUER, "api_token_audience": AUDIENCE}
    assert isinstance(open_tokens(load_settings(**given)), tokens.Tokens)
    assert open_tokens(load_settings()) is None
    with pytest.raises(ConfigurationError, match="API_TOKEN_AUDIENCE"):
        open_tokens(load_settings(api_token_issuer=ISSUER))
    for wrong in ({"api_token_algorithms": "RS256,HS256"}, {"api_token_algorithms": ""}, {"api_token_roles": "a=king"}):
        with pytest.raises(ConfigurationError, match=next(iter(wrong)).upper()):
            load_settings(**wrong)
