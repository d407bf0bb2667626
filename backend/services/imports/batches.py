"""What is found in a file, handed on some hundred orders or customers at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from backend.domain.imports import Fault, Skipped

SIZE = 3000
"""As many transactions share one commit. Others wait that long for the store: about half a second."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Batch(Generic[Found]):
    """The next of what was found. `share` says how far the reading is, between 0 and 1; `encoding` is the file's."""

    share: float
    encoding: str
    items: Sequence[Found | Fault | Skipped] = ()


def in_batches(
    found: Iterable[Found | Fault | Skipped], share: Callable[[], float], encoding: str
) -> Iterator[Batch[Found]]:
    """Everything that was found, in its order."""
    rest = iter(found)
    while items := list(islice(rest, SIZE)):
        yield Batch(share(), encoding, items)
