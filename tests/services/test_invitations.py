"""Invitations: a member of the team gets one a click, at their own address, and again only with a reason."""

from __future__ import annotations

import pytest

from backend.domain.messages import MessageStatus, SkipReason
from backend.domain.suppression import SuppressionReason
from backend.domain.team import COMMAND_LINE, Member, Role
from backend.email.transports.recording import RecordingTransport
from backend.errors import ConflictError, InvalidInputError, NotFoundError, PermissionDeniedError
from backend.services.context import Shop
from backend.services.sending.by_hand import invitable_members, invite_member, last_invitation
from backend.services.sending.delivery import deliver_one
from backend.services.suppression.entries import add_suppression
from backend.services.team import members
from tests.services.test_mailing import mailer_on
from tests.services.test_repairing import audit_entries
from tests.support import ADMIN, MANAGER


def member(shop: Shop, username: str = "olga") -> Member:
    address = f"{username}@example.com"
    return members.add_member(
        shop, COMMAND_LINE, username=username, name="Olga Petrova", email=address, role=Role.STAFF
    )


def test_an_invitation_goes_to_the_member_with_username_link_and_inviter(shop: Shop) -> None:
    mailer = mailer_on(shop)
    asked = invite_member(shop, mailer, ADMIN, member(shop).username, "click-1")
    assert deliver_one(shop, mailer, asked.message).status is MessageStatus.SENT
    assert isinstance(mailer.transport, RecordingTransport)
    (email,) = mailer.transport.submitted
    assert email.to == "olga@example.com"
    assert "Ada invites you to the team" in email.subject
    assert "olga" in email.text
    assert mailer.links.base_url in email.text


def test_one_click_invites_once_and_leaves_one_entry_in_the_audit_log(shop: Shop) -> None:
    mailer, olga = mailer_on(shop), member(shop)
    first = invite_member(shop, mailer, ADMIN, olga.username, "click-1")
    second = invite_member(shop, mailer, ADMIN, olga.username, "click-1")
    assert (first.duplicate, second.duplicate) == (False, True)
    assert [entry.target for entry in audit_entries(shop) if entry.action == "invited a member of the team"] == [
        "member:olga"
    ]
    assert last_invitation(shop, olga) == first.message


def test_another_invitation_needs_a_reason(shop: Shop) -> None:
    mailer, olga = mailer_on(shop), member(shop)
    invite_member(shop, mailer, ADMIN, olga.username, "click-1")
    with pytest.raises(InvalidInputError, match="was invited before"):
        invite_member(shop, mailer, ADMIN, olga.username, "click-2")
    again = invite_member(shop, mailer, ADMIN, olga.username, "click-2", again="Deleted it.")
    assert again.message.reason == "Sent again: Deleted it."


def test_who_may_not_sign_in_is_not_invited(shop: Shop) -> None:
    mailer, olga = mailer_on(shop), member(shop)
    assert invitable_members(shop, ADMIN) == [olga]
    members.disable(shop, ADMIN, olga.username)
    assert invitable_members(shop, ADMIN) == []
    with pytest.raises(ConflictError, match="may not sign in"):
        invite_member(shop, mailer, ADMIN, olga.username, "click-1")
    with pytest.raises(NotFoundError):
        invite_member(shop, mailer, ADMIN, "nobody", "click-1")


def test_only_who_manages_the_team_invites(shop: Shop) -> None:
    with pytest.raises(PermissionDeniedError):
        invite_member(shop, mailer_on(shop), MANAGER, member(shop).username, "click-1")


@pytest.mark.parametrize("when", ["before the request", "before it is sent"])
def test_a_member_whose_address_is_on_the_suppression_list_gets_no_email(shop: Shop, when: str) -> None:
    mailer, olga = mailer_on(shop), member(shop)
    if when == "before the request":
        add_suppression(shop, olga.email, SuppressionReason.HARD_BOUNCE, source="event")
    asked = invite_member(shop, mailer, ADMIN, olga.username, "click-1")
    add_suppression(shop, olga.email, SuppressionReason.HARD_BOUNCE, source="event")
    found = deliver_one(shop, mailer, asked.message)
    assert (found.status, found.reason) == (MessageStatus.SKIPPED, SkipReason.BOUNCED.value)


def test_a_member_who_only_left_the_newsletter_is_invited(shop: Shop) -> None:
    mailer, olga = mailer_on(shop), member(shop)
    add_suppression(shop, olga.email, SuppressionReason.UNSUBSCRIBED, source="link")
    asked = invite_member(shop, mailer, ADMIN, olga.username, "click-1")
    assert deliver_one(shop, mailer, asked.message).status is MessageStatus.SENT
