"""Starts Tillpost as a newcomer does, kills it the hard way, and starts it again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PORT = os.environ.get("PORT", "8501")
ADDRESS = f"http://127.0.0.1:{PORT}"
FIRST_START_SECONDS = 240
NEXT_START_SECONDS = 20


def main() -> None:
    if answers("/"):
        sys.exit(f"Something else answers on {ADDRESS} already; choose another PORT.")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "var"
        environment = os.environ | {
            "STORE_URL": f"sqlite:///{data}/tillpost.db",
            "DATA_DIR": str(data),
            "PORT": PORT,
            "HOST": "127.0.0.1",
        }
        with running(environment, Path(folder) / "first.log", FIRST_START_SECONDS, signal.SIGKILL) as log:
            check_pages()
            before = best_customers(environment)
            check_greeting(log.read_text())
        with running(environment, Path(folder) / "second.log", NEXT_START_SECONDS, signal.SIGTERM) as log:
            check_pages()
            if best_customers(environment) != before:
                sys.exit("The best customers are others after a kill -9 and a second start.")
            check_greeting(log.read_text())


@contextmanager
def running(environment: dict[str, str], log: Path, patience: float, ending: signal.Signals) -> Iterator[Path]:
    """`make run` in a process group of its own, which the signal ends as a whole."""
    began = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(
            ["make", "run"],  # noqa: S607  # whichever make the machine has
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        await_answer(process, log, patience)
        print(f"make run answered after {time.monotonic() - began:.1f} s")
        yield log
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, ending)
        process.wait(timeout=30)


def await_answer(process: subprocess.Popen[bytes], log: Path, patience: float) -> None:
    deadline = time.monotonic() + patience
    while not answers("/api/health"):
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"make run does not answer on {ADDRESS}/api/health:\n{log.read_text()}")
        time.sleep(0.2)


def check_pages() -> None:
    for path in ("/", "/_stcore/health", "/api/health"):
        if not answers(path):
            sys.exit(f"{ADDRESS}{path} does not answer.")


def check_greeting(text: str) -> None:
    for part in (ADDRESS, "demo-manager", "demo-staff", "demo-engineer", "demo-admin"):
        if part not in text:
            sys.exit(f"make run does not print {part}:\n{text}")


def answers(path: str) -> bool:
    try:
        with urllib.request.urlopen(ADDRESS + path, timeout=5) as answer:  # noqa: S310  # http to this machine
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def best_customers(environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "backend", "top-customers", "--by", "revenue", "--limit", "100", "--json"]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout  # noqa: S603  # ours


if __name__ == "__main__":
    main()
