"""Profiles a page, a command or a duty of the worker on the store of the settings; `make profile` runs it.

Usage: python scripts/profile_target.py page:NAME[?QUERY] [--runs 20] [--view]
       python scripts/profile_target.py "command:totals --json" [--view]
       python scripts/profile_target.py worker[:DUTY] [--seconds 10] [--view]
Writes a file for `python -m snakeviz` (and `pstats`), and prints what took longest. With --view SnakeViz shows it.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import re
import sys
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # a script has its own folder there; so the imports are below it (E402)

from backend import bootstrap  # noqa: E402
from backend.config import load_settings  # noqa: E402
from backend.domain.team import Member, Role  # noqa: E402
from backend.services.context import Shop  # noqa: E402
from backend.services.team.members import members_of  # noqa: E402
from backend.services.team.sessions import begin_session  # noqa: E402
from backend.workers import duties, loop  # noqa: E402

_SHOWN = 25
_WARM_RUNS = 3


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("target", help='page:overview, "command:totals --json", worker or worker:DUTY')
    parser.add_argument("--runs", type=int, default=20, help="How often a page is run, after it is warm.")
    parser.add_argument("--seconds", type=float, default=10.0, help="How long a duty is profiled.")
    parser.add_argument("--out", type=Path, help="The file; by default one in the folder profiles of DATA_DIR.")
    parser.add_argument("--view", action="store_true", help="Show it in SnakeViz; Ctrl-C ends that.")
    given = parser.parse_args()
    kind, _, what = given.target.partition(":")
    profiler = cProfile.Profile()
    if kind == "page" and what:
        profile_page(profiler, what, given.runs)
    elif kind == "command" and what:
        profile_command(profiler, what.split())
    elif kind == "worker":
        profile_duty(profiler, what or "mail", given.seconds)
    else:
        parser.error("the target is page:NAME, command:WORDS, worker or worker:DUTY")
    file = given.out or load_settings().data_dir / "profiles" / (re.sub(r"[^A-Za-z0-9]+", "-", given.target) + ".prof")
    file.parent.mkdir(parents=True, exist_ok=True)
    profiler.dump_stats(file)
    pstats.Stats(profiler, stream=sys.stderr).sort_stats("cumulative").print_stats(_SHOWN)
    print(file)  # noqa: T201 - the result
    return view(file) if given.view else 0


def profile_page(profiler: cProfile.Profile, what: str, runs: int) -> None:
    """Runs a page as an admin of the store. The profile holds the page's own thread, without Streamlit's server."""
    from streamlit.testing.v1 import AppTest

    from pages.components.ui import shell
    from pages.components.ui.state import SESSION

    name, _, query = what.partition("?")
    path = ROOT / "pages" / f"{name}.py"
    if not path.exists():
        raise SystemExit(f"There is no page {name}.")
    shop = shell.current_shop()
    session = begin_session(shop, _admin(shop))
    app = AppTest.from_function(_page, kwargs={"path": str(path), "around": _around(profiler)}, default_timeout=120)
    app.session_state[SESSION.key] = session
    for key, value in parse_qsl(query):
        app.query_params[key] = value
    for _ in range(_WARM_RUNS + runs):
        app.run()
        if app.exception:
            raise SystemExit(f"The page failed: {app.exception[0].message}")
    shop.store.close()


def _page(path: str, around: "Callable[[Callable[[], object]], None]") -> None:  # noqa: UP037 - see below
    """The script that is run in place of the page. Streamlit copies its source, so names of this module fail in it."""
    import runpy

    around(lambda: runpy.run_path(path))


def _around(profiler: cProfile.Profile) -> Callable[[Callable[[], object]], None]:
    """Calls what it is given under the profiler, once the page is warm."""
    done = 0

    def around(run: Callable[[], object]) -> None:
        nonlocal done
        done += 1
        if done <= _WARM_RUNS:
            run()
            return
        profiler.enable()
        try:
            run()
        finally:
            profiler.disable()

    return around


def _admin(shop: Shop) -> Member:
    found = next((each for each in members_of(shop) if each.role is Role.ADMIN and not each.disabled), None)
    if found is None:
        raise SystemExit("No admin is in the team. Start Tillpost once with make run, or add one.")
    return found


def profile_command(profiler: cProfile.Profile, words: list[str]) -> None:
    """Runs a command of `python -m backend`."""
    from typer.main import get_command

    from backend.cli import app

    command = get_command(app)
    profiler.enable()
    try:
        command.main(words, prog_name="python -m backend", standalone_mode=False)
    finally:
        profiler.disable()


def profile_duty(profiler: cProfile.Profile, name: str, seconds: float) -> None:
    """Does one duty for some seconds, with the work that there is."""
    duty = next((each for each in duties.DUTIES if each.name == name), None)
    if duty is None:
        raise SystemExit(f"There is no duty {name}: choose {', '.join(each.name for each in duties.DUTIES)}.")
    settings = load_settings()
    shop = bootstrap.open_shop(settings)
    place = loop.Workplace(shop, bootstrap.open_mailer(settings, shop), settings, "profile")
    stop = threading.Event()
    timer = threading.Timer(seconds, stop.set)
    timer.start()
    profiler.enable()
    try:
        duty.run(place, stop)
    finally:
        profiler.disable()
        timer.cancel()
        shop.store.close()


def view(file: Path) -> int:
    """Starts SnakeViz, which opens a browser where there is one."""
    try:
        webbrowser.get()
        options = []
    except webbrowser.Error:
        options = ["--server"]
    command = [sys.executable, "-m", "snakeviz", *options, str(file)]
    os.execv(command[0], command)  # noqa: S606 - our own interpreter


if __name__ == "__main__":
    sys.exit(main())
