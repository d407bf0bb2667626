"""A name server on this machine, for one test: it answers by UDP what it was told, or fails as servers do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset

SILENT = "silent"
BROKEN = "broken"
Zone = Mapping[str, tuple[tuple[str, str], ...] | str]
"""Records (kind and value) by name, the first of which may be an alias; or how the server fails for the name."""


@contextmanager
def name_server(zone: Zone, *, follows: bool = True) -> Iterator[dns.resolver.Resolver]:
    """A resolver that asks the server. With `follows`, its answers hold what an alias leads to, as those of
    resolvers do."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.bind(("127.0.0.1", 0))
        channel.settimeout(0.05)
        stop = threading.Event()
        thread = threading.Thread(target=_serve, args=(channel, zone, follows, stop))
        thread.start()
        try:
            resolver = dns.resolver.Resolver(configure=False)
            resolver.nameservers = ["127.0.0.1"]
            resolver.port = channel.getsockname()[1]
            yield resolver
        finally:
            stop.set()
            thread.join()


def _serve(channel: socket.socket, zone: Zone, follows: bool, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            wire, client = channel.recvfrom(4096)
        except TimeoutError:
            continue
        query = dns.message.from_wire(wire)
        answer = _answer(query, zone, follows)
        if answer is not None:
            channel.sendto(answer.to_wire(), client)


def _answer(query: dns.message.Message, zone: Zone, follows: bool) -> dns.message.Message | None:
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.RA
    wanted = query.question[0].rdtype.name
    name = query.question[0].name.to_text(omit_final_dot=True).lower()
    while True:
        records = zone.get(name)
        if records == SILENT:
            return None
        if isinstance(records, str):
            reply.set_rcode(dns.rcode.SERVFAIL)
            return reply
        if records is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
            return reply
        values = [value for kind, value in records if kind == wanted]
        if values:
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", wanted, *values))
        alias = next((value for kind, value in records if kind == "CNAME"), "")
        if values or not alias:
            return reply
        reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", alias))
        name = alias.rstrip(".")
        if not follows:
            return reply
