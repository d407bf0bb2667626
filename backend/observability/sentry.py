"""Reports errors to Sentry, if the settings name a project: the kind of error, where, and the incident number.

What people typed is not sent. An error's own words may hold a name or an address, so they are not sent: the log has
them under the incident number. Neither are local variables, requests, cookies, query strings, or who is signed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sentry_sdk
from sentry_sdk.transport import Transport

from backend.config import Settings
from backend.observability.masking import mask

CLOSE_SECONDS = 2.0
"""At the end of the process, for what was not sent before; until then the SDK's own thread sends."""
_IN_LOG = "See the log under the incident number."
_QUERY = re.compile(r"(https?://[^\s?\"']+)\?[^\s\"']*")
_KEPT = ("event_id", "timestamp", "start_timestamp", "level", "platform", "release", "environment", "sdk", "type")
_MOST_DEEP = 20


def start(settings: Settings, release: str, *, transport: Transport | None = None) -> bool:
    """Begins to report, if SENTRY_DSN is set; returns whether it is. `transport` is for tests."""
    dsn = settings.sentry_dsn.get_secret_value()
    if not dsn:
        return False
    sentry_sdk.init(
        dsn=dsn,
        release=release or None,
        traces_sample_rate=settings.sentry_traces or None,
        transport=transport,
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        server_name="",
        before_send=scrubbed,
        before_send_transaction=scrubbed,
    )
    return True


def stop() -> None:
    """Sends what waits, for two seconds at most, and reports nothing more."""
    client = sentry_sdk.get_client()
    if client.is_active():
        client.close(timeout=CLOSE_SECONDS)
        sentry_sdk.get_global_scope().set_client(None)


def report(message: str, error: BaseException | None, action: str, action_id: str) -> None:
    """Reports an error that was logged. Does nothing while nothing was started, and never raises."""
    if not sentry_sdk.get_client().is_active():
        return
    with sentry_sdk.new_scope() as scope:
        scope.set_level("error")
        scope.set_tag("action", _kind(action))
        scope.set_tag("action_id", action_id)
        scope.set_tag("incident", mask(message)[:200])
        if error is not None:
            scope.capture_exception(error)
        else:
            scope.capture_message(mask(message))


@contextmanager
def traced(name: str) -> Iterator[None]:
    """Reports how long what happens within takes, for the share of actions that the settings say."""
    client = sentry_sdk.get_client()
    if not client.is_active() or not client.options.get("traces_sample_rate"):
        yield
        return
    with sentry_sdk.isolation_scope(), sentry_sdk.start_transaction(op=name.partition(" ")[0], name=name):
        yield


def scrubbed(event: Any, hint: Any) -> Any:
    """What of an event may leave: kinds of errors, places in the program, tags. `Any` is the SDK's own type."""
    kept: dict[str, Any] = {name: event[name] for name in _KEPT if name in event}
    for name in ("tags", "message", "logentry", "transaction", "transaction_info"):
        if name in event:
            kept[name] = _clean(event[name])
    if "exception" in event:
        kept["exception"] = {"values": [_exception(each) for each in event["exception"].get("values", [])]}
    trace = (event.get("contexts") or {}).get("trace")
    if trace:
        kept["contexts"] = {"trace": _clean({key: trace[key] for key in _TRACE if key in trace})}
    if "spans" in event:
        kept["spans"] = []
    return kept


_TRACE = ("trace_id", "span_id", "parent_span_id", "op", "status", "origin")
_FRAME = ("filename", "abs_path", "function", "module", "lineno", "in_app")


def _exception(value: dict[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames") or []
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "value": _IN_LOG,
        "stacktrace": {"frames": [{key: frame[key] for key in _FRAME if key in frame} for frame in frames]},
    }


def _clean(value: Any, depth: int = 0) -> Any:
    """Texts without addresses and query strings, at any depth."""
    if isinstance(value, str):
        return _QUERY.sub(r"\1", mask(value))
    if depth > _MOST_DEEP:
        return None
    if isinstance(value, dict):
        return {key: _clean(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(each, depth + 1) for each in value]
    return value


def _kind(action: str) -> str:
    """The beginning of an action's name: paths of requests may hold a customer's token."""
    return action.partition(" ")[0] if "/" in action else action
