"""Feature switches: which features can be switched, and for whom one is on."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from backend.domain.team import Actor, Role


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that can be switched. It is on for everyone until somebody changes that."""

    name: str
    title: str
    purpose: str


BACKFILL = Feature(
    "backfill",
    "Write to customers who lapsed earlier",
    "Automations about lapsed customers may email those of before, on request. Off also holds what is under way.",
)
FEATURES = (BACKFILL,)


@dataclass(frozen=True, slots=True)
class Switch:
    """For whom a feature is on. Without roles, members and a share it is on for everyone.

    `share` is the percentage of members for whom it is on besides; a larger share has all of a smaller one.
    """

    on: bool = True
    roles: tuple[Role, ...] = ()
    members: tuple[str, ...] = ()
    share: int = 0

    def includes(self, feature: Feature, actor: Actor) -> bool:
        if not self.on or not (self.roles or self.members or self.share):
            return self.on
        place = zlib.crc32(f"{feature.name}:{actor.username}".encode()) % 100
        return actor.role in self.roles or actor.username in self.members or place < self.share

    @property
    def audience(self) -> str:
        """For whom it is on, in words."""
        if not self.on:
            return "nobody"
        parts = [*(f"role {role}" for role in self.roles), *self.members]
        parts += [f"{self.share}% of members"] if self.share else []
        return ", ".join(parts) or "everyone"
