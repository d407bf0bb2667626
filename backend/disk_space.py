"""Files that are written whole; how a file system says that it has no room, and what people read then."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.errors import DiskFullError

FILES_FULL = (
    "The disk for files is full. Free space on it, then try again; nothing counts as done that was not written."
)


def is_full(error: OSError) -> bool:
    """Whether the disk, or the quota on it, has no room."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def full_disk_named() -> Iterator[None]:
    """Around code that writes files. Raises: `DiskFullError` in place of the `OSError` of a full disk."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise DiskFullError(FILES_FULL) from error
        raise


def write_durably(path: Path, content: bytes) -> None:
    """Writes a file for its owner only; it is there whole or not at all, also after a crash."""
    unfinished = path.with_suffix(path.suffix + ".part")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
