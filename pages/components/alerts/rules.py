"""The rules with their thresholds, and who is notified. What is changed refers to the settings that the person saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time

import streamlit as st

from backend.domain.alerts import RULES, Adjusted, AlertSettings, Rule, Unit
from backend.domain.team import Actor, Permission
from backend.services.alerts.settings import adjust_rule, change_notifications, get_alert_settings, recipients_of
from backend.services.context import Shop
from backend.services.team.members import members_of
from pages.components.ui import actions, formats, forms
from pages.components.ui.actions import Trouble
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop, settings


@dataclass(frozen=True, slots=True)
class _Seen:
    """A rule and the settings as they were when the dialog was opened."""

    rule: Rule
    settings: AlertSettings


@dataclass(frozen=True, slots=True)
class _Notifications:
    """The fields of the form, by their keys."""

    recipients: list[str]
    quiet_from: time
    quiet_to: time
    remind: int


def show_notifications(shop: Shop, actor: Actor) -> None:
    """Who is notified, how, and when not."""
    given = get_alert_settings(shop)
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown("**Recipients**", width="content")
            if actor.may(Permission.EDIT_ALERTS):
                NOTIFICATIONS.opener("Change", given, icon=":material/edit:")
        names = [member.name or member.username for member in recipients_of(shop, given)]
        everybody = "" if given.recipients else " (all engineers and admins)"
        by_email = f"{formats.listed(names)}{everybody}" if names else "nobody"
        st.markdown(f":material/mail: By email: {formats.plain(by_email)}")
        hook = "set by ALERT_WEBHOOK_URL" if settings().alert_webhook_url.get_secret_value() else "none is set"
        st.markdown(f":material/webhook: By webhook: {formats.plain(hook)}")
        st.caption(formats.plain(f"{_quiet(shop, given)} {_reminders(given)}"))


def _quiet(shop: Shop, given: AlertSettings) -> str:
    if given.quiet_from == given.quiet_to:
        return "No quiet hours."
    hours = f"{formats.time_of_day(shop, given.quiet_from)} to {formats.time_of_day(shop, given.quiet_to)}"
    return f"From {hours} only urgent alerts are sent; the rest follow afterwards."


def _reminders(given: AlertSettings) -> str:
    if not given.remind_hours:
        return "No reminders."
    return f"Reminders every {given.remind_hours} hours while an alert is open."


def show_rules(shop: Shop, actor: Actor) -> None:
    """Each rule with its threshold, and the way to change it."""
    given = get_alert_settings(shop)
    st.header("Rules", anchor=False)
    with st.container(border=True, gap="small"):
        for rule in RULES:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(_described(shop, rule, given.of(rule)), width="stretch")
                if actor.may(Permission.EDIT_ALERTS):
                    st.button(
                        "Adjust",
                        icon=":material/tune:",
                        key=f"adjust_{rule.name}",
                        help=formats.plain(rule.title),
                        on_click=RULE.open,
                        args=(_Seen(rule, given),),
                    )


def _described(shop: Shop, rule: Rule, adjusted: Adjusted) -> str:
    words = f"**{formats.plain(rule.title)}** "
    if not adjusted.on:
        words += formats.badge("Off", "gray", ":material/notifications_off:")
    elif not rule.fixed:
        words += formats.badge(f"Over {_figure(rule, adjusted.threshold)}", "blue")
    if rule.urgent:
        words += " " + formats.badge("Urgent", "orange", ":material/priority_high:")
    return f"{words}  \n:small[:gray[{formats.plain(rule.what)}]]"


def _figure(rule: Rule, threshold: float) -> str:
    if rule.unit is Unit.PERCENT:
        return f"{threshold:g}%"
    if rule.unit is Unit.SECONDS and threshold >= 120 and threshold % 60 == 0:
        return f"{threshold / 60:g} minutes"
    return f"{threshold:g} {rule.unit}".strip()


def _draw_rule(seen: _Seen) -> None:
    rule, before = seen.rule, seen.settings.of(seen.rule)
    st.markdown(f"**{formats.plain(rule.title)}**  \n{formats.plain(rule.what)}")
    form = _rule_form(rule, seen.settings)
    with form.area():
        on = st.toggle("On", before.on, key=form.key("on"), persist_state="session")
        threshold = before.threshold
        if not rule.fixed:
            label = f"Threshold in {rule.unit}" if rule.unit is not Unit.COUNT else "Threshold"
            threshold = st.number_input(
                label,
                min_value=0.0,
                value=float(before.threshold),
                step=_step(rule),
                key=form.key("threshold"),
                persist_state="session",
            )
            st.caption(formats.plain(f"Default: {_figure(rule, rule.threshold)}."))
        pressed = form.pressed("Save", icon=":material/save:", stretch=False)
    if pressed:
        wanted = Adjusted(float(threshold), on)
        saved = actions.attempt(
            Permission.EDIT_ALERTS,
            lambda actor: adjust_rule(current_shop(), actor, rule.name, wanted, version=seen.settings.version),
            f"Rule “{rule.title}” saved.",
        )
        _finish(saved, form, RULE, lambda newest: _begin_rule(rule, newest, before, wanted))


def _rule_form(rule: Rule, seen: AlertSettings) -> Form:
    return Form("alert_rule", f"{rule.name}_{seen.version}")


def _begin_rule(rule: Rule, newest: AlertSettings, before: Adjusted, typed: Adjusted) -> None:
    _rule_form(rule, newest).begin(forms.changed(before, typed))
    RULE.open(_Seen(rule, newest))


def _step(rule: Rule) -> float:
    return 0.1 if rule.unit is Unit.PERCENT else 1.0


def _draw_notifications(seen: AlertSettings) -> None:
    members = {member.username: member for member in members_of(current_shop()) if not member.disabled}
    form = _notifications_form(seen)
    with form.area():
        recipients = st.multiselect(
            "By email to",
            list(members),
            [name for name in seen.recipients if name in members],
            format_func=lambda username: members[username].name or username,
            placeholder="All engineers and admins",
            key=form.key("recipients"),
            persist_state="session",
        )
        with st.container(horizontal=True):
            quiet_from = st.time_input(
                "Quiet from",
                seen.quiet_from,
                format=formats.clock_of(current_shop()),
                key=form.key("quiet_from"),
                persist_state="session",
            )
            quiet_to = st.time_input(
                "Quiet to",
                seen.quiet_to,
                format=formats.clock_of(current_shop()),
                key=form.key("quiet_to"),
                persist_state="session",
                help="Same time in both fields: no quiet hours.",
            )
        remind = st.number_input(
            "Remind after hours",
            min_value=0,
            max_value=168,
            value=seen.remind_hours,
            help="0 means never.",
            key=form.key("remind"),
            persist_state="session",
        )
        pressed = form.pressed("Save", icon=":material/save:", stretch=False)
    if pressed:
        typed = _Notifications(recipients, quiet_from, quiet_to, int(remind))
        before = _Notifications(
            [name for name in seen.recipients if name in members], seen.quiet_from, seen.quiet_to, seen.remind_hours
        )
        saved = actions.attempt(
            Permission.EDIT_ALERTS,
            lambda actor: change_notifications(
                current_shop(),
                actor,
                recipients=recipients,
                quiet_from=quiet_from,
                quiet_to=quiet_to,
                remind_hours=int(remind),
                version=seen.version,
            ),
            "Recipients saved.",
        )
        _finish(saved, form, NOTIFICATIONS, lambda newest: _begin_notifications(newest, before, typed))


def _notifications_form(seen: AlertSettings) -> Form:
    return Form("alert_notifications", str(seen.version))


def _begin_notifications(newest: AlertSettings, before: _Notifications, typed: _Notifications) -> None:
    _notifications_form(newest).begin(forms.changed(before, typed))
    NOTIFICATIONS.open(newest)


def _finish(
    saved: AlertSettings | Trouble,
    form: Form,
    dialog: Dialog[_Seen] | Dialog[AlertSettings],
    begin: Callable[[AlertSettings], None],
) -> None:
    """Closes the dialog. When somebody else was faster, `begin` opens it with their version and what was typed."""
    if isinstance(saved, Trouble):
        actions.show_trouble(saved)
        if saved.stale:

            def keep() -> None:
                form.done()
                begin(get_alert_settings(current_shop()))

            def discard() -> None:
                form.done()
                dialog.close()

            forms.show_overtaken(keep, discard)
        return
    form.done()
    dialog.close()
    st.rerun()


RULE: Dialog[_Seen] = Dialog("alert_rule", "Adjust a rule", _draw_rule, icon=":material/tune:")
NOTIFICATIONS: Dialog[AlertSettings] = Dialog(
    "alert_notifications", "Recipients", _draw_notifications, icon=":material/group:"
)
