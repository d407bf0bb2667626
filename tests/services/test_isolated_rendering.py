"""Unpublished templates are rendered in a process of their own, under limits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backend.email.rendering.renderer import render
from backend.errors import TemplateError
from backend.services.templates.checklist import check_email
from backend.services.templates.isolated_rendering import IsolatedRendering
from tests.email.support import SHOP, data, files, version

MB = 1024 * 1024
BUSY = (
    "{% for i in range(100) %}{% for j in range(60) %}{{ i | plural('a', 'b') | truncate(3) }}{% endfor %}{% endfor %}"
)


@pytest.fixture
def isolated() -> Iterator[IsolatedRendering]:
    made = IsolatedRendering()
    yield made
    made.close()


def test_it_gives_what_rendering_here_gives_errors_included(isolated: IsolatedRendering) -> None:
    layout = files().layout
    shown = version("Hello {{ customer.name }}, {{ 1250 | money }}")
    email, checks = isolated.render(layout, shown, data(), SHOP)
    assert email == render(layout, shown, data())
    assert list(checks) == check_email(shown, data(), SHOP, email)
    wrong = version("Hello {{ customer.nick }}")
    with pytest.raises(TemplateError) as here:
        render(layout, wrong, data())
    with pytest.raises(TemplateError) as there:
        isolated.render(layout, wrong, data(), SHOP)
    assert vars(there.value) == vars(here.value)


def test_the_process_is_reused(isolated: IsolatedRendering) -> None:
    isolated.render(files().layout, version("Hello"), data(), SHOP)
    first = isolated._child
    for number in range(5):
        isolated.render(files().layout, version(f"Hello {number}"), data(), SHOP)
    assert isolated._child is first


@pytest.mark.parametrize("limits", [{"wait_seconds": 0.01}, {"memory": 1}])
def test_too_much_time_or_memory_stops_the_template_and_not_the_next(limits: dict[str, float]) -> None:
    strict = IsolatedRendering(**limits)
    with pytest.raises(TemplateError, match="stopped"):
        strict.render(files().layout, version("x" * 90_000 + BUSY), data(), SHOP)
    strict._wait, strict._memory = 15.0, 512 * MB
    assert strict.render(files().layout, version("Hello"), data(), SHOP)
    strict.close()


def test_the_system_ends_a_process_that_does_not_end() -> None:
    """With 0 seconds of the processor, each task has the rest of the process's present second; one has too little."""
    strict = IsolatedRendering(cpu_seconds=0)

    def render_many() -> None:
        for number in range(100):
            strict.render(files().layout, version(BUSY.replace("'a'", f"'{number}'")), data(), SHOP)

    with pytest.raises(TemplateError, match="more time or memory"):
        render_many()
    assert strict.render(files().layout, version("Hello"), data(), SHOP)
    strict.close()


def test_a_process_that_has_ended_is_replaced(isolated: IsolatedRendering) -> None:
    layout = files().layout
    isolated.render(layout, version("Hello"), data(), SHOP)
    assert isolated._child
    isolated._child.kill()
    isolated._child.wait()
    assert isolated.render(layout, version("Hello"), data(), SHOP)


def test_it_knows_none_of_our_secrets(isolated: IsolatedRendering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COOKIE_KEY", "a secret of thirty-two characters")
    isolated.render(files().layout, version("Hello"), data(), SHOP)
    assert isolated._child
    with open(f"/proc/{isolated._child.pid}/environ", "rb") as file:  # noqa: PTH123 - no file of ours
        assert b"COOKIE_KEY" not in file.read()
