"""How much of uploaded files the process holds: so much for one session of Streamlit, and so much in all.

Streamlit keeps uploads in memory until they are removed or their session ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

_LEAST = 64 * 1024
"""What an upload counts for at least, so that a million empty files count too."""


def held_by_streamlit() -> Mapping[str, int]:
    """Bytes of uploads that are in memory now, by session."""
    if not Runtime.exists():
        return {}
    manager = Runtime.instance().uploaded_file_mgr
    if not isinstance(manager, MemoryUploadedFileManager):
        return {}
    return {
        session: sum(max(len(file.data), _LEAST) for file in list(files.values()))
        for session, files in list(manager.file_storage.items())
    }


class Uploads:
    """The quota. What is on its way is reserved by its announced length. For the event loop only."""

    def __init__(self, session: int, total: int, held: Callable[[], Mapping[str, int]] = held_by_streamlit) -> None:
        self._session, self._total, self._held = session, total, held
        self._coming: Counter[str] = Counter()

    def reserve(self, session_id: str, size: int) -> bool:
        """Whether there is room for an upload of so many bytes; if so, `release` it when it is over."""
        size, held = max(size, _LEAST), self._held()
        own = held.get(session_id, 0) + self._coming[session_id] + size
        everything = sum(held.values()) + self._coming.total() + size
        if own > self._session or everything > self._total:
            return False
        self._coming[session_id] += size
        return True

    def release(self, session_id: str, size: int) -> None:
        self._coming[session_id] -= max(size, _LEAST)
        if self._coming[session_id] <= 0:
            del self._coming[session_id]
