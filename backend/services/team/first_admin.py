"""Creates the first admin of an installation, once, with a code that only the server's output shows."""

from __future__ import annotations

import base64
import hmac

from backend.domain.network import address_group
from backend.domain.team import Member, Role
from backend.errors import PermissionDeniedError
from backend.secret_file import derived
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.team import roster as team_writes
from backend.services.team import sign_in_attempts
from backend.services.team.members import new_member
from backend.services.team.sessions import SignInPolicy
from backend.services.team.sign_in_attempts import Subject


def setup_code(shop: Shop, policy: SignInPolicy) -> str | None:
    """The code that lets somebody create the first admin, such as "ABCD-EFGH-IJKL-MNOP"; None once there is a team.

    All servers of an installation print the same one. It changes with every change of the team, so it works once.
    """
    roster = team_writes.read_roster(shop)
    if roster.emails:
        return None
    text = base64.b32encode(derived(policy.key, f"set-up code {roster.version}"))[:16].decode()
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))


def create_first_admin(
    shop: Shop,
    policy: SignInPolicy,
    *,
    code: str,
    username: str,
    name: str,
    email: str,
    password: str | None,
    client: str,
) -> Member:
    """Creates the first admin. Of several people at once, one wins.

    Raises: `PermissionDeniedError` (wrong code, or too many of them), `InvalidInputError`, `AlreadyExistsError`.
    """
    _check_code(shop, policy, code, client)
    member = new_member(shop, username=username, name=name, email=email, role=Role.ADMIN, password=password)
    audit_entry = audit_log.entry(shop, member.actor, "created the first admin", f"member:{member.username}")
    return team_writes.add(shop, member, first=True, audit_entry=audit_entry)


def _check_code(shop: Shop, policy: SignInPolicy, code: str, client: str) -> None:
    expected = setup_code(shop, policy)
    identity = sign_in_attempts.digest(policy.key, Subject.ADDRESS, address_group(client))
    wait = sign_in_attempts.claim(shop, Subject.ADDRESS, identity)
    if wait:
        raise PermissionDeniedError(
            f"Too many failed attempts. Wait {sign_in_attempts.in_words(wait)}, then try again."
        )
    given = code.strip().upper().replace(" ", "")
    # With a team there is no code; then the write, which asks for an empty team, says what happened.
    if expected is not None and not hmac.compare_digest(given.encode(), expected.encode()):
        raise PermissionDeniedError("The set-up code is wrong. The server printed it when it was started.")
    sign_in_attempts.take_back(shop, Subject.ADDRESS, identity)
