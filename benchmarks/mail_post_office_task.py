"""One run of django-post_office, by the Python of its own environment; prints the emails that it sent in a second, by
the clock and of processor time."""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

_BATCH = 10**6
"""All in one batch, which is its fastest way; after a crash it would send all of it again."""


class MaildirBackend:
    """Django's kind of transport: writes each message into `tmp` and moves it into `new`, as the local outbox does."""

    def __init__(self, *_: object, **__: object) -> None:
        self._folder = Path(os.environ["BENCH_MAILDIR"])

    def open(self) -> bool:
        return False

    def close(self) -> None:
        pass

    def send_messages(self, messages: list[Any]) -> int:
        for message in messages:
            name = f"{time.time_ns()}.{id(message)}"
            with (self._folder / "tmp" / name).open("xb") as file:
                file.write(message.message().as_bytes(linesep="\r\n"))
            (self._folder / "tmp" / name).rename(self._folder / "new" / name)
        return len(messages)


def main(task: dict[str, Any]) -> tuple[float, float]:
    folder = Path(task["folder"])
    for part in ("tmp", "new"):
        (folder / "mail" / part).mkdir(parents=True)
    os.environ["BENCH_MAILDIR"] = str(folder / "mail")
    sys.modules["bench_maildir"] = sys.modules[__name__]
    _set_up(folder)
    _queue(task)
    began, used = time.perf_counter(), time.process_time()
    import_module("post_office.mail").send_queued(processes=1)
    taken, busy = time.perf_counter() - began, time.process_time() - used
    sent = len(list((folder / "mail" / "new").iterdir()))
    if sent != task["emails"]:
        raise AssertionError(f"{sent} were sent.")
    return sent / taken, sent / busy


def _set_up(folder: Path) -> None:
    import_module("django.conf").settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "django.db")}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        EMAIL_BACKEND="post_office.EmailBackend",
        POST_OFFICE={"BACKENDS": {"default": "bench_maildir.MaildirBackend"}, "BATCH_SIZE": _BATCH},
        SECRET_KEY="only for measuring",  # noqa: S106 - nothing is signed with it
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        USE_TZ=True,
    )
    import_module("django").setup()
    import_module("django.core.management").call_command("migrate", verbosity=0)


def _queue(task: dict[str, Any]) -> None:
    one = {
        "sender": task["sender"],
        "subject": task["subject"],
        "message": task["text"],
        "html_message": task["html"],
        "priority": "medium",
    }
    kwargs = [{**one, "recipients": [f"customer.{number}@example.com"]} for number in range(task["emails"])]
    import_module("post_office.mail").send_many(kwargs)


if __name__ == "__main__":
    json.dump(main(json.loads(Path(sys.argv[1]).read_text())), sys.stdout)
