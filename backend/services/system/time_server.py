"""By how much this machine's clock is off, by a time server (SNTP, RFC 4330)."""

from __future__ import annotations

import socket
import struct
import time
from datetime import timedelta

_CLIENT = 0x23
"""No leap warning, version 4, mode 3 (client)."""
_SERVER_MODE = 4
_SINCE_1900 = 2_208_988_800
"""Seconds from 1900, where NTP's time begins, to 1970."""
_FRACTION = 2**32
_LENGTH = 48


def clock_offset(server: str, port: int = 123, *, seconds: float = 2.0) -> timedelta:
    """How much the server's clock is ahead of ours; half of the way there and back is taken for each direction.

    Raises: `OSError` when no time server answers in time.
    """
    sent_at = time.time()
    stamp = _stamp(sent_at)
    family, kind, _, _, address = socket.getaddrinfo(server, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind) as connection:
        connection.settimeout(seconds)
        connection.connect(address)
        connection.send(struct.pack("!B39x", _CLIENT) + stamp)
        answer = connection.recv(512)
    got_at = time.time()
    if len(answer) < _LENGTH or answer[0] & 7 != _SERVER_MODE or not 0 < answer[1] < 16 or answer[24:32] != stamp:
        raise OSError("The answer is not that of a time server with a valid clock.")
    received, transmitted = _seconds(answer[32:40]), _seconds(answer[40:48])
    return timedelta(seconds=((received - sent_at) + (transmitted - got_at)) / 2)


def _stamp(at: float) -> bytes:
    whole, fraction = divmod(at, 1)
    return struct.pack("!II", (int(whole) + _SINCE_1900) % _FRACTION, int(fraction * _FRACTION))


def _seconds(stamp: bytes) -> float:
    whole, fraction = struct.unpack("!II", stamp)
    return float(whole - _SINCE_1900 + fraction / _FRACTION)
