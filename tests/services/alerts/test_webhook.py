"""A webhook is called with care: https, public addresses, no redirects, bounded waiting; its address is a secret."""

from __future__ import annotations

import socket
import threading

import pytest

from backend.email import web
from backend.services.alerts.notifications import WebhookError, check_url, post_text
from tests.services.alerts.conftest import Hook


def test_the_text_arrives_as_slack_takes_it(hook: Hook) -> None:
    post_text(hook.url, "Queue too old: “7 minutes”", loopback=True)
    assert hook.texts == ["Queue too old: “7 minutes”"]


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/x",
        "ftp://hooks.example.com/x",
        "https://user:secret@hooks.example.com/x",
        "https:///x",
        "https://hooks.example.com:99999/x",
        "file:///etc/passwd",
        "hooks.example.com",
        "https://[::1",
    ],
)
def test_what_is_no_https_address_is_never_called(url: str) -> None:
    with pytest.raises(WebhookError) as refused:
        check_url(url)
    assert refused.value.final
    assert "secret" not in refused.value.sentence


def test_this_machine_is_called_only_where_it_is_allowed(hook: Hook) -> None:
    with pytest.raises(WebhookError):
        post_text(hook.url, "text")
    with pytest.raises(WebhookError):
        post_text(hook.url.replace("127.0.0.1", "10.0.0.1"), "text", loopback=True)
    assert hook.texts == []


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "ff0e::1"]
)
def test_a_name_that_leads_into_our_network_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(web.socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(WebhookError, match="not at a public address") as refused:
        post_text("https://hooks.example.com/x", "text")
    assert refused.value.final


@pytest.mark.parametrize(("status", "final"), [(301, True), (404, True), (410, True), (429, False), (503, False)])
def test_only_success_counts_and_no_redirect_is_followed(hook: Hook, status: int, final: bool) -> None:
    hook.status, hook.location = status, hook.url + "/elsewhere"
    with pytest.raises(WebhookError) as refused:
        post_text(hook.url, "text", loopback=True)
    assert (refused.value.final, len(hook.texts)) == (final, 1)
    assert "secret" not in refused.value.sentence


def test_one_that_takes_the_call_and_never_answers_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        taken: list[socket.socket] = []
        thread = threading.Thread(target=lambda: taken.append(silent.accept()[0]))
        thread.start()
        with pytest.raises(WebhookError, match="did not answer") as refused:
            post_text(f"http://127.0.0.1:{port}/x", "text", loopback=True, timeout=0.2)
        thread.join()
        taken[0].close()
    assert not refused.value.final


def test_a_name_that_is_not_known_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(web.socket, "getaddrinfo", unknown)
    with pytest.raises(WebhookError, match="looked up"):
        post_text("https://hooks.example.com/x", "text")
