"""A process that reads a share of the shop for the snapshot and ends: `python -m backend.workers.snapshot_reader`.

It gets its task on standard input, so that no password is visible in a list of processes. It gives way to others that
want the processor, and ends by itself when the process that started it has ended.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from backend.bootstrap import open_store
from backend.domain.time import utc_now
from backend.services.context import Shop
from backend.services.snapshots.extraction import Share, read_share

_GIVES_WAY = 10
_NO_CURRENCY = ""
"""Amounts are only copied."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to read, and where to write it down."""

    store_url: str
    zone: str
    segment: int
    segments: int
    folder: str

    def text(self) -> str:
        return json.dumps(asdict(self))


def main() -> int:
    """Exit codes: 0 done, 1 not."""
    parent = os.getppid()
    task = Task(**json.loads(sys.stdin.readline()))
    os.nice(_GIVES_WAY)
    gc.disable()  # items have no cycles, and looking for some takes a tenth of the time
    store = open_store(task.store_url)
    try:
        read_share(
            Shop(store, utc_now, ZoneInfo(task.zone), _NO_CURRENCY),
            Share(task.segment, task.segments),
            Path(task.folder),
            lambda: os.getppid() != parent,
        )
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Exception as error:
        # Messages of libraries may hold values of items, so only the kind of the error is shown.
        print(f"The snapshot could not be read: {type(error).__name__}", file=sys.stderr)  # noqa: T201 - it has no log
        sys.exit(1)
