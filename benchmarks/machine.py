"""The machine that was measured on: figures without it say nothing."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from tempfile import TemporaryFile

from benchmarks.results import timed


def facts(folder: Path) -> dict[str, str | int]:
    """Processor, cores, load, Python, and how long the folder's disk takes to make 8 KB durable."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
        "load": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "fsync": f"{_fsync(folder):.2f} ms",
        "at": time.strftime("%Y-%m-%d %H:%M"),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _fsync(folder: Path) -> float:
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder, buffering=0) as file:

        def write() -> None:
            file.write(b"x" * 8192)
            os.fsync(file.fileno())

        return timed(write, runs=50, seconds=2).median
