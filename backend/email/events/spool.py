"""A queue of events in files on this machine, for the local outbox: many write, many read, nothing is lost by a crash.

A writer appends lines to a file in `new` under the file's lock. A reader moves the file to `taken`; then no writer
appends to it any more, takes the lock for as long as it works, and removes the file when all of it is kept. A lock ends
with its process, so what a dead reader has left is taken by the next one, from the beginning; reports that were applied
are recognised. As with the outbox, a line survives the end of the process, but not a power failure.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from backend.email.events.sources import Batch, QueueState, SourceUnreachableError

LARGEST_FILE = 2 * 1024 * 1024
"""Then a new one is begun, so that a crash repeats little."""
MOST_LINES = 200
_COUNTED_BYTES = 4 * 1024 * 1024
_ROOM = 256 * 1024


class EventSpool:
    """The writing end. Safe for several threads and processes at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "new"
        self._lock = threading.Lock()
        self._file: int | None = None
        self._path = self._folder / "none"

    def write(self, lines: bytes) -> None:
        """Appends whole lines, each ending with a line feed.

        Raises: `OSError`; then nothing was appended.
        """
        with self._lock:
            while True:
                file = self._file if self._file is not None else self._begin()
                fcntl.flock(file, fcntl.LOCK_EX)
                try:
                    if self._is_ours(file):
                        _append(file, lines)
                        return
                finally:
                    fcntl.flock(file, fcntl.LOCK_UN)
                self.close()

    def has_room(self) -> bool:
        """Whether the disk has room for the reports of what is being sent at the moment, by all processes."""
        folder = next((each for each in (self._folder, *self._folder.parents) if each.exists()), Path("/"))
        found = os.statvfs(folder)
        return found.f_bavail * found.f_frsize >= _ROOM

    def close(self) -> None:
        """Gives the file back; the next line begins another."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _begin(self) -> int:
        self._path = self._folder / f"{time.time_ns():020d}-{secrets.token_hex(4)}.jsonl"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
        try:
            self._file = os.open(self._path, flags, 0o600)
        except FileNotFoundError:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(self._path, flags, 0o600)
        return self._file

    def _is_ours(self, file: int) -> bool:
        """Whether no reader has taken the file, and it is not full."""
        try:
            found = os.stat(self._path)  # noqa: PTH116 - once for each email
        except FileNotFoundError:
            return False
        return found.st_ino == os.fstat(file).st_ino and found.st_size < LARGEST_FILE


def _append(file: int, lines: bytes) -> None:
    """All of the lines or none: half of a line would spoil the next one too."""
    before = os.fstat(file).st_size
    if os.write(file, lines) < len(lines):
        os.ftruncate(file, before)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class SpoolSource:
    """The reading end, an `EventSource`."""

    name = "local"

    def __init__(self, folder: Path) -> None:
        self._new = folder / "new"
        self._taken = folder / "taken"
        self._file: IO[bytes] | None = None
        self._path = self._taken / "none"
        self._end = 0

    def receive(self, stop: threading.Event) -> Batch:
        """The next lines, without waiting. A batch that was not `done` comes again."""
        try:
            while self._file is not None or self._take():
                lines = self._lines()
                if lines:
                    return Batch(lines)
                self._finish()
        except OSError as error:
            self._let_go()
            raise SourceUnreachableError(f"The local events cannot be read: {error.strerror}.") from error
        return Batch(())

    def done(self, batch: Batch) -> None:
        if self._file is not None:
            self._file.seek(self._end)

    def failed(self, batch: Batch) -> None:
        """The reading position is where it was."""

    def close(self) -> None:
        """Gives back what is not done."""
        self._let_go()

    def state(self) -> QueueState:
        """Lines that wait, counted for the first 4 MB and then by size."""
        fresh, begun = self._listed(self._new), self._listed(self._taken)
        lines = size = seen = 0
        for path in (*begun, *fresh):
            with contextlib.suppress(FileNotFoundError):
                size += path.stat().st_size
                if seen < _COUNTED_BYTES:
                    content = path.read_bytes()
                    seen += len(content)
                    lines += content.count(b"\n")
        waiting = lines if seen >= size or not seen else lines * size // seen
        oldest = min((_began(path) for path in (*begun, *fresh)), default=None)
        return QueueState(waiting, 0, oldest if waiting else None)

    def _lines(self) -> list[bytes]:
        assert self._file is not None  # noqa: S101 - checked before
        begin = self._file.tell()
        lines = [line for _ in range(MOST_LINES) if (line := self._file.readline())]
        self._end = self._file.tell()
        self._file.seek(begin)
        return [line.rstrip(b"\n") for line in lines]

    def _take(self) -> bool:
        """Takes a file that no reader has; those that a dead reader has left come first."""
        return any(self._open(path) for path in self._listed(self._taken)) or any(
            self._claim(path) for path in self._listed(self._new)
        )

    def _claim(self, path: Path) -> bool:
        target = self._taken / path.name
        try:
            path.rename(target)
        except FileNotFoundError:
            if self._taken.exists():
                return False  # somebody else was faster
            self._taken.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._claim(path)
        return self._open(target, wait=True)

    def _open(self, path: Path, *, wait: bool = False) -> bool:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            still_there = path.stat().st_ino == os.fstat(file.fileno()).st_ino
        except (BlockingIOError, FileNotFoundError):
            still_there = False
        if not still_there:
            file.close()
            return False
        self._file, self._path = file, path
        return True

    def _finish(self) -> None:
        """Removes the file while it is still locked, so that no reader takes it a second time."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        self._let_go()

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @staticmethod
    def _listed(folder: Path) -> list[Path]:
        try:
            return sorted(path for path in folder.iterdir() if path.suffix == ".jsonl")
        except FileNotFoundError:
            return []


def _began(path: Path) -> datetime:
    stamp = path.name.partition("-")[0]
    return datetime.fromtimestamp(int(stamp) / 1e9 if stamp.isdigit() else 0, UTC)
