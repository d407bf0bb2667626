"""Logs: for a person on a terminal, one JSON object a line otherwise.

Each line carries the action that it belongs to and an id that all lines of one action share. E-mail addresses are
masked in all that is written, tracebacks included: the last line of defence, not a licence to log them.
"""

from __future__ import annotations

import inspect
import logging
import secrets
import sys
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TextIO

import orjson
from loguru import logger

from backend.config import Settings
from backend.domain.time import utc_now
from backend.observability import sentry
from backend.observability.masking import mask as mask
from backend.observability.measures import MEASURES
from backend.observability.ring import RING, LogRecord

if TYPE_CHECKING:
    from loguru import FormatFunction, Message, Record

_action: ContextVar[tuple[str, str]] = ContextVar("action", default=("", ""))
_ERROR = logging.ERROR
_HUMAN = "{time:HH:mm:ss.SSS} <level>{level: <7}</level> {extra[where]}{message}"


@contextmanager
def action(name: str, action_id: str = "", *, measured: bool = True) -> Iterator[str]:
    """All that is logged within belongs to this action; gives its id (a new one unless given).

    It is measured under its name, so a name that holds what people typed has to be given with `measured=False`.
    """
    identity = action_id or secrets.token_hex(4)
    token = _action.set((name, identity))
    try:
        if measured:
            with sentry.traced(name), MEASURES.timed(name):
                yield identity
        else:
            yield identity
    finally:
        _action.reset(token)


def current_action() -> tuple[str, str]:
    """Name and id of the action that this line of the program belongs to; empty outside of one."""
    return _action.get()


def configure(settings: Settings, *, stream: TextIO | None = None, silent: Collection[str] = ()) -> None:
    """Sends the logs of the whole process to the stream (standard error), those of other libraries included.

    Loggers named in `silent` are not written at all. Harmless when called again.
    """
    out = sys.stderr if stream is None else stream
    human = settings.log_format == "human" or (settings.log_format == "auto" and out.isatty())
    logger.remove()
    logger.configure(patcher=_patch)
    if human:
        logger.add(_Masked(out), level=settings.log_level, format=_human_format(), backtrace=False, diagnose=False)
    else:
        logger.add(_json_sink(out), level=settings.log_level, format="{message}", backtrace=False, diagnose=False)
    logger.add(_remember, level="INFO", format="{message}", backtrace=False, diagnose=False)
    _take_over_standard_logging(silent)


def is_configured() -> bool:
    """Whether `configure` was called in this process."""
    return any(isinstance(handler, _ToLoguru) for handler in logging.root.handlers)


def _patch(record: Record) -> None:
    name, identity = _action.get()
    record["message"] = mask(record["message"])
    record["extra"] = {key: mask(value) if isinstance(value, str) else value for key, value in record["extra"].items()}
    record["extra"].update(action=name, action_id=identity, where=f"[{name} {identity}] " if name else "")


def _remember(message: Message) -> None:
    """Keeps the record for the System page, and counts errors."""
    record = message.record
    failure = record["exception"]
    trace = "".join(traceback.format_exception(failure.type, failure.value, failure.traceback)) if failure else ""
    extra, level = record["extra"], record["level"].name
    RING.add(
        LogRecord(utc_now(), level, record["message"], extra.get("action", ""), extra.get("action_id", ""), mask(trace))
    )
    if record["level"].no >= _ERROR:
        MEASURES.count("errors", extra.get("action", "").partition(" ")[0] or "other")
        error = failure.value if failure else None
        sentry.report(record["message"], error, extra.get("action", ""), extra.get("action_id", ""))


def _human_format() -> FormatFunction:
    def layout(record: Record) -> str:
        return _HUMAN + "\n{exception}"

    return layout


class _Masked:
    """A stream that masks what it is given. loguru asks it whether it is a terminal, to use colours."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        self._stream.write(mask(text))

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()


def _json_sink(stream: TextIO) -> Any:
    def sink(message: Message) -> None:
        line = orjson.dumps(_as_object(message.record), default=str).decode()
        stream.write(f"{mask(line)}\n")
        stream.flush()

    return sink


def _as_object(record: Record) -> dict[str, object]:
    extra = {key: value for key, value in record["extra"].items() if key != "where" and value != ""}
    found: dict[str, object] = {
        "time": record["time"].isoformat(),
        "level": record["level"].name,
        "logger": record["name"],
        "message": record["message"],
        **extra,
    }
    error = record["exception"]
    if error is not None:
        found["exception"] = "".join(traceback.format_exception(error.type, error.value, error.traceback))
    return found


class _ToLoguru(logging.Handler):
    """Hands over what libraries log by the standard library's logging."""

    def __init__(self, silent: Collection[str]) -> None:
        super().__init__()
        self._silent = frozenset(silent)

    def emit(self, record: logging.LogRecord) -> None:
        if record.name in self._silent:
            return
        try:
            level: str | int = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        logger.patch(lambda target: _rename(target, record.name)).opt(
            exception=record.exc_info, depth=_depth_of_caller()
        ).log(level, "{}", record.getMessage())


def _rename(target: Record, name: str) -> None:
    target["name"] = name


def _depth_of_caller() -> int:
    """How many frames of the logging package are between loguru and the line that logged."""
    frame, depth = inspect.currentframe(), 0
    while frame is not None and (depth < 2 or frame.f_code.co_filename == logging.__file__):
        frame, depth = frame.f_back, depth + 1
    return depth


class _Routed(logging.Logger):
    """A logger without a voice of its own: some libraries give each one a handler and cut it off from the root."""

    def addHandler(self, hdlr: logging.Handler) -> None:  # noqa: N802 - the name is logging's
        if not _is_console(hdlr):
            super().addHandler(hdlr)

    def callHandlers(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        self.propagate = True
        super().callHandlers(record)


def _take_over_standard_logging(silent: Collection[str]) -> None:
    logging.root.handlers = [_ToLoguru(silent)]
    logging.root.setLevel(logging.INFO)
    logging.setLoggerClass(_Routed)
    for existing in list(logging.root.manager.loggerDict.values()):
        if isinstance(existing, logging.Logger):
            existing.handlers = [handler for handler in existing.handlers if not _is_console(handler)]
            existing.propagate = True


def _is_console(handler: logging.Handler) -> bool:
    return isinstance(handler, logging.StreamHandler) and handler.stream in (sys.stderr, sys.stdout)
