"""The second factor of members: codes of an authenticator app (TOTP, RFC 6238), and recovery codes.

The secret is sealed with the installation's key and bound to its member. A code is good once: the step of the last one
is kept, and an older or equal one is refused, whoever is first of two at the same moment. Wrong codes count as failed
sign-ins of the account and the address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import secrets
from dataclasses import replace

import pyotp
import segno

from backend.domain.sessions import AccountEvent
from backend.domain.team import Actor, Member, Permission
from backend.errors import ConditionFailedError, InvalidInputError, NotFoundError, PermissionDeniedError
from backend.sealed_text import seal, unseal
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.team import roster
from backend.services.team.members import ended_sessions, find_member
from backend.services.team.notices import notice
from backend.services.team.passwords import password_matches
from backend.services.team.sessions import SignInPolicy
from backend.services.team.sign_in_attempts import Refused, attempt, settle
from backend.store import schema
from backend.store.port import AllOf, Below, Equals, Put, Update, Write

RECOVERY_CODES = 10
_STEP = 30
"""Seconds that a code lasts; with one step before and after it, for clocks that differ."""
_WRONG = "The code is wrong. Enter the newest one of your authenticator app; each works once."


def is_missing(policy: SignInPolicy, member: Member) -> bool:
    """Whether the member has to set up a second factor before anything else. Demo sign-ins never have one."""
    return member.role in policy.must_have_second_factor and not member.has_second_factor and not member.demo


def new_secret() -> str:
    """A secret of 160 bits, as people type it into an authenticator app."""
    return pyotp.random_base32(32)


def picture_of(shop: Shop, member: Member, secret: str) -> str:
    """The QR code (SVG) that an authenticator app reads."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=member.username, issuer_name=shop.name)
    target = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(target, kind="svg", scale=4, border=4, light="#fff")
    return target.getvalue().decode()


def turn_on(
    shop: Shop, policy: SignInPolicy, actor: Actor, secret: str, password: str, code: str, client: str
) -> tuple[str, ...] | Refused:
    """Sets up the actor's own second factor, by the password and a first code. Returns the recovery codes.

    Raises: `PermissionDeniedError` for demo sign-ins, `InvalidInputError` when there is one already.
    """
    member = _member(shop, actor.username)
    if member.demo:
        raise PermissionDeniedError("Demo sign-ins have no second factor.")
    wait = attempt(shop, policy.key, member.username, client)
    if wait:
        return wait
    if not password_matches(password, member.password_hash):
        return Refused("The password is wrong.")
    step = _step_of(shop, secret, code, 0)
    if step is None:
        return Refused(_WRONG)
    settle(shop, policy.key, member.username, client)
    codes = _new_codes()

    def edit(now: Member) -> Member:
        if now.has_second_factor:
            raise InvalidInputError("You have a second factor already. Turn it off first.", "code")
        sealed = seal(policy.key, _purpose(now.username), secret)
        return replace(now, second_factor=sealed, second_factor_step=step, recovery_codes=_hashes(codes))

    told = [notice(shop, member.username, AccountEvent.SECOND_FACTOR_ON)]
    roster.change(shop, member.username, edit, audit_entry=_entry(shop, actor, "turned on a second factor"), also=told)
    return codes


def turn_off(shop: Shop, policy: SignInPolicy, actor: Actor, code: str, client: str) -> Refused | None:
    """Turns off the actor's own second factor, by a code.

    Raises: `PermissionDeniedError` where the installation requires one.
    """
    member = _member(shop, actor.username)
    if is_missing(policy, without(member)):
        raise PermissionDeniedError("Your role needs a second factor here, so it cannot be turned off.")
    refused = check(shop, policy, member.username, code, client)
    if refused is None:
        entry = _entry(shop, actor, "turned off a second factor")
        told = [notice(shop, member.username, AccountEvent.SECOND_FACTOR_OFF)]
        roster.change(shop, member.username, without, audit_entry=entry, also=told)
    return refused


def renew_recovery_codes(
    shop: Shop, policy: SignInPolicy, actor: Actor, code: str, client: str
) -> tuple[str, ...] | Refused:
    """Replaces the actor's recovery codes, by a code; the earlier ones work no more."""
    refused = check(shop, policy, actor.username, code, client)
    if refused is not None:
        return refused
    codes = _new_codes()
    roster.change(
        shop,
        actor.username,
        lambda now: replace(now, recovery_codes=_hashes(codes)),
        audit_entry=_entry(shop, actor, "renewed recovery codes"),
        also=[notice(shop, actor.username, AccountEvent.RECOVERY_CODES)],
    )
    return codes


def reset(shop: Shop, actor: Actor, username: str) -> Member:
    """Takes a member's second factor away, whose device is lost, and ends the member's sessions.

    Raises: `PermissionDeniedError` (nobody resets their own), `NotFoundError`, `InvalidInputError` when there is none.
    """
    actor.require(Permission.MANAGE_TEAM)
    if actor.username == username:
        raise PermissionDeniedError("Another admin has to reset your second factor.")

    def edit(member: Member) -> Member:
        if not member.has_second_factor:
            raise InvalidInputError(f"{member.name} has no second factor.")
        return ended_sessions(without(member), shop.clock())

    entry = audit_log.entry(shop, actor, "reset a second factor", f"member:{username}")
    told = [notice(shop, username, AccountEvent.SECOND_FACTOR_OFF)]
    return roster.change(shop, username, edit, audit_entry=entry, also=told)


def check(shop: Shop, policy: SignInPolicy, username: str, code: str, client: str) -> Refused | None:
    """Uses up a code of the app, or a recovery code; returns why it was refused."""
    wait = attempt(shop, policy.key, username, client)
    if wait:
        return wait
    member = _member(shop, username)
    if not member.has_second_factor:
        return Refused("You have no second factor. Sign in again.")
    secret = unseal(policy.key, _purpose(username), member.second_factor)
    given = code.strip().upper().replace(" ", "").replace("-", "")
    if not _used_code(shop, policy, member, secret, given) and not _used_recovery_code(shop, member, given):
        return Refused(_WRONG if secret else "The key of this server has changed. Another admin has to reset this.")
    settle(shop, policy.key, username, client)
    return None


def without(member: Member) -> Member:
    """The member without a second factor."""
    return replace(member, second_factor="", second_factor_step=0, recovery_codes=())


def _used_code(shop: Shop, policy: SignInPolicy, member: Member, secret: str | None, code: str) -> bool:
    step = _step_of(shop, secret, code, member.second_factor_step) if secret else None
    if secret is None or step is None:
        return False
    unused = AllOf((Equals("second_factor", member.second_factor), Below("second_factor_step", step)))
    sealed = seal(policy.key, _purpose(member.username), secret)  # with the present key, if that was rotated
    update = Update(schema.member_key(member.username), {"second_factor_step": step, "second_factor": sealed})
    return _won(shop, replace(update, condition=unused))


def _used_recovery_code(shop: Shop, member: Member, code: str) -> bool:
    wanted = _hash(code)
    while wanted in member.recovery_codes:
        left = [each for each in member.recovery_codes if each != wanted]
        unmoved = Equals("recovery_codes", [*member.recovery_codes])
        update = Update(schema.member_key(member.username), set={"recovery_codes": [*left]}, condition=unmoved)
        if _won(shop, update, _entry(shop, member.actor, "used a recovery code", f"{len(left)} left")):
            return True
        member = _member(shop, member.username)
    return False


def _won(shop: Shop, *writes: Write) -> bool:
    try:
        shop.store.transact(writes)
    except ConditionFailedError:
        return False
    return True


def _step_of(shop: Shop, secret: str, code: str, after: int) -> int | None:
    """The step whose code this is, if it is later than `after` and near to now."""
    now, totp = int(shop.clock().timestamp()) // _STEP, pyotp.TOTP(secret)
    given = "".join(code.split()).encode(errors="surrogatepass")
    steps = (step for step in (now, now - 1, now + 1) if step > after)
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), given)), None)


def _new_codes() -> tuple[str, ...]:
    texts = (base64.b32encode(secrets.token_bytes(10)).decode() for _ in range(RECOVERY_CODES))
    return tuple("-".join(text[start : start + 4] for start in range(0, 16, 4)) for text in texts)


def _hashes(codes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_hash(code.replace("-", "")) for code in codes)


def _hash(code: str) -> str:
    """80 random bits need no salt and no slow hash."""
    return hashlib.sha256(code.encode(errors="surrogatepass")).hexdigest()


def _purpose(username: str) -> str:
    return f"second factor of {username}"


def _member(shop: Shop, username: str) -> Member:
    member = find_member(shop, username)
    if member is None:
        raise NotFoundError(f"There is no member “{username[:40]}”.")
    return member


def _entry(shop: Shop, actor: Actor, action: str, detail: str = "") -> Put:
    return audit_log.entry(shop, actor, action, f"member:{actor.username}", detail)
