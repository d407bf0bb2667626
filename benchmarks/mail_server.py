"""A server for SES's API in a process of its own, so that it shares no interpreter. It answers at once, or takes its
time, and refuses what comes faster than its rate, by its own clock."""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import json
import random
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

_SECOND = 1.0
_TIMESTAMPS = 35
"""SO_TIMESTAMPNS of Linux, socket(7): with what is received comes when the kernel got it. So a server that has to wait
for a processor counts by when emails arrived, not by when it looked. Elsewhere it counts when it looks."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How the server answers. `seconds` is the median time of an answer, `spread` the sigma of a lognormal one.

    A share of the calls `hangs` for `hanging` seconds. `rate` is the most emails that it takes in any second, 0 any.
    Each email is on its way for up to `on_the_way` seconds.
    """

    seconds: float = 0.0
    spread: float = 0.0
    hangs: float = 0.0
    hanging: float = 30.0
    rate: int = 0
    on_the_way: float = 0.0

    def wait(self, chance: random.Random) -> float:
        """How long the next answer takes, in seconds."""
        if chance.random() < self.hangs:
            return self.hanging
        return self.seconds * chance.lognormvariate(0.0, self.spread) if self.spread else self.seconds


@dataclass(frozen=True, slots=True)
class Seen:
    """What a server has seen: when each call came, in order, in seconds by its own clock; and how many it refused."""

    moments: list[float]
    refused: int


@dataclass(frozen=True, slots=True)
class SesServer:
    """A running server, on loopback."""

    address: str

    def seen(self) -> Seen:
        with urllib.request.urlopen(self.address) as reply:  # noqa: S310 - loopback
            return Seen(**json.load(reply))


@contextmanager
def instant_ses() -> Iterator[str]:
    """The address of a server that takes every email at once."""
    with ses_server(Manner()) as server:
        yield server.address


@contextmanager
def ses_server(manner: Manner) -> Iterator[SesServer]:
    """A server that answers in this manner."""
    command = [sys.executable, "-m", __name__, json.dumps(asdict(manner))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - this module itself
    try:
        if process.stdout is None:
            raise AssertionError("The server has no output.")
        yield SesServer(f"http://127.0.0.1:{int(process.stdout.readline())}")
    finally:
        process.kill()
        process.communicate()


class _Server:
    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self._chance = random.Random(5)  # noqa: S311 - the same times in each run
        self._moments: list[float] = []
        self._taken: list[float] = []
        self._refused = 0

    async def answer(self, connection: _Connection) -> None:
        while request := await connection.request():
            head, moment = request
            if head.startswith(b"GET"):
                await connection.write(_reply(200, {"moments": self._moments, "refused": self._refused}))
                continue
            on_the_way = self._manner.on_the_way * self._chance.random()
            if not self._takes(moment + on_the_way):
                await connection.write(_reply(429, {"message": "Maximum sending rate exceeded."}))
                continue
            if wait := self._manner.wait(self._chance) + on_the_way:
                await asyncio.sleep(wait)
            await connection.write(_reply(200, {"MessageId": "taken"}))

    def _takes(self, moment: float) -> bool:
        bisect.insort(self._moments, moment)
        if self._manner.rate:
            del self._taken[: bisect.bisect(self._taken, moment - 2 * _SECOND)]
            in_its_second = bisect.bisect(self._taken, moment) - bisect.bisect(self._taken, moment - _SECOND)
            if in_its_second >= self._manner.rate:
                self._refused += 1
                return False
            bisect.insort(self._taken, moment)
        return True


class _Connection:
    """Requests of one client, each with the moment at which the last of it arrived."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer
        self._loop = asyncio.get_running_loop()
        self._data = b""
        self._moment = 0.0
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def request(self) -> tuple[bytes, float] | None:
        """The head of the next one, and when it arrived; None when no more come."""
        while (request := self._complete()) is None:
            try:
                data, extras, _, _ = self._peer.recvmsg(1 << 16, socket.CMSG_SPACE(16))
            except BlockingIOError:
                await self._readable()
                continue
            except ConnectionError:
                return None
            if not data:
                return None
            self._data += data
            self._moment = _moment_of(extras)
        return request, self._moment

    async def write(self, reply: bytes) -> None:
        await self._loop.sock_sendall(self._peer, reply)

    def _complete(self) -> bytes | None:
        head, end, rest = self._data.partition(b"\r\n\r\n")
        if not end:
            return None
        lengths = (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        length = int(next(lengths, b":0").partition(b":")[2])
        if len(rest) < length:
            return None
        self._data = rest[length:]
        return head

    async def _readable(self) -> None:
        readable = asyncio.Event()
        self._loop.add_reader(self._peer, readable.set)
        try:
            await readable.wait()
        finally:
            self._loop.remove_reader(self._peer)


def _moment_of(extras: list[tuple[int, int, bytes]]) -> float:
    """Seconds since 1970 at which the kernel received it."""
    for level, kind, value in extras:
        if (level, kind) == (socket.SOL_SOCKET, _TIMESTAMPS):
            seconds, nanoseconds = struct.unpack("qq", value)
            return float(seconds + nanoseconds / 1e9)
    return time.time()


def _reply(status: int, content: dict[str, object]) -> bytes:
    body = json.dumps(content).encode()
    error = b"x-amzn-ErrorType: TooManyRequestsException\r\n" if status == 429 else b""
    head = b"HTTP/1.1 %d Answer\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n"
    return head % (status, error, len(body)) + body


async def _serve(manner: Manner) -> None:
    server, loop = _Server(manner), asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        listener.setblocking(False)
        if sys.platform == "linux":  # of the listener, whose connections have it too: it takes the kernel a moment
            listener.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        calls = set[asyncio.Task[None]]()
        while True:
            peer, _ = await loop.sock_accept(listener)
            calls.add(asyncio.create_task(_serve_one(server, peer)))
            calls = {call for call in calls if not call.done()}


async def _serve_one(server: _Server, peer: socket.socket) -> None:
    with peer, contextlib.suppress(ConnectionError):
        await server.answer(_Connection(peer))


if __name__ == "__main__":
    asyncio.run(_serve(Manner(**json.loads(sys.argv[1]))))
