"""Creates, changes, switches on and off, and deletes automations. Each change is in the audit log."""

from __future__ import annotations

import secrets
from dataclasses import replace

from backend.domain.automations import MOST_AUTOMATIONS, PREFIX, Automation, checked
from backend.domain.emails import Need
from backend.domain.team import Actor, Permission
from backend.errors import AlreadyExistsError, ConflictError, InvalidInputError, NotFoundError
from backend.records.automations import automation_from, automation_item
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.templates import catalogue, previews
from backend.services.triggers import active
from backend.store import schema
from backend.store.port import Absent, Delete, Equals, Put, Write


class AutomationExistsError(AlreadyExistsError):
    """An automation with this id was created already."""


def new_automation_id() -> str:
    """The id for a new form: submitting it more than once creates one automation."""
    return f"{PREFIX}{secrets.token_hex(4)}"


def get_automation(shop: Shop, automation_id: str) -> Automation:
    """Raises: `NotFoundError`."""
    item = shop.store.get(schema.automation_key(automation_id)) if automation_id else None
    if item is None:
        raise NotFoundError("This automation does not exist.")
    return automation_from(automation_id, item)


def create_automation(shop: Shop, actor: Actor, automation: Automation) -> Automation:
    """Adds an automation, switched off. A second call with the same id returns the existing one.

    Raises: `PermissionDeniedError`, `InvalidInputError`.
    """
    actor.require(Permission.EDIT_AUTOMATIONS)
    made = replace(_checked(shop, automation), on=False, active_from=None, created_at=shop.clock(), version=1)
    if len(active.all_automations(shop)) >= MOST_AUTOMATIONS:
        raise InvalidInputError(f"You have {MOST_AUTOMATIONS} automations, the maximum. Delete one first.")
    taken = AutomationExistsError("This automation was created already.")
    put = Put(schema.automation_key(made.id), automation_item(made), Absent(), taken)
    try:
        shop.store.transact([put, audit_log.entry(shop, actor, "created an automation", _target(made), made.name)])
    except AutomationExistsError:
        return get_automation(shop, made.id)
    active.forget(shop)
    return made


def change_automation(shop: Shop, actor: Actor, automation: Automation) -> Automation:
    """Replaces name, trigger, steps and exits of the version that the person has seen; on or off stays as it is.

    Waiting triggers keep their time, and follow the new steps from then on.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`, `InvalidInputError` (also for another trigger
    while it is on).
    """
    actor.require(Permission.EDIT_AUTOMATIONS)
    stored = _seen(shop, automation.id, automation.version)
    wanted = _checked(shop, automation)
    if stored.on and wanted.kind is not stored.kind:
        raise InvalidInputError("Switch the automation off before you change what starts it.", "kind")
    after = replace(
        stored, name=wanted.name, kind=wanted.kind, steps=wanted.steps, exits=wanted.exits, version=stored.version + 1
    )
    if after.on:
        _check_sendable(shop, after)
    return _write(shop, actor, stored, after, "changed an automation")


def switch_on(shop: Shop, actor: Actor, automation_id: str, seen_version: int) -> Automation:
    """Lets events start it, within seconds. One that is on stays as it is.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`, `InvalidInputError` (an email that cannot be
    sent).
    """
    actor.require(Permission.EDIT_AUTOMATIONS)
    stored = _seen(shop, automation_id, seen_version)
    if stored.on:
        return stored
    _check_sendable(shop, stored)
    after = replace(stored, on=True, active_from=shop.clock() + active.LEAD, version=stored.version + 1)
    return _write(shop, actor, stored, after, "switched on an automation")


def switch_off(shop: Shop, actor: Actor, automation_id: str, seen_version: int) -> Automation:
    """Stops events from starting it; triggers that come due while it is off end. One that is off stays as it is.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`.
    """
    actor.require(Permission.EDIT_AUTOMATIONS)
    stored = _seen(shop, automation_id, seen_version)
    if not stored.on:
        return stored
    after = replace(stored, on=False, active_from=None, version=stored.version + 1)
    return _write(shop, actor, stored, after, "switched off an automation")


def delete_automation(shop: Shop, actor: Actor, automation_id: str, seen_version: int) -> None:
    """Deletes an automation that is off, with its figures; its waiting triggers end when they are due.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`, `InvalidInputError` (it is on).
    """
    actor.require(Permission.EDIT_AUTOMATIONS)
    stored = _seen(shop, automation_id, seen_version)
    if stored.on:
        raise InvalidInputError("Switch the automation off before you delete it.")
    gone: Write = Delete(schema.automation_key(stored.id), Equals("version", stored.version), _changed(stored))
    shop.store.transact([gone, audit_log.entry(shop, actor, "deleted an automation", _target(stored), stored.name)])
    active.forget(shop)


def sending(shop: Shop, template: str) -> list[Automation]:
    """The automations that are on and send this template by themselves."""
    return [
        automation
        for automation in active.all_automations(shop)
        if automation.on and any(step.template == template for step in automation.steps)
    ]


def _seen(shop: Shop, automation_id: str, version: int) -> Automation:
    stored = get_automation(shop, automation_id)
    if stored.version != version:
        raise _changed(stored)
    return stored


def _changed(automation: Automation) -> ConflictError:
    return ConflictError(f"Someone else has changed “{automation.name}”.")


def _write(shop: Shop, actor: Actor, before: Automation, after: Automation, action: str) -> Automation:
    put = Put(
        schema.automation_key(after.id), automation_item(after), Equals("version", before.version), _changed(before)
    )
    shop.store.transact([put, audit_log.entry(shop, actor, action, _target(after), after.name)])
    active.forget(shop)
    return after


def _target(automation: Automation) -> str:
    return f"automation:{automation.id}"


def _checked(shop: Shop, automation: Automation) -> Automation:
    """The automation cleaned, with emails that exist and that its trigger can fill.

    Raises: `InvalidInputError`.
    """
    clean = checked(automation)
    for number, step in enumerate(clean.steps, 1):
        try:
            facts = catalogue.state_of(shop, step.template).facts
        except NotFoundError as error:
            raise InvalidInputError(f"Step {number}: choose the email that it sends.", "template") from error
        if Need.MEMBER in facts.needs:
            raise InvalidInputError(f"Step {number}: “{facts.title}” is for the team, not for customers.", "template")
        if Need.ORDER in facts.needs and not clean.kind.about_order:
            raise InvalidInputError(f"Step {number}: “{facts.title}” is about an order; there is none.", "template")
    return clean


def _check_sendable(shop: Shop, automation: Automation) -> None:
    """Raises: `InvalidInputError` for what would fail for everybody."""
    for number, step in enumerate(automation.steps, 1):
        version = catalogue.current_version(shop, step.template)
        missing = [each.label for each in version.facts.fields if each.required and not step.fields.get(each.name)]
        if missing:
            raise InvalidInputError(f"Step {number}: “{version.facts.title}” needs: {', '.join(missing)}.", "fields")
        if problems := previews.problems_of(shop, version):
            raise InvalidInputError(f"Step {number}: “{version.facts.title}” cannot be sent: {problems[0]}", "template")
