"""Sending an invitation to a member of the team."""

from __future__ import annotations

import streamlit as st

from backend.domain.emails import TemplateFacts
from backend.domain.team import Actor, Member, Permission
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.sending.by_hand import invitable_members, invite_member, last_invitation
from backend.services.sending.requests import new_click_key
from backend.services.templates.previews import Recipient
from pages.components.sending import form, progress
from pages.components.ui import actions, formats
from pages.components.ui.shell import current_shop, mailer
from pages.components.ui.state import Slot

_KEY: Slot[str] = Slot("invitation.key")


def show(shop: Shop, actor: Actor, template: TemplateFacts) -> None:
    """The whole way to an invitation from the page for sending."""
    member = _choose_member(shop, actor)
    if member is None:
        return
    form.prefill(template, "inviter", actor.name or actor.username)
    fields = form.enter_fields(template)
    last = last_invitation(shop, member)
    if last is not None:
        form.ask_why_again(shop, last, "this person")
    sendable = progress.show_preview(shop, template, Recipient(fields=fields, username=member.username))
    actions.button(
        "Send again" if last else "Send",
        _send,
        template.name,
        member.username,
        dict(fields),
        "" if sendable else form.INCOMPLETE,
        key="send_invitation",
        type="primary",
        icon=":material/send:",
    )


def _choose_member(shop: Shop, actor: Actor) -> Member | None:
    members = {member.username: member for member in invitable_members(shop, actor)}
    wanted = st.query_params.get("member", "")
    chosen = st.selectbox(
        "Team member",
        list(members),
        index=list(members).index(wanted) if wanted in members else None,
        format_func=lambda username: f"{members[username].name} ({members[username].email})",
        placeholder="Choose a member",
        key="send_member",
    )
    return members[chosen] if chosen else None


def _send(template: str, username: str, fields: dict[str, str], missing: str) -> None:
    def send(actor: Actor) -> None:
        form.check_unchanged(template, fields)
        if missing:
            raise InvalidInputError(missing)
        again = form.reason_typed()
        requested = invite_member(current_shop(), mailer(), actor, username, form.key(), fields=fields, again=again)
        form.requested(requested)

    actions.act(Permission.MANAGE_TEAM, send, "")


def show_button(shop: Shop, member: Member) -> None:
    """On the page of the team: what is known of the last invitation, and the button for one."""
    last = last_invitation(shop, member)
    if last is not None:
        when = formats.moment(shop, last.sent_at or last.requested_at)
        st.caption(formats.plain(f"Invited on {when}; the email is {last.status.value}."))
        st.text_input("Reason for sending again", key=_why(member).key, persist_state="session", max_chars=200)
    actions.button(
        "Invite again" if last else "Send an invitation",
        _invite,
        member,
        key=f"invite_{member.username}",
        icon=":material/mail:",
    )


def _why(member: Member) -> Slot[str]:
    """What was typed last, which is newer than what the button was rendered with."""
    return Slot(f"invitation.why.{member.username}")


def _invite(member: Member) -> None:
    def send(actor: Actor) -> None:
        again = _why(member).get() or ""
        invite_member(current_shop(), mailer(), actor, member.username, _KEY.once(new_click_key), again=again)
        _KEY.clear()

    actions.act(Permission.MANAGE_TEAM, send, f"{member.name} gets an invitation.")
