"""What health checks and alerts need to know of an installation."""

from __future__ import annotations

from dataclasses import dataclass

from backend.config import Settings
from backend.email.rate import RatePolicy
from backend.services.context import Shop
from backend.services.sending.mailer import Mailer


@dataclass(frozen=True, slots=True)
class System:
    """The installation, as one of its processes sees it."""

    shop: Shop
    mailer: Mailer
    settings: Settings

    @property
    def rate_policy(self) -> RatePolicy:
        given = self.settings
        return RatePolicy(given.mail_rate, given.mail_daily_quota, given.mail_transactional_share)
