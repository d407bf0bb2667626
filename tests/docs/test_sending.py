"""`docs/sending.md` says of each answer of SES, of the simulator and of the suppression list what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from backend.domain.delivery import Outcome
from backend.domain.emails import Refused, Unanswered
from backend.domain.events import EventType
from backend.domain.suppression import SuppressionReason
from backend.email.events.simulated import Simulated, simulated
from backend.email.transports import ses_errors

TEXT = (Path(__file__).parents[2] / "docs" / "sending.md").read_text()


def rows_below(header: str) -> dict[str, list[str]]:
    """The cells of a table's rows, by the first one."""
    body = TEXT.split(header + "\n")[1].split("\n\n")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines()[1:]]
    return {row[0].strip("`"): row[1:] for row in cells}


def cells_of(answer: Refused | Unanswered) -> list[str]:
    if isinstance(answer, Unanswered):
        return ["never", ""]
    return ["yes" if answer.retryable else "", "yes" if answer.account_wide else ""]


def test_every_answer_of_ses_is_explained() -> None:
    answers = [value for value in vars(ses_errors).values() if isinstance(value, (Refused, Unanswered))]
    shown = rows_below("| what SES says or does | tried again | stops all mail |")
    assert shown == {answer.reason: cells_of(answer) for answer in answers}


def test_every_address_of_the_simulator_is_listed() -> None:
    events = [simulated(address) for address in rows_below("| address | what happens |")]
    assert set(events) == set(Simulated)


def test_every_reason_of_the_suppression_list_is_explained() -> None:
    shown = {name: re.sub(r" mail$", "", row[0]) for name, row in rows_below("| reason | stops |").items()}
    assert shown == {reason.value: "marketing" if reason.marketing_only else "all" for reason in SuppressionReason}


def test_every_report_is_explained_with_its_outcome() -> None:
    shown = rows_below("| report | outcome of the message | what follows |")
    names = {name for row in shown for name in re.split(r", | about| transient| permanent", row)}
    assert {kind.value for kind in EventType} <= names
    outcomes = {name for row in shown.values() for name in re.split(r", or ", row[0])}
    assert outcomes - {"none"} == {outcome.value for outcome in Outcome}


def test_every_answer_of_the_webhook_is_explained() -> None:
    source = (Path(__file__).parents[2] / "backend" / "api" / "ses_events.py").read_text()
    assert set(rows_below("| answer | means |")) == set(re.findall(r"Reply\((\d+),", source))
