"""What the doctor looks at, and with what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from backend.config import Settings
from backend.domain.network import host_of
from backend.services.context import Shop
from backend.services.deliverability.domain import Probe
from backend.services.sending.mailer import Mailer
from backend.services.system.installation import System


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation on this machine. `clock_offset` is by how much a time server's clock is ahead of ours; it raises
    `OSError` where none answers. `environment` holds variables that are no settings of ours, such as Litestream's.
    """

    settings: Settings
    shop: Shop
    mailer: Mailer
    probe: Probe
    clock_offset: Callable[[], timedelta]
    environment: Mapping[str, str] = field(default_factory=dict)
    env_file: Path = Path(".env")

    @property
    def system(self) -> System:
        return System(self.shop, self.mailer, self.settings)

    @property
    def sends(self) -> bool:
        """Whether emails leave this machine."""
        return self.settings.mail_transport == "ses"

    @property
    def is_public(self) -> bool:
        """Whether people elsewhere reach the server: PUBLIC_URL names something else than this machine."""
        host = host_of(urlsplit(self.settings.public_url).netloc)
        return host is not None and not host.is_loopback

    @property
    def store_file(self) -> Path | None:
        """The file of a SQLite store; None for other engines and for one in memory."""
        _, found, rest = self.settings.store_url.partition("sqlite:///")
        name = rest.partition("?")[0]
        return Path(name) if found and name and name != ":memory:" else None
