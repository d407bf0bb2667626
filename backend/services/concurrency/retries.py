"""Repeats what failed only because somebody else was faster by a moment."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import tenacity

from backend.errors import ConflictError

Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")


class StaleReadError(ConflictError):
    """What was read before the write has changed meanwhile; read again and decide again."""


def until_settled(attempt: Callable[[], Result]) -> Result:
    """The result of the first attempt for which what it had read still held; each attempt must read again.

    Raises: `StaleReadError` after 15 attempts, and whatever else the attempt raises.
    """
    try:
        return attempt()
    except StaleReadError:
        # Nearly every first attempt succeeds, so what is needed for the others is made only now.
        return _patient()(attempt)


def settled(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorates a function that reads, decides and writes: each call is `until_settled`."""

    @wraps(function)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return until_settled(lambda: function(*args, **kwargs))

    return call


def _patient() -> tenacity.Retrying:
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(StaleReadError),
        wait=tenacity.wait_random_exponential(multiplier=0.005, max=0.5),
        stop=tenacity.stop_after_attempt(14),
        reraise=True,
    )
