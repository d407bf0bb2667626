"""The reference of the API at `/api/docs`: a page made of the OpenAPI document, without scripts or foreign assets."""

from __future__ import annotations

import json
import secrets
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from backend.api.v1 import samples
from backend.api.v1.problems import KINDS
from backend.api.v1.route import SCOPE

_HERE = Path(__file__).parent


def reference(app: FastAPI) -> HTMLResponse:
    """The page. Its style has a nonce, so that nothing else runs or loads."""
    nonce = secrets.token_urlsafe(12)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    html = _page(app).replace("{{nonce}}", nonce)
    return HTMLResponse(html, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})


@cache
def _page(app: FastAPI) -> str:
    document = app.openapi()
    environment = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined)
    tags: dict[str, list[dict[str, Any]]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tags.setdefault(operation["tags"][0], []).append(_call(document, path, method, operation))
    paragraphs = document["info"]["description"].split("\n\n")
    return environment.get_template("reference.html").render(
        title=document["info"]["title"],
        version=document["info"]["version"],
        paragraphs=[_parts(each.replace("\n", " ")) for each in paragraphs],
        tags=tags,
        problems=KINDS,
    )


def _call(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    good = next(answer for status, answer in operation["responses"].items() if int(status) < 300)
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "about": operation["description"].split("\n\n")[0],
        "scope": operation[SCOPE],
        "parameters": [(p["name"], p["in"], p.get("required", False), _about(p)) for p in operation["parameters"]],
        "body": _fields(document, content.get("schema", {})),
        "answer": _fields(document, good["content"]["application/json"]["schema"]),
        "sample": samples.curl(method, path, operation),
        "answer_sample": json.dumps(good["content"]["application/json"]["example"], indent=2, ensure_ascii=False),
    }


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Name, type and explanation of the fields of an object."""
    found = _resolved(document, schema)
    return [
        (name, _type(document, each), each.get("description", "")) for name, each in found.get("properties", {}).items()
    ]


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["schemas"][name] if name else schema
    return found


def _type(document: dict[str, Any], schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(document, each) for each in schema["anyOf"])
    found = _resolved(document, schema)
    if "enum" in found:
        return " | ".join(map(str, found["enum"]))
    if "const" in found:
        return str(found["const"])
    if found.get("type") == "array":
        return f"list of {_type(document, found['items'])}"
    if found.get("properties"):
        return "{" + ", ".join(found["properties"]) + "}"
    return str(found.get("format") or found.get("type") or "any")


def _about(parameter: dict[str, Any]) -> str:
    return str(parameter.get("description") or parameter["schema"].get("description") or "")


def _parts(paragraph: str) -> list[tuple[bool, str]]:
    """The texts of a paragraph, each with whether it is code."""
    return [(place % 2 == 1, text) for place, text in enumerate(paragraph.split("`"))]
