"""How a file system says that it has no room, and what people read then."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

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
