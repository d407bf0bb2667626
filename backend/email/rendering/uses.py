"""What of a customer's record an email depends on, read from the template: those who agree in it get equal emails."""

from __future__ import annotations

from functools import lru_cache

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
