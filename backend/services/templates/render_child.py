"""The process in which unpublished templates are compiled and rendered; `isolated_rendering` starts it.

It has little processor time for each task and little memory, no settings and no secrets. It ends when nobody has asked
for a minute, and with whoever started it.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

from backend.domain.emails import Rendered, TemplateVersion
from backend.domain.shop import ShopFacts
from backend.email.rendering.context import Data
from backend.email.rendering.mjml_scan import Layout
from backend.email.rendering.renderer import render
from backend.errors import TemplateError
from backend.services.templates.checklist import CheckResult, check_email

_IDLE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Task:
    """What to render, and the seconds of processor time and bytes of memory that it may take."""

    layout: Layout
    version: TemplateVersion
    data: Data
    shop: ShopFacts
    cpu_seconds: int
    memory: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A `TemplateError` as plain values."""

    sentence: str
    part: str
    line: int
    variable: str


Answer = tuple[Rendered, tuple[CheckResult, ...]] | Refusal


def main(descriptor: int) -> None:
    """Answers the tasks that come over this socket, until its other end is closed or silent."""
    connection = Connection(descriptor)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = _address_space()
    try:
        while connection.poll(_IDLE_SECONDS):
            task: Task = connection.recv()
            # The system ends the process when its time is over, and refuses it more memory.
            _limit(resource.RLIMIT_CPU, int(time.process_time()) + 1 + task.cpu_seconds)
            _limit(resource.RLIMIT_AS, used + task.memory)
            connection.send(_answered(task))
    except (EOFError, ConnectionError):
        return


def _answered(task: Task) -> Answer:
    try:
        email = render(task.layout, task.version, task.data)
        return email, tuple(check_email(task.version, task.data, task.shop, email))
    except TemplateError as error:
        return Refusal(error.sentence, error.part, error.line, error.variable)


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _address_space() -> int:
    """Bytes that the process has mapped already; libraries map much and use little."""
    if not sys.platform.startswith("linux"):
        return 0
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - no file of ours
        return int(file.read().split()[0]) * resource.getpagesize()
