"""The glossary names modules and classes that exist, and has a word for each status and each entity."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
UNUSED = "\n## Words that we do not use\n"
_ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
_STATUS = re.compile(r"(Status|State|Kind|Type|Stage|Outcome|Reason|Verdict|Level|Wave|Role|Ending|Exit|Source)$")


def rows() -> list[tuple[str, str]]:
    """Words and the code that they name."""
    text = GLOSSARY.split(UNUSED)[0]
    return [(word, code) for word, _, code in _ROW.findall(text) if word not in {"word", "---"}]


def classes(path: str) -> list[ast.ClassDef]:
    tree = ast.parse((ROOT / path).read_text())
    return [node for node in tree.body if isinstance(node, ast.ClassDef)]


def named_classes() -> set[tuple[str, str]]:
    """Each class that the glossary names, with the module that it says the class is in."""
    return {
        (path, name)
        for _, code in rows()
        for path, names in re.findall(r"`([\w/]+[.]py)`(?:: ([^;]+))?", code)
        for name in re.findall(r"`(\w+)`", names)
    }


def statuses() -> set[tuple[str, str]]:
    """The public enums of the domain that are a status or a kind."""
    return {
        (str(file.relative_to(ROOT)), found.name)
        for file in sorted((ROOT / "backend" / "domain").glob("*.py"))
        for found in classes(str(file.relative_to(ROOT)))
        if _STATUS.search(found.name) and any(ast.unparse(base).endswith("Enum") for base in found.bases)
    }


def entities() -> list[str]:
    text = (ROOT / "docs" / "architecture.md").read_text()
    section = text.split("\n## Entities and keys\n")[1].split("\n## ")[0]
    return list(re.findall(r"^\| ([^|]+) \| (?:shop|mail) \|", section, re.MULTILINE))


def test_every_row_names_a_module_that_exists() -> None:
    assert rows()
    for word, code in rows():
        paths = re.findall(r"`([\w/]+[.]py)`", code)
        assert paths, word
        assert [path for path in paths if not (ROOT / path).is_file()] == [], word


def test_every_class_is_in_the_module_that_is_named() -> None:
    assert [(path, name) for path, name in sorted(named_classes()) if name not in {c.name for c in classes(path)}] == []


def test_every_status_and_kind_of_the_domain_has_a_word() -> None:
    assert sorted(statuses() - named_classes()) == []


@pytest.mark.parametrize("entity", entities())
def test_every_entity_has_a_word(entity: str) -> None:
    words = {word.split(",")[0].lower() for word, _ in rows()}
    assert [word for word in words if re.search(rf"\b{re.escape(word)}s?\b", entity.lower())]


def test_words_are_in_alphabetical_order() -> None:
    for section in GLOSSARY.split(UNUSED)[0].split("\n## ")[1:]:
        words = [word for word, _, _ in _ROW.findall(section) if word not in {"word", "---"}]
        assert words == sorted(words, key=str.casefold)


def test_no_word_is_explained_twice() -> None:
    words = [word for word, _ in rows()]
    assert sorted(words) == sorted(set(words))
