"""Writes what was planned, many transactions at once; those with an outdated snapshot are planned again singly."""

from __future__ import annotations

from collections.abc import Sequence

from backend.domain.imports import Fault
from backend.errors import AlreadyExistsError, BackendError, ConflictError, InvalidInputError, UnreadableItemError
from backend.records.values import MalformedItemError
from backend.services.concurrency.retries import StaleReadError, until_settled
from backend.services.context import Shop
from backend.services.imports.steps import AnyCandidate, ImportStep, Planner
from backend.store.port import Item, Key, Store


def write_chunk(
    shop: Shop, planner: Planner[AnyCandidate], candidates: Sequence[AnyCandidate]
) -> list[ImportStep | Fault]:
    """What became of each candidate. Each one's writes are one transaction, so that a crash leaves it whole or out.

    Raises: `StoreBusyError`, `StoreUnreachableError`: running the import again completes it.
    """
    try:
        steps = planner.plan(candidates, shop.store.get_many)
    except (UnreadableItemError, MalformedItemError):
        planner.forget()
        if len(candidates) == 1:
            return [_write_alone(shop, planner, candidates[0])]
        middle = len(candidates) // 2  # so that candidates without an unreadable record stay together
        return write_chunk(shop, planner, candidates[:middle]) + write_chunk(shop, planner, candidates[middle:])
    writing = [place for place, step in enumerate(steps) if isinstance(step, ImportStep) and step.writes]
    outcomes = _write_all(shop.store, [steps[place] for place in writing])
    undone = [place for place, error in zip(writing, outcomes, strict=True) if error is not None]
    for place in undone:
        steps[place] = _write_alone(shop, planner, candidates[place])
    return steps


def _write_all(store: Store, steps: Sequence[ImportStep | Fault]) -> list[BackendError | None]:
    try:
        return store.transact_each([step.writes for step in steps if isinstance(step, ImportStep)])
    except InvalidInputError as error:
        # An engine may refuse all because of one that cannot be stored; written singly, only that one fails.
        return [error] * len(steps)


def write_one(shop: Shop, planner: Planner[AnyCandidate], candidate: AnyCandidate) -> ImportStep | Fault:
    """Plans one candidate from what is stored now, and writes it in one transaction.

    Raises: `StaleReadError` when others keep changing the same; `InvalidInputError`, `UnreadableItemError`,
    `MalformedItemError`; as the store.
    """

    def attempt() -> ImportStep | Fault:
        planner.forget()
        step = planner.plan([candidate], lambda keys: _read_now(shop.store, keys))[0]
        if isinstance(step, ImportStep) and step.writes:
            try:
                shop.store.transact(step.writes)
            except (ConflictError, AlreadyExistsError) as error:
                raise StaleReadError("Somebody is changing the same orders or customers; import again.") from error
        return step

    return until_settled(attempt)


def _write_alone(shop: Shop, planner: Planner[AnyCandidate], candidate: AnyCandidate) -> ImportStep | Fault:
    try:
        return write_one(shop, planner, candidate)
    except (StaleReadError, InvalidInputError, UnreadableItemError, MalformedItemError) as error:
        return Fault(candidate.name, candidate.line, "", error.sentence)
    finally:
        planner.forget()


def _read_now(store: Store, keys: Sequence[Key]) -> dict[Key, Item]:
    found = {key: store.get(key) for key in keys}
    return {key: item for key, item in found.items() if item is not None}
