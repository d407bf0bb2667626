"""Renders unpublished templates in a process of their own, so that none can stop the one that serves everybody.

What templates may do is bounded (`rendering.limits`); this holds also for what nobody has thought of, and for libraries
that cannot be interrupted. The process is reused, and a new one takes the place of one that was ended.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
import time
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import backend
from backend.domain.emails import Rendered, TemplateVersion
from backend.domain.shop import ShopFacts
from backend.email.rendering.context import Data
from backend.email.rendering.mjml_scan import Layout
from backend.errors import TemplateError
from backend.services.templates.checklist import CheckResult
from backend.services.templates.render_child import Answer, Refusal, Task

_CHILD = "import sys; from backend.services.templates.render_child import main; main(int(sys.argv[1]))"
"""Not by `-m`: then its classes would be those of `__main__`, which is another module here."""
_KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Of the environment; the rest may hold secrets."""

WAIT_SECONDS = 9.5
"""Less than the ten seconds after which a page has its answer."""


class IsolatedRendering:
    """One process, one task at a time. Thread-safe. `cpu_seconds` and `memory` (bytes) are for a task; whoever asks
    waits `wait_seconds` at most, a third of them for others.
    """

    def __init__(
        self, *, cpu_seconds: int = 2, wait_seconds: float = WAIT_SECONDS, memory: int = 512 * 1024 * 1024
    ) -> None:
        self._cpu_seconds, self._wait, self._memory = cpu_seconds, wait_seconds, memory
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        atexit.register(self.close)

    def render(
        self, layout: Layout, version: TemplateVersion, data: Data, shop: ShopFacts
    ) -> tuple[Rendered, tuple[CheckResult, ...]]:
        """The email and its checks.

        Raises: `TemplateError`, also when the time or the memory is used up.
        """
        ends = time.monotonic() + self._wait
        if not self._lock.acquire(timeout=self._wait / 3):
            raise TemplateError("Other previews are being made. Try again in a moment.")
        try:
            answer = self._ask(Task(layout, version, data, shop, self._cpu_seconds, self._memory), ends)
        finally:
            self._lock.release()
        if answer is None:
            raise TemplateError(
                f"The template {version.facts.name} was stopped: it takes more time or memory than an email may. "
                "Make it simpler.",
                part="body",
            )
        if isinstance(answer, Refusal):
            raise TemplateError(answer.sentence, part=answer.part, line=answer.line, variable=answer.variable)
        return answer

    def close(self) -> None:
        """Ends the process; the next task starts another."""
        if self._connection is not None:
            self._connection.close()
        if self._child is not None:
            self._child.kill()
            self._child.wait()
        self._child = self._connection = None

    def _ask(self, task: Task, ends: float) -> Answer | None:
        """None when the process came to its end."""
        try:
            connection = self._connected()
            connection.send(task)
            if connection.poll(max(ends - time.monotonic(), 0.0)):
                answer: Answer = connection.recv()
                return answer
        except (EOFError, OSError):
            pass
        self.close()
        return None

    def _connected(self) -> Connection:
        if self._connection is None or self._child is None or self._child.poll() is not None:
            self.close()
            self._connection, theirs = Pipe()
            with theirs:
                self._child = _started(theirs)
        return self._connection


def _started(connection: Connection) -> subprocess.Popen[bytes]:
    root = str(Path(backend.__file__).parents[1])
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return subprocess.Popen(  # noqa: S603 - our own module, by the Python that runs us
        [sys.executable, "-c", _CHILD, str(connection.fileno())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(connection.fileno(),),
        env={**environment, "PYTHONPATH": root},
        cwd=root,
    )


ISOLATED = IsolatedRendering()
"""That of this process."""
