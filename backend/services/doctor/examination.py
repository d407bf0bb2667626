"""Asks all questions at the same time; whichever takes too long is unknown, and holds up no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from loguru import logger

from backend.deadlines import LONGEST_WAIT, DeadlineError, within
from backend.domain.health import Diagnosis, Verdict
from backend.errors import BackendError
from backend.services.doctor import access, machine, mail
from backend.services.doctor.installation import Installation

Question = Callable[[Installation], list[Diagnosis]]
"""Looks at one thing, or at a few that are one look."""

QUESTIONS: dict[str, Question] = {
    "Store": machine.store,
    "Migrations": machine.migrations,
    "Backup": machine.backup,
    "Disk": machine.disk,
    "File modes": machine.file_modes,
    "Clock": machine.clock,
    "Secrets": access.secrets,
    "Address": access.address,
    "Proxy": access.proxy,
    "Sign-ins": access.sign_ins,
    "Audit log": access.audit_log,
    "Sending": mail.sending,
    "Sender's domain": mail.sender_domain,
    "Events": mail.events,
    "Workers": mail.workers,
    "Alerts": mail.alerts,
    "Connections": mail.connected,
    "Webhooks out": mail.endpoints,
    "First steps": access.first_steps,
}


def examine(
    installation: Installation, questions: dict[str, Question] | None = None, *, seconds: float = LONGEST_WAIT
) -> list[Diagnosis]:
    """What there is to say, in the order of the questions; each has so many seconds."""
    asked = QUESTIONS if questions is None else questions

    def answer(subject: str) -> Sequence[Diagnosis]:
        return _answered(subject, asked[subject], installation, seconds)

    with ThreadPoolExecutor(len(asked), "doctor") as pool:
        return [diagnosis for found in pool.map(answer, asked) for diagnosis in found]


def _answered(subject: str, question: Question, installation: Installation, seconds: float) -> Sequence[Diagnosis]:
    try:
        return within(seconds, subject, lambda: question(installation))
    except DeadlineError:
        found, fix = (
            f"No answer within {seconds:g} seconds.",
            "See what hangs: the store, the network or a name server.",
        )
    except BackendError as error:
        found, fix = error.sentence, "Fix what is named first, then ask again."
    except Exception as error:
        logger.exception("The doctor cannot answer: {}", subject)
        found, fix = f"It could not be checked ({type(error).__name__}).", "See the log for the error."
    return [Diagnosis(subject, Verdict.UNKNOWN, found, fix)]
