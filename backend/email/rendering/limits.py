"""What rendering one email may use up. A template that wants more is stopped, so it can neither hang nor fill a worker.

Everything that can grow is paid for from one budget per email: each turn of a loop costs as many steps as its body has
nodes, and each computed text costs by its length. What is left without a loop is bounded by the length of the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from itertools import islice

from jinja2 import Undefined

from backend.email.rendering.errors import LimitError, MisuseError

LONGEST_SOURCE = 100_000
"""Characters of one part of a template as it is written."""
MOST_NODES = 8_000
"""Nodes of a part's syntax tree."""
DEEPEST = 60
"""Elements within elements. MRML overflows its stack, and ends the process, at some thousands."""
MOST_STEPS = 200_000
LONGEST_VALUE = 50_000
"""Characters of a text that an expression computes."""
LONGEST_OUTPUT = 1_000_000
"""Characters of a rendered HTML or text part. Gmail clips at a tenth of it."""
LONGEST_SUBJECT = 500
LONGEST_RANGE = 1_000
LARGEST_NUMBER = 10**18
MOST_DIGITS = 18
_CHARACTERS_PER_STEP = 64
_PIECES_AT_ONCE = 50


class Budget:
    """What is left for the email that is being rendered."""

    __slots__ = ("_left",)

    def __init__(self, steps: int = MOST_STEPS) -> None:
        self._left = steps

    def spend(self, steps: int) -> None:
        """Raises: `LimitError` when nothing is left."""
        self._left -= steps
        if self._left < 0:
            raise LimitError("It does more work than an email may take; its loops run too often.")


budget: ContextVar[Budget] = ContextVar("budget")


def turns(elements: object, weight: int) -> Iterator[object]:
    """The elements one by one, each paid for with the weight of the loop's body.

    Raises: `LimitError`, `MisuseError` for what is no list.
    """
    if isinstance(elements, Undefined):
        iter(elements)
    if not isinstance(elements, (list, tuple, range)):
        raise MisuseError("It loops over something that is no list.")
    spend = budget.get().spend
    for element in elements:
        spend(weight)
        yield element


def paid(value: str) -> str:
    """The computed text, paid for by its length.

    Raises: `LimitError` when it is too long.
    """
    if len(value) > LONGEST_VALUE:
        raise LimitError(f"It builds a text of more than {LONGEST_VALUE:,} characters.")
    budget.get().spend(1 + len(value) // _CHARACTERS_PER_STEP)
    return value


def compared(*values: object) -> None:
    """Pays for comparing or hashing these values, by how much that may look at: a list may hold another twice, and that
    one a third twice, so that thirty short lists are a billion elements.

    Raises: `LimitError`.
    """
    spend = budget.get().spend
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            spend(1 + len(value) // _CHARACTERS_PER_STEP)
        elif isinstance(value, dict):
            spend(1 + len(value))
            waiting.extend(value.values())
        elif isinstance(value, (list, tuple)):
            spend(1 + len(value))
            waiting.extend(value)
        else:
            spend(1 + (len(value) if isinstance(value, range) else 0))


def bounded_number(value: object) -> object:
    """The number, if it is one of a size that an email can show.

    Raises: `LimitError`.
    """
    if isinstance(value, (int, float)) and not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        raise LimitError("It computes a number that is too large.")
    return value


def bounded_range(*bounds: int) -> range:
    """`range`, of a thousand numbers at most.

    Raises: `LimitError`.
    """
    if any(abs(bound) > LARGEST_NUMBER for bound in bounds) or len(numbers := range(*bounds)) > LONGEST_RANGE:
        raise LimitError(f"It counts further than {LONGEST_RANGE:,}.")
    return numbers


def joined(pieces: Iterable[str], longest: int) -> str:
    """The pieces of a rendered part as one text.

    Raises: `LimitError` soon after it grows longer than this: a few pieces are made before they are counted.
    """
    kept: list[str] = []
    size = 0
    rest = iter(pieces)
    while portion := list(islice(rest, _PIECES_AT_ONCE)):
        size += sum(map(len, portion))
        if size > longest:
            raise LimitError(f"It becomes longer than {longest:,} characters.")
        kept += portion
    return "".join(kept)
