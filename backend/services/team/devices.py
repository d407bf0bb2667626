"""The devices on which a member is signed in: noted when they are used, listed, and signed out one by one."""

from __future__ import annotations

import contextlib
from datetime import timedelta

from backend.domain.sessions import LONGEST_SESSION, SEEN_EVERY, AccountEvent, SignedIn, device_of
from backend.domain.team import Actor, Member, Permission
from backend.domain.time import to_seconds, to_text
from backend.errors import ConditionFailedError
from backend.records.team import signed_in_from, signed_in_item
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.team.notices import notice
from backend.services.team.sessions import Session, SignInPolicy, has_rested
from backend.services.unreadable.items import read_one, readable_rows
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import EXPIRES, Absent, AllOf, Equals, Exists, Missing, Put, Query, Row, Update, Write, pages_of

_FRESH = timedelta(hours=1)
"""A session that is first seen later than this was begun before sessions were stored."""


def note_visit(shop: Shop, member: Member, session: Session, user_agent: str, *, by_provider: bool = False) -> None:
    """Notes that the member uses this session now; writes at most once in `SEEN_EVERY`.

    The first visit is the sign-in: it is in the audit log where a provider made it, and the member gets an email when
    none of their sessions of the last 90 days had such a device.
    """
    now, key = shop.clock(), schema.session_key(session.username, session.id)
    if shop.store.get(key) is None:
        visit = SignedIn(session.username, session.id, session.began_at, now, device_of(user_agent))
        ends = to_seconds(session.began_at + LONGEST_SESSION)
        put = Put(key, {**signed_in_item(visit), EXPIRES: ends}, Absent())
        news = _news(shop, member, visit, by_provider=by_provider) if now < session.began_at + _FRESH else []
        with contextlib.suppress(ConditionFailedError):  # another tab was faster
            shop.store.transact([put, *news])
        return
    stored = read_one(shop, key, lambda key, item: signed_in_from(Row(key, item)))
    if stored is not None and now >= stored.seen_at + SEEN_EVERY:
        unmoved = AllOf((Equals("seen_at", to_text(stored.seen_at)), Missing("ended_at")))
        with contextlib.suppress(ConditionFailedError):
            shop.store.update(Update(key, set={"seen_at": to_text(now)}, condition=unmoved))


def _news(shop: Shop, member: Member, visit: SignedIn, *, by_provider: bool) -> list[Write]:
    writes: list[Write] = []
    if by_provider:
        writes.append(audit_log.entry(shop, member.actor, "signed in", f"member:{member.username}", "by a provider"))
    known = {each.device for each in _stored(shop, member.username)}
    if known and visit.device not in known and not member.demo:
        writes.append(notice(shop, member.username, AccountEvent.NEW_DEVICE, visit.device))
    return writes


def open_sessions(shop: Shop, policy: SignInPolicy, actor: Actor, member: Member) -> list[SignedIn]:
    """The member's sessions that are not over, the one that was used last first.

    Raises: `PermissionDeniedError` for those of somebody else.
    """
    _require(actor, member.username)
    now = shop.clock()
    return sorted(
        (
            each
            for each in _stored(shop, member.username)
            if each.ended_at is None
            and each.began_at >= member.sessions_valid_from
            and now < each.began_at + policy.session_length
            and not has_rested(policy, each, now)
        ),
        key=lambda each: (each.seen_at, each.began_at),
        reverse=True,
    )


def end_session(shop: Shop, actor: Actor, session: SignedIn | Session) -> None:
    """Signs out one device; the next request with its cookie is refused, in every process. Twice changes nothing.

    Raises: `PermissionDeniedError` for that of somebody else.
    """
    _require(actor, session.username)
    unended = AllOf((Exists(), Missing("ended_at")))
    update = Update(
        schema.session_key(session.username, session.id), {"ended_at": to_text(shop.clock())}, condition=unended
    )
    action = "signed out" if isinstance(session, Session) else "ended a session"
    device = session.device if isinstance(session, SignedIn) else ""
    entry = audit_log.entry(shop, actor, action, f"member:{session.username}", device)
    with contextlib.suppress(ConditionFailedError):
        shop.store.transact([update, entry])


def end_others(shop: Shop, policy: SignInPolicy, actor: Actor, member: Member, own: Session) -> int:
    """Signs out all devices of the member but the one of this session; returns how many.

    Raises: as `end_session`.
    """
    others = [each for each in open_sessions(shop, policy, actor, member) if each.id != own.id]
    for each in others:
        end_session(shop, actor, each)
    return len(others)


def _stored(shop: Shop, username: str) -> list[SignedIn]:
    query = Query(schema.SHOP, schema.sessions_partition(username), consistent=True)
    with access_pattern("sessions of a member"):
        return [*readable_rows(shop, pages_of(shop.store, query), signed_in_from)]


def _require(actor: Actor, username: str) -> None:
    if actor.username != username:
        actor.require(Permission.MANAGE_TEAM)
