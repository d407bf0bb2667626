"""Which host names this server answers to, and pages of which origins may talk to it.

A stranger's page can make a browser connect to it (cross-site WebSocket hijacking), or give its own name our address
(DNS rebinding). The first shows in the header Origin, the second in Host.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from backend.config import Settings
from backend.domain.network import HostPort, host_of

_TELLS_SCHEME = frozenset({"x-forwarded-proto", "x-forwarded-scheme", "forwarded", "origin"})
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Rules:
    """`public` are URLs of this server, `names` further host names; `*.example.com` are all below it, `*` is any.

    `*` takes any Host, and yet no foreign Origin.
    """

    public: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def host(self, headers: Sequence[str], local: str = "") -> HostPort | None:
        """The host that a request names, if this server answers to it. `local` is the address that it came in at.

        Loopback always counts, because no stranger's name is loopback, and an address that is the socket's own.
        """
        found = host_of(headers[0]) if len(headers) == 1 else None
        if found is None:
            return None
        public = any(found.name == _of_url(url).name for url in self.public)
        listed = "*" in self.names or self._is_listed(found.name)
        return found if found.is_loopback or public or listed or found == HostPort(local, found.port) else None

    def origin(self, headers: Sequence[str], host: HostPort) -> bool:
        """Whether a page of this origin may talk to this host. Programs that are no browsers send none.

        The same origin may, and those of our own names: a proxy may have put another name into Host.
        """
        if not headers:
            return True
        scheme, _, netloc = headers[0].partition("://")
        found = host_of(netloc)
        if len(headers) > 1 or scheme not in _PORTS or found is None:
            return False
        full = _with_port(scheme, found)
        if found == host or full == _with_port(scheme, host):
            return True
        return not found.is_loopback and (full in map(_of_url, self.public) or self._is_listed(found.name))

    def https(self, scheme: str, headers: Iterable[tuple[str, str]], host: HostPort | None) -> bool:
        """Whether the browser uses HTTPS, by what the request says; a proxy may use HTTP to this server.

        A false claim only keeps the client's own browser from sending a cookie back.
        """
        said = [value.lower() for name, value in headers if name.lower() in _TELLS_SCHEME]
        if scheme == "https" or any(value.startswith("https") or "proto=https" in value for value in said):
            return True
        return host is not None and any(
            url.startswith("https://") for url in self.public if _of_url(url).name == host.name
        )

    def _is_listed(self, name: str) -> bool:
        return any(
            name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:])) for pattern in self.names
        )


def rules_of(settings: Settings, names: Sequence[str] = ()) -> Rules:
    """The rules of these settings; `names` are further ones, as in ALLOWED_HOSTS."""
    given = [*settings.allowed_hosts.split(","), settings.host, *names]
    return Rules(
        tuple(filter(None, (settings.public_url, settings.oidc_redirect_uri))),
        tuple(name.strip().lower().rstrip(".") for name in given if name.strip()),
    )


def _of_url(url: str) -> HostPort:
    scheme, netloc = urlsplit(url)[:2]
    return _with_port(scheme, host_of(netloc) or HostPort(""))


def _with_port(scheme: str, host: HostPort) -> HostPort:
    return HostPort(host.name, host.port or _PORTS.get(scheme))
