"""django-post_office into the same kind of sink, in an environment of its own that is made once in the bench's folder.

Each run is a process: it queues emails whose bodies are made already, then sends them as its worker does.
"""

from __future__ import annotations

import json
import subprocess
import venv
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from backend.domain.emails import OutgoingEmail
from benchmarks.results import Rate

PACKAGES = ("django==5.2.*", "django-post_office==3.12.*")
_TASK = Path(__file__).with_name("mail_post_office_task.py")
_MINUTES = 5


class PostOfficeMissingError(Exception):
    """It cannot be installed or run on this machine. The text says why."""


def post_office_rates(folder: Path, email: OutgoingEmail, emails: int, runs: int) -> list[Rate]:
    """How fast each run was.

    Raises: `PostOfficeMissingError`.
    """
    return list(_runs(_environment(folder / "post-office"), email, emails, runs))


def _environment(folder: Path) -> Path:
    python, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        venv.create(folder, with_pip=True, clear=True)
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES])
        done.touch()
    return python


def _runs(python: Path, email: OutgoingEmail, emails: int, runs: int) -> Iterator[Rate]:
    # All folders go at the end: ext4 looks at each inode that was freed in the last minutes before it makes a new file.
    with TemporaryDirectory(dir=python.parents[2]) as directory:
        for number in range(runs):
            folder = Path(directory, str(number))
            folder.mkdir()
            task = {"folder": str(folder), "emails": emails, "html": email.html, "text": email.text}
            given = folder / "task.json"
            given.write_text(json.dumps(task | {"subject": email.subject, "sender": email.sender}))
            yield Rate(*json.loads(_run([str(python), str(_TASK), str(given)])))


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60 * _MINUTES, check=True)  # noqa: S603 - the program's own
    except subprocess.CalledProcessError as error:
        raise PostOfficeMissingError(str(error.stderr).strip().splitlines()[-1][:200]) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PostOfficeMissingError(type(error).__name__) from error
    return done.stdout
