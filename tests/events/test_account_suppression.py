"""The account's suppression list is read by pages, taken over and filled; doing so again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from backend.domain.suppression import SuppressionReason
from backend.email.transports.account_list import AccountList, AccountListError, FileAccountList
from backend.email.transports.account_list_ses import SesAccountList
from backend.errors import PermissionDeniedError
from backend.services.audit.log import AuditFilter, list_entries
from backend.services.context import Shop
from backend.services.suppression.account_list import SyncStep, push, read_account_list, take_over
from backend.services.suppression.entries import add_suppression, find_suppression
from tests.support import ADMIN, ENGINEER, MANAGER, NOW, TestClock

BOUNCE, COMPLAINT = SuppressionReason.HARD_BOUNCE, SuppressionReason.COMPLAINT


class FakeSes:
    """As much of SES API v2 as the list needs; two entries a page at most."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}

    def list_suppressed_destinations(self, **wanted: Any) -> Mapping[str, Any]:
        later = sorted(address for address in self.entries if address > wanted.get("NextToken", ""))
        page = later[: min(2, wanted["PageSize"])]
        summaries = [
            {"EmailAddress": address, "Reason": self.entries[address], "LastUpdateTime": NOW} for address in page
        ]
        more = {"NextToken": page[-1]} if len(later) > len(page) else {}
        return {"SuppressedDestinationSummaries": summaries} | more

    def put_suppressed_destination(self, **wanted: Any) -> Mapping[str, Any]:
        self.entries[wanted["EmailAddress"]] = wanted["Reason"]
        return {}

    def delete_suppressed_destination(self, **wanted: Any) -> Mapping[str, Any]:
        if wanted["EmailAddress"] not in self.entries:
            raise ClientError({"Error": {"Code": "NotFoundException"}}, "DeleteSuppressedDestination")
        del self.entries[wanted["EmailAddress"]]
        return {}


@pytest.fixture(params=["file", "ses"])
def account(request: pytest.FixtureRequest, tmp_path: Path) -> AccountList:
    if request.param == "file":
        return FileAccountList(tmp_path / "account.json", TestClock())
    client = FakeSes()
    return SesAccountList(lambda: client)


def all_steps(step: Callable[[str | None], SyncStep]) -> tuple[int, int]:
    """Seen and changed of all steps together."""
    seen = changed = 0
    cursor: str | None = None
    while True:
        done = step(cursor)
        seen, changed, cursor = seen + done.seen, changed + done.changed, done.cursor
        if done.finished:
            return seen, changed


def addresses(shop: Shop, account: AccountList) -> dict[str, tuple[SuppressionReason, bool]]:
    found: dict[str, tuple[SuppressionReason, bool]] = {}
    cursor: str | None = None
    while True:
        page = read_account_list(shop, ENGINEER, account, limit=2, cursor=cursor)
        found |= {line.address: (line.reason, line.here) for line in page.lines}
        cursor = page.cursor
        if cursor is None:
            return found


def test_the_list_is_read_by_pages_and_says_what_we_have_too(shop: Shop, account: AccountList) -> None:
    for number in range(5):
        account.add(f"a{number}@example.com", BOUNCE)
    add_suppression(shop, "A1@example.com", BOUNCE, source="event")
    add_suppression(shop, "a2@example.com", SuppressionReason.MANUAL, source="staff")
    here = {address: here for address, (_, here) in addresses(shop, account).items()}
    assert here == {f"a{number}@example.com": number == 1 for number in range(5)}


def test_what_is_there_is_taken_over_once_with_its_reason(shop: Shop, account: AccountList) -> None:
    account.add("a@example.com", BOUNCE)
    account.add("b@example.com", COMPLAINT)
    account.add("c@example.com", BOUNCE)
    add_suppression(shop, "c@example.com", BOUNCE, source="event")
    assert all_steps(lambda cursor: take_over(shop, ADMIN, account, limit=2, cursor=cursor)) == (3, 2)
    assert all_steps(lambda cursor: take_over(shop, ADMIN, account, limit=2, cursor=cursor)) == (3, 0)
    found = find_suppression(shop, "b@example.com")
    assert found is not None
    assert (found.reason, found.causes[0].source, found.causes[0].by) == (COMPLAINT, "account list", "ada")
    actions = [entry.action for entry in list_entries(shop, ADMIN, AuditFilter("2026-11")).entries]
    assert set(actions) == {"took over the account's suppression list"}


def test_ours_is_pushed_there_but_only_bounces_and_complaints(shop: Shop, account: AccountList) -> None:
    for address, reason in (("a", BOUNCE), ("b", COMPLAINT), ("c", SuppressionReason.UNSUBSCRIBED)):
        add_suppression(shop, f"{address}@example.com", reason, source="event")
    add_suppression(shop, "c@example.com", SuppressionReason.MANUAL, source="staff")
    assert all_steps(lambda cursor: push(shop, ADMIN, account, limit=2, cursor=cursor)) == (3, 2)
    assert addresses(shop, account) == {"a@example.com": (BOUNCE, True), "b@example.com": (COMPLAINT, True)}


def test_an_address_is_removed_once(account: AccountList) -> None:
    account.add("a@example.com", BOUNCE)
    assert [account.remove("a@example.com"), account.remove("a@example.com")] == [True, False]


def test_who_may_not_change_the_list_changes_neither(shop: Shop, account: AccountList) -> None:
    for verb in (take_over, push):
        with pytest.raises(PermissionDeniedError):
            verb(shop, MANAGER, account)


def test_a_provider_that_refuses_or_is_silent_is_said_so(shop: Shop) -> None:
    errors = (
        ClientError({"Error": {"Code": "TooManyRequestsException"}}, "ListSuppressedDestinations"),
        EndpointConnectionError(endpoint_url="https://email.eu-central-1.amazonaws.com"),
    )
    for error in errors:

        class Refusing(FakeSes):
            def list_suppressed_destinations(self, *, error: Exception = error, **wanted: Any) -> Mapping[str, Any]:
                raise error

        with pytest.raises(AccountListError):
            read_account_list(shop, ENGINEER, SesAccountList(Refusing))


def test_several_that_add_to_the_file_at_once_all_count(tmp_path: Path) -> None:
    account = FileAccountList(tmp_path / "account.json", TestClock())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: account.add(f"a{number}@example.com", BOUNCE), range(40)))
    assert len(account.page(100).entries) == 40


def test_a_spoilt_file_is_said_so_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    path.write_text("{")
    account = FileAccountList(path, TestClock())
    with pytest.raises(AccountListError):
        account.page(10)
    with pytest.raises(AccountListError):
        account.add("a@example.com", BOUNCE)
    assert path.read_text() == "{"
