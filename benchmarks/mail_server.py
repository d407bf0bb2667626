"""A server for SES's API in a process of its own, so that it shares no interpreter. It answers at once, or takes its
time, and refuses what comes faster than its rate, by its own clock."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

_SECOND = 1.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How the server answers. `seconds` is the median time of an answer, `spread` the sigma of a lognormal one.

    A share of the calls `hangs` for `hanging` seconds. `rate` is the most emails that it takes in any second, 0 any.
    """

    seconds: float = 0.0
    spread: float = 0.0
    hangs: float = 0.0
    hanging: float = 30.0
    rate: int = 0

    def wait(self, chance: random.Random) -> float:
        """How long the next answer takes, in seconds."""
        if chance.random() < self.hangs:
            return self.hanging
        return self.seconds * chance.lognormvariate(0.0, self.spread) if self.spread else self.seconds


@dataclass(frozen=True, slots=True)
class Seen:
    """What a server has seen: when each call came, in seconds by its own clock, and how many it refused."""

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
        self._last_second: deque[float] = deque()
        self._refused = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            if head.startswith(b"GET"):
                writer.write(_reply(200, {"moments": self._moments, "refused": self._refused}))
                continue
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
            if not self._takes(time.monotonic()):
                writer.write(_reply(429, {"message": "Maximum sending rate exceeded."}))
                continue
            if wait := self._manner.wait(self._chance):
                await asyncio.sleep(wait)
            writer.write(_reply(200, {"MessageId": "taken"}))
        writer.close()

    def _takes(self, now: float) -> bool:
        self._moments.append(now)
        if not self._manner.rate:
            return True
        while self._last_second and now - self._last_second[0] >= _SECOND:
            self._last_second.popleft()
        if len(self._last_second) >= self._manner.rate:
            self._refused += 1
            return False
        self._last_second.append(now)
        return True


def _reply(status: int, content: dict[str, object]) -> bytes:
    body = json.dumps(content).encode()
    error = b"x-amzn-ErrorType: TooManyRequestsException\r\n" if status == 429 else b""
    head = b"HTTP/1.1 %d Answer\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n"
    return head % (status, error, len(body)) + body


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


async def _serve(manner: Manner) -> None:
    server = await asyncio.start_server(_Server(manner).answer, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Manner(**json.loads(sys.argv[1]))))
