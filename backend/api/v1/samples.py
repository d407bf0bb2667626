"""An example of every call, made from its description: what a person would type to try it."""

from __future__ import annotations

import json
import shlex
from typing import Any

_KEY = '"Authorization: Bearer $TILLPOST_KEY"'
_ADDRESS = "$TILLPOST_URL/api/v1"


def curl(method: str, path: str, operation: dict[str, Any]) -> str:
    """The call as a command. TILLPOST_URL and TILLPOST_KEY are variables of the shell."""
    for each in operation.get("parameters", []):
        if each["in"] == "path":
            path = path.replace("{" + each["name"] + "}", str(example_of(each)))
    lines = [f'curl -X {method.upper()} "{_ADDRESS}{path}"', f"  -H {_KEY}"]
    for each in operation.get("parameters", []):
        if each["in"] == "header" and each.get("required"):
            header = f"{each['name']}: {example_of(each)}"
            lines.append(f"  -H {shlex.quote(header)}")
    body = body_of(operation)
    if body is not None:
        lines += ["  -H 'Content-Type: application/json'", f"  -d {shlex.quote(json.dumps(body, ensure_ascii=False))}"]
    return " \\\n".join(lines)


def body_of(operation: dict[str, Any]) -> Any:
    """The example of the body, None for a call without one."""
    return operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")


def example_of(parameter: dict[str, Any]) -> Any:
    """The example of a parameter."""
    examples = parameter["schema"].get("examples") or [parameter.get("example", "…")]
    return examples[0]
