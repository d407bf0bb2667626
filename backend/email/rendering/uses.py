"""Read from a template: which parts of a customer's record an email depends on, and which values it prints.

Those who agree in the parts that are used get equal emails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import nodes

from backend.email.rendering.environment import environment
from backend.email.rendering.renderer import Compiled


def fields_used(compiled: Compiled) -> frozenset[str] | None:
    """The parts of `customer` that the email uses ("first_name"); None when that cannot be determined."""
    found: set[str] = set()
    for part, html in (
        (compiled.subject, False),
        (compiled.preheader, False),
        (compiled.html, True),
        (compiled.text, False),
    ):
        used = _used_in(part.mapped.source, html)
        if used is None:
            return None
        found |= used
    return frozenset(found)


@lru_cache(maxsize=256)
def _used_in(source: str, html: bool) -> frozenset[str] | None:
    found: set[str] = set()
    waiting: list[nodes.Node] = [environment(html=html).parse(source)]
    while waiting:
        node = waiting.pop()
        name = _field(node)
        if name:
            found.add(name)
            continue
        if isinstance(node, nodes.Name) and node.name == "customer":
            return None  # all of it is handed on, so that anything may be used
        waiting.extend(node.iter_child_nodes())
    return frozenset(found)


def _field(node: nodes.Node) -> str:
    """The part of the customer that this expression names, or ""."""
    if isinstance(node, nodes.Getattr) and _is_customer(node.node):
        return node.attr
    if isinstance(node, nodes.Getitem) and _is_customer(node.node) and isinstance(node.arg, nodes.Const):
        return str(node.arg.value)
    return ""


def _is_customer(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "customer"


def empty_names(source: str, data: Mapping[str, Any]) -> list[str]:
    """Dotted names that the source prints, and that are empty in the data, in order of appearance.

    Values that an "if" tests, or that have a "default", are left out: the author has thought of them.
    """
    tree = environment(html=True).parse(source)
    return [name for name in dict.fromkeys(_printed(tree, frozenset())) if _value(name, data) in ("", None)]


def _printed(node: nodes.Node, asked: frozenset[str]) -> Iterator[str]:
    if isinstance(node, nodes.Output):
        for part in node.nodes:
            yield from (name for name in _names(part) if name not in asked)
        return
    if isinstance(node, nodes.If):
        asked = asked | frozenset(_names(node.test))
    for child in node.iter_child_nodes():
        yield from _printed(child, asked)


def _names(node: nodes.Node) -> Iterator[str]:
    """The values that an expression needs; alternatives ("or", "if … else", "default") need none."""
    if isinstance(node, (nodes.CondExpr, nodes.Or)) or (isinstance(node, nodes.Filter) and node.name == "default"):
        return
    dotted = _dotted(node)
    if dotted:
        yield dotted
        return
    for child in node.iter_child_nodes():
        yield from _names(child)


def _dotted(node: nodes.Node) -> str:
    """ "order.number" for such an expression, or ""."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr) and (before := _dotted(node.node)):
        return f"{before}.{node.attr}"
    return ""


def _value(name: str, data: Mapping[str, Any]) -> object:
    """The value of a dotted name; something that is not empty where there is none (a loop's own names)."""
    found: object = data
    for part in name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return name
        found = found[part]
    return found
