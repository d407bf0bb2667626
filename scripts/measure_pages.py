"""Measures the pages of a running dashboard as browsers see them; `python -m benchmarks` runs it.

It starts `python server.py` on a store, signs in, and runs each page again and again over a real websocket: from the
request to the last element. With Playwright and Chromium it also switches pages in a browser.

Usage: python scripts/measure_pages.py --store-url URL --customer ID [--runs 60] [--sessions 20] [--no-browser]
       python scripts/measure_pages.py --store-url URL --page NAME?QUERY [--page …] [--runs 60]
Writes one JSON document to standard output.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # a script has its own folder there; so the imports are below it (E402)

from streamlit.proto.BackMsg_pb2 import BackMsg  # noqa: E402
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg  # noqa: E402
from websockets.sync.client import ClientConnection, connect  # noqa: E402

from backend.bootstrap import open_shop  # noqa: E402
from backend.config import Settings  # noqa: E402
from backend.domain.team import COMMAND_LINE, Role  # noqa: E402
from backend.secret_file import cookie_key  # noqa: E402
from backend.services.team import members, sessions  # noqa: E402

_PATIENCE = 60.0
_MEMBER = "bench"
_LONGEST_END = 200


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--store-url", required=True)
    parser.add_argument("--customer", default="")
    parser.add_argument("--page", action="append", help="Only this page; may be given again.")
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--no-browser", action="store_true")
    wanted = parser.parse_args()
    pages = {"overview": "", "customers": "", "customer": f"id={wanted.customer}", "orders": ""}
    if wanted.page:
        pages = {name: query for name, _, query in (page.partition("?") for page in wanted.page)}
    with tempfile.TemporaryDirectory() as folder:
        cookie = signed_in(wanted.store_url, Path(folder))
        with server(wanted.store_url, Path(folder)) as (port, process):
            found = {
                "pages": {
                    page: by_one_person(port, process, cookie, page, query, wanted.runs)
                    for page, query in pages.items()
                    if (ROOT / "pages" / f"{page}.py").exists()
                },
                "together": None if wanted.page else together(port, cookie, list(pages.items())[:3], wanted.sessions),
                "browser": None if wanted.page or wanted.no_browser else in_browser(port, cookie),
            }
    print(json.dumps(found))  # noqa: T201 - this is what the program is for


def signed_in(store_url: str, data_dir: Path) -> str:
    """The cookie of a session of a member who exists only for measuring."""
    settings = Settings(store_url=store_url, data_dir=data_dir)
    shop = open_shop(settings)
    try:
        with contextlib.suppress(Exception):
            members.add_member(
                shop, COMMAND_LINE, username=_MEMBER, name="Bench", email="bench@example.com", role=Role.ADMIN
            )
        member = members.find_member(shop, _MEMBER)
        if member is None:
            raise AssertionError("There is no member to sign in as.")
        policy = sessions.policy_of(settings, cookie_key(settings))
        return f"{sessions.COOKIE_NAME}={sessions.session_token(policy, sessions.begin_session(shop, member))}"
    finally:
        shop.store.close()


@contextlib.contextmanager
def server(store_url: str, folder: Path) -> Iterator[tuple[int, int]]:
    """The port of a server in a process of its own, and the id of that process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = {"STORE_URL": store_url, "DATA_DIR": str(folder), "PORT": str(port), "HOST": "127.0.0.1"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "server.py"],
            env=os.environ | settings | {"LOG_FORMAT": "json"},
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _until_it_answers(port, process, folder / "log")
            yield port, process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _until_it_answers(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"The server did not start:\n{log.read_text()[-2000:]}") from None
            time.sleep(0.1)


# --- over a websocket --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def tab(port: int, cookie: str) -> Iterator[ClientConnection]:
    """What a browser's tab holds open."""
    with connect(
        f"ws://127.0.0.1:{port}/_stcore/stream",
        origin=f"http://127.0.0.1:{port}",
        subprotocols=["streamlit", secrets.token_hex(8)],
        additional_headers={"Cookie": cookie},
        open_timeout=_PATIENCE,
        max_size=None,
        proxy=None,
    ) as connection:
        yield connection


def run_page(connection: ClientConnection, page: str, query: str) -> float:
    """Milliseconds from requesting a page to the end of its run."""
    message = BackMsg()
    message.rerun_script.page_name = page
    message.rerun_script.query_string = query
    began = time.perf_counter()
    connection.send(message.SerializeToString())
    while True:
        reply = connection.recv(_PATIENCE)
        if b"Password" in reply:
            raise AssertionError("The sign-in was shown instead of the page.")
        # Only short messages can be the end; reading the others would take time from the server that is measured.
        if len(reply) < _LONGEST_END and _is_end(reply):
            return (time.perf_counter() - began) * 1000


def _is_end(reply: bytes | str) -> bool:
    received = ForwardMsg()
    received.ParseFromString(reply)
    return received.WhichOneof("type") == "script_finished" and (
        received.script_finished != ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN
    )


def by_one_person(port: int, process: int, cookie: str, page: str, query: str, runs: int) -> dict[str, float]:
    """One person runs the page again and again; the first run is reported separately.

    `processor` is the processor time of the whole server for each run, in milliseconds, with the workers in it.
    """
    with tab(port, cookie) as connection:
        first = run_page(connection, page, query)
        run_page(connection, page, query)
        before = _processor_seconds(process)
        summary = _summary([run_page(connection, page, query) for _ in range(runs)])
        spent = (_processor_seconds(process) - before) * 1000 / runs
        return {"first": first, "processor": spent, **summary}


def _processor_seconds(process: int) -> float:
    """Of all threads of a process, since it began; 0 where the system does not tell (proc(5))."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def together(port: int, cookie: str, pages: list[tuple[str, str]], people: int) -> dict[str, float]:
    """Many people run a page at the same moment, several times."""
    with contextlib.ExitStack() as open_tabs, ThreadPoolExecutor(people) as pool:
        tabs = [open_tabs.enter_context(tab(port, cookie)) for _ in range(people)]
        chosen = [pages[number % len(pages)] for number in range(people)]

        def everybody() -> list[float]:
            return list(pool.map(lambda each: run_page(each[0], *each[1]), zip(tabs, chosen, strict=True)))

        everybody()
        return _summary([took for _ in range(5) for took in everybody()])


def _summary(milliseconds: list[float]) -> dict[str, float]:
    ordered = sorted(milliseconds)
    place = min(int(len(ordered) * 0.95), len(ordered) - 1)
    return {"runs": len(ordered), "median": statistics.median(ordered), "p95": ordered[place]}


# --- in a browser ------------------------------------------------------------------------------------------------


def in_browser(port: int, cookie: str) -> dict[str, float] | str:
    """Switches between two pages in Chromium, from the click to the new title; or why that was not possible."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        return "Playwright is not installed (requirements-check.txt has it)."
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        return "Chromium is not installed."
    name, _, value = cookie.partition("=")
    address = f"http://127.0.0.1:{port}"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            context = browser.new_context()
            context.add_cookies([{"name": name, "value": value, "url": address}])
            page = context.new_page()
            page.goto(address)
            page.get_by_role("heading", name="Overview", exact=True).wait_for()

            def switch(title: str) -> float:
                link = page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True)
                link.wait_for()
                began = time.perf_counter()
                link.click()
                page.get_by_role("heading", name=title, exact=True).wait_for()
                took = (time.perf_counter() - began) * 1000
                page.wait_for_timeout(400)
                return took

            _warm(switch)
            taken = [switch(title) for _ in range(8) for title in ("Customers", "Overview")]
            browser.close()
            return _summary(taken)
    except Error as error:
        return f"Chromium did not do it: {str(error).splitlines()[0]}"


def _warm(switch: Callable[[str], float]) -> None:
    for title in ("Customers", "Overview"):
        switch(title)


if __name__ == "__main__":
    main()
