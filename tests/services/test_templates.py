"""Templates: which there are, which version is in use, and editing without losing anybody's words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.domain.emails import Kind, TemplateSource, TemplateVersion
from backend.domain.team import Actor
from backend.domain.templates import WorkingCopy
from backend.errors import ConflictError, InvalidInputError, NotFoundError, PermissionDeniedError
from backend.services import shop_settings
from backend.services.context import Shop
from backend.services.templates import catalogue, versions
from backend.services.templates.catalogue import keep_edition, read_edition
from tests.services.emails import edited, published
from tests.support import ADMIN, ENGINEER, MANAGER, STAFF, TestClock, outcomes_of

NAME = "order-confirmation"


def test_at_least_twelve_templates_are_shipped_and_in_use_as_version_0(shop: Shop) -> None:
    states = catalogue.list_templates(shop)
    assert len(states) >= 12
    assert {state.number for state in states} == {0}
    assert {state.facts.kind for state in states} == set(Kind)


def test_a_published_version_is_in_use_and_says_by_whom_and_why(shop: Shop, clock: TestClock) -> None:
    version = published(shop, NAME, subject="Thank you for {{ order.number }}", note="Shorter")
    state = catalogue.state_of(shop, NAME)
    assert (state.number, state.published_by, state.note, state.published_at) == (1, "sam", "Shorter", clock.now)
    assert catalogue.current_version(shop, NAME) == version
    assert catalogue.version(shop, NAME, 0).source.subject != version.source.subject


def test_a_published_version_never_changes(shop: Shop) -> None:
    first = published(shop, NAME, subject="One")
    published(shop, NAME, subject="Two")
    assert catalogue.version(shop, NAME, 1) == first


def test_each_version_shows_what_it_changed(shop: Shop) -> None:
    published(shop, NAME, subject="One")
    published(shop, NAME, subject="Two", preheader="A preheader")
    newest, first, shipped = versions.list_versions(shop, NAME)
    assert [each.version.number for each in (newest, first, shipped)] == [2, 1, 0]
    assert "--- Subject, version 1\n+++ Subject, version 2" in newest.difference
    assert "\n-One\n+Two" in newest.difference
    assert "+A preheader" in newest.difference
    assert "Body" not in newest.difference
    assert shipped.difference == ""


def test_any_version_can_be_restored_as_a_new_one(shop: Shop) -> None:
    published(shop, NAME, subject="One")
    restored = versions.restore(shop, STAFF, NAME, 0, seen_number=1)
    assert (restored.number, restored.note) == (2, "Restored version 0")
    assert restored.source == catalogue.version(shop, NAME, 0).source


def test_a_working_copy_is_shared_and_shows_who_edits(shop: Shop) -> None:
    copy = edited(shop, NAME, subject="Draft")
    assert versions.get_working_copy(shop, NAME) == copy
    assert (copy.revision, copy.base, copy.edited_by) == (1, 0, "sam")
    assert catalogue.state_of(shop, NAME).edited_by == "sam"
    assert catalogue.current_version(shop, NAME).number == 0


def test_a_working_copy_may_be_broken_but_not_published(shop: Shop) -> None:
    copy = edited(shop, NAME, body="<mj-section>")
    with pytest.raises(InvalidInputError, match="line 1 of its body: <mj-section> is never closed"):
        publish(shop, copy)
    assert versions.get_working_copy(shop, NAME) == copy


def test_the_second_of_two_who_save_is_warned_and_nothing_is_overwritten(shop: Shop) -> None:
    first = edited(shop, NAME, subject="From Sam")
    with pytest.raises(ConflictError, match="sam saved this template while you were editing"):
        versions.save_working_copy(shop, MANAGER, NAME, replace(first.source, subject="From Mara"), seen_revision=0)
    assert versions.get_working_copy(shop, NAME) == first


def test_of_many_who_save_at_once_exactly_one_does(shared_shop: Shop) -> None:
    sources = [replace(catalogue.version(shared_shop, NAME, 0).source, subject=f"Number {n}") for n in range(6)]

    def saving(source: TemplateSource) -> WorkingCopy:
        return versions.save_working_copy(shared_shop, STAFF, NAME, source, seen_revision=0)

    outcomes = outcomes_of([lambda source=source: saving(source) for source in sources])  # type: ignore[misc]
    saved = [outcome for outcome in outcomes if isinstance(outcome, WorkingCopy)]
    assert len(saved) == 1
    assert all(isinstance(outcome, (WorkingCopy, ConflictError)) for outcome in outcomes)
    assert versions.get_working_copy(shared_shop, NAME) == saved[0]


def test_of_two_who_publish_at_once_exactly_one_does(shared_shop: Shop) -> None:
    copy = edited(shared_shop, NAME, subject="New")
    outcomes = outcomes_of([lambda: publish(shared_shop, copy), lambda: publish(shared_shop, copy)])
    assert sum(isinstance(outcome, Exception) for outcome in outcomes) == 1
    assert catalogue.state_of(shared_shop, NAME).number == 1


def test_whoever_did_not_see_the_last_version_cannot_publish_over_it(shop: Shop) -> None:
    published(shop, NAME, subject="One")
    copy = edited(shop, NAME, subject="Two")
    versions.restore(shop, MANAGER, NAME, 0, seen_number=1)
    with pytest.raises(ConflictError, match="mara published version 2"):
        publish(shop, copy, seen_number=1)
    assert publish(shop, copy, seen_number=2).number == 3


def test_restoring_leaves_somebodys_working_copy_alone(shop: Shop) -> None:
    published(shop, NAME, subject="One")
    copy = edited(shop, NAME, subject="Two")
    versions.restore(shop, MANAGER, NAME, 0, seen_number=1)
    assert versions.get_working_copy(shop, NAME) == copy
    assert catalogue.state_of(shop, NAME).edited_by == "sam"


def test_a_discarded_working_copy_is_gone(shop: Shop) -> None:
    copy = edited(shop, NAME, subject="Draft")
    versions.discard_working_copy(shop, STAFF, NAME, seen_revision=copy.revision)
    assert versions.get_working_copy(shop, NAME) is None
    assert catalogue.state_of(shop, NAME).edited_by == ""
    with pytest.raises(ConflictError, match="published or discarded"):
        versions.save_working_copy(shop, STAFF, NAME, copy.source, seen_revision=1)


def test_a_draft_that_changed_nothing_is_no_version(shop: Shop) -> None:
    copy = versions.save_working_copy(shop, STAFF, NAME, catalogue.version(shop, NAME, 0).source, seen_revision=0)
    with pytest.raises(InvalidInputError, match="nothing to publish"):
        publish(shop, copy)


def test_marketing_without_a_postal_address_cannot_be_published(shop: Shop) -> None:
    copy = edited(shop, "newsletter", subject="News!")
    with pytest.raises(InvalidInputError, match="no postal address yet"):
        publish(shop, copy)
    facts = shop_settings.get_shop_facts(shop)
    shop_settings.save_shop_facts(shop, ADMIN, replace(facts, postal_address="1 High Street\nLondon"))
    assert publish(shop, copy).number == 1


def test_marketing_without_a_link_to_unsubscribe_cannot_be_published(shop: Shop) -> None:
    facts = shop_settings.get_shop_facts(shop)
    shop_settings.save_shop_facts(shop, ADMIN, replace(facts, postal_address="1 High Street"))
    body = "<mj-section><mj-column><mj-text>Buy! {{ shop.postal_address }}</mj-text></mj-column></mj-section>"
    copy = edited(shop, "newsletter", body=f"<mjml><mj-body>{body}</mj-body></mjml>")
    with pytest.raises(InvalidInputError, match="no visible link to unsubscribe"):
        publish(shop, copy)


@pytest.mark.parametrize("actor", [MANAGER, STAFF, ADMIN])
def test_managers_staff_and_admins_may_edit(shop: Shop, actor: Actor) -> None:
    source = replace(catalogue.version(shop, NAME, 0).source, subject="New")
    assert versions.save_working_copy(shop, actor, NAME, source, seen_revision=0).revision == 1


def test_engineers_may_not_edit(shop: Shop) -> None:
    source = catalogue.version(shop, NAME, 0).source
    with pytest.raises(PermissionDeniedError):
        versions.save_working_copy(shop, ENGINEER, NAME, source, seen_revision=0)
    with pytest.raises(PermissionDeniedError):
        versions.restore(shop, ENGINEER, NAME, 0, seen_number=0)


def test_unknown_templates_and_versions_are_named(shop: Shop) -> None:
    with pytest.raises(NotFoundError, match="no template “nothing”"):
        catalogue.current_version(shop, "nothing")
    with pytest.raises(NotFoundError, match="no version 7"):
        catalogue.version(shop, NAME, 7)
    with pytest.raises(NotFoundError):
        edited(shop, "nothing", source=TemplateSource("", ""))


def test_a_template_that_is_too_long_for_the_store_is_refused_before(shop: Shop) -> None:
    with pytest.raises(InvalidInputError, match="too long"):
        edited(shop, NAME, body="ä" * 100_000)


def test_the_longest_template_can_be_published(shop: Shop) -> None:
    filler = "".join(f"<p>{n:06} é</p>" for n in range(5_000))
    body = f"<mj-section><mj-column><mj-text>{filler}</mj-text></mj-column></mj-section>"
    assert published(shop, NAME, body=body).number == 1


def test_an_edition_gives_back_exactly_what_was_sent(shop: Shop) -> None:
    version = published(shop, NAME, subject="One")
    digest = keep_edition(shop, version)
    layout, kept = read_edition(shop, digest)
    assert layout == catalogue.layout(shop)
    assert (kept.source, kept.facts, kept.number) == (version.source, version.facts, 1)
    assert keep_edition(shop, version) == digest
    assert keep_edition(shop, catalogue.version(shop, NAME, 0)) != digest


def publish(shop: Shop, copy: WorkingCopy, *, seen_number: int = 0) -> TemplateVersion:
    return versions.publish(shop, STAFF, copy.name, seen_revision=copy.revision, seen_number=seen_number, note="Test")
