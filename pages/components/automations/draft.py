"""What somebody is changing about an automation, kept while they look at other parts of its page.

Widgets begin with the values of `base`. They are drawn anew, under other keys, whenever `base` changes: when the
person comes back from another part of the page, or adds or takes away a step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backend.domain.automations import Automation, Condition, Fact, Step
from pages.components.ui.state import Slot


@dataclass(frozen=True, slots=True)
class Draft:
    """`seen` is the stored automation that it began with, `now` what the widgets say."""

    seen: Automation
    base: Automation
    now: Automation
    generation: int = 0

    @property
    def changed(self) -> bool:
        return _definition(self.now) != _definition(self.seen)

    def key(self, name: str) -> str:
        """The key of a widget."""
        return f"automation_{self.seen.id}_{self.seen.version}_{self.generation}_{name}"


_DRAFT: Slot[Draft] = Slot("automation.draft")


def draft_of(stored: Automation) -> Draft:
    """The draft of this automation; another one, or a newer version without changes, begins again.

    Who has changes goes on with them. Where somebody else has changed what it does, saving will say so.
    """
    draft = _DRAFT.get()
    if draft is None or draft.seen.id != stored.id:
        return _set(Draft(stored, stored, stored))
    if draft.seen == stored:
        return draft
    if not draft.changed:
        return _set(Draft(stored, stored, stored))
    if _definition(draft.seen) == _definition(stored):  # it was switched on or off
        now = replace(draft.now, on=stored.on, active_from=stored.active_from, version=stored.version)
        return _set(Draft(stored, now, now))
    return draft


def keep(draft: Draft, now: Automation) -> Draft:
    """Remembers what the widgets say."""
    return _set(replace(draft, now=now))


def redraw(draft: Draft, now: Automation) -> None:
    """Lets the widgets begin again with these values, in the next run."""
    _set(replace(draft, base=now, now=now, generation=draft.generation + 1))


def put_aside() -> None:
    """Another part of the page is shown: when the widgets come back, they begin with what they said last."""
    draft = _DRAFT.get()
    if draft is not None and draft.base != draft.now:
        redraw(draft, draft.now)


def forget() -> None:
    _DRAFT.clear()


def _definition(automation: Automation) -> tuple[object, ...]:
    """What the builder changes."""
    return (automation.name, automation.kind, automation.steps, automation.exits)


def _set(draft: Draft) -> Draft:
    _DRAFT.set(draft)
    return draft


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
