"""Jinja2 for templates that staff write: a closed set of constructs, filters and functions, each bounded.

Jinja2's own sandbox keeps templates from Python's internals, but lets them hang a worker or fill its memory. Here
values have no methods at all (`{{ name | upper }}`, not `{{ name.upper() }}`), loops and computed texts are paid for
(see `limits`), and what a template may say is listed rather than what it may not.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache, partial
from typing import Any, cast

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, Undefined, UndefinedError, nodes, pass_eval_context
from jinja2.exceptions import SecurityError
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, LoopContext, Macro, markup_join, str_join
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from backend.email.rendering.errors import LimitError, MissingValueError, MisuseError
from backend.email.rendering.filters import FILTERS, Moment
from backend.email.rendering.limits import MOST_NODES, bounded_number, bounded_range, compared, paid, turns

_ALLOWED = frozenset(
    {
        *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.Getattr, nodes.Getitem),
        *(nodes.Slice, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
        *(nodes.CondExpr, nodes.If, nodes.For, nodes.Assign, nodes.With, nodes.Concat, nodes.Add, nodes.Sub),
        *(nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos, nodes.Call, nodes.Keyword),
        *(nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Scope),
    }
)
_REFUSED = {
    nodes.Macro: "macros can only be defined in the layout",
    nodes.CallBlock: "“call” is not available",
    nodes.FilterBlock: "“filter” goes behind a bar, as in {{ customer.name | upper }}",
    nodes.AssignBlock: '“set” needs a value, as in {% set greeting = "Hello" %}',
    nodes.Pow: "powers (**) are not available",
    nodes.Include: "“include” is not available; the layout is added by itself",
    nodes.Import: "“import” is not available; the layout's macros can be used as they are",
    nodes.FromImport: "“import” is not available; the layout's macros can be used as they are",
    nodes.Extends: "“extends” is not available; the layout is added by itself",
    nodes.ScopedEvalContextModifier: "“autoescape” is not available",
}
_LOOP = frozenset({"index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem"})
_TESTS = ("defined", "undefined", "none", "odd", "even", "in", "eq", "ne", "lt", "gt", "le", "ge", "number", "string")
_COMPARING_TESTS = {"in": "in", "eq": "eq", "ne": "ne", "lt": "lt", "gt": "gt", "le": "lteq", "ge": "gteq"}
_PRINTABLE = (str, int, float, Markup, bool)


class _Missing(StrictUndefined):
    """A value that was not given. Using it raises an error with its name."""

    __slots__ = ()

    def __init__(
        self, hint: str | None = None, obj: Any = missing, name: str | None = None, exc: Any = UndefinedError
    ) -> None:
        error: Any = partial(MissingValueError, name) if exc is UndefinedError else exc
        super().__init__(hint, obj, name, error)


@pass_eval_context
def _concatenated(eval_ctx: EvalContext, *values: object) -> str:
    """The values joined by "~"; HTML only where one of them is HTML."""
    for value in values:
        if isinstance(value, (list, tuple, dict)):
            raise MisuseError("“~” joins texts and numbers, not lists or records.")
    compared(*values)
    return paid(markup_join(values) if eval_ctx.autoescape else str_join(values))


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gteq": operator.ge,
    "lt": operator.lt,
    "lteq": operator.le,
    "in": lambda left, right: left in right,
    "notin": lambda left, right: left not in right,
}


def _compares(comparison: str, left: object, right: object) -> Any:
    compared(left, right)
    return _COMPARISONS[comparison](left, right)


def _hashed(key: object) -> object:
    """The key of a record, which is hashed as deep as it goes."""
    compared(key)
    return key


def _sliced(value: object, start: Any, stop: Any, step: Any) -> object:
    """A part of a text or a list, paid for by the length of the whole."""
    if isinstance(value, Undefined):
        str(value)
    if not isinstance(value, (str, list, tuple)):
        raise MisuseError("[… : …] works on lists and texts only.")
    compared(value if isinstance(value, str) else range(len(value)))
    return value[slice(start, stop, step)]


def _is_odd(value: object) -> bool:
    """For numbers: "%" behind a text would write as many characters as the text says."""
    if isinstance(value, Undefined):
        str(value)
    if not isinstance(value, (int, float)):
        raise MisuseError("“odd” and “even” are for numbers.")
    return value % 2 == 1


def _is_even(value: object) -> bool:
    return not _is_odd(value)


class Environment(ImmutableSandboxedEnvironment):
    """Compiles and runs templates. One for HTML (escaping everything), one for texts."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self, *, html: bool) -> None:
        super().__init__(autoescape=html, undefined=_Missing, finalize=printable, cache_size=0)
        self.filters = dict(FILTERS)
        given = {name: self.tests[name] for name in _TESTS}
        paying: dict[str, Any] = {name: partial(_compares, comparison) for name, comparison in _COMPARING_TESTS.items()}
        self.tests = {**given, **paying, "odd": _is_odd, "even": _is_even}
        self.globals = {"range": bounded_range}
        self.turns = turns
        self.concatenated = _concatenated
        self.compares = _compares
        self.hashed = _hashed
        self.sliced = _sliced
        self._functions: tuple[object, ...] = (bounded_range, turns, _concatenated, _compares, _hashed, _sliced)

    def compiled(self, source: str) -> Template:
        """Raises: `TemplateSyntaxError`, `RecursionError`."""
        tree = _Bounding().visit(self.parse(source))
        return Template.from_code(self, self.compile(tree), self.make_globals(None))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Values of records, and the facts of a loop; nothing has methods."""
        if type(obj) is dict:
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        if isinstance(obj, LoopContext) and attribute in _LOOP:
            return getattr(obj, attribute)
        if isinstance(obj, Undefined):
            return getattr(obj, attribute)
        raise SecurityError(f"“{attribute[:40]}” is not something that this value has.")

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        if isinstance(obj, (list, tuple, str)) and isinstance(argument, int):
            return obj[argument] if -len(obj) <= argument < len(obj) else self.undefined(obj=obj, name=str(argument))
        if isinstance(obj, Undefined):
            return obj[argument]
        raise SecurityError("[…] works on lists, texts and records only.")

    def is_safe_callable(self, obj: Any) -> bool:
        return isinstance(obj, Macro) or any(obj is function for function in self._functions)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as Jinja2 names them
        """As in Jinja2, with parameter names that keywords of a template cannot clash with."""
        if isinstance(__obj, Undefined):
            return __obj()
        if not __self.is_safe_callable(__obj):
            raise SecurityError("It calls something that is not a function.")
        return __context.call(__obj, *args, **kwargs)

    def call_binop(self, context: Context, sign: str, left: Any, right: Any) -> Any:
        """Arithmetic with numbers of a bounded size, and "+" for texts."""
        if sign == "+" and isinstance(left, str) and isinstance(right, str):
            return paid(left + right)
        for value in (left, right):
            if isinstance(value, Undefined):
                str(value)
            if not isinstance(value, (int, float)):
                raise MisuseError(f"“{sign}” works with numbers only.")
        if sign == "**":
            raise LimitError("Powers (**) are not available.")
        return bounded_number(self.binop_table[sign](left, right))


@cache
def environment(*, html: bool) -> Environment:
    """The one environment for HTML, or the one for texts."""
    return Environment(html=html)


def printable(value: object) -> object:
    """What is shown of a value: nothing for None.

    Raises: `MisuseError` for what has no form of its own, `MissingValueError`.
    """
    if type(value) is str:
        return value
    if isinstance(value, (Moment, date)):
        raise MisuseError("It prints a date as it is stored; write “| date” or “| datetime” behind it.")
    if isinstance(value, _PRINTABLE):
        return value
    if value is None:
        return ""
    if isinstance(value, Undefined):
        return str(value)
    raise MisuseError("It prints a whole list or record; name the value in it that you want.")


def check_constructs(source: str) -> None:
    """Reads a part that staff wrote.

    Raises: `TemplateSyntaxError` with the line, for what Jinja2 cannot read and for what templates may not say.
    """
    tree = environment(html=True).parse(source)
    for count, node in enumerate(_all_nodes(tree)):
        if count > MOST_NODES:
            raise TemplateSyntaxError("It has too many parts", node.lineno)
        if type(node) not in _ALLOWED:
            reason = _REFUSED.get(type(node), f"“{type(node).__name__.lower()}” is not available in templates")
            raise TemplateSyntaxError(reason, node.lineno)
        if isinstance(node, nodes.For) and node.recursive:
            raise TemplateSyntaxError("recursive loops are not available", node.lineno)
        if isinstance(node, nodes.Call) and (node.dyn_args or node.dyn_kwargs):
            raise TemplateSyntaxError("“*” before a value is not available", node.lineno)
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise TemplateSyntaxError(f"there is no filter “{node.name}”", node.lineno)
        if isinstance(node, nodes.Test) and node.name not in _TESTS:
            raise TemplateSyntaxError(f"there is no test “{node.name}”", node.lineno)


def _all_nodes(tree: nodes.Node) -> Sequence[nodes.Node]:
    """Depth first, without recursion."""
    found: list[nodes.Node] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting.extend(node.iter_child_nodes())
    return found


class _Bounding(NodeTransformer):
    """Lets loops, comparisons, parts and concatenations pass through the functions that bound them."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja2's visitors are named so
        repeated = [*node.body, *([node.test] if node.test else [])]
        weight = 1 + sum(1 + _length(inner) // 64 for part in repeated for inner in _all_nodes(part))
        self.generic_visit(node)
        node.iter = _call("turns", [cast(nodes.Expr, node.iter), nodes.Const(weight)], node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja2 calls it by this name
        self.generic_visit(node)
        return _call("concatenated", node.nodes, node.lineno)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 - the same
        """`a < b < c` as the two comparisons that it means."""
        self.generic_visit(node)
        made: list[nodes.Expr] = []
        left = node.expr
        for operand in node.ops:
            made.append(_call("compares", [nodes.Const(operand.op), left, operand.expr], node.lineno))
            left = operand.expr
        found = made[0]
        for each in made[1:]:
            found = nodes.And(found, each, lineno=node.lineno)
        return found

    def visit_Pair(self, node: nodes.Pair) -> nodes.Node:  # noqa: N802 - the same
        self.generic_visit(node)
        if not isinstance(node.key, nodes.Const):
            node.key = _call("hashed", [node.key], node.lineno)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802 - the same
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        part = [bound or nodes.Const(None) for bound in (node.arg.start, node.arg.stop, node.arg.step)]
        return _call("sliced", [node.node, *part], node.lineno)


def _length(node: nodes.Node) -> int:
    return len(node.data) if isinstance(node, nodes.TemplateData) else 0


def _call(function: str, arguments: list[nodes.Expr], line: int) -> nodes.Call:
    called = nodes.EnvironmentAttribute(function, lineno=line)
    return nodes.Call(called, arguments, [], None, None, lineno=line)
