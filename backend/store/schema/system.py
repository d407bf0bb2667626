"""Keys of the team, the settings, the audit log, jobs, processes, alerts and unreadable records."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.tables import MAIL, SHOP

ACCOUNT_NOTICES = "NOTICES"
AUDIT_SEALS = "SEALS"
BEATS = "B#"
JOB_LIST = "JOBS"
JOBS = "J#"
MEMBERS = "U#"
SESSIONS = "SESSIONS#"
TEAM = "TEAM"
UNREADABLE = "UNREADABLE"


def member_key(username: str) -> Key:
    return Key(SHOP, TEAM, f"{MEMBERS}{username}")


def session_key(username: str, session_id: str) -> Key:
    """A session of a member; its id is when it began, so that the newest come last."""
    return Key(SHOP, sessions_partition(username), session_id)


def sessions_partition(username: str) -> str:
    return f"{SESSIONS}{username}"


def member_of_session(key: Key) -> str:
    """The username in the key of a session."""
    return key.pk.removeprefix(SESSIONS)


def account_notice_key(at: str, notice_id: str) -> Key:
    """An email to a member about their account that has to be asked for."""
    return Key(SHOP, ACCOUNT_NOTICES, f"{at}#{notice_id}")


def failures_key(kind: str, digest: str) -> Key:
    return Key(SHOP, f"F#{kind}#{digest}", "F")


def meta_key(name: str) -> Key:
    return Key(SHOP, "META", name)


def audit_key(at: str, entry_id: str) -> Key:
    """What somebody did at a moment (as `domain.time.to_text` writes it)."""
    return Key(SHOP, audit_partition(at[:7]), f"{at}#{entry_id}")


def audit_partition(month: str) -> str:
    """What was done in a month ("2026-11")."""
    return f"AUDIT#{month}"


def audit_seal_key(day: str) -> Key:
    """The seal of the audit log of a day of UTC ("2026-11-26")."""
    return Key(SHOP, AUDIT_SEALS, day)


def job_key(job_id: str) -> Key:
    return Key(MAIL, JOB_LIST, f"{JOBS}{job_id}")


def job_id_of(key: Key) -> str:
    return key.sk.removeprefix(JOBS)


def beat_key(process: str) -> Key:
    """What a process says of itself."""
    return Key(MAIL, "BEATS", f"{BEATS}{process}")


def process_of(key: Key) -> str:
    return key.sk.removeprefix(BEATS)


def usage_key(day: str) -> Key:
    """What the store was used for on a day of UTC ("2026-11-26")."""
    return Key(MAIL, usage_partition(day[:7]), day[8:])


def usage_partition(month: str) -> str:
    """What the store was used for in a month ("2026-11"), by day."""
    return f"USAGE#{month}"


def durations_key(day: str, kind: str) -> Key:
    """How long actions of a kind took on a day of UTC."""
    return Key(MAIL, durations_partition(day[:7]), f"{day[8:]}#{kind}")


def durations_partition(month: str) -> str:
    """How long actions took in a month ("2026-11"), by day and kind."""
    return f"TOOK#{month}"


def day_and_kind(key: Key) -> tuple[str, str]:
    """The day ("26") and the kind in the key of durations."""
    day, _, kind = key.sk.partition("#")
    return day, kind


def alert_key(rule: str, subject: str) -> Key:
    """An alert that is open, or of whose end people have to be notified."""
    return Key(MAIL, "ALERTS", f"{rule}#{subject}")


def past_alert_key(at: str, alert_id: str) -> Key:
    """An alert by the moment at which it began."""
    return Key(MAIL, past_alerts_partition(at[:7]), f"{at}#{alert_id}")


def past_alerts_partition(month: str) -> str:
    """The alerts that began in a month ("2026-11")."""
    return f"ALERTS#{month}"


def unreadable_key(record_id: str) -> Key:
    """The note that an item cannot be read."""
    return Key(MAIL, UNREADABLE, record_id)
