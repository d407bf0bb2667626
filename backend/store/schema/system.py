"""Keys of the team, the settings, the audit log, jobs, processes, alerts and unreadable records."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.tables import MAIL, SHOP

UNREADABLE = "UNREADABLE"


def member_key(username: str) -> Key:
    return Key(SHOP, "TEAM", f"U#{username}")


def failures_key(kind: str, digest: str) -> Key:
    return Key(SHOP, f"F#{kind}#{digest}", "F")


def meta_key(name: str) -> Key:
    return Key(SHOP, "META", name)


def audit_key(at: str, entry_id: str) -> Key:
    """What somebody did at a moment (as `domain.time.to_text` writes it)."""
    return Key(SHOP, f"AUDIT#{at[:7]}", f"{at}#{entry_id}")


def job_key(job_id: str) -> Key:
    return Key(MAIL, "JOBS", f"J#{job_id}")


def beat_key(process: str) -> Key:
    """What a process says of itself."""
    return Key(MAIL, "BEATS", f"B#{process}")


def usage_key(day: str) -> Key:
    """What the store was used for on a day of UTC ("2026-11-26")."""
    return Key(MAIL, f"USAGE#{day[:7]}", day[8:])


def durations_key(day: str, kind: str) -> Key:
    """How long actions of a kind took on a day of UTC."""
    return Key(MAIL, f"TOOK#{day[:7]}", f"{day[8:]}#{kind}")


def alert_key(rule: str, subject: str) -> Key:
    """An alert that is open, or of whose end people have to be notified."""
    return Key(MAIL, "ALERTS", f"{rule}#{subject}")


def past_alert_key(at: str, alert_id: str) -> Key:
    """An alert by the moment at which it began."""
    return Key(MAIL, f"ALERTS#{at[:7]}", f"{at}#{alert_id}")


def unreadable_key(record_id: str) -> Key:
    """The note that an item cannot be read."""
    return Key(MAIL, UNREADABLE, record_id)
