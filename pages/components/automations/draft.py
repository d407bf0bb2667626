"""What somebody is changing about an automation, kept while they look at other parts of its page.

Widgets begin with the values of `base` and keep what they say while others are shown. They are rendered again, under
other keys, whenever `base` changes: when the person adds or removes a step or a condition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backend.domain.automations import Automation, Condition, Fact, Step
from pages.components.ui.state import Slot, forget_fields

_GENERATION: Slot[int] = Slot("automation.generation")


@dataclass(frozen=True, slots=True)
class AutomationDraft:
    """`seen` is the stored automation that it began with, `now` what the widgets say; those of a `generation` have keys
    of their own."""

    seen: Automation
    base: Automation
    now: Automation
    generation: int

    @property
    def changed(self) -> bool:
        return _definition(self.now) != _definition(self.seen)

    def key(self, name: str) -> str:
        """The key of a widget."""
        return f"{self.prefix}{self.seen.version}_{self.generation}_{name}"

    @property
    def prefix(self) -> str:
        return f"automation_{self.seen.id}_"


def draft_of(stored: Automation) -> AutomationDraft:
    """The draft of this automation; a newer version without changes begins again.

    Who has changes goes on with them. Where somebody else has changed what it does, saving will say so.
    """
    draft = _slot(stored.id).get()
    if draft is None:
        return _set(AutomationDraft(stored, stored, stored, _next()))
    if draft.seen == stored:
        return draft
    if not draft.changed:
        return _set(AutomationDraft(stored, stored, stored, _next()))
    if _definition(draft.seen) == _definition(stored):  # it was switched on or off
        now = replace(draft.now, on=stored.on, active_from=stored.active_from, version=stored.version)
        return _set(AutomationDraft(stored, now, now, _next()))
    return draft


def keep(draft: AutomationDraft, now: Automation) -> AutomationDraft:
    """Remembers what the widgets say; those of a `generation` have keys
    of their own."""
    return _set(replace(draft, now=now))


def redraw(draft: AutomationDraft, now: Automation) -> None:
    """Lets the widgets begin again with these values, in the next run."""
    _set(replace(draft, base=now, now=now, generation=_next()))


def keep_mine(draft: AutomationDraft, theirs: Automation) -> None:
    """The person knows that somebody else was faster: saving replaces that version."""
    now = replace(draft.now, on=theirs.on, active_from=theirs.active_from, version=theirs.version)
    _set(AutomationDraft(theirs, now, now, _next()))


def forget(automation_id: str) -> None:
    """What was typed is saved, or not wanted: the widgets begin again."""
    draft = _slot(automation_id).get()
    if draft is not None:
        forget_fields(draft.prefix)
    _slot(automation_id).clear()


def _definition(automation: Automation) -> tuple[object, ...]:
    """What the builder changes."""
    return (automation.name, automation.kind, automation.steps, automation.exits)


def _set(draft: AutomationDraft) -> AutomationDraft:
    _slot(draft.seen.id).set(draft)
    return draft


def _next() -> int:
    _GENERATION.set((_GENERATION.get() or 0) + 1)
    return _GENERATION.get() or 0


def _slot(automation_id: str) -> Slot[AutomationDraft]:
    return Slot(f"automation.draft.{automation_id}")


def with_step(automation: Automation, number: int, step: Step | None) -> Automation:
    """The automation with another step at this place, or without it."""
    steps: list[Step] = list(automation.steps)
    steps[number : number + 1] = [] if step is None else [step]
    return replace(automation, steps=tuple(steps))


def with_condition(step: Step, fact: Fact) -> Step:
    return replace(step, conditions=(*step.conditions, Condition(fact)))


def without_condition(step: Step, number: int) -> Step:
    left: Sequence[Condition] = [each for place, each in enumerate(step.conditions) if place != number]
    return replace(step, conditions=tuple(left))
