"""Logs: one way for everybody's lines, and no addresses in them."""

from __future__ import annotations

import io
import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from loguru import logger

from backend import logs
from backend.config import Settings


class Output(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, level, made = logging.root.handlers, logging.root.level, logging.getLoggerClass()
    yield
    logger.remove()
    logger.configure(patcher=lambda record: None)
    logging.root.handlers, logging.root.level = root, level
    logging.setLoggerClass(made)


@pytest.fixture
def output() -> Output:
    """What a program reads."""
    out = Output(terminal=False)
    logs.configure(Settings(log_level="DEBUG"), stream=out)
    return out


@pytest.mark.parametrize(
    "text",
    [
        "maria.lopez+tea@example.co.uk",
        "<maria@example.com>",
        "'maria@example.com',",
        "mailto:maria@example.com",
        "email=maria@example.com;",
        "maría@exämple.com",
        "“maria@example.com” is not",
        "maria@mail.example.com.",
        "MARIA@EXAMPLE.COM",
    ],
)
def test_an_address_is_masked_wherever_it_is(text: str) -> None:
    masked = logs.mask(f"before {text} after")
    assert "maria" not in masked.casefold()
    assert "maría" not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


def test_what_is_no_address_stays() -> None:
    text = "user@host without a dot, @handle, 5 @ 3.50, a.b.c"
    assert logs.mask(text) == text


@pytest.mark.parametrize("text", ["a" * 200_000 + "@", "@" * 200_000, "a@" * 100_000, ("x" * 500 + "@") * 500])
def test_masking_a_long_text_takes_no_time(text: str) -> None:
    began = time.thread_time()
    logs.mask(text)
    assert time.thread_time() - began < 0.5


def test_addresses_are_masked_in_messages_extras_and_tracebacks(output: Output) -> None:
    try:
        raise ValueError("bad address maria@example.com")
    except ValueError:
        logger.bind(customer="maria@example.com", given={"to": ["maria@example.com"]}).exception(
            "No mail to {}", "maria@example.com"
        )
    written = output.getvalue()
    assert "maria" not in written
    (line,) = output.objects()
    assert line["message"] == "No mail to [address]"
    assert "ValueError: bad address [address]" in line["exception"]


def test_values_of_variables_are_not_in_tracebacks(output: Output) -> None:
    secret = "nine-wooden-" + "kettles"
    try:
        raise ValueError(len(secret))
    except ValueError:
        logger.exception("It failed")
    assert "ValueError: 19" in output.getvalue()
    assert secret not in output.getvalue()


def test_lines_of_one_action_share_its_name_and_id(output: Output) -> None:
    with logs.action("refund order") as identity:
        logger.info("one")
        with logs.action("send email", "given"):
            logger.info("two")
        logging.getLogger("some.library").warning("three %s", 3)
    logger.info("four")
    one, two, three, four = output.objects()
    assert (one["action"], one["action_id"]) == ("refund order", identity)
    assert (two["action"], two["action_id"]) == ("send email", "given")
    assert (three["message"], three["logger"], three["action_id"]) == ("three 3", "some.library", identity)
    assert "action" not in four


def test_an_action_belongs_to_its_thread(output: Output) -> None:
    with logs.action("mine"):
        thread = threading.Thread(target=lambda: logger.info("not mine"))
        thread.start()
        thread.join()
    assert "action" not in output.objects()[0]


def test_a_terminal_gets_lines_for_people() -> None:
    out = Output(terminal=True)
    logs.configure(Settings(), stream=out)
    with logs.action("import", "7"):
        logger.info("Read {} rows for maria@example.com", 12)
    assert "[import 7] Read 12 rows for [address]" in out.getvalue()
    assert not out.getvalue().startswith("{")


def test_the_format_can_be_set_whatever_the_output() -> None:
    out = Output(terminal=True)
    logs.configure(Settings(log_format="json"), stream=out)
    logger.info("hello")
    assert out.objects()[0]["message"] == "hello"


def test_lines_below_the_level_are_not_written() -> None:
    out = Output(terminal=False)
    logs.configure(Settings(log_level="WARNING"), stream=out)
    logger.info("quiet")
    logging.getLogger("some.library").info("quiet too")
    logger.warning("loud")
    assert [line["message"] for line in out.objects()] == ["loud"]


def test_libraries_that_write_by_themselves_are_silenced_and_heard_through_us(
    capsys: pytest.CaptureFixture[str],
) -> None:
    own = logging.getLogger("library.with.its.own.handler")
    own.addHandler(logging.StreamHandler())
    own.propagate = False
    out = Output(terminal=False)
    logs.configure(Settings(), stream=out, silent=["library.not.wanted"])
    late = logging.getLogger("library.made.later")
    late.addHandler(logging.StreamHandler())
    late.propagate = False
    own.warning("one")
    late.warning("two")
    logging.getLogger("library.not.wanted").error("three")
    assert [line["message"] for line in out.objects()] == ["one", "two"]
    assert capsys.readouterr().err == ""


def test_configuring_twice_writes_each_line_once() -> None:
    out = Output(terminal=False)
    logs.configure(Settings(), stream=out)
    logs.configure(Settings(), stream=out)
    logger.info("once")
    logging.getLogger("library").warning("once more")
    assert len(out.objects()) == 2


def test_braces_in_the_lines_of_libraries_are_just_text(output: Output) -> None:
    logging.getLogger("library").warning("{not} a {field}")
    assert output.objects()[0]["message"] == "{not} a {field}"
