"""Forms keep what was typed: no field of a page may lose it to a link, the menu, Escape or a faster colleague."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "pages"
TYPED = {"text_input", "text_area", "number_input", "date_input", "time_input", "datetime_input", "data_editor"}
NOT_KEPT = {
    ("components/automations/head.py", "Type … to confirm"): "a confirmation is typed each time",
    ("components/automations/head.py", "Type the name to delete it"): "a confirmation is typed each time",
    ("components/campaigns/actions.py", "ask"): "a confirmation is typed each time",
    (
        "components/customers/forms.py",
        "Type ERASE to confirm. This cannot be undone.",
    ): "a confirmation is typed each time",
    ("components/events/dead_letters.py", "Type … to confirm"): "a confirmation is typed each time",
    ("components/messages/repair.py", "ask"): "a confirmation is typed each time",
    ("components/suppression/account.py", "formats.plain(…)"): "a confirmation is typed each time",
    ("components/messages/log.py", "Message id"): "a search",
    ("components/orders/view.py", "Order number"): "a search",
    ("components/customers/search.py", "label"): "a search",
    ("components/search/everything.py", "Search everything"): "a search",
    ("components/suppression/entries.py", "Email address"): "a search, which the page's address keeps",
    ("components/deliverability/domain.py", "DKIM selectors (optional)"): "a search",
    ("components/orders/line_editor.py", "begun.once(…)"): "a table cannot; what it said is kept beside it",
    ("components/ui/second_factor.py", "Code"): "a code is typed each time",
    ("components/ui/sign_in.py", "Code"): "nobody is signed in",
    ("components/ui/sign_in.py", "Username"): "nobody is signed in",
    ("components/ui/sign_in.py", "Set-up code"): "nobody is signed in",
    ("components/ui/sign_in.py", "Your name"): "nobody is signed in",
    ("components/ui/sign_in.py", "Your email address"): "nobody is signed in",
}
"""Fields by file and label that may lose what was typed, each for a reason. Passwords must."""


def typed_fields() -> Iterator[tuple[str, str, dict[str, ast.expr]]]:
    """The file, label and named arguments of each field for typing."""
    for path in sorted(PAGES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TYPED:
                yield (
                    str(path.relative_to(PAGES)),
                    label_of(node),
                    {each.arg or "": each.value for each in node.keywords},
                )


def label_of(call: ast.Call) -> str:
    match call.args[0]:
        case ast.Constant(value=text):
            return str(text)
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)
        case ast.Call(func=function):
            return f"{ast.unparse(function)}(…)"
        case other:
            return ast.unparse(other)


def is_kept(arguments: dict[str, ast.expr]) -> bool:
    kept = arguments.get("persist_state")
    return "key" in arguments and isinstance(kept, ast.Constant) and kept.value == "session"


def is_password(arguments: dict[str, ast.expr]) -> bool:
    kind = arguments.get("type")
    return isinstance(kind, ast.Constant) and kind.value == "password"


def test_every_typed_field_keeps_its_value_while_another_page_is_looked_at() -> None:
    lost = {
        (file, label)
        for file, label, arguments in typed_fields()
        if not is_password(arguments) and not is_kept(arguments)
    }
    assert lost - set(NOT_KEPT) == set(), 'give it `key=form.key(…), persist_state="session"` of a `Form`'
    assert set(NOT_KEPT) - lost == set(), "these are kept now, or are gone"


def test_no_password_is_kept() -> None:
    kept = [(file, label) for file, label, arguments in typed_fields() if is_password(arguments) and is_kept(arguments)]
    assert kept == []


@pytest.mark.parametrize("field", ["st.text_input('Note')", "st.text_input('Note', key='note')"])
def test_a_field_like_streamlits_own_examples_is_not_kept(field: str) -> None:
    call = ast.parse(field, mode="eval").body
    assert isinstance(call, ast.Call)
    assert not is_kept({each.arg or "": each.value for each in call.keywords})
