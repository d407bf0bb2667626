"""Which values a template prints, so that a preview can say which of them are empty for this person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import nodes

from backend.email.rendering.environment import environment


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
