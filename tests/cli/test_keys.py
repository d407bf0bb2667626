"""The commands about API keys."""

from __future__ import annotations

from backend.services.api_keys.authentication import authenticated
from backend.services.context import Shop
from tests.cli.conftest import Run


def test_a_key_is_shown_once_and_works(run: Run, shop: Shop) -> None:
    shown = run("keys", "add", "Online shop", "--scope", "orders:write", "--scope", "customers:read")
    assert authenticated(shop, shown.out.strip()).name == "Online shop"
    listed = run("keys", "list", "--json")
    assert [each["scopes"] for each in listed.json] == [["customers:read", "orders:write"]]
    assert shown.out.strip() not in listed.out + run("keys", "list").out


def test_a_key_is_rotated_and_revoked_by_its_visible_part(run: Run, shop: Shop) -> None:
    first = run("keys", "add", "Online shop", "--scope", "orders:read", "--expires", "2027-06-30", "--json").json
    second = run("keys", "rotate", first["prefix"], "--overlap-hours", "1", "--json").json
    assert authenticated(shop, first["key"]).replaced_by == authenticated(shop, second["key"]).prefix
    assert "no longer works" in run("keys", "revoke", first["prefix"]).out
    states = {each["prefix"]: each["state"] for each in run("keys", "list", "--json").json}
    assert states == {first["prefix"]: "revoked", second["prefix"]: "active"}


def test_what_cannot_be_is_said_in_one_sentence(run: Run) -> None:
    assert run("keys", "list").out == "There are no API keys yet.\n"
    refused = run("keys", "revoke", "tp_NOSUCHKEY")
    assert (refused.code, refused.err) == (1, "This API key does not exist.\n")
