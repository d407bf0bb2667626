"""The long run: a large campaign, workers that are killed all the time, pauses, a clock that jumps, lost replies.

`make soak` runs it on SQLite and, where it is installed, on the stand-in for DynamoDB. It ends with exit code 1 when
anything does not add up, and tells what happened: kills, rates, unknown emails, and how much memory a worker took.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.domain.campaigns import Campaign, CampaignState
from backend.email.transports.recording import read_journal
from backend.services.campaigns.progress import progress_in
from backend.services.campaigns.saved import read_campaign
from tests.campaigns.chaos import WORKERS, Chaos, assert_adds_up, chaos
from tests.campaigns.support import Desk
from tests.engines import ministack

PROVIDER_SECONDS = 0.001
BETWEEN_KILLS = (0.3, 2.0)
LONGEST = 1800.0


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.folder) as directory, _store(options.engine, Path(directory)) as url:
        began = time.monotonic()
        with chaos(Path(directory), url, options.recipients, seed=options.seed) as found:
            _say(f"{options.recipients:,} recipients are there after {time.monotonic() - began:,.0f} s")
            campaign = Desk(found.shop).started()
            _say(f"the audience is frozen after {time.monotonic() - began:,.0f} s")
            peak = _run(found, campaign, kill=not options.calm)
            campaign = found.finish(campaign)
            assert campaign.state is CampaignState.FINISHED
            assert_adds_up(found, campaign, options.recipients)
            progress = progress_in(found.shop, campaign)
            _say(f"it adds up: {progress.sent:,} sent, {progress.failed:,} failed, {progress.unknown:,} unknown, ")
            _say(f"{progress.resolved:,} of them resolved, {progress.skipped_total:,} skipped; {found.kills:,} kills")
            _say(f"{len(read_journal(found.journal)):,} were taken, each once; a worker took {peak:,} MB at most")


def _run(found: Chaos, campaign: Campaign, *, kill: bool) -> int:
    """Lets workers work until little is left; returns the most memory that one took, in MB."""
    began, peak, rounds = time.monotonic(), 0, 0
    found.start_workers(WORKERS, seconds=PROVIDER_SECONDS, trouble=kill)
    while time.monotonic() - began < LONGEST:
        time.sleep(found.chance.uniform(*BETWEEN_KILLS))
        peak = max([peak, *(_memory(worker.pid) for worker in found.workers)])
        progress, rounds = progress_in(found.shop, read_campaign(found.shop, campaign.id)), rounds + 1
        if progress.remaining <= progress.retrying:
            break
        if kill:
            jump = found.chance.choice((0.0, 0.0, 0.0, 600.0, -600.0))
            found.kill_one(seconds=PROVIDER_SECONDS, ahead=jump)
        if kill and rounds % 10 == 0:
            found.pause_and_resume(campaign, 1.0)
    done = progress.audience - progress.remaining
    seconds = time.monotonic() - began
    _say(f"{done:,} recipients were through after {seconds:,.0f} s, {done / seconds:,.0f} a second")
    found.stop_workers()
    return peak


def _memory(pid: int | None) -> int:
    """The most memory that a process has taken so far, in MB; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)


@contextmanager
def _store(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder}/tillpost.db"
        return
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
    with ministack() as address:
        yield f"dynamodb://soak?region=us-east-1&endpoint={address}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=20_000)
    parser.add_argument("--engine", choices=("sqlite", "ministack"), default="sqlite")
    parser.add_argument("--calm", action="store_true", help="Kill nobody, and let the provider take everything.")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--folder", default=None, help="Where the store is made; it is removed afterwards.")
    options = parser.parse_args()
    _say(f"engine {options.engine}, seed {options.seed}")
    return options


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
