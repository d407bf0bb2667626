"""The quota of uploads."""

from __future__ import annotations

from front_door.uploads import Uploads

MB = 1024 * 1024


def test_one_session_and_all_together_have_a_quota_with_what_is_on_its_way() -> None:
    held = {"a": 5 * MB}
    uploads = Uploads(10 * MB, 16 * MB, lambda: held)
    assert uploads.reserve("a", 5 * MB)
    assert not uploads.reserve("a", 1)
    assert uploads.reserve("b", 6 * MB)
    assert not uploads.reserve("c", 1)
    uploads.release("a", 5 * MB)
    assert uploads.reserve("c", 5 * MB)


def test_a_million_empty_files_are_no_way_around() -> None:
    uploads = Uploads(MB, 10 * MB, dict)
    assert sum(uploads.reserve("a", 0) for _ in range(100)) == 16


def test_what_was_removed_makes_room() -> None:
    held = {"a": 10 * MB}
    uploads = Uploads(10 * MB, 20 * MB, lambda: held)
    assert not uploads.reserve("a", MB)
    held.clear()
    assert uploads.reserve("a", 10 * MB)
