"""Drafts of campaigns: created once per form, checked as a whole, changed by whoever has seen the last version."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from datetime import timedelta

from backend.domain.campaigns import (
    EDITABLE,
    VARIANT_KEYS,
    Campaign,
    CampaignState,
    Draft,
    SplitTest,
    Variant,
    WrongStateError,
)
from backend.domain.emails import Kind, TemplateVersion
from backend.domain.ids import new_customer_id
from backend.domain.segment_text import rule_text
from backend.domain.team import Actor, Permission
from backend.domain.text import clean_line, clean_text
from backend.email.rendering.context import build_context
from backend.email.rendering.renderer import compile_template
from backend.errors import InvalidInputError, NotFoundError
from backend.services.campaigns.content import CampaignEmail, are_comparable, drafted_emails, is_sendable
from backend.services.campaigns.saved import CampaignExistsError, change, check_seen, create, read_campaign
from backend.services.context import Shop
from backend.services.segments import audience
from backend.services.shop_settings import get_shop_facts
from backend.services.templates import catalogue

SUBJECT_LENGTH = 300
MOST_TEXT = 100_000
"""Bytes of all values together. Gmail cuts emails off at about that size, and an item of DynamoDB holds 400 KB."""


def new_campaign_id() -> str:
    """The id of a campaign whose form is drawn now: however often it is sent off, one draft is created."""
    return new_customer_id()


def create_campaign(shop: Shop, actor: Actor, draft: Draft, *, campaign_id: str = "") -> Campaign:
    """A new draft. The same id a second time gives the first one's campaign back, if the same person created it.

    Raises: `PermissionDeniedError`, `InvalidInputError` naming the field, `NotFoundError` (template or segment),
    `TemplateError` (a subject that cannot be rendered).
    """
    actor.require(Permission.PLAN_CAMPAIGNS)
    campaign_id = campaign_id or new_campaign_id()
    if not campaign_id.isalnum() or not campaign_id.isascii() or len(campaign_id) > 32:
        raise InvalidInputError("A campaign's id is up to 32 letters and digits.", "id")
    now = shop.clock()
    fresh = Campaign(
        id=campaign_id,
        draft=draft,
        kind=Kind.MARKETING,
        template_version=0,
        segment_name="",
        rule="",
        state=CampaignState.DRAFT,
        created_at=now,
        created_by=actor.username,
        changed_at=now,
    )
    try:
        return create(shop, actor, checked(shop, fresh, draft), "created a campaign")
    except CampaignExistsError:
        first = read_campaign(shop, campaign_id)
        if first.created_by != actor.username:
            raise
        return first


def update_draft(shop: Shop, actor: Actor, campaign_id: str, draft: Draft, *, seen_version: int) -> Campaign:
    """Replaces what is sent, and to whom. The campaign is a draft again: preflight, plan and approval are void.

    Raises: as `create_campaign`; `WrongStateError` once it is scheduled, `StaleReadError`.
    """
    actor.require(Permission.PLAN_CAMPAIGNS)
    before = read_campaign(shop, campaign_id)
    check_seen(before, seen_version)
    if before.state not in EDITABLE:
        raise WrongStateError(f"“{before.name}” is {before.state}; what it sends cannot be changed any more.")
    after = back_to_draft(checked(shop, before, replace(draft, again=before.draft.again)))
    after = replace(after, edited_by=tuple(sorted({*before.edited_by, actor.username})))
    return change(shop, actor, before, after, "changed a campaign")


def duplicate_campaign(shop: Shop, actor: Actor, campaign_id: str, *, new_id: str = "") -> Campaign:
    """A new draft that sends the same to the same segment, in its newest form.

    Raises: as `create_campaign`.
    """
    actor.require(Permission.PLAN_CAMPAIGNS)
    draft = read_campaign(shop, campaign_id).draft
    if draft.again:
        raise WrongStateError("An email is sent again once. Duplicate the first campaign instead.")
    return create_campaign(shop, actor, replace(draft, name=f"{draft.name[:90]} (copy)"), campaign_id=new_id)


def send_again(shop: Shop, actor: Actor, campaign_id: str) -> Campaign:
    """The draft of the campaign that goes to those who got this one and did not open it; there is one for each.

    It sends the better variant, to everybody at once. Its id follows from the first campaign's, so that it exists once
    whoever asks; one that was cancelled before it began makes room for another.

    Raises: as `create_campaign`; `WrongStateError` before the campaign has finished, and for one that is sent again
    already.
    """
    actor.require(Permission.PLAN_CAMPAIGNS)
    first = read_campaign(shop, campaign_id)
    if first.state is not CampaignState.FINISHED:
        raise WrongStateError(f"“{first.name}” is {first.state}; it can be sent again when it has finished.")
    if first.draft.again:
        raise WrongStateError("An email is sent again once.")
    for number in range(2, 10):
        found = _found(shop, f"{first.id}{number}")
        if found is None:
            draft = _again(first.draft, first)
            return create_campaign(shop, actor, draft, campaign_id=f"{first.id}{number}")
        if found.state is not CampaignState.CANCELLED or found.started_at is not None:
            return found
    raise WrongStateError("Sending it again was cancelled too often. Duplicate the campaign instead.")


def _found(shop: Shop, campaign_id: str) -> Campaign | None:
    try:
        return read_campaign(shop, campaign_id)
    except NotFoundError:
        return None


def _again(draft: Draft, first: Campaign) -> Draft:
    draft = replace(draft, name=f"{draft.name[:90]} (again)", test=None, canary=None, holdout=0, again=first.id)
    winner = (
        next((each for each in first.draft.test.variants if each.key == first.winner), None)
        if first.draft.test
        else None
    )
    if winner is None:
        return draft
    return replace(
        draft,
        subject=winner.subject or draft.subject,
        template=winner.template or draft.template,
        fields=draft.fields if winner.fields is None else winner.fields,
    )


def refreshed(shop: Shop, campaign: Campaign) -> Campaign:
    """With the template's version in use and the segment's rule as they are now; the same if they have not changed."""
    latest = checked(shop, campaign, campaign.draft)
    return campaign if latest == campaign else replace(latest, content=campaign.content + 1)


def back_to_draft(campaign: Campaign) -> Campaign:
    """With other contents, and without what was agreed for the old ones."""
    return replace(
        campaign,
        state=CampaignState.DRAFT,
        content=campaign.content + 1,
        planned_recipients=None,
        planned_segment=0,
        needs_approval=False,
        approval=None,
        asked_by="",
        reason="",
    )


def checked(shop: Shop, campaign: Campaign, draft: Draft) -> Campaign:
    """The campaign with this draft, if it can be sent.

    Raises: `InvalidInputError`, `NotFoundError`, `TemplateError`.
    """
    draft = _cleaned(draft)
    version = _sendable(shop, draft.template)
    draft = replace(draft, test=_tested(shop, draft, version))
    emails = drafted_emails(shop, draft)
    for key, email in emails.items():
        _check_email(shop, key, email)
    _check_differences(emails)
    _check_size(emails)
    segment = audience.get_segment(shop, draft.segment_id)
    return replace(
        campaign,
        draft=draft,
        kind=version.facts.kind,
        template_version=version.number,
        segment_name=segment.name,
        rule=rule_text(segment.rule),
    )


def _cleaned(draft: Draft) -> Draft:
    _within(draft.holdout, 0, 50, "The holdout", "holdout")
    _within(draft.result_days, 1, 90, "The days in which orders are counted", "result_days", "days")
    if draft.canary is not None:
        _within(draft.canary.share, 1, 50, "The test group", "canary")
        _waits(draft.canary.wait, "canary")
    if draft.hours is not None and draft.hours.start >= draft.hours.end:
        raise InvalidInputError("The hours for sending end before they begin.", "hours")
    limits = draft.limits
    if not (0 < limits.bounces <= 1 and 0 < limits.complaints <= 1 and 1 <= limits.least <= 1_000_000):
        raise InvalidInputError("The limits are shares above 0%, up to 100%.", "limits")
    return replace(
        draft,
        name=clean_line(draft.name, "Name", longest=100, required=True),
        subject=clean_line(draft.subject, "Subject", longest=SUBJECT_LENGTH),
        fields=_cleaned_fields(draft.fields),
    )


def _cleaned_fields(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: clean_text(value, name, longest=20_000) for name, value in fields.items() if value.strip()}


def _tested(shop: Shop, draft: Draft, own: TemplateVersion) -> SplitTest | None:
    """The test with its versions settled."""
    test = draft.test
    if test is None:
        return None
    _within(test.share, 1, 100, "The share of the test", "test")
    _waits(test.wait, "test")
    if (
        not 2 <= len(test.variants) <= len(VARIANT_KEYS)
        or [each.key for each in test.variants] != list(VARIANT_KEYS)[: len(test.variants)]
    ):
        raise InvalidInputError("A test has two to four variants: A, B, C, D.", "test")
    return replace(test, variants=tuple(_settled(shop, each, own) for each in test.variants))


def _settled(shop: Shop, variant: Variant, own: TemplateVersion) -> Variant:
    """The variant with the version in use of its template, if it has one of its own."""
    subject = clean_line(variant.subject, f"Subject of {variant.key}", longest=SUBJECT_LENGTH)
    fields = None if variant.fields is None else _cleaned_fields(variant.fields)
    if variant.template in ("", own.facts.name):
        return Variant(variant.key, subject, fields=fields)
    other = _sendable(shop, variant.template)
    if not are_comparable(own.facts, other.facts):
        sentence = f"“{other.facts.title}” and “{own.facts.title}” go to different people, so they cannot be compared."
        raise InvalidInputError(f"{sentence} Choose emails about the same topic.", "test")
    return Variant(variant.key, subject, variant.template, other.number, fields)


def _check_email(shop: Shop, key: str, email: CampaignEmail) -> None:
    """Refuses what its fields do not allow, and what cannot be rendered. `key` says in which variant."""
    facts = email.version.facts
    try:
        build_context(facts, get_shop_facts(shop), fields=email.fields)
    except InvalidInputError as error:
        raise InvalidInputError(f"Variant {key}: {error.sentence}" if key else error.sentence, error.field) from error
    compile_template(catalogue.layout(shop), facts.name, facts.kind, email.version.source)


def _check_differences(emails: Mapping[str, CampaignEmail]) -> None:
    seen: dict[Hashable, str] = {}
    for key, email in emails.items():
        facts, subject = email.version.facts, email.version.source.subject
        same = seen.setdefault((facts.name, subject, tuple(sorted(email.fields.items()))), key)
        if same != key:
            what = f"Variants {same} and {key} are the same, so that there is nothing to compare."
            raise InvalidInputError(f"{what} Give one of them another subject, email or text.", "test")


def _check_size(emails: Mapping[str, CampaignEmail]) -> None:
    if sum(len(value.encode()) for email in emails.values() for value in email.fields.values()) > MOST_TEXT:
        raise InvalidInputError(f"The texts are too long: {MOST_TEXT // 1000} KB for all of them together.", "fields")


def _sendable(shop: Shop, template: str) -> TemplateVersion:
    version = catalogue.current_version(shop, template)
    if not is_sendable(version.facts):
        title = version.facts.title
        raise InvalidInputError(f"“{title}” is about one order or for the team; a campaign cannot send it.", "template")
    return version


def _within(value: int, least: int, most: int, label: str, field: str, unit: str = "percent") -> None:
    if not least <= value <= most:
        raise InvalidInputError(f"{label} is between {least} and {most} {unit}.", field)


def _waits(wait: timedelta, field: str) -> None:
    if not timedelta() <= wait <= timedelta(days=7):
        raise InvalidInputError("The waiting time is up to seven days.", field)
