"""The audit log: who did what to what, and when. Entries are added and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One action. `action` is a few words in the past tense, such as "published a template".

    `target` names what it was done to, as `kind:id` ("template:newsletter", "campaign:0A1B2C"); `detail` says more,
    without anybody's address. `change` is the id of the recorded change that the action made.
    """

    at: datetime
    id: str
    actor: str
    role: str
    action: str
    target: str = ""
    detail: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class AuditSeal:
    """What the audit log of a day (UTC, "2026-11-26") was when the day was over.

    `digest` is that of its `count` entries. `chain` is the digest of all of this with `previous`, the chain of the day
    before; `signature` is made of it with a key that is not in the store.
    """

    day: str
    sealed_at: datetime
    count: int
    digest: str
    previous: str
    chain: str
    signature: str
