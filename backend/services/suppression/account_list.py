"""Reads the account's own suppression list, imports it into ours, and adds ours to it; a page at a time.

Each step is bounded and returns the cursor of the next one, so a run that is stopped in between can be continued.
Repeating a step changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.domain.customers import clean_email, email_identity
from backend.domain.suppression import Cause, Suppression, SuppressionReason
from backend.domain.team import Actor, Permission
from backend.email.transports.account_list import REASONS, AccountEntry, AccountList
from backend.errors import InvalidInputError
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.suppression.entries import add_cause, list_suppressions, suppressed

SOURCE = "account list"
TAKEN_AT_ONCE = 200
PUSHED_AT_ONCE = 50
"""Each is a request to SES, which allows a few a second."""


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An entry of the account's list; `here` is whether our list has the address for this reason too."""

    address: str
    reason: SuppressionReason
    at: datetime
    here: bool


@dataclass(frozen=True, slots=True)
class AccountLines:
    """One page. `cursor` is that of the next page; None on the last one."""

    lines: list[AccountLine]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class SyncStep:
    """How many entries a step looked at and how many of them were new there. The next step begins at `cursor`."""

    seen: int
    changed: int
    cursor: str | None

    @property
    def finished(self) -> bool:
        return self.cursor is None


def read_account_list(
    shop: Shop, actor: Actor, account: AccountList, *, limit: int = 100, cursor: str | None = None
) -> AccountLines:
    """One page of the account's list. It calls the provider, which is too slow for the script of a page.

    Raises: `PermissionDeniedError`, `AccountListError`.
    """
    actor.require(Permission.VIEW_EMAIL)
    page = account.page(limit, cursor)
    ours = _ours(shop, page.entries)
    lines = [AccountLine(each.address, each.reason, each.at, _is_here(each, ours)) for each in page.entries]
    return AccountLines(lines, page.cursor)


def take_over(
    shop: Shop, actor: Actor, account: AccountList, *, limit: int = TAKEN_AT_ONCE, cursor: str | None = None
) -> SyncStep:
    """Adds a page of the account's list to ours.

    Raises: `PermissionDeniedError`, `AccountListError`.
    """
    actor.require(Permission.MANAGE_SUPPRESSION)
    page = account.page(limit, cursor)
    ours = _ours(shop, page.entries)
    missing = [each for each in page.entries if not _is_here(each, ours)]
    changed = sum(_added(shop, actor, each) for each in missing)
    if changed:
        detail = f"{changed} of {len(page.entries)} addresses were new"
        audit_log.note(shop, actor, "took over the account's suppression list", "suppression list", detail)
    return SyncStep(len(page.entries), changed, page.cursor)


def push(
    shop: Shop, actor: Actor, account: AccountList, *, limit: int = PUSHED_AT_ONCE, cursor: str | None = None
) -> SyncStep:
    """Adds bounces and complaints of a page of our list to the account's. `changed` counts what was sent there.

    Raises: `PermissionDeniedError`, `AccountListError`, `InvalidInputError` for a cursor from another list.
    """
    actor.require(Permission.MANAGE_SUPPRESSION)
    page = list_suppressions(shop, actor, limit=limit, cursor=cursor)
    known = [entry for entry in page.entries if not entry.is_erased]
    wanted = [(entry.address, reason) for entry in known if (reason := _reason_there(entry)) is not None]
    for address, reason in wanted:
        account.add(address, reason)
    if wanted:
        detail = f"{len(wanted)} addresses"
        audit_log.note(shop, actor, "filled the account's suppression list", "suppression list", detail)
    return SyncStep(len(page.entries), len(wanted), page.cursor)


def _ours(shop: Shop, entries: list[AccountEntry]) -> dict[str, Suppression]:
    return suppressed(shop, [each.address for each in entries])


def _is_here(entry: AccountEntry, ours: dict[str, Suppression]) -> bool:
    found = ours.get(email_identity(entry.address))
    return found is not None and any(cause.reason is entry.reason for cause in found.causes)


def _added(shop: Shop, actor: Actor, entry: AccountEntry) -> bool:
    """Whether it is new here; an invalid address is skipped."""
    try:
        address = clean_email(entry.address)
    except InvalidInputError:
        return False
    return add_cause(shop, address, Cause(entry.reason, entry.at, SOURCE, actor.username)).changed


def _reason_there(entry: Suppression) -> SuppressionReason | None:
    """Why the account's list should have the address: it knows bounces and complaints only."""
    known = set(REASONS.values())
    return next((cause.reason for cause in entry.causes if cause.reason in known), None)
