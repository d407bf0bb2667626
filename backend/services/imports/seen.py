"""Remembers what a file has named so far, in little memory: a file may name millions."""

from __future__ import annotations

from array import array


class SeenNames:
    """On which line each name stood first, in 48 bytes a name at most.

    A hash table over two arrays, at least a quarter full. Names are told apart by 64 bits of their hash.
    """

    def __init__(self) -> None:
        self._slots = 1 << 12
        self._count = 0
        self._hashes, self._lines = self._empty()

    def first_line(self, name: str, line: int) -> int:
        """The line on which the name stood before; 0 if it is new, and then it stands on this line."""
        mark = hash(name) & 0xFFFFFFFFFFFFFFFF
        slot = self._slot_of(mark)
        if self._lines[slot]:
            return self._lines[slot]
        self._hashes[slot], self._lines[slot] = mark, line
        self._count += 1
        if self._count * 2 > self._slots:
            self._grow()
        return 0

    def _slot_of(self, mark: int) -> int:
        slot = mark % self._slots
        while self._lines[slot] and self._hashes[slot] != mark:
            slot = (slot + 1) % self._slots
        return slot

    def _grow(self) -> None:
        old = zip(self._hashes, self._lines, strict=True)
        self._slots *= 2
        self._hashes, self._lines = self._empty()
        for mark, line in old:
            if line:
                slot = self._slot_of(mark)
                self._hashes[slot], self._lines[slot] = mark, line

    def _empty(self) -> tuple[array[int], array[int]]:
        return array("Q", bytes(8 * self._slots)), array("I", bytes(4 * self._slots))
