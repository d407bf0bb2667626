"""Places for connections: few before sign-in, and none taken by whoever says nothing."""

from __future__ import annotations

from front_door.visitors import Caps, Connection, Visitors, caps_for


def visitors() -> Visitors:
    return Visitors(Caps(total=12, anonymous=3, shared=5, member=6))


def talking(at: Visitors, address: str, member: str = "", *, shared: bool = False) -> Connection | None:
    connection = at.admit("key", address, member, shared=shared)
    if connection is not None:
        connection.silent = False
    return connection


def test_an_address_has_few_places_before_sign_in_and_more_after() -> None:
    at = visitors()
    assert [talking(at, "192.0.2.1") is not None for _ in range(4)] == [True, True, True, False]
    assert [talking(at, "192.0.2.1", "ada") is not None for _ in range(7)] == [True] * 6 + [False]


def test_strangers_together_leave_room_for_members() -> None:
    at = visitors()
    assert [talking(at, f"192.0.2.{number}") is not None for number in range(5)] == [True, True, True, False, False]
    assert talking(at, "192.0.2.9", "ada")


def test_whoever_says_nothing_makes_room_for_the_next() -> None:
    at = visitors()
    idle = [at.admit("key", "192.0.2.1", "") for _ in range(300)]
    assert all(idle)
    assert sum(not each.displaced.is_set() for each in idle if each) == 3
    assert talking(at, "192.0.2.1")


def test_a_silent_member_is_not_displaced() -> None:
    at = visitors()
    members = [at.admit("key", f"192.0.2.{number}", "ada") for number in range(12)]
    assert at.admit("key", "192.0.2.99", "") is None
    assert at.admit("key", "192.0.2.99", "ben") is None
    assert not any(each.displaced.is_set() for each in members if each)


def test_a_place_is_free_again_when_its_connection_ends() -> None:
    at = visitors()
    places = [talking(at, "192.0.2.1") for _ in range(3)]
    assert talking(at, "192.0.2.1") is None
    assert places[1]
    at.leave(places[1])
    at.leave(places[1])
    assert talking(at, "192.0.2.1")


def test_whoever_signs_in_gives_the_stranger_s_place_back() -> None:
    at = visitors()
    for number in range(3):
        connection = at.admit(f"key {number}", "192.0.2.1", "")
        assert connection
        connection.silent = False
    at.signed_in("session", "key 1", "ada")
    assert talking(at, "192.0.2.1")
    assert at.member_of("session") == "ada"
    at.signed_out("session")
    assert at.member_of("session") == ""


def test_a_process_with_few_files_takes_few_connections() -> None:
    for files in (256, 1024, 4096, 65_536):
        caps = caps_for(files)
        assert caps.total == 20 or caps.total * 5 + 300 <= files
        assert 20 <= caps.total <= 2000
