"""Who is connected: how many, from where, and which member uses which session of Streamlit.

The front door counts connections, and the pages' guard reports who signed in: who signs in stays on a connection
that was opened before.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Caps:
    """Most websockets at a time: in all, and for one address before and after sign-in.

    `shared` is for a peer that passes on what others send without being named in TRUSTED_PROXIES.
    """

    total: int = 500
    anonymous: int = 30
    shared: int = 100
    member: int = 200

    @property
    def total_anonymous(self) -> int:
        return max(self.total // 4, 1)


def caps_for(files: int) -> Caps:
    """The caps for a process that can open so many files.

    A websocket takes four (measured: its socket, and the event loop of its script's thread), and one is to spare.
    """
    return Caps(total=min(2_000, max((files - 300) // 5, 20)))


@dataclass(eq=False, slots=True)
class Connection:
    """One websocket. `key` is its Sec-WebSocket-Key, `member` a username or "", `silent` until it sends something."""

    key: str
    address: str
    member: str
    silent: bool = True
    displaced: asyncio.Event = field(default_factory=asyncio.Event)


class Visitors:
    """All connections of this process. Thread-safe; connections come and go on the event loop."""

    def __init__(self, caps: Caps | None = None) -> None:
        self.caps = caps or Caps()
        self._lock = threading.Lock()
        self._connections: OrderedDict[int, Connection] = OrderedDict()
        self._members: OrderedDict[str, str] = OrderedDict()

    def admit(self, key: str, address: str, member: str, *, shared: bool = False) -> Connection | None:
        """A place for a new connection, or None. Connections that have sent nothing yet make room for it.

        Before sign-in an address has few places and all strangers a quarter, so that they leave room for members.
        """
        new = Connection(key, address, member)
        with self._lock:
            if not self._room_for(new, shared=shared):
                return None
            self._connections[id(new)] = new
            return new

    def leave(self, connection: Connection) -> None:
        with self._lock:
            self._connections.pop(id(connection), None)

    def signed_in(self, session_id: str, key: str, username: str) -> None:
        """The guard has signed this member in: in this session of Streamlit, over the connection with this key."""
        with self._lock:
            self._members.pop(session_id, None)
            self._members[session_id] = username
            while len(self._members) > _REMEMBERED:
                self._members.popitem(last=False)
            for connection in self._connections.values():
                if connection.key == key:
                    connection.member = username

    def signed_out(self, session_id: str) -> None:
        """This session of Streamlit has no member again."""
        with self._lock:
            self._members.pop(session_id, None)

    def member_of(self, session_id: str) -> str:
        """The username of the member who uses this session of Streamlit; "" for none."""
        with self._lock:
            return self._members.get(session_id, "")

    def _room_for(self, new: Connection, *, shared: bool) -> bool:
        if new.member:
            limits: list[tuple[int, Callable[[Connection], bool]]] = [(self.caps.total, lambda _: True)]
            if not shared:
                limits.append((self.caps.member, lambda each: bool(each.member) and each.address == new.address))
        else:
            own = self.caps.shared if shared else self.caps.anonymous
            limits = [
                (self.caps.total, lambda _: True),
                (self.caps.total_anonymous, lambda each: not each.member),
                (own, lambda each: not each.member and each.address == new.address),
            ]
        return all(self._fits(most, counts) for most, counts in limits)

    def _fits(self, most: int, counts: Callable[[Connection], bool]) -> bool:
        counted = [each for each in self._connections.values() if counts(each)]
        if len(counted) < most:
            return True
        silent = next((each for each in counted if each.silent and not each.member), None)
        if silent is None:
            return False
        del self._connections[id(silent)]
        silent.displaced.set()
        return True


VISITORS = Visitors()
"""Those of this process."""
