"""The installation as one of its processes sees it, and which version of Tillpost it runs."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

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


_ROOT = Path(__file__).parents[3]


@cache
def version() -> str:
    """Such as "0.1.0" or, in a checkout, "0.1.0+1a2b3c4d"; "" when it is unknown."""
    try:
        project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        number = str(project["project"]["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        number = ""
    commit = _commit()
    return f"{number}+{commit}" if number and commit else number


def _commit() -> str:
    """The first letters of the commit that is checked out, or that an installation without .git was made from."""
    written = _ROOT / "COMMIT"
    try:
        if written.exists():
            return written.read_text(encoding="utf-8").strip()[:8]
        head = (_ROOT / ".git" / "HEAD").read_text(encoding="utf-8").strip()
        if head.startswith("ref: "):
            head = (_ROOT / ".git" / head.removeprefix("ref: ")).read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    return head[:8]
