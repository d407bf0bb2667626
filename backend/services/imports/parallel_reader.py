"""Reads a large file in a process of its own, ahead of the one that writes: two cores then share the work.

The child has no store. It gets the file's path and sends what it found, in the order of the file; when it is ahead it
waits for the pipe to empty. It ends with its parent, because then nobody reads the pipe any more.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO, TypeAlias

import backend
from backend.errors import InvalidInputError
from backend.services.imports.batches import Batch
from backend.services.imports.order_file import OrderCandidate, OrderFile, batches_of

SMALLEST = 4 * 1024 * 1024
"""In bytes. Starting a process takes as long as reading some thousand orders."""

_CHILD = "backend.services.imports.reader_process"

_Message: TypeAlias = "Batch[OrderCandidate] | InvalidInputError | None"
"""What the child sends: batches, then None, or the error for which it refused the file."""


class ReaderEndedError(Exception):
    """The process that reads the file ended before the end of the file."""


def batches_ahead(file: OrderFile) -> Generator[Batch[OrderCandidate], None, None]:
    """As `batches_of`; read by another process where that pays."""
    return _read_by_child(file) if _pays(file.path) else batches_of(file)


def _pays(path: Path) -> bool:
    try:
        return path.stat().st_size >= SMALLEST and _cores() > 1
    except OSError:  # there is no such file, which its reader reports
        return False


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _read_by_child(file: OrderFile) -> Generator[Batch[OrderCandidate], None, None]:
    root = str(Path(backend.__file__).parents[1])
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    child = subprocess.Popen(  # noqa: S603 - our own module, by the Python that runs us
        [sys.executable, "-m", _CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths},
    )
    try:
        if child.stdin is None or child.stdout is None:
            raise ReaderEndedError
        with child.stdin, child.stdout:
            pickle.dump(file, child.stdin)
            child.stdin.flush()
            yield from _received(child.stdout)
    finally:
        child.kill()
        child.wait()


def _received(pipe: IO[bytes]) -> Iterator[Batch[OrderCandidate]]:
    while True:
        try:
            message: _Message = pickle.load(pipe)  # noqa: S301 - written by our own child
        except (EOFError, pickle.UnpicklingError) as error:
            raise ReaderEndedError from error
        if message is None:
            return
        if isinstance(message, InvalidInputError):
            raise message
        yield message


def serve(incoming: IO[bytes], outgoing: IO[bytes]) -> None:
    """The child's work: receives which file to read, and sends its batches."""
    file: OrderFile = pickle.load(incoming)  # noqa: S301 - written by our own parent
    last: InvalidInputError | None = None
    try:
        for batch in batches_of(file):
            pickle.dump(batch, outgoing, pickle.HIGHEST_PROTOCOL)
            outgoing.flush()
    except InvalidInputError as error:
        last = error
    pickle.dump(last, outgoing)
    outgoing.flush()
