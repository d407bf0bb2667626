"""Repeats what failed only because somebody else was faster by a moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import tenacity

from backend.errors import ConflictError

Result = TypeVar("Result")


class SnapshotMovedError(ConflictError):
    """What was read before the write has changed meanwhile; read again and try again."""


def until_settled(attempt: Callable[[], Result]) -> Result:
    """The result of the first attempt for which the snapshot held; each attempt must read again.

    Raises: `SnapshotMovedError` after 15 attempts, and whatever else the attempt raises.
    """
    try:
        return attempt()
    except SnapshotMovedError:
        # Nearly every first attempt succeeds, so what is needed for the others is made only now.
        return _patient()(attempt)


def _patient() -> tenacity.Retrying:
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(SnapshotMovedError),
        wait=tenacity.wait_random_exponential(multiplier=0.005, max=0.5),
        stop=tenacity.stop_after_attempt(14),
        reraise=True,
    )
