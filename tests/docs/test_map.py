"""The map in `docs/architecture.md` shows what is there, and links and images of all documents lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def mapped() -> list[str]:
    text = (ROOT / "docs" / "architecture.md").read_text()
    section = text.split("\n## The map\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


def test_every_path_of_the_map_exists() -> None:
    assert [path for path in mapped() if not (ROOT / path).exists()] == []


def test_the_map_shows_every_part_of_the_program() -> None:
    parts = [f"backend/{path.name}/" for path in (ROOT / "backend").iterdir() if (path / "__init__.py").exists()]
    parts += [f"backend/{path.name}" for path in (ROOT / "backend").glob("*.py") if path.name != "__init__.py"]
    parts += [path.name for path in ROOT.glob("*.py")]
    shown = mapped()
    assert [part for part in parts if not any(path.startswith(part) for path in shown)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    links = [link for link in _LINK.findall(document.read_text()) if not re.match(r"https?:|mailto:", link)]
    assert [link for link in links if not leads_somewhere(document, link)] == []


def leads_somewhere(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (document.parent / path) if path else document
    if not target.exists():
        return False
    return not anchor or anchor in {anchor_of(heading) for heading in _HEADING.findall(target.read_text())}


def anchor_of(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_every_room_and_every_answer_exists() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    section = text.split("\n## The rooms\n")[1].split("\n## ")[0]
    named = re.findall(r"`((?:backend|services|pages)/[\w/]+(?:[.]py)?)`", section)
    assert [path for path in named if not ((ROOT / path).exists() or (ROOT / "backend" / path).exists())] == []
    packages = {f"services/{path.parent.name}/" for path in (ROOT / "backend" / "services").glob("*/__init__.py")}
    assert packages <= set(re.findall(r"`(services/\w+/)`", section))
