"""The Dockerfile: what runs in the image, as whom, and what does not get into it. No image is built here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from backend.config import Settings
from tests.engines import ROOT, free_port
from tests.infra.files import program

TEXT = (ROOT / "Dockerfile").read_text()
INSTRUCTIONS = [
    (found[1], " ".join(found[2].split()))
    for found in re.finditer(
        r"^([A-Z]+) ((?:.*\\\n)*.*)$", re.sub(r"^ *#.*\n", "", TEXT, flags=re.MULTILINE), re.MULTILINE
    )
]
NEEDED = (
    "backend",
    "email_templates",
    "front_door",
    "pages",
    ".streamlit/config.toml",
    "server.py",
    "streamlit_app.py",
)
_DOCKER_SECONDS = 10
"""What `docker stop` waits before it kills (docs.docker.com, "docker container stop")."""


def last(name: str) -> str:
    return [value for instruction, value in INSTRUCTIONS if instruction == name][-1].replace("\\ ", "")


def in_image(path: str) -> bool:
    """Whether .dockerignore lets a path through: the last pattern that fits it, or a folder above it, decides."""
    inside = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip().removeprefix("!").rstrip("/")
        above = [path, *(str(parent) for parent in Path(path).parents)]
        fits = any(fnmatch(each, pattern) or fnmatch(f"x/{each}", pattern.replace("**", "*")) for each in above)
        if pattern and not line.startswith("#") and fits:
            inside = line.startswith("!")
    return inside


def test_hadolint_finds_nothing() -> None:
    found = subprocess.run([program("hadolint"), str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_packages_are_installed_in_a_stage_of_their_own_from_the_lock() -> None:
    assert [value for name, value in INSTRUCTIONS if name == "FROM"] == [
        "python:3.13-slim-bookworm AS packages",
        "python:3.13-slim-bookworm",
    ]
    assert "--require-hashes -r /tmp/requirements.lock" in TEXT
    assert "COPY --from=packages" in TEXT


def test_it_runs_as_a_user_without_rights_who_writes_only_to_the_data() -> None:
    user = last("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert f"--uid {user.partition(':')[0]} " in TEXT
    assert "install -d -m 0700 -o tillpost" in TEXT
    assert last("VOLUME") == "/data"
    names = [name for name, _ in INSTRUCTIONS]
    assert names.index("USER") > max(place for place, name in enumerate(names) if name in ("COPY", "RUN"))


def test_its_settings_are_valid_and_it_ends_before_docker_kills_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in re.findall(r"([A-Z_]+)=(\S+)", last("ENV")):
        if name.lower() in Settings.model_fields:
            monkeypatch.setenv(name, value)
    settings = Settings(_env_file=None)
    assert (settings.host, settings.data_dir) == ("0.0.0.0", Path("/data"))  # noqa: S104 - in a container
    assert settings.store_url == "sqlite:////data/tillpost.db"
    assert settings.shutdown_seconds < _DOCKER_SECONDS


@contextmanager
def answering(status: int) -> Iterator[int]:
    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/api/ready" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Ready)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_says_what_readiness_says(status: int, code: int) -> None:
    words = json.loads(last("HEALTHCHECK").partition(" CMD ")[2])
    with answering(status) as port:
        done = subprocess.run(
            [sys.executable, *words[1:]], env={**os.environ, "PORT": str(port)}, capture_output=True, check=False
        )
    assert done.returncode == code


def test_what_the_program_needs_is_in_the_image_and_nothing_else() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert [path for path in tracked if path.startswith(NEEDED) and not in_image(path)] == []
    tops = {path.split("/")[0] for path in tracked if in_image(path)}
    assert tops == {part.split("/")[0] for part in NEEDED} | {"LICENSE", "pyproject.toml", "requirements.txt"}


@pytest.mark.parametrize(
    "path",
    [".env", "var/tillpost.db", "var/secrets.json", ".git/HEAD", ".venv/x", ".streamlit/secrets.toml", "pages/.env"],
)
def test_secrets_data_and_history_stay_out(path: str) -> None:
    assert not in_image(path)
