"""The examples of docs/api.md work as they stand: in a shell, in Python, and in JavaScript where there is a Node."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from backend.services.context import Shop
from backend.services.orders.lists import find_order
from tests.api.v1_support import Client
from tests.support import opened_shop

GUIDE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()


def blocks(language: str) -> list[str]:
    found = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return [block for block in found if "export TILLPOST" not in block]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, dict[str, str]]]:
    """A shop that is served, and the environment of who uses it."""
    folder: Path = tmp_path_factory.mktemp("shop")
    with opened_shop(f"sqlite:///{folder}/tillpost.db", data_dir=folder, clock=lambda: datetime.now(UTC)) as shop:
        client = Client(shop)
        listener = socket.create_server(("127.0.0.1", 0))
        app = Starlette(routes=[Mount("/api", client.app)])
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield shop, {**os.environ, "TILLPOST_URL": address, "TILLPOST_KEY": client.key}
        server.should_exit = True
        thread.join()
        listener.close()


def ran(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_examples_in_a_shell(served: tuple[Shop, dict[str, str]]) -> None:
    shop, environment = served
    said = [ran(["bash", "-c", block], environment) for block in blocks("sh")]
    assert len(said) == 3
    assert '"number":"WEB-1001"' in said[0]
    assert said[1].count('"status":201') == 2
    assert '"currency":"USD"' in said[2]
    assert find_order(shop, "WEB-1006") is not None


def test_the_examples_in_python(served: tuple[Shop, dict[str, str]]) -> None:
    """They build on each other, and on the batch of the shell's examples."""
    shop, environment = served
    if find_order(shop, "WEB-1005") is None:
        ran(["bash", "-c", blocks("sh")[1]], environment)
    said = ran([sys.executable, "-c", "\n".join(blocks("python"))], environment).splitlines()
    assert said[:2] == ["WEB-1002 2580", "The shop sells in USD; an order in EUR cannot be mixed in."]
    assert said[3:] == ["pending", said[4], "D1 is order T1001", "True", "waiting"]
    assert said[4].endswith("00340434161094042557")


@pytest.mark.skipif(shutil.which("node") is None, reason="There is no Node here.")
def test_the_example_in_javascript(served: tuple[Shop, dict[str, str]]) -> None:
    _, environment = served
    assert ran(["node", "--input-type=module", "-e", blocks("javascript")[0]], environment) == "WEB-1003\n"
