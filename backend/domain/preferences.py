"""What a customer has said about marketing mail beyond yes and no: topics, and a pause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

PAUSE = timedelta(days=30)

TOPICS: dict[str, str] = {
    "News": "News from the shop",
    "Offers": "Offers and discounts",
    "Reviews": "Questions about your orders",
}
"""Topics that marketing templates may name, with the words that customers read."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """Topics that the customer does not want, and until when all marketing mail pauses."""

    topics_off: tuple[str, ...] = ()
    paused_until: datetime | None = None

    def paused(self, now: datetime) -> bool:
        return self.paused_until is not None and self.paused_until > now

    def wants(self, topic: str) -> bool:
        return topic not in self.topics_off


DEFAULT = Preferences()
