"""Hands emails to a transport by several threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from backend.domain.emails import Answer, OutgoingEmail


def by_threads(send: Callable[[OutgoingEmail], Answer], emails: Sequence[OutgoingEmail], threads: int) -> list[Answer]:
    """The answers in the order of the emails. Each thread takes the next email itself: queueing them one by one takes
    a tenth of the time of sending. When one fails that should not, the others begin nothing more."""
    answers: dict[int, Answer] = {}
    places = iter(range(len(emails)))

    def work() -> None:
        try:
            for place in places:
                answers[place] = send(emails[place])
        finally:
            for _ in places:
                pass

    with ThreadPoolExecutor(threads, thread_name_prefix="send") as pool:
        for done in [pool.submit(work) for _ in range(threads)]:
            done.result()
    return [answers[place] for place in range(len(emails))]
