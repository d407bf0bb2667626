"""A time server's answer gives by how much our clock is off; what is no such answer is refused."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from backend.services.system.time_server import clock_offset

Answer = Callable[[bytes], bytes]
SINCE_1900 = 2_208_988_800


@contextmanager
def time_server(answer: Answer) -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind(("127.0.0.1", 0))

        def serve() -> None:
            asked, address = here.recvfrom(512)
            here.sendto(answer(asked), address)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield here.getsockname()[1]
        thread.join(5)


def answering(ahead: float = 0.0, *, mode: int = 4, stratum: int = 2, echo: bool = True) -> Answer:
    def answer(asked: bytes) -> bytes:
        assert (len(asked), asked[0]) == (48, 0x23)
        stamp = struct.pack("!II", int(time.time() + ahead) + SINCE_1900, int((time.time() + ahead) % 1 * 2**32))
        return struct.pack("!BB22x", 0x20 | mode, stratum) + (asked[40:48] if echo else bytes(8)) + stamp + stamp

    return answer


@pytest.mark.parametrize("ahead", [0.0, 90.0, -3600.0])
def test_the_offset_is_reported(ahead: float) -> None:
    with time_server(answering(ahead)) as port:
        assert abs(clock_offset("127.0.0.1", port) - timedelta(seconds=ahead)) < timedelta(seconds=1)


@pytest.mark.parametrize(
    "answer",
    [answering(mode=3), answering(stratum=0), answering(echo=False), lambda _: b"short"],
    ids=["no server", "does not know the time", "answers somebody else", "too short"],
)
def test_what_is_no_answer_of_a_time_server_is_refused(answer: Answer) -> None:
    with time_server(answer) as port, pytest.raises(OSError, match="not that of a time server"):
        clock_offset("127.0.0.1", port)


def test_nobody_waits_for_a_server_that_does_not_answer() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(TimeoutError):
            clock_offset("127.0.0.1", silent.getsockname()[1], seconds=0.1)
