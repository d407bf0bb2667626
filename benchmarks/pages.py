"""Pages as browsers see them, in the largest shop.

The dashboard imports the backend, not the other way round, so a program of its own measures it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.big_shop import BigShop, customer_id_at
from benchmarks.results import Measurement

PAGE_TARGET_MS = 60.0
TOGETHER_TARGET_MS = 500.0
SWITCH_TARGET_MS = 400.0
PROGRAM = Path(__file__).parents[1] / "scripts" / "measure_pages.py"
_PATIENCE = 900


class PagesNotMeasuredError(Exception):
    """The pages could not be measured; the text says why."""


def measure(big: BigShop, *, runs: int, sessions: int, browser: bool = True) -> Iterator[Measurement | str]:
    """Yields lines, or sentences about what was not possible.

    Raises: `PagesNotMeasuredError`.
    """
    found = _measured(big, runs, sessions, browser)
    size = f"{big.customers:,} customers"
    for page, timing in found["pages"].items():
        median = f"median {timing['median']:.0f} ms, processor time {timing['processor']:.0f} ms"
        what = f"page {page}, {size} ({median}, p95)"
        yield Measurement("pages", what, timing["p95"], "ms", timing["runs"], target=PAGE_TARGET_MS)
    together = found["together"]
    what = f"{sessions} people at once, {size} (median {together['median']:.0f} ms, p95)"
    yield Measurement("pages", what, together["p95"], "ms", together["runs"], target=TOGETHER_TARGET_MS)
    switch = found["browser"]
    if isinstance(switch, str):
        yield f"page switch in a browser: {switch}"
    elif switch is not None:
        what = f"page switch in Chromium, {size} (median)"
        yield Measurement("pages", what, switch["median"], "ms", switch["runs"], target=SWITCH_TARGET_MS)


def measured_pages(store_url: str, pages: dict[str, str], runs: int) -> dict[str, Any]:
    """The program's figures of these pages only, by name with their query, in a server on this store.

    Raises: `PagesNotMeasuredError`.
    """
    chosen = [f"--page={page}?{query}" for page, query in pages.items()]
    return _output_of(["--store-url", store_url, "--runs", str(runs), *chosen])


def _measured(big: BigShop, runs: int, sessions: int, browser: bool) -> dict[str, Any]:
    customer = customer_id_at(big.customers // 2, big.customers)
    chosen = ["--store-url", big.url, "--customer", customer, "--runs", str(runs), "--sessions", str(sessions)]
    return _output_of([*chosen, *([] if browser else ["--no-browser"])])


def _output_of(arguments: list[str]) -> dict[str, Any]:
    if not PROGRAM.exists():
        raise PagesNotMeasuredError("scripts/measure_pages.py is not there.")
    command = [sys.executable, str(PROGRAM), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)  # noqa: S603 - the program's own
    if done.returncode:
        raise PagesNotMeasuredError((done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured
